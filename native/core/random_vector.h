// Vectors of a fixed number of bytes (GCC/Clang vector extensions) and the few operations that need an instruction of
// their own. Included only by the per-instruction-set files of core/random.
//
// Same bits everywhere: the kernels use only integer operations and single IEEE operations (+, -, *, /, sqrt,
// int -> float), each correctly rounded; -ffp-contract=off keeps the compiler from fusing a multiply and an add, and
// nothing here fuses by hand. Everything has internal linkage: code built for one instruction set must never be
// merged by the linker with the same template built for another.
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <immintrin.h>
#endif

namespace mft {
namespace {

template <int kBytes>
struct Vector {
  typedef std::uint32_t U32 __attribute__((vector_size(kBytes), may_alias));
  typedef std::int32_t I32 __attribute__((vector_size(kBytes), may_alias));
  typedef std::uint64_t U64 __attribute__((vector_size(kBytes), may_alias));
  typedef float F32 __attribute__((vector_size(kBytes), may_alias));
  typedef double F64 __attribute__((vector_size(kBytes), may_alias));
  static constexpr std::size_t kLanes64 = kBytes / 8;
};

// Any address, whatever its alignment.
template <class V>
inline V load(const void* from) {
  V value;
  __builtin_memcpy(&value, from, sizeof(V));
  return value;
}

template <class V>
inline void store(void* to, V value) {
  __builtin_memcpy(to, &value, sizeof(V));
}

// 64-bit lanes: the full product of the low halves. Callers leave rubbish in the high halves.
template <class V>
inline V multiply_low_halves(V a, V b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) return (V)_mm512_mul_epu32((__m512i)a, (__m512i)b);
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32) return (V)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#endif
#if defined(__SSE2__)
  if constexpr (sizeof(V) == 16) return (V)_mm_mul_epu32((__m128i)a, (__m128i)b);
#endif
  V product{};
  for (std::size_t lane = 0; lane < sizeof(V) / 8; ++lane)
    product[lane] = std::uint64_t{static_cast<std::uint32_t>(a[lane])} * static_cast<std::uint32_t>(b[lane]);
  return product;
}

// 64-bit lanes: low half of a, low half of b above it.
template <class V>
inline V join_low_halves(V low, V high) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64)
    return (V)_mm512_mask_shuffle_epi32((__m512i)low, 0xAAAA, (__m512i)high, _MM_PERM_CCAA);
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32) return (V)_mm256_blend_epi32((__m256i)low, _mm256_slli_epi64((__m256i)high, 32), 0xAA);
#endif
  return (low & 0xFFFFFFFFu) | (high << 32);
}

template <class V>
inline V square_root(V a) {
  constexpr bool kFloat = sizeof(a[0]) == 4;
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) {
    if constexpr (kFloat)
      return (V)_mm512_sqrt_ps((__m512)a);
    else
      return (V)_mm512_sqrt_pd((__m512d)a);
  }
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32) {
    if constexpr (kFloat)
      return (V)_mm256_sqrt_ps((__m256)a);
    else
      return (V)_mm256_sqrt_pd((__m256d)a);
  }
#endif
#if defined(__SSE2__)
  if constexpr (sizeof(V) == 16) {
    if constexpr (kFloat)
      return (V)_mm_sqrt_ps((__m128)a);
    else
      return (V)_mm_sqrt_pd((__m128d)a);
  }
#endif
  if constexpr (kFloat)
    for (std::size_t lane = 0; lane < sizeof(V) / 4; ++lane) a[lane] = __builtin_sqrtf(a[lane]);
  else
    for (std::size_t lane = 0; lane < sizeof(V) / 8; ++lane) a[lane] = __builtin_sqrt(a[lane]);
  return a;
}

// Rounds to nearest once: the two parts are exact.
template <int kBytes>
inline typename Vector<kBytes>::F32 to_float(typename Vector<kBytes>::U32 a) {
  using F32 = typename Vector<kBytes>::F32;
  using I32 = typename Vector<kBytes>::I32;
#if defined(__AVX512F__)
  if constexpr (kBytes == 64) return (F32)_mm512_cvtepu32_ps((__m512i)a);
#endif
  const F32 high = __builtin_convertvector((I32)(a >> 16), F32);
  const F32 low = __builtin_convertvector((I32)(a & 0xFFFFu), F32);
  return high * 65536.0f + low;
}

template <class V>
inline bool any_bit(V a) {
#if defined(__AVX512F__)
  if constexpr (sizeof(V) == 64) return _mm512_test_epi64_mask((__m512i)a, (__m512i)a) != 0;
#endif
#if defined(__AVX2__)
  if constexpr (sizeof(V) == 32) return _mm256_testz_si256((__m256i)a, (__m256i)a) == 0;
#endif
  std::uint64_t all = 0;
  for (std::size_t lane = 0; lane < sizeof(V) / 8; ++lane) all |= a[lane];
  return all != 0;
}

}  // namespace
}  // namespace mft
