// core/product element by element: the same bits as the kernels of AVX2 and AVX-512.
#pragma once
#include <cmath>
#include <cstddef>

#include "core/product_table.h"

namespace mft {

// As matrix_product; with `bias` (else null) as matrix_product_with_bias.
template <typename T>
void naive_matrix_product(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
                          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, const T* bias, T* c,
                          std::size_t ldc) {
  const std::size_t blocks = alpha == T(0) ? 0 : parts_of(k, kDepthBlock<T>);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      T& element = c[i * ldc + j];
      if (bias != nullptr)
        element = bias[j];
      else
        element = beta == T(0) ? T(0) : beta * element;
      for (std::size_t block = 0; block < blocks; ++block) {
        const auto [first, count] = part_at(block, blocks, k);
        T sum = 0;
        for (std::size_t p = first; p < first + count; ++p)
          sum = std::fma(transpose_a ? a[p * lda + i] : a[i * lda + p], transpose_b ? b[j * ldb + p] : b[p * ldb + j],
                         sum);
        const bool is_alone = block == 0 && bias == nullptr && beta == T(0);
        element = is_alone ? alpha * sum : std::fma(alpha, sum, element);
      }
    }
}

}  // namespace mft
