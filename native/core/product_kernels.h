// Inside of core/product: the product for one instruction set. Included only by the files that compile it, which define
// the vectors (`Vectors<T>`) first. Everything is in an unnamed namespace so that each set keeps its own copy.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/product_table.h"

namespace mft {
namespace {

// What a tile asks for while it computes, a cache line for every number of the depth: line p is at
// first + (p / kAhead) outer + (p % kAhead) inner.
constexpr std::size_t kAhead = 32;
struct Ahead {
  std::uintptr_t first = 0, outer = 0, inner = 0;
  std::uintptr_t left = 0, left_step = 0;  // a second row of lines, left_step apart: the left factor of the next tile
};

// A tile of `kRows` rows and kVectors vectors of C stays in registers while the depth runs: every element is one chain
// of multiply-adds in the order of the depth, whatever the tile.
// a: row i and depth p at a[i lda + p], or a[p lda + i] where transposed. b: kVectors vectors at b + p ldb.
template <class V, std::size_t kRows, std::size_t kVectors, bool kIsTransposed>
void multiply_tile(std::size_t depth, const typename V::Number* a, std::size_t lda, const typename V::Number* b,
                   std::size_t ldb, const Ahead& ahead, const TileOutput<typename V::Number>& out) {
  using T = typename V::Number;
  using Vector = typename V::Vector;
  constexpr std::size_t kWidth = kVectors * V::kLanes;
  constexpr std::size_t kGroup = 3;  // rows that share a pointer: x86 addresses reach row 0, 1 and 2 from it
  constexpr std::size_t kGroups = (kRows + kGroup - 1) / kGroup;
  for (std::size_t i = 0; depth >= kAhead && i < kRows; ++i)
    for (std::size_t v = 0; v <= kWidth * sizeof(T); v += kLine)  // one more: rows begin anywhere in a line
      __builtin_prefetch(reinterpret_cast<const char*>(out.c + i * out.ldc) + v);
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) sum[i][v] = V::zero();
  const T* group[kGroups];
#pragma GCC unroll 8
  for (std::size_t g = 0; g < kGroups; ++g) group[g] = a + g * kGroup * (kIsTransposed ? 1 : lda);
  const auto step = [&]() __attribute__((always_inline)) {
    Vector right[kVectors];
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) right[v] = V::load(b + v * V::kLanes, V::kLanes);
#pragma GCC unroll 16
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vector left = V::broadcast(kIsTransposed ? group[0] + i : group[i / kGroup] + (i % kGroup) * lda);
#pragma GCC unroll 4
      for (std::size_t v = 0; v < kVectors; ++v) sum[i][v] = V::multiply_add(left, right[v], sum[i][v]);
    }
    b += ldb;
#pragma GCC unroll 8
    for (std::size_t g = 0; g < kGroups; ++g) group[g] += kIsTransposed ? lda : 1;
  };
  std::uintptr_t next_line = ahead.first, left_line = ahead.left;
  for (std::size_t start = 0; start < depth; start += kAhead, next_line += ahead.outer) {
    const std::size_t count = std::min(kAhead, depth - start);
    std::uintptr_t line = next_line;
    for (std::size_t p = 0; p < count; ++p, line += ahead.inner) {
      __builtin_prefetch(reinterpret_cast<const void*>(line), 0, 2);  // into the second cache
      __builtin_prefetch(reinterpret_cast<const void*>(left_line), 0, 2);
      left_line += ahead.left_step;
      step();
    }
  }
  const Vector alpha = V::spread(out.alpha), beta = V::spread(out.beta);
#pragma GCC unroll 16
  for (std::size_t i = 0; i < kRows; ++i)
#pragma GCC unroll 4
    for (std::size_t v = 0; v < kVectors; ++v) {
      T* c = out.c + i * out.ldc + v * V::kLanes;
      const std::size_t first = v * V::kLanes;
      const std::size_t count = out.columns >= first + V::kLanes ? V::kLanes : out.columns - first;
      if (out.bias != nullptr)
        V::store(c, V::multiply_add(alpha, sum[i][v], V::load(out.bias + first, count)), count);
      else if (out.beta == T(0))
        V::store(c, V::multiply(alpha, sum[i][v]), count);
      else
        V::store(c, V::multiply_add(alpha, sum[i][v], V::multiply(beta, V::load(c, count))), count);
    }
}

template <class V>
using Tile = void (*)(std::size_t depth, const typename V::Number* a, std::size_t lda, const typename V::Number* b,
                      std::size_t ldb, const Ahead& ahead, const TileOutput<typename V::Number>& out);

// The tiles of 1 to V::kMostRows rows.
template <class V, std::size_t kVectors, bool kIsTransposed>
struct Tiles {
  template <std::size_t... kIndex>
  static Tile<V> of(std::size_t rows, std::index_sequence<kIndex...>) {
    static constexpr Tile<V> kTiles[] = {multiply_tile<V, kIndex + 1, kVectors, kIsTransposed>...};
    return kTiles[rows - 1];
  }
  static Tile<V> of(std::size_t rows) { return of(rows, std::make_index_sequence<V::kMostRows>()); }
};

template <class V>
Tile<V> tile_of(std::size_t rows, std::size_t vectors, bool is_transposed) {
  if (vectors == 1) return is_transposed ? Tiles<V, 1, true>::of(rows) : Tiles<V, 1, false>::of(rows);
  return is_transposed ? Tiles<V, 2, true>::of(rows) : Tiles<V, 2, false>::of(rows);
}

// packed[p width + j] = b[p ldb + j], or b[j ldb + p] where transposed; columns from `columns` to `width` are zero.
template <class V>
void pack_panel(bool is_transposed, std::size_t depth, std::size_t columns, std::size_t width,
                const typename V::Number* b, std::size_t ldb, typename V::Number* packed) {
  using T = typename V::Number;
  if (!is_transposed) {
    for (std::size_t p = 0; p < depth; ++p, b += ldb, packed += width) {
      if (columns == width) {
        for (std::size_t j = 0; j < width; j += V::kLanes) V::store(packed + j, V::load(b + j, V::kLanes), V::kLanes);
      } else {
        std::copy_n(b, columns, packed);
        std::fill(packed + columns, packed + width, T(0));
      }
    }
    return;
  }
  std::size_t j = 0;
  for (; j + V::kBlockColumns <= columns; j += V::kBlockColumns) {
    const T* from = b + j * ldb;
    T* to = packed + j;
    std::size_t p = 0;
    for (; p + V::kBlockDepth <= depth; p += V::kBlockDepth) V::transpose_block(from + p, ldb, to + p * width, width);
    for (; p < depth; ++p)
      for (std::size_t i = 0; i < V::kBlockColumns; ++i) to[p * width + i] = from[i * ldb + p];
  }
  for (; j < width; ++j)
    for (std::size_t p = 0; p < depth; ++p) packed[p * width + j] = j < columns ? b[j * ldb + p] : T(0);
}

// Rows that lie a multiple of the page apart share the few lines of a set of the cache.
template <typename T>
bool collide(std::size_t stride) {
  const std::size_t rest = stride * sizeof(T) % kPage;
  return std::min(rest, kPage - rest) < 4 * kLine;
}

// Tile t of a panel asks for part t of the panel that begins at column j.
template <typename T>
Ahead next_lines(const ProductArguments<T>& q, Part depth, std::size_t j, std::size_t t) {
  Ahead ahead;
  const std::uintptr_t apart = q.ldb * sizeof(T);
  if (q.transpose_b) {  // the columns are rows of memory
    const std::size_t column = j + t * ((depth.count + kAhead - 1) / kAhead);
    if (column < std::min(q.n, j + 2 * kLine / sizeof(T)))
      ahead = {reinterpret_cast<std::uintptr_t>(q.b + column * q.ldb + depth.first), apart, kLine};
  } else if (t < 2 && j + t * kLine / sizeof(T) < q.n) {
    ahead = {reinterpret_cast<std::uintptr_t>(q.b + depth.first * q.ldb + j) + (t + 1) * kLine - 1, kAhead * apart,
             apart};
  }
  if (ahead.first == 0) ahead.first = reinterpret_cast<std::uintptr_t>(q.b);
  return ahead;
}

// Rows of the right factor that are farther apart are copied together: they would share few sets of the cache and
// need a page each.
constexpr std::size_t kFarApart = kPage / 2;

template <class V>
void multiply_blocks(const ProductArguments<typename V::Number>& q, ProductScratch<typename V::Number>& scratch) {
  using T = typename V::Number;
  constexpr std::size_t kPanel = 2 * V::kLanes;
  const std::size_t depths = parts_of(q.k, kDepthBlock<T>), rows = parts_of(q.m, kRowBlock);
  for (std::size_t d = 0; d < depths; ++d) {
    const Part depth = part_at(d, depths, q.k);
    for (std::size_t r = 0; r < rows; ++r) {
      const Part block = part_at(r, rows, q.m);
      const T* a = q.a + (q.transpose_a ? depth.first * q.lda + block.first : block.first * q.lda + depth.first);
      std::size_t lda = q.lda;
      if (collide<T>(lda)) {
        const std::size_t lines = q.transpose_a ? depth.count : block.count;
        const std::size_t length = q.transpose_a ? block.count : depth.count;
        const std::size_t apart = length + 3 * kLine / sizeof(T);
        T* copy = scratch.left(lines * apart);
        for (std::size_t line = 0; line < lines; ++line) std::copy_n(a + line * lda, length, copy + line * apart);
        a = copy;
        lda = apart;
      }
      const std::size_t tiles = parts_of(block.count, V::kMostRows);
      for (std::size_t j = 0; j < q.n; j += kPanel) {
        const std::size_t columns = std::min(kPanel, q.n - j), vectors = columns > V::kLanes ? 2 : 1;
        const T* b = q.b + (q.transpose_b ? j * q.ldb + depth.first : depth.first * q.ldb + j);
        std::size_t ldb = q.ldb;
        if (q.transpose_b || columns < vectors * V::kLanes || (tiles > 1 && ldb * sizeof(T) >= kFarApart)) {
          ldb = vectors * V::kLanes;
          pack_panel<V>(q.transpose_b, depth.count, columns, ldb, b, q.ldb, scratch.panel());
          b = scratch.panel();
        }
        for (std::size_t t = 0; t < tiles; ++t) {
          const Part tile = part_at(t, tiles, block.count);
          const TileOutput<T> out{
              q.c + (block.first + tile.first) * q.ldc + j,      q.ldc, columns, q.alpha, d == 0 ? q.beta : T(1),
              d == 0 && q.bias != nullptr ? q.bias + j : nullptr};
          Ahead ahead = next_lines(q, depth, j + kPanel, t);
          ahead.left = ahead.first;
          if (j == 0 && q.transpose_a) {  // later panels find it in the cache
            ahead.left = reinterpret_cast<std::uintptr_t>(a + tile.first + 2 * V::kMostRows);
            ahead.left_step = lda * sizeof(T);
          }
          tile_of<V>(tile.count, vectors, q.transpose_a)(
              depth.count, a + (q.transpose_a ? tile.first : tile.first * lda), lda, b, ldb, ahead, out);
        }
      }
    }
  }
}

}  // namespace
}  // namespace mft
