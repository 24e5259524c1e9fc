// Inside of train/pooling: the loops, written plainly; the compiler vectorises them for the flags of the including
// file. Everything is in an unnamed namespace so that each instruction set keeps its own copy.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "train/pooling.h"

namespace mft::train {
namespace {

// Bytes of the widest vector of this file's flags.
#if defined(__AVX512F__)
constexpr std::size_t kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr std::size_t kVectorBytes = 32;
#else
constexpr std::size_t kVectorBytes = 16;
#endif

template <typename T>
using Whole = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

// kLanes columns of pools of side 2, those there are the most of: two rows of values, of derivatives (null: not
// wanted).
template <typename T, std::size_t... kLane>
void maximum_of_4(const T* above, const T* below, T* of_above, T* of_below, T* pooled,
                  std::index_sequence<kLane...> lanes) {
  constexpr std::size_t kBytes = lanes.size() * sizeof(T);
  typedef T Numbers __attribute__((vector_size(kBytes)));
  typedef Whole<T> Wholes __attribute__((vector_size(kBytes)));
  constexpr Wholes kBeside = {kLane ^ 1 ...}, kEven = {2 * kLane % lanes.size()...};
  constexpr Wholes kIsSecond = {-static_cast<Whole<T>>(kLane % 2)...};
  const auto load = [](const T* from) {
    Numbers v;
    std::memcpy(&v, from, kBytes);
    return v;
  };
  const auto larger = [](Numbers a, Numbers b) { return b > a ? b : a; };
  const Numbers first = load(above), second = load(below);
  const Numbers beside_first = __builtin_shuffle(first, kBeside), beside_second = __builtin_shuffle(second, kBeside);
  const Numbers largest = larger(larger(first, beside_first), larger(second, beside_second));
  const Numbers even = __builtin_shuffle(largest, kEven);
  std::memcpy(pooled, &even, kBytes / 2);
  if (of_above == nullptr) return;
  // The first that has the maximum: the second of a pair gives way to the one beside it, the row below to that above.
  const Wholes above_has = first == largest, beside_has = beside_first == largest;
  const Wholes keep_above = above_has & ~(kIsSecond & beside_has);
  const Wholes keep_below =
      (second == largest) & ~above_has & ~beside_has & ~(kIsSecond & Wholes(beside_second == largest));
  const auto keep = [&](T* of, Wholes kept) {
    const Wholes left = Wholes(load(of)) & kept;
    std::memcpy(of, &left, kBytes);
  };
  keep(of_above, keep_above);
  keep(of_below, keep_below);
}

// `count` columns, by vectors that get narrower.
template <typename T, std::size_t kLanes>
void maximum_of_4(std::size_t count, const T* above, const T* below, T* of_above, T* of_below, T* pooled) {
  std::size_t x = 0;
  for (; x + kLanes <= count; x += kLanes)
    maximum_of_4(above + x, below + x, of_above == nullptr ? nullptr : of_above + x,
                 of_below == nullptr ? nullptr : of_below + x, pooled + x / 2, std::make_index_sequence<kLanes>());
  if constexpr (kLanes > 2)
    if (x < count)
      maximum_of_4<T, kLanes / 2>(count - x, above + x, below + x, of_above == nullptr ? nullptr : of_above + x,
                                  of_below == nullptr ? nullptr : of_below + x, pooled + x / 2);
}

template <typename T>
void maximum(const PoolShape& shape, const T* values, T* derivatives, T* pooled) {
  const std::size_t side = shape.side, width = shape.width, count = width / side;
  for (std::size_t row = 0; row < shape.rows; ++row, values += side * width, pooled += count) {
    if (side == 2) {
      maximum_of_4<T, kVectorBytes / sizeof(T)>(width, values, values + width, derivatives,
                                                derivatives == nullptr ? nullptr : derivatives + width, pooled);
    } else {
      for (std::size_t x = 0; x < count; ++x) {
        const std::size_t first = x * side;
        std::size_t best = first;
        for (std::size_t i = 0; i < side; ++i)
          for (std::size_t j = 0; j < side; ++j)
            if (values[first + i * width + j] > values[best]) best = first + i * width + j;
        pooled[x] = values[best];
        if (derivatives == nullptr) continue;
        const T kept = derivatives[best];
        for (std::size_t i = 0; i < side; ++i) std::fill_n(derivatives + first + i * width, side, T(0));
        derivatives[best] = kept;
      }
    }
    if (derivatives != nullptr) derivatives += side * width;
  }
}

template <typename T>
void average(const PoolShape& shape, const T* values, T* derivatives, T* pooled) {
  const std::size_t side = shape.side, width = shape.width, count = width / side;
  const T share = T(1) / static_cast<T>(side * side);
  for (std::size_t row = 0; row < shape.rows; ++row, values += side * width, pooled += count)
    if (side == 2) {
      for (std::size_t x = 0; x < count; ++x)
        pooled[x] = share * (values[2 * x] + values[2 * x + 1] + values[width + 2 * x] + values[width + 2 * x + 1]);
    } else {
      for (std::size_t x = 0; x < count; ++x) {
        T sum = 0;
        for (std::size_t i = 0; i < side; ++i)
          for (std::size_t j = 0; j < side; ++j) sum += values[i * width + x * side + j];
        pooled[x] = share * sum;
      }
    }
  if (derivatives == nullptr) return;
  for (std::size_t i = 0; i < side * shape.rows * width; ++i) derivatives[i] *= share;
}

template <typename T>
void multiply_pairs(std::size_t count, const T* __restrict errors, T* __restrict deltas) {
  for (std::size_t x = 0; x < count; ++x) {
    deltas[2 * x] *= errors[x];
    deltas[2 * x + 1] *= errors[x];
  }
}

template <typename T>
void back(const PoolShape& shape, const T* errors, T* deltas) {
  const std::size_t side = shape.side, width = shape.width, count = width / side;
  for (std::size_t row = 0; row < shape.rows; ++row, errors += count)
    for (std::size_t i = 0; i < side; ++i, deltas += width)
      if (side == 2) {
        multiply_pairs(count, errors, deltas);
      } else {
        for (std::size_t x = 0; x < count; ++x)
          for (std::size_t j = 0; j < side; ++j) deltas[x * side + j] *= errors[x];
      }
}

template <typename T>
inline constexpr Pools<T> kPools = {average<T>, maximum<T>, back<T>};

}  // namespace
}  // namespace mft::train
