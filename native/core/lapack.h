// The LAPACK that OpenBLAS brings, through its Fortran interface (the packages come without LAPACKE). One thread, as
// core/blas.h says.
#pragma once
#include <cstddef>
#include <vector>

namespace mft::lapack {

// Eigenvalues of a symmetric matrix (count x count, row-major) in decreasing order, and in `matrix` its eigenvectors:
// row i belongs to value i. Backward stable: every value is within about count eps of the largest. Throws NOT_FINITE.
std::vector<double> symmetric_eigen(std::size_t count, double* matrix);

// Singular values, decreasing, of a matrix (rows x columns, row-major), which is overwritten. Throws NOT_FINITE.
std::vector<double> singular_values(std::size_t rows, std::size_t columns, double* matrix);

// Singular values, decreasing, of x^T y for blocks of `count` rows of `length` numbers: min(count, length) of them. The
// product is never formed: QR of both, then the values of R_x R_y^T. Both blocks are overwritten. Throws NOT_FINITE.
std::vector<double> product_singular_values(std::size_t count, std::size_t length, double* x, double* y);

}  // namespace mft::lapack
