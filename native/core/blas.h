// The BLAS wrapper: the only door to OpenBLAS. BLAS always runs with one thread (its thread count changes bits);
// callers distribute tiles over threads themselves. All matrices are dense; leading dimensions are given in elements.
#pragma once
#include <cstddef>
#include <string>

#include "core/blas_core.h"

namespace mft::blas {

// Sets OpenBLAS to one thread and chooses its core, once per process, before the first product: called when the addon
// is loaded (by the main thread or a worker) and by the native tests. Throws NATIVE_LOAD when no core computes right
// products.
void prepare();
const CoreChoice& core();     // what prepare() chose
std::string configuration();  // openblas_get_config()

// Row-major C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n. Where beta is 0, C is not read;
// where alpha is 0, A and B are not.
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, double alpha,
          const double* a, std::size_t lda, const double* b, std::size_t ldb, double beta, double* c, std::size_t ldc);
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a,
          std::size_t lda, const float* b, std::size_t ldb, float beta, float* c, std::size_t ldc);

// y = alpha op(A) x + beta y; A is rows x columns, row-major, rows `lda` apart.
void gemv(bool transpose, std::size_t rows, std::size_t columns, double alpha, const double* a, std::size_t lda,
          const double* x, double beta, double* y);

// gram (count x count) of the rows of x, `length` long.
void gram(std::size_t count, std::size_t length, const double* x, std::size_t stride, double* gram);

// Lower triangle of c (count x count) minus that of the gram of the rows of x.
void subtract_gram(std::size_t count, std::size_t length, const double* x, std::size_t stride, double* c,
                   std::size_t ldc);

// Lower triangle of c (count x count): scale times the gram of the rows of x.
void lower_gram(std::size_t count, std::size_t length, double scale, const double* x, std::size_t stride, double* c,
                std::size_t ldc);

// Rows of b (count long) become b L^-T (transposed, every row x = L^-1 b) or b L^-1 for a lower-triangular L.
void solve_rows(bool transposed, std::size_t rows, std::size_t count, const double* lower, std::size_t ldl, double* b,
                std::size_t ldb);

}  // namespace mft::blas
