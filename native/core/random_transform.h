// Words to uniforms and normals over whole groups (the layout is in random_kernels.h).
// Included only by the per-instruction-set files of core/random.
//
// Box-Muller: radius sqrt(-2 log u) from the words of a group's first half, direction from those of its second half;
// the cosines take the place of the first half, the sines that of the second. The direction is (cos a, sin a) with a
// uniform on (-pi/4, pi/4), the sign of the cosine and an exchange of the two by two further bits: together the whole
// circle.
//
// The polynomials are minimax fits with rounded coefficients; stated is their relative error in exact arithmetic. With
// rounding, normals are within 2^-21 (float) and 2^-50 (double) relative of the exact transform: tested at both ends of
// every interval (measured: 5 units of 2^-24 and of 2^-53).
#pragma once
#include "core/random_kernels.h"
#include "core/random_vector.h"

namespace mft {
namespace {

// Lowest coefficient first. Even and odd powers apart, each by Horner's rule: half the latency for one product more.
template <class V, class Scalar, std::size_t kCount>
inline V polynomial(V x, const Scalar (&coefficients)[kCount]) {
  const V square = x * x;
  V last = V{} + coefficients[kCount - 1], other = V{} + coefficients[kCount - 2];
  for (std::size_t k = 3; k <= kCount; ++k) {
    V& sum = k % 2 == 1 ? last : other;
    sum = sum * square + coefficients[kCount - k];
  }
  return kCount % 2 == 1 ? last + x * other : other + x * last;
}

// -2 log(2^-32 x) for x in [1/2, 2^32]. 2^-32 x = 2^e (1 + t), t in [-1/3, 1/3); -2 log(1 + t) = t P(t): 2.7e-8.
template <int kBytes>
inline typename Vector<kBytes>::F32 minus_two_log_scaled(typename Vector<kBytes>::F32 x) {
  using F32 = typename Vector<kBytes>::F32;
  using I32 = typename Vector<kBytes>::I32;
  constexpr std::int32_t kTwoThirds = 0x3F2AAAAB, kScale = 32 << 23;
  constexpr float kCoefficients[] = {-0x1.000000p+1f, 0x1.ffffd4p-1f,  -0x1.555500p-1f, 0x1.0014bap-1f, -0x1.99d22cp-2f,
                                     0x1.502bdcp-2f,  -0x1.1ebe6cp-2f, 0x1.3b4916p-2f,  -0x1.1ec6fcp-2f};
  constexpr float kMinusTwoLog2 = -0x1.62e430p+0f;
  const I32 shifted = (I32)x - (kTwoThirds + kScale);
  const F32 exponent = __builtin_convertvector(shifted >> 23, F32);
  const F32 t = (F32)((shifted & 0x7FFFFF) + kTwoThirds) - 1.0f;
  return exponent * kMinusTwoLog2 + t * polynomial(t, kCoefficients);
}

// -2 log u in double: with r = 2 t / (2 + t), -2 log(1 + t) = r (t - r^2 Q(r^2)) - 2 t: 1.5e-17.
template <int kBytes>
inline typename Vector<kBytes>::F64 minus_two_log(typename Vector<kBytes>::F64 u) {
  using F64 = typename Vector<kBytes>::F64;
  using U64 = typename Vector<kBytes>::U64;
  constexpr std::uint64_t kOne = 0x3FF0000000000000u, kTwoThirds = 0x3FE5555555555555u;
  constexpr std::uint64_t kMantissa = 0x000FFFFFFFFFFFFFu, kTwoTo52 = 0x4330000000000000u;
  constexpr double kCoefficients[] = {0x1.5555555555776p-3,  0x1.99999998f0bddp-6,  0x1.249249b22275ep-8,
                                      0x1.c71c0165afa47p-11, 0x1.7474e258e67a1p-13, 0x1.3852e16ba16adp-15,
                                      0x1.3abdc55e63cb1p-17};
  constexpr double kMinusTwoLog2High = -0x1.62e42fefa3800p+0, kMinusTwoLog2Low = -0x1.ef35793c76730p-44;
  const U64 shifted = (U64)u + (kOne - kTwoThirds);
  const F64 exponent = (F64)((shifted >> 52) | kTwoTo52) - (0x1p52 + 1023.0);
  const F64 t = (F64)((shifted & kMantissa) + kTwoThirds) - 1.0;
  const F64 twice = t + t;
  const F64 r = twice / (t + 2.0);
  const F64 z = r * r;
  const F64 correction = exponent * kMinusTwoLog2Low + r * (t - z * polynomial(z, kCoefficients));
  return exponent * kMinusTwoLog2High + (correction - twice);
}

// cos and sin of pi/4 y for |y| <= 1: 4e-8 in float, 6e-17 in double.
template <class F32>
inline void cos_sin_quarter_float(F32 y, F32& cosine, F32& sine) {
  constexpr float kSine[] = {0x1.921fb6p-1f, -0x1.4abc1cp-4f, 0x1.467d80p-9f, -0x1.328ba6p-15f};
  constexpr float kCosine[] = {1.0f, -0x1.3bd39cp-2f, 0x1.03b066p-6f, -0x1.4e7d5cp-12f};
  const F32 z = y * y;
  cosine = polynomial(z, kCosine);
  sine = y * polynomial(z, kSine);
}

template <class F64>
inline void cos_sin_quarter_double(F64 y, F64& cosine, F64& sine) {
  constexpr double kSine[] = {0x1.921fb54442d18p-1,   -0x1.4abbce625bdb7p-4, 0x1.466bc6774bfc9p-9,
                              -0x1.32d2ccd590e16p-15, 0x1.507822fd07d35p-22, -0x1.e2f4ff1fae252p-30,
                              0x1.e021650e80c60p-38};
  constexpr double kCosine[] = {1.0,
                                -0x1.3bd3cc9be459dp-2,
                                0x1.03c1f081b0e01p-6,
                                -0x1.55d3c7dc3b7efp-12,
                                0x1.e1f4fb8227066p-19,
                                -0x1.a6c9c96e7b3fap-26,
                                0x1.f3dca82ecb7b0p-34};
  const F64 z = y * y;
  cosine = polynomial(z, kCosine);
  sine = y * polynomial(z, kSine);
}

// (k + 1/2) 2^-52 of the upper 52 bits k: exact, symmetric about 1/2, never 0 or 1.
template <int kBytes>
inline typename Vector<kBytes>::F64 to_uniform(typename Vector<kBytes>::U64 word) {
  constexpr std::uint64_t kOne = 0x3FF0000000000000u;
  return (typename Vector<kBytes>::F64)((word >> 12) | kOne) - (1.0 - 0x1p-53);
}

template <int kBytes>
void transform_uniforms(std::size_t groups, const void* words, void* out) {
  using U64 = typename Vector<kBytes>::U64;
  for (std::size_t offset = 0; offset < groups * kGroupBytes; offset += kBytes)
    store(static_cast<char*>(out) + offset, to_uniform<kBytes>(load<U64>(static_cast<const char*>(words) + offset)));
}

template <int kBytes>
void transform_normals_float(std::size_t groups, const void* words, void* out) {
  using U32 = typename Vector<kBytes>::U32;
  using I32 = typename Vector<kBytes>::I32;
  using F32 = typename Vector<kBytes>::F32;
  constexpr std::size_t kVectorsPerHalf = 64 / kBytes;
  for (std::size_t index = 0; index < groups * kVectorsPerHalf; ++index) {
    const std::size_t offset = index / kVectorsPerHalf * kGroupBytes + index % kVectorsPerHalf * kBytes;
    const char* const from = static_cast<const char*>(words) + offset;
    char* const to = static_cast<char*>(out) + offset;
    const F32 radius = square_root(minus_two_log_scaled<kBytes>(to_float<kBytes>(load<U32>(from)) + 0.5f));
    const U32 word = load<U32>(from + 64);
    F32 cosine, sine;
    cos_sin_quarter_float<F32>(__builtin_convertvector((I32)word, F32) * 0x1p-31f, cosine, sine);
    cosine = (F32)((U32)(radius * cosine) ^ ((word << 30) & 0x80000000u));
    sine = radius * sine;
    const auto exchange = (word & 1u) != 0u;
    store<F32>(to, exchange ? sine : cosine);
    store<F32>(to + 64, exchange ? cosine : sine);
  }
}

template <int kBytes>
void transform_normals_double(std::size_t groups, const void* words, void* out) {
  using U64 = typename Vector<kBytes>::U64;
  using F64 = typename Vector<kBytes>::F64;
  constexpr std::size_t kVectorsPerHalf = 64 / kBytes;
  constexpr std::uint64_t kTwo = 0x4000000000000000u;
  for (std::size_t index = 0; index < groups * kVectorsPerHalf; ++index) {
    const std::size_t offset = index / kVectorsPerHalf * kGroupBytes + index % kVectorsPerHalf * kBytes;
    const char* const from = static_cast<const char*>(words) + offset;
    char* const to = static_cast<char*>(out) + offset;
    const F64 radius = square_root(minus_two_log<kBytes>(to_uniform<kBytes>(load<U64>(from))));
    const U64 word = load<U64>(from + 64);
    // (k + 1/2) 2^-51 - 1 of the upper 52 bits k: both steps are exact.
    const F64 y = ((F64)((word >> 12) | kTwo) - 3.0) + 0x1p-52;
    F64 cosine, sine;
    cos_sin_quarter_double<F64>(y, cosine, sine);
    cosine = (F64)((U64)(radius * cosine) ^ ((word << 62) & 0x8000000000000000u));
    sine = radius * sine;
    const auto exchange = (word & 1u) != 0u;
    store<F64>(to, exchange ? sine : cosine);
    store<F64>(to + 64, exchange ? cosine : sine);
  }
}

}  // namespace
}  // namespace mft
