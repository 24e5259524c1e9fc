// The LAPACK that OpenBLAS brings, through its Fortran interface (the packages come without LAPACKE). One thread, as
// core/blas.h says.
#pragma once
#include <complex>
#include <cstddef>
#include <vector>

namespace mft::lapack {

// Eigenvalues of a symmetric matrix (count x count, row-major) in decreasing order, and in `matrix` its eigenvectors:
// row i belongs to value i. Backward stable: every value is within about count eps of the largest. Throws NOT_FINITE,
// and OUT_OF_RANGE above kMostEigen, where the workspace is longer than a 32-bit index can say.
inline constexpr std::size_t kMostEigen = 32766;
std::vector<double> symmetric_eigen(std::size_t count, double* matrix);

// Singular values, decreasing, of a matrix (rows x columns, row-major), which is overwritten. Throws NOT_FINITE.
std::vector<double> singular_values(std::size_t rows, std::size_t columns, double* matrix);

// Eigenvalues of any square matrix (count x count, row-major), which is overwritten; backward stable. Throws
// NOT_FINITE.
std::vector<std::complex<double>> eigenvalues(std::size_t count, double* matrix);

// b becomes matrix^-1 b by LU with partial pivoting; the matrix (row-major) is overwritten. False where a pivot is
// exactly 0; b means nothing then. Throws NOT_FINITE.
bool solve(std::size_t count, double* matrix, double* b);

// R (k x count, k = min(count, length), row-major) of the QR factorisation of the matrix whose columns are the rows of
// a block: their coordinates in an orthonormal basis, with the same products among them. The block is overwritten.
std::vector<double> triangle(std::size_t count, std::size_t length, double* block);

// Singular values, decreasing, of x^T y for blocks of `count` rows of `length` numbers: min(count, length) of them. The
// product is never formed: QR of both, then the values of R_x R_y^T. Both blocks are overwritten. Throws NOT_FINITE.
std::vector<double> product_singular_values(std::size_t count, std::size_t length, double* x, double* y);

// The three below read and write the lower triangle of rows only, rows `stride` apart.

// L with L L^T = matrix. Returns the row at which it stopped, or `count`. Not-a-number passes: look at the last
// diagonal entry.
std::size_t cholesky(std::size_t count, double* matrix, std::size_t stride);

// From L to (L L^T)^-1.
void inverse_from_cholesky(std::size_t count, double* lower, std::size_t stride);

// Number of pivots above tolerance times the largest diagonal entry, by a Cholesky factorisation with complete
// pivoting.
std::size_t semidefinite_rank(std::size_t count, double* matrix, std::size_t stride, double tolerance);

}  // namespace mft::lapack
