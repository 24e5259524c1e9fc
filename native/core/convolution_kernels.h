// Inside of core/convolution_direct: convolutions for one instruction set. Included only by the files that compile it,
// which include the vectors first. Everything is in an unnamed namespace so that each set keeps its own copy.
//
// Every number is one chain of multiply-adds that begins at zero, in the order of its terms, whatever the tile.
#pragma once
#include <algorithm>
#include <cstddef>
#include <utility>

#include "core/convolution_table.h"
#include "core/product_table.h"

namespace mft::convolution {
namespace {

// Kernels and vectors of places in a tile: 24 of 32 registers where there are so many (a number of a kernel then meets
// three vectors), else 12 of 16.
template <class V>
inline constexpr std::size_t kTileVectors = V::kMostRows >= 14 ? 3 : 2;
template <class V>
inline constexpr std::size_t kTileKernels = V::kMostRows >= 14 ? 8 : V::kMostRows;

// A tile of kRows kernels by kVectors vectors of places stays in registers while the patch runs.
template <class V, std::size_t kRows, std::size_t kVectors>
void correlate_tile(const Correlation<typename V::Number>& q, std::size_t first,
                    const typename V::Number* const* places, typename V::Number* const* outputs,
                    const std::size_t* counts) {
  using T = typename V::Number;
  using Vector = typename V::Vector;
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::zero();
  const T* left = q.packed + first * q.channels * q.kernel * q.kernel;
  const T* near = places[0];
  std::ptrdiff_t apart[kVectors];
#pragma GCC unroll 3
  for (std::size_t v = 0; v < kVectors; ++v) apart[v] = places[v] - places[0];
  for (std::size_t c = 0; c < q.channels; ++c, near += q.plane) {
    const T* line = near;
    for (std::size_t i = 0; i < q.kernel; ++i, line += q.pitch)
      for (std::size_t j = 0; j < q.kernel; ++j, left += kRows) {
        Vector right[kVectors];
#pragma GCC unroll 3
        for (std::size_t v = 0; v < kVectors; ++v) right[v] = V::load(line + apart[v] + j, V::kLanes);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < kRows; ++r) {
          const Vector weight = V::broadcast(left + r);
#pragma GCC unroll 3
          for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::multiply_add(weight, right[v], sum[r][v]);
        }
      }
  }
  const Vector alpha = V::spread(q.alpha);
  const std::size_t map = q.height * q.width;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
    const Vector bias = V::spread(q.bias == nullptr ? T(0) : q.bias[first + r]);
#pragma GCC unroll 3
    for (std::size_t v = 0; v < kVectors; ++v)
      V::store(outputs[v] + (first + r) * map, V::multiply_add(alpha, sum[r][v], bias), counts[v]);
  }
}

// Where lines begin: any of them, or places beside each other in kColumns columns, whose addresses are constants apart.
template <class V>
struct AnyLines {
  const typename V::Number* first[V::kMostRows];
  const typename V::Number* at(std::size_t r) const { return first[r]; }
};
template <class V, std::size_t kColumns>
struct NearLines {
  const typename V::Number* first;
  std::size_t pitch;
  const typename V::Number* at(std::size_t r) const { return first + r / kColumns * pitch + r % kColumns; }
};

// About a third of an L1 cache.
inline constexpr std::size_t kStripBytes = 16384;

// Rows of places that are weighed together, so that what they are weighed with stays in the L1 cache for all lines.
struct Strip {
  std::size_t begin, end;
  bool is_first, is_last;
};

// A tile of kRows lines of places by kVectors vectors of channels stays in registers while the places of a strip run.
template <class V, std::size_t kRows, std::size_t kVectors, class Lines>
void weigh_tile(const Weighing<typename V::Number>& q, const Strip& strip, std::size_t first, std::size_t column,
                const Lines& lines) {
  using T = typename V::Number;
  using Vector = typename V::Vector;
  Vector sum[kRows][kVectors];
  const auto place = [&](std::size_t r, std::size_t v) { return (first + r) * kWeighed<T> + column + v * V::kLanes; };
#pragma GCC unroll 32
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v)
      sum[r][v] = strip.is_first ? V::zero() : V::load(q.chains + place(r, v), V::kLanes);
  const std::size_t last = std::min(V::kLanes, q.columns - column - (kVectors - 1) * V::kLanes);
  const T* delta = q.delta + strip.begin * q.width * q.stride + column;
  for (std::size_t y = strip.begin; y < strip.end; ++y)
    for (std::size_t at = y * q.pitch, end = at + q.width; at < end; ++at, delta += q.stride) {
      Vector right[kVectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v)
        right[v] = V::load(delta + v * V::kLanes, v + 1 < kVectors ? V::kLanes : last);
#pragma GCC unroll 32
      for (std::size_t r = 0; r < kRows; ++r) {
        const Vector left = V::broadcast(lines.at(r) + at);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::multiply_add(left, right[v], sum[r][v]);
      }
    }
#pragma GCC unroll 32
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v)
      if (strip.is_last)
        V::store(q.sums + place(r, v), V::add(V::load(q.sums + place(r, v), V::kLanes), sum[r][v]), V::kLanes);
      else
        V::store(q.chains + place(r, v), sum[r][v], V::kLanes);
}

template <class V>
using CorrelateTile = void (*)(const Correlation<typename V::Number>&, std::size_t, const typename V::Number* const*,
                               typename V::Number* const*, const std::size_t*);
template <class V>
using WeighTile = void (*)(const Weighing<typename V::Number>&, const Strip&, std::size_t, std::size_t,
                           const AnyLines<V>&);

// The tiles of 1 to kTileKernels kernels, or V::kMostRows lines, and kVectors vectors.
template <class V, std::size_t kVectors, std::size_t... kIndex>
CorrelateTile<V> correlate_tile_of(std::size_t rows, std::index_sequence<kIndex...>) {
  static constexpr CorrelateTile<V> kTiles[] = {correlate_tile<V, kIndex + 1, kVectors>...};
  return kTiles[rows - 1];
}
template <class V, std::size_t kVectors, std::size_t... kIndex>
WeighTile<V> weigh_tile_of(std::size_t rows, std::index_sequence<kIndex...>) {
  static constexpr WeighTile<V> kTiles[] = {weigh_tile<V, kIndex + 1, kVectors, AnyLines<V>>...};
  return kTiles[rows - 1];
}

template <class V>
CorrelateTile<V> correlate_tile_of(std::size_t rows, std::size_t vectors) {
  constexpr auto kRows = std::make_index_sequence<kTileKernels<V>>();
  if constexpr (kTileVectors<V> == 3)
    if (vectors == 3) return correlate_tile_of<V, 3>(rows, kRows);
  return vectors == 2 ? correlate_tile_of<V, 2>(rows, kRows) : correlate_tile_of<V, 1>(rows, kRows);
}

// Vectors of places lie inside a row of the output; some at a time, of one row or of several.
template <class V>
void correlate(const Correlation<typename V::Number>& q) {
  using T = typename V::Number;
  constexpr std::size_t kMost = kTileVectors<V>;
  const std::size_t in_row = parts_of(q.width, V::kLanes), vectors = q.height * in_row;
  const std::size_t tiles = parts_of(q.rows, kTileKernels<V>), groups = parts_of(vectors, kMost);
  for (std::size_t g = 0; g < groups; ++g) {
    const Part group = part_at(g, groups, vectors);
    const T* places[kMost] = {};
    T* outputs[kMost] = {};
    std::size_t counts[kMost] = {};
    for (std::size_t i = 0; i < group.count; ++i) {
      const std::size_t y = (group.first + i) / in_row, x = (group.first + i) % in_row * V::kLanes;
      places[i] = q.input + y * q.pitch + x;
      outputs[i] = q.output + y * q.width + x;
      counts[i] = std::min(V::kLanes, q.width - x);
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      const Part tile = part_at(t, tiles, q.rows);
      correlate_tile_of<V>(tile.count, group.count)(q, tile.first, places, outputs, counts);
    }
  }
}

// Lines [first, end), whatever they are.
template <class V>
void weigh_any(const Weighing<typename V::Number>& q, const Strip& strip, std::size_t column, bool is_one,
               std::size_t first, std::size_t end) {
  constexpr auto kRows = std::make_index_sequence<V::kMostRows>();
  const std::size_t tiles = parts_of(end - first, V::kMostRows);
  for (std::size_t t = 0; t < tiles; ++t) {
    const Part tile = part_at(t, tiles, end - first);
    AnyLines<V> lines{};
    for (std::size_t r = 0; r < tile.count; ++r) lines.first[r] = line_of(q, first + tile.first + r);
    (is_one ? weigh_tile_of<V, 1>(tile.count, kRows) : weigh_tile_of<V, 2>(tile.count, kRows))(
        q, strip, first + tile.first, column, lines);
  }
}

// kSide x kSide lines of every channel: at most kHigh rows of them at a time.
template <class V, std::size_t kSide, std::size_t kHigh, std::size_t kVectors>
void weigh_squares(const Weighing<typename V::Number>& q, const Strip& strip, std::size_t column) {
  constexpr std::size_t kRest = kSide % kHigh;
  for (std::size_t c = 0; c < q.channels; ++c) {
    const std::size_t first = c * kSide * kSide;
    std::size_t i = 0;
    for (; i + kHigh <= kSide; i += kHigh)
      weigh_tile<V, kHigh * kSide, kVectors>(q, strip, first + i * kSide, column,
                                             NearLines<V, kSide>{line_of(q, first + i * kSide), q.pitch});
    if constexpr (kRest > 0)
      weigh_tile<V, kRest * kSide, kVectors>(q, strip, first + i * kSide, column,
                                             NearLines<V, kSide>{line_of(q, first + i * kSide), q.pitch});
  }
}

template <class V>
void weigh_strip(const Weighing<typename V::Number>& q, const Strip& strip) {
  const std::size_t lines = lines_of(q), of_channels = q.channels * q.kernel * q.kernel;
  for (std::size_t column = 0; column < q.columns; column += 2 * V::kLanes) {
    const bool is_one = q.columns - column <= V::kLanes;
    std::size_t done = 0;
    if constexpr (V::kMostRows >= 14) {  // as many registers
      if (q.kernel == 3)
        (is_one ? weigh_squares<V, 3, 3, 1> : weigh_squares<V, 3, 3, 2>)(q, strip, column);
      else if (q.kernel == 5)
        (is_one ? weigh_squares<V, 5, 5, 1> : weigh_squares<V, 5, 2, 2>)(q, strip, column);
      done = q.kernel == 3 || q.kernel == 5 ? of_channels : 0;
    }
    if (done < lines) weigh_any<V>(q, strip, column, is_one, done, lines);
  }
}

template <class V>
void weigh(const Weighing<typename V::Number>& q) {
  const std::size_t of_row = q.width * q.columns * sizeof(typename V::Number);
  const std::size_t strips = parts_of(q.height, std::max<std::size_t>(1, kStripBytes / of_row));
  for (std::size_t i = 0; i < strips; ++i) {
    const Part part = part_at(i, strips, q.height);
    weigh_strip<V>(q, {part.first, part.first + part.count, i == 0, i + 1 == strips});
  }
}

template <class V>
void copy_rows(std::size_t height, std::size_t width, const typename V::Number* from, std::size_t from_pitch,
               typename V::Number* to, std::size_t to_pitch) {
  for (std::size_t y = 0; y < height; ++y, from += from_pitch, to += to_pitch)
    for (std::size_t x = 0; x < width; x += V::kLanes) {
      const std::size_t count = std::min(V::kLanes, width - x);
      V::store(to + x, V::load(from + x, count), count);
    }
}

template <class V>
void turn_rows(std::size_t channels, std::size_t width, const typename V::Number* from, std::size_t plane,
               typename V::Number* to) {
  std::size_t c = 0;
  for (; c + V::kBlockColumns <= channels; c += V::kBlockColumns) {
    std::size_t x = 0;
    for (; x + V::kBlockDepth <= width; x += V::kBlockDepth)
      V::transpose_block(from + c * plane + x, plane, to + x * channels + c, channels);
    for (; x < width; ++x)
      for (std::size_t i = 0; i < V::kBlockColumns; ++i) to[x * channels + c + i] = from[(c + i) * plane + x];
  }
  for (; c < channels; ++c)
    for (std::size_t x = 0; x < width; ++x) to[x * channels + c] = from[c * plane + x];
}

// Narrow: vectors of half the lanes, for maps whose rows would leave half of a vector or more unused.
template <class Wide, class Narrow>
void correlate_either(const Correlation<typename Wide::Number>& q) {
  const std::size_t rest = q.width % Wide::kLanes;
  if (rest > 0 && rest <= Narrow::kLanes) return correlate<Narrow>(q);
  correlate<Wide>(q);
}

}  // namespace
}  // namespace mft::convolution
