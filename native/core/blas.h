// The BLAS wrapper: the only door to OpenBLAS. BLAS always runs with one thread (its thread count changes bits);
// callers distribute tiles over threads themselves. All matrices are dense; leading dimensions are given in elements.
#pragma once
#include <cstddef>
#include <string>

namespace mft::blas {

// Sets OpenBLAS to one thread; called once when the addon is loaded and by the native tests.
void use_one_thread();
std::string configuration();  // openblas_get_config()
std::string core_name();      // openblas_get_corename()

// Row-major C (m x n) = alpha op(A) op(B) + beta C; op(A) is m x k, op(B) is k x n.
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

// Rows of b (count long) become b L^-T (transposed, every row x = L^-1 b) or b L^-1 for a lower-triangular L.
void solve_rows(bool transposed, std::size_t rows, std::size_t count, const double* lower, std::size_t ldl, double* b,
                std::size_t ldb);

}  // namespace mft::blas
