#include "core/blas.h"

#include <cblas.h>

#include <cstdlib>
#include <mutex>
#include <string>

#include "core/product_check.h"

// OpenBLAS chooses its core in these two, again whenever they are called; builds for one core only lack them.
extern "C" {
__attribute__((weak)) void gotoblas_dynamic_init(void);
__attribute__((weak)) void gotoblas_dynamic_quit(void);
}

namespace mft::blas {
namespace {
constexpr const char* kCoreVariable = "OPENBLAS_CORETYPE";

CBLAS_TRANSPOSE op(bool transpose) { return transpose ? CblasTrans : CblasNoTrans; }
blasint integer(std::size_t value) { return static_cast<blasint>(value); }

// The variable is set for the moment of the choice only: child processes choose for themselves. It is set in C: what a
// worker of Node writes into process.env stays in that worker.
void take_core(const std::string& name) {
  if (gotoblas_dynamic_init == nullptr || gotoblas_dynamic_quit == nullptr) return;
  const char* set = std::getenv(kCoreVariable);
  const std::string before = set == nullptr ? "" : set;
  setenv(kCoreVariable, name.c_str(), 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  if (set == nullptr)
    unsetenv(kCoreVariable);
  else
    setenv(kCoreVariable, before.c_str(), 1);
}

CoreChoice& chosen_core() {
  static CoreChoice choice;
  return choice;
}

std::once_flag prepared;  // a choice that throws is tried again, and throws again

}  // namespace

void prepare() {
  std::call_once(prepared, [] {
    openblas_set_num_threads(1);
    const char* users = std::getenv(kCoreVariable);
    chosen_core() =
        choose_core(this_processor(), users != nullptr && *users != '\0',
                    {.current = [] { return std::string(openblas_get_corename()); },
                     .take = take_core,
                     .is_right = [] { return products_are_right<float>(gemm) && products_are_right<double>(gemm); }});
  });
}

const CoreChoice& core() { return chosen_core(); }
std::string configuration() { return openblas_get_config(); }

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, double alpha,
          const double* a, std::size_t lda, const double* b, std::size_t ldb, double beta, double* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  if (alpha == 0.0) k = 0;  // OpenBLAS's AVX-512 kernels read A and B all the same, and make NaN of what is not finite
  cblas_dgemm(CblasRowMajor, op(transpose_a), op(transpose_b), integer(m), integer(n), integer(k), alpha, a,
              integer(lda), b, integer(ldb), beta, c, integer(ldc));
}

void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, float alpha, const float* a,
          std::size_t lda, const float* b, std::size_t ldb, float beta, float* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  if (alpha == 0.0f) k = 0;
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

void lower_gram(std::size_t count, std::size_t length, double scale, const double* x, std::size_t stride, double* c,
                std::size_t ldc) {
  if (count == 0) return;
  cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, integer(count), integer(length), scale, x, integer(stride), 0.0,
              c, integer(ldc));
}

void solve_rows(bool transposed, std::size_t rows, std::size_t count, const double* lower, std::size_t ldl, double* b,
                std::size_t ldb) {
  if (rows == 0 || count == 0) return;
  cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, op(transposed), CblasNonUnit, integer(rows), integer(count), 1.0,
              lower, integer(ldl), b, integer(ldb));
}

}  // namespace mft::blas
