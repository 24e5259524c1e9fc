// The matrix product of the C++ competitors: OpenBLAS's or, in programs compiled with BENCH_ONEDNN, oneDNN's; with
// BENCH_OURS the package's own.
#pragma once
#ifdef BENCH_ONEDNN
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#elif defined(BENCH_OURS)
#include "core/product.h"
#else
#include <cblas.h>
#endif

#include <cstddef>

namespace bench {

// Row-major C (m x n) = alpha op(A) op(B) + beta C, all depths at least 1.
inline void product(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, float alpha,
                    const float* a, std::size_t lda, const float* b, std::size_t ldb, float beta, float* c,
                    std::size_t ldc) {
#ifdef BENCH_ONEDNN
  const auto whole = [](std::size_t value) { return static_cast<dnnl_dim_t>(value); };
  const dnnl_status_t status = dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', whole(m), whole(n),
                                          whole(k), alpha, a, whole(lda), b, whole(ldb), beta, c, whole(ldc));
  if (status != dnnl_success) {
    std::fprintf(stderr, "Error: dnnl_sgemm says %d\n", static_cast<int>(status));
    std::exit(1);
  }
#elif defined(BENCH_OURS)
  mft::matrix_product(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
#else
  const auto whole = [](std::size_t value) { return static_cast<blasint>(value); };
  cblas_sgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, whole(m),
              whole(n), whole(k), alpha, a, whole(lda), b, whole(ldb), beta, c, whole(ldc));
#endif
}

inline void use_threads(int threads) {
#ifdef BENCH_ONEDNN
  omp_set_num_threads(threads);
#elif defined(BENCH_OURS)
  (void)threads;  // one thread: the engines share out tiles
#else
  openblas_set_num_threads(threads);
#endif
}

}  // namespace bench
