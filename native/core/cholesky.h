// Cholesky factorisation of large matrices on several threads, and what is solved with it. Row-major; the factor lies
// in the lower triangle and the strict upper triangle keeps the matrix. Columns of tiles from left to right, each less
// what those before it explain in one product. Tiles do not depend on threads, so nor do the bits.
#pragma once
#include <cstddef>

#include "core/control.h"

namespace mft {

struct CholeskyOutcome {
  std::size_t pivot = 0;         // the first row that depends on those before it; `count` when there is none
  double smallest_ratio = 1.0;   // least L_jj^2 / A_jj before that row
  double log_determinant = 0.0;  // of the whole matrix; only when there is no such row
};

// Units of progress that `cholesky_factor` counts.
std::int32_t cholesky_units(std::size_t count);

// Factorises matrix + shift I in place. A row depends on those before it when L_jj^2 <= 10 count 2^-52 A_jj: LAPACK by
// itself finds about half of the duplicated rows, and stops at no not-a-number.
// Throws NOT_FINITE, naming the row, for a matrix with a number that is not finite.
CholeskyOutcome cholesky_factor(double* matrix, std::size_t count, double shift, int threads, const Control& control);

// Rows of b (each `count` long): x = L^-1 b, or x = L^-T b.
void solve_lower(const double* lower, std::size_t count, double* b, std::size_t rows, bool transposed, int threads,
                 const Control& control);

// out (rows x columns) = a b^T: a is rows x length, b is columns x length.
void product_of_rows(const double* a, std::size_t rows, const double* b, std::size_t columns, std::size_t length,
                     double* out, int threads, const Control& control);

}  // namespace mft
