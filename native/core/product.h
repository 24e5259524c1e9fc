// Matrix products that know one thing more than OpenBLAS's: an element's bits depend on its row of the left factor, its
// column of the right one and nothing else. Not on how many rows or columns stand beside it, on where it lies, on
// threads, nor on which of AVX2 and AVX-512 computes. On other processors OpenBLAS computes, which promises none of
// this.
//
// An element is the sum over blocks of the depth, nearly equal ones of at most 512 (float32) or 256 (float64) terms, in
// their order; a block is one chain of multiply-adds that begins at zero, in the order of the depth. So with u = 2^-24
// or 2^-53, b blocks and s terms in the longest,
//   |error| <= ((s + b + 2) u + O(u^2)) (|alpha| sum_p |a_p b_p| + |beta c|),
// and core/product_naive.h gives the same bits.
#pragma once
#include <cstddef>

namespace mft {

// Row-major C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n. Where beta is 0, C is not read;
// where alpha is 0, A and B are not; where k is 0, C becomes beta C. C must not overlap A or B.
template <typename T>
void matrix_product(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
                    const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc);

// The same with `bias` (n numbers) added to every row, in place of beta C.
template <typename T>
void matrix_product_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
                              const T* a, std::size_t lda, const T* b, std::size_t ldb, const T* bias, T* c,
                              std::size_t ldc);

// Whether the bits of a row depend on that row alone here: not where OpenBLAS computes.
bool rows_are_independent();

}  // namespace mft
