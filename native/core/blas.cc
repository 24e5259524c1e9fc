#include "core/blas.h"

#include <cblas.h>

namespace mft::blas {
namespace {
CBLAS_TRANSPOSE op(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }
blasint integer(std::size_t value) { return static_cast<blasint>(value); }
}  // namespace

void use_one_thread() { openblas_set_num_threads(1); }
std::string configuration() { return openblas_get_config(); }
std::string core_name() { return openblas_get_corename(); }

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, double alpha,
          const double* a, std::size_t lda, const double* b, std::size_t ldb, double beta, double* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  cblas_dgemm(CblasRowMajor, op(transpose_a), op(transpose_b), integer(m), integer(n), integer(k), alpha, a,
              integer(lda), b, integer(ldb), beta, c, integer(ldc));
}

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a,
          std::size_t lda, const float* b, std::size_t ldb, float beta, float* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  cblas_sgemm(CblasRowMajor, op(transpose_a), op(transpose_b), integer(m), integer(n), integer(k), alpha, a,
              integer(lda), b, integer(ldb), beta, c, integer(ldc));
}

void gemv(bool transpose, std::size_t rows, std::size_t columns, double alpha, const double* a, std::size_t lda,
          const double* x, double beta, double* y) {
  if (rows == 0 || columns == 0) return;
  cblas_dgemv(CblasRowMajor, op(transpose), integer(rows), integer(columns), alpha, a, integer(lda), x, 1, beta, y, 1);
}

void gram(std::size_t count, std::size_t length, const double* x, std::size_t stride, double* gram) {
  if (count == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasUpper, CblasNoTrans, integer(count), integer(length), 1.0, x, integer(stride), 0.0,
              gram, integer(count));
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < a; ++b) gram[a * count + b] = gram[b * count + a];
}

void subtract_gram(std::size_t count, std::size_t length, const double* x, std::size_t stride, double* c,
                   std::size_t ldc) {
  if (count == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, integer(count), integer(length), -1.0, x, integer(stride), 1.0,
              c, integer(ldc));
}

void solve_rows(bool transposed, std::size_t rows, std::size_t count, const double* lower, std::size_t ldl, double* b,
                std::size_t ldb) {
  if (rows == 0 || count == 0) return;
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, op(transposed), CblasNonUnit, integer(rows), integer(count), 1.0,
              lower, integer(ldl), b, integer(ldb));
}

}  // namespace mft::blas
