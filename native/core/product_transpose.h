// Inside of core/product: small blocks transposed by 256-bit shuffles, for both instruction sets.
#pragma once
#include <immintrin.h>

#include <cstddef>

namespace mft {
namespace {

// to[p apart + j] = from[j stride + p] for 8 columns j and 4 depths p: column j beside column j + 4 in a register.
struct FloatBlock {
  static constexpr std::size_t kBlockColumns = 8, kBlockDepth = 4;
  static inline void transpose_block(const float* from, std::size_t stride, float* to, std::size_t apart) {
    __m256 r[4];
    for (std::size_t j = 0; j < 4; ++j)
      r[j] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + j * stride)),
                                  _mm_loadu_ps(from + (j + 4) * stride), 1);
    const __m256d ab_low = _mm256_castps_pd(_mm256_unpacklo_ps(r[0], r[1]));
    const __m256d ab_high = _mm256_castps_pd(_mm256_unpackhi_ps(r[0], r[1]));
    const __m256d cd_low = _mm256_castps_pd(_mm256_unpacklo_ps(r[2], r[3]));
    const __m256d cd_high = _mm256_castps_pd(_mm256_unpackhi_ps(r[2], r[3]));
    _mm256_storeu_ps(to, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_low, cd_low)));
    _mm256_storeu_ps(to + apart, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_low, cd_low)));
    _mm256_storeu_ps(to + 2 * apart, _mm256_castpd_ps(_mm256_unpacklo_pd(ab_high, cd_high)));
    _mm256_storeu_ps(to + 3 * apart, _mm256_castpd_ps(_mm256_unpackhi_pd(ab_high, cd_high)));
  }
};

// The same for 4 columns and 2 depths.
struct DoubleBlock {
  static constexpr std::size_t kBlockColumns = 4, kBlockDepth = 2;
  static inline void transpose_block(const double* from, std::size_t stride, double* to, std::size_t apart) {
    const auto two_columns = [&](std::size_t j) {
      return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(from + j * stride)),
                                  _mm_loadu_pd(from + (j + 2) * stride), 1);
    };
    const __m256d a = two_columns(0), b = two_columns(1);
    _mm256_storeu_pd(to, _mm256_unpacklo_pd(a, b));
    _mm256_storeu_pd(to + apart, _mm256_unpackhi_pd(a, b));
  }
};

}  // namespace
}  // namespace mft
