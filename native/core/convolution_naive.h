// The convolutions of core/convolution_direct in plain loops, for its tests: the same bits.
#pragma once
#include <cmath>
#include <cstddef>

#include "core/convolution_table.h"

namespace mft::convolution {

// `kernels` not packed: rows x (channels, kernel, kernel).
template <typename T>
void correlate_naive(const Correlation<T>& q, const T* kernels) {
  for (std::size_t r = 0; r < q.rows; ++r)
    for (std::size_t y = 0; y < q.height; ++y)
      for (std::size_t x = 0; x < q.width; ++x) {
        T sum = 0;
        const T* weight = kernels + r * q.channels * q.kernel * q.kernel;
        for (std::size_t c = 0; c < q.channels; ++c)
          for (std::size_t i = 0; i < q.kernel; ++i)
            for (std::size_t j = 0; j < q.kernel; ++j)
              sum = std::fma(*weight++, q.input[c * q.plane + (y + i) * q.pitch + x + j], sum);
        q.output[(r * q.height + y) * q.width + x] = std::fma(q.alpha, sum, q.bias == nullptr ? T(0) : q.bias[r]);
      }
}

template <typename T>
void weigh_naive(const Weighing<T>& q) {
  for (std::size_t r = 0; r < lines_of(q); ++r)
    for (std::size_t k = 0; k < q.columns; ++k) {
      T sum = 0;
      for (std::size_t y = 0; y < q.height; ++y)
        for (std::size_t x = 0; x < q.width; ++x)
          sum = std::fma(line_of(q, r)[y * q.pitch + x], q.delta[(y * q.width + x) * q.stride + k], sum);
      q.sums[r * kWeighed<T> + k] += sum;
    }
}

}  // namespace mft::convolution
