// Inside of train/pooling: the loops, written plainly; the compiler vectorises them for the flags of the including
// file. Everything is in an unnamed namespace so that each instruction set keeps its own copy.
#pragma once
#include <algorithm>

#include "train/pooling.h"

namespace mft::train {
namespace {

// Pools of side 2, those there are the most of.
template <typename T>
void maximum_of_4(std::size_t count, const T* __restrict first, const T* __restrict second, T* __restrict pooled) {
  for (std::size_t x = 0; x < count; ++x) {
    T largest = first[2 * x];
    largest = first[2 * x + 1] > largest ? first[2 * x + 1] : largest;
    largest = second[2 * x] > largest ? second[2 * x] : largest;
    pooled[x] = second[2 * x + 1] > largest ? second[2 * x + 1] : largest;
  }
}

template <typename T>
void keep_first_of_4(std::size_t count, const T* __restrict first, const T* __restrict second,
                     const T* __restrict pooled, T* __restrict above, T* __restrict below) {
  for (std::size_t x = 0; x < count; ++x) {
    const T largest = pooled[x];
    const bool a = first[2 * x] == largest, b = first[2 * x + 1] == largest, c = second[2 * x] == largest;
    above[2 * x] = a ? above[2 * x] : T(0);
    above[2 * x + 1] = !a & b ? above[2 * x + 1] : T(0);
    below[2 * x] = !(a | b) & c ? below[2 * x] : T(0);
    below[2 * x + 1] = !(a | b | c) ? below[2 * x + 1] : T(0);
  }
}

template <typename T>
void maximum(const PoolShape& shape, const T* values, T* derivatives, T* pooled) {
  const std::size_t side = shape.side, width = shape.width, count = width / side;
  for (std::size_t row = 0; row < shape.rows; ++row, values += side * width, pooled += count) {
    if (side == 2) {
      maximum_of_4(count, values, values + width, pooled);
      if (derivatives != nullptr)
        keep_first_of_4(count, values, values + width, pooled, derivatives, derivatives + width);
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
