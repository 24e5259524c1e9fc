#include "core/product.h"

#include <algorithm>

#include "core/blas.h"
#include "core/cpu.h"
#include "core/product_table.h"

namespace mft {
namespace {

template <typename T>
void start_from_bias(const ProductArguments<T>& q) {
  for (std::size_t i = 0; i < q.m; ++i) std::copy_n(q.bias, q.n, q.c + i * q.ldc);
}

template <typename T>
void multiply_with_blas(const ProductArguments<T>& q) {
  if (q.bias != nullptr) start_from_bias(q);
  blas::gemm(q.transpose_a, q.transpose_b, q.m, q.n, q.k, q.alpha, q.a, q.lda, q.b, q.ldb,
             q.bias != nullptr ? T(1) : q.beta, q.c, q.ldc);
}

// No product: beta C, or the bias.
template <typename T>
void without_terms(const ProductArguments<T>& q) {
  if (q.bias != nullptr) return start_from_bias(q);
  for (std::size_t i = 0; i < q.m; ++i)
    for (std::size_t j = 0; j < q.n; ++j) q.c[i * q.ldc + j] = q.beta == T(0) ? T(0) : q.beta * q.c[i * q.ldc + j];
}

template <typename T>
void multiply(const ProductArguments<T>& q) {
  if (q.m == 0 || q.n == 0) return;
  if (q.k == 0 || q.alpha == T(0)) return without_terms(q);
#ifdef MFT_X86_64
  thread_local ProductScratch<T> scratch;
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return multiply_avx512(q, scratch);
    case InstructionSet::kAvx2:
      return multiply_avx2(q, scratch);
    default:
      break;
  }
#endif
  multiply_with_blas(q);
}

}  // namespace

template <typename T>
void matrix_product(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
                    const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) {
  multiply<T>({transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, nullptr});
}

template <typename T>
void matrix_product_with_bias(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
                              const T* a, std::size_t lda, const T* b, std::size_t ldb, const T* bias, T* c,
                              std::size_t ldc) {
  multiply<T>({transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, T(0), c, ldc, bias});
}

bool rows_are_independent() {
#ifdef MFT_X86_64
  return active_instruction_set() != InstructionSet::kBaseline;
#else
  return false;
#endif
}

#define MFT_INSTANTIATE(T)                                                                                            \
  template void matrix_product(bool, bool, std::size_t, std::size_t, std::size_t, T, const T*, std::size_t, const T*, \
                               std::size_t, T, T*, std::size_t);                                                      \
  template void matrix_product_with_bias(bool, bool, std::size_t, std::size_t, std::size_t, T, const T*, std::size_t, \
                                         const T*, std::size_t, const T*, T*, std::size_t)
MFT_INSTANTIATE(float);
MFT_INSTANTIATE(double);
#undef MFT_INSTANTIATE

}  // namespace mft
