// Whether a library's matrix products are right: a few of awkward shapes against a naive twin, two milliseconds.
#pragma once
#include <cstddef>

namespace mft {

// The signature of blas::gemm.
template <typename Real>
using Product = void (*)(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, Real alpha,
                         const Real* a, std::size_t lda, const Real* b, std::size_t ldb, Real beta, Real* c,
                         std::size_t ldc);

// False when a product differs from its naive twin by more than rounding can, or reads C when beta is 0.
// The factors are multiples of 2^-11 of at most 1 in size, so that in double precision every sum is exact and the bits
// must be equal; in single precision an element may differ by k 2^-24 times the sum of the absolute values of its
// terms.
template <typename Real>
bool products_are_right(Product<Real> product);

extern template bool products_are_right<float>(Product<float>);
extern template bool products_are_right<double>(Product<double>);

}  // namespace mft
