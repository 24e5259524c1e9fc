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
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::zero();
  const T* left = q.packed + first * q.channels * q.kernel * q.kernel;
  const T* near = places[0];
  const std::ptrdiff_t apart = kVectors == 2 ? places[1] - places[0] : 0;
  for (std::size_t c = 0; c < q.channels; ++c, near += q.plane) {
    const T* line = near;
    for (std::size_t i = 0; i < q.kernel; ++i, line += q.pitch)
      for (std::size_t j = 0; j < q.kernel; ++j, left += kRows) {
        Vector right[kVectors];
        right[0] = V::load(line + j, V::kLanes);
        if constexpr (kVectors == 2) right[1] = V::load(line + apart + j, V::kLanes);
#pragma GCC unroll 16
        for (std::size_t r = 0; r < kRows; ++r) {
          const Vector weight = V::broadcast(left + r);
#pragma GCC unroll 2
          for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::multiply_add(weight, right[v], sum[r][v]);
        }
      }
  }
  const Vector alpha = V::spread(q.alpha);
  const std::size_t map = q.height * q.width;
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r) {
    const Vector bias = V::spread(q.bias == nullptr ? T(0) : q.bias[first + r]);
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v)
      V::store(outputs[v] + (first + r) * map, V::multiply_add(alpha, sum[r][v], bias), counts[v]);
  }
}

// A tile of kRows lines of places by kVectors vectors of channels stays in registers while the places run.
template <class V, std::size_t kRows, std::size_t kVectors>
void weigh_tile(const Weighing<typename V::Number>& q, std::size_t first, std::size_t column) {
  using T = typename V::Number;
  using Vector = typename V::Vector;
  Vector sum[kRows][kVectors];
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::zero();
  const std::size_t last = std::min(V::kLanes, q.columns - column - (kVectors - 1) * V::kLanes);
  const T* delta = q.delta + column;
  const T* const* rows = q.rows + first;
  for (std::size_t y = 0; y < q.height; ++y)
    for (std::size_t at = y * q.pitch, end = at + q.width; at < end; ++at, delta += q.stride) {
      Vector right[kVectors];
#pragma GCC unroll 2
      for (std::size_t v = 0; v < kVectors; ++v)
        right[v] = V::load(delta + v * V::kLanes, v + 1 < kVectors ? V::kLanes : last);
#pragma GCC unroll 16
      for (std::size_t r = 0; r < kRows; ++r) {
        const Vector left = V::broadcast(rows[r] + at);
#pragma GCC unroll 2
        for (std::size_t v = 0; v < kVectors; ++v) sum[r][v] = V::multiply_add(left, right[v], sum[r][v]);
      }
    }
#pragma GCC unroll 16
  for (std::size_t r = 0; r < kRows; ++r)
#pragma GCC unroll 2
    for (std::size_t v = 0; v < kVectors; ++v) {
      T* to = q.sums + (first + r) * kWeighed<T> + column + v * V::kLanes;
      V::store(to, V::add(V::load(to, V::kLanes), sum[r][v]), V::kLanes);
    }
}

template <class V>
using CorrelateTile = void (*)(const Correlation<typename V::Number>&, std::size_t, const typename V::Number* const*,
                               typename V::Number* const*, const std::size_t*);
template <class V>
using WeighTile = void (*)(const Weighing<typename V::Number>&, std::size_t, std::size_t);

// The tiles of 1 to V::kMostRows rows and kVectors vectors.
template <class V, std::size_t kVectors, std::size_t... kIndex>
CorrelateTile<V> correlate_tile_of(std::size_t rows, std::index_sequence<kIndex...>) {
  static constexpr CorrelateTile<V> kTiles[] = {correlate_tile<V, kIndex + 1, kVectors>...};
  return kTiles[rows - 1];
}
template <class V, std::size_t kVectors, std::size_t... kIndex>
WeighTile<V> weigh_tile_of(std::size_t rows, std::index_sequence<kIndex...>) {
  static constexpr WeighTile<V> kTiles[] = {weigh_tile<V, kIndex + 1, kVectors>...};
  return kTiles[rows - 1];
}

// Vectors of places lie inside a row of the output; two at a time, of the same row or of two.
template <class V>
void correlate(const Correlation<typename V::Number>& q) {
  using T = typename V::Number;
  constexpr auto kRows = std::make_index_sequence<V::kMostRows>();
  const std::size_t in_row = parts_of(q.width, V::kLanes), vectors = q.height * in_row;
  const std::size_t tiles = parts_of(q.rows, V::kMostRows);
  for (std::size_t v = 0; v < vectors; v += 2) {
    const std::size_t both = std::min<std::size_t>(2, vectors - v);
    const T* places[2] = {};
    T* outputs[2] = {};
    std::size_t counts[2] = {};
    for (std::size_t i = 0; i < both; ++i) {
      const std::size_t y = (v + i) / in_row, x = (v + i) % in_row * V::kLanes;
      places[i] = q.input + y * q.pitch + x;
      outputs[i] = q.output + y * q.width + x;
      counts[i] = std::min(V::kLanes, q.width - x);
    }
    for (std::size_t t = 0; t < tiles; ++t) {
      const Part tile = part_at(t, tiles, q.rows);
      (both == 2 ? correlate_tile_of<V, 2>(tile.count, kRows) : correlate_tile_of<V, 1>(tile.count, kRows))(
          q, tile.first, places, outputs, counts);
    }
  }
}

template <class V>
void weigh(const Weighing<typename V::Number>& q) {
  constexpr auto kRows = std::make_index_sequence<V::kMostRows>();
  const std::size_t tiles = parts_of(q.row_count, V::kMostRows);
  for (std::size_t column = 0; column < q.columns; column += 2 * V::kLanes) {
    const bool is_one = q.columns - column <= V::kLanes;
    for (std::size_t t = 0; t < tiles; ++t) {
      const Part tile = part_at(t, tiles, q.row_count);
      (is_one ? weigh_tile_of<V, 1>(tile.count, kRows) : weigh_tile_of<V, 2>(tile.count, kRows))(q, tile.first, column);
    }
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
