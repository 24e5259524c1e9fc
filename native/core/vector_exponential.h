// exp, expm1, log, log1p, tanh and the logistic functions on vectors, in double and in float. See vector_types.h.
//
// Polynomials: Chebyshev fits made in 70-digit arithmetic; the truncation error is below 2^-59 (double), 2^-29 (float).
#pragma once
#include "core/vector_types.h"

namespace mft {
namespace {

template <typename V>
struct ExponentialConstants;

template <>
struct ExponentialConstants<Doubles> {
  static constexpr double kLog2E = 0x1.71547652b82fep+0;
  static constexpr double kLn2High = 0x1.62e42fefa3000p-1;  // times an exponent: exact
  static constexpr double kLn2Low = 0x1.3de6af278ece6p-42;
  // (e^r - 1 - r)/r^2, |r| <= ln 2/2
  static constexpr double kExp[] = {0x1p-1,
                                    0x1.5555555555557p-3,
                                    0x1.5555555555556p-5,
                                    0x1.11111111100d3p-7,
                                    0x1.6c16c16c162cfp-10,
                                    0x1.a01a01abeccc3p-13,
                                    0x1.a01a01a6db488p-16,
                                    0x1.71de02225a2f3p-19,
                                    0x1.27e4db5bb725ap-22,
                                    0x1.af4e092e1705bp-26,
                                    0x1.1f7315649f2d7p-29};
  // (log((1+s)/(1-s)) - 2s)/s^3 in s^2
  static constexpr double kLog[] = {0x1.5555555555558p-1, 0x1.99999999952b2p-2, 0x1.2492492df6947p-2,
                                    0x1.c71c62debf86bp-3, 0x1.7462b69705382p-3, 0x1.39fe208c33457p-3,
                                    0x1.2b5b5fb2eac92p-3};
  static constexpr double kLargest = 710;    // exp overflows
  static constexpr double kSmallest = -746;  // exp rounds to zero
  static constexpr std::uint64_t kSqrtHalfBits = 0x3fe6a09e667f3bcd;
};

template <>
struct ExponentialConstants<Floats> {
  static constexpr float kLog2E = 0x1.715476p+0f;
  static constexpr float kLn2High = 0x1.62e0p-1f;
  static constexpr float kLn2Low = 0x1.0bfbe8p-15f;
  static constexpr float kExp[] = {0x1p-1f,        0x1.555556p-3f,  0x1.5554e8p-5f,
                                   0x1.1110e0p-7f, 0x1.6d434ep-10f, 0x1.a12516p-13f};
  static constexpr float kLog[] = {0x1.555556p-1f, 0x1.9999ecp-2f, 0x1.245c38p-2f, 0x1.ddd172p-3f};
  static constexpr float kLargest = 89;
  static constexpr float kSmallest = -104;
  static constexpr std::uint32_t kSqrtHalfBits = 0x3f3504f3;
};

// e^x = 2^k (1 + p) with |p| <= 0.42 and p accurate relative to itself.
template <typename V>
struct Exponential {
  V exponent;                      // k as a number
  UnsignedOf<V> integer_exponent;  // k modulo 2^32 or 2^64; anything when x is NaN
  V p;
};

// x + low must lie where k fits the two-step scaling below; low is a correction far below one unit of x.
template <typename V>
MFT_INLINE Exponential<V> split_exponential(V x, V low) {
  using C = ExponentialConstants<V>;
  const V rounder = broadcast<V>(Traits<V>::kRounder);
  const V shifted = x * C::kLog2E + rounder;
  const V k = shifted - rounder;
  const V high = x - k * C::kLn2High;
  const V rest = k * C::kLn2Low - low;
  const V r = high - rest;
  const V correction = (high - r) - rest;
  const V p = r + (correction + (r * r) * polynomial(r, C::kExp));
  return {k, bits_of(shifted) - bits_of(rounder), p};
}

// y 2^k, rounded once also when the result is subnormal; |k| < 2 bias.
template <typename V>
MFT_INLINE V scale_by_power(V y, UnsignedOf<V> k) {
  const UnsignedOf<V> biased = k + 2 * typename Traits<V>::Bits{Traits<V>::kBias};
  const UnsignedOf<V> half = biased >> 1;
  return y * from_bits<V>(half << Traits<V>::kMantissaBits) * from_bits<V>((biased - half) << Traits<V>::kMantissaBits);
}

// y 2^(e's exponent + shift), rounded once: y of ordinary size.
template <typename V>
MFT_INLINE V scale_by_exponential(V y, const Exponential<V>& e, int shift) {
#if defined(__AVX512F__) && MFT_VECTOR_BYTES == 64
  if constexpr (sizeof(ScalarOf<V>) == 8)
    return _mm512_scalef_pd(y, e.exponent + static_cast<double>(shift));
  else
    return _mm512_scalef_ps(y, e.exponent + static_cast<float>(shift));
#else
  return scale_by_power<V>(y, e.integer_exponent + static_cast<typename Traits<V>::Bits>(shift));
#endif
}

// 2^k for k in the normal range.
template <typename V>
MFT_INLINE V power_of_two(UnsignedOf<V> k) {
  return from_bits<V>((k + typename Traits<V>::Bits{Traits<V>::kBias}) << Traits<V>::kMantissaBits);
}

template <typename V>
MFT_INLINE V exponential(V x) {
  using C = ExponentialConstants<V>;
  const auto e = split_exponential<V>(at_least(at_most(x, C::kLargest), C::kSmallest), V{});
  return scale_by_power<V>(e.p + 1, e.integer_exponent);
}

template <typename V>
MFT_INLINE V exponential_minus_one(V x) {
  using C = ExponentialConstants<V>;
  const auto e = split_exponential<V>(at_least(at_most(x, C::kLargest), ScalarOf<V>(-45)), V{});
  // 2^-k matters only while it is not negligible beside 1.
  const UnsignedOf<V> k = e.exponent > 80 ? UnsignedOf<V>{} + 80 : e.integer_exponent;
  const V scaled = scale_by_power<V>((1 - power_of_two<V>(UnsignedOf<V>{} - k)) + e.p, e.integer_exponent);
  return x == 0 ? x : scaled;
}

// The scale that keeps e^x for the most negative arguments in the normal range while it is multiplied by other things.
template <typename V>
constexpr typename Traits<V>::Bits kTailShift = sizeof(ScalarOf<V>) == 8 ? 80 : 40;

// e^-m for m >= 0 with what follows from it. Nothing here cancels, so the tails keep their relative accuracy.
template <typename V>
struct Decay {
  V decay;          // e^-m
  V shifted_decay;  // e^-m 2^kTailShift, never subnormal where e^-m rounds to a positive number
  V complement;     // 1 - e^-m, accurate relative to itself
  V reciprocal;     // 1/(1 + e^-m)
};

template <typename V>
MFT_INLINE Decay<V> decay_of(V m) {
  using C = ExponentialConstants<V>;
  const V x = -at_most(m, -C::kSmallest + 8);
  const auto e = split_exponential<V>(x, V{});
  const auto k = e.integer_exponent;
  const V power = e.exponent > -60 ? power_of_two<V>(k) : V{};
  const V complement = (1 - power) - power * e.p;
  const V y = e.p + 1;
  return {scale_by_power<V>(y, k), scale_by_power<V>(y, k + kTailShift<V>), complement, 1 / (2 - complement)};
}

// Undoes kTailShift.
template <typename V>
MFT_INLINE V unshift(V x) {
  return x * (sizeof(ScalarOf<V>) == 8 ? ScalarOf<V>(0x1p-80) : ScalarOf<V>(0x1p-40));
}

// tanh x = (1 - e^-m)/(1 + e^-m) and tanh' x = 4 e^-m/(1 + e^-m)^2, m = 2|x|, with e^-m = 2^k (1 + p).
template <typename V>
struct HyperbolicTangent {
  V value;
  V slope;  // tanh' x / 2^(k + 2): of ordinary size in the tails too
  Exponential<V> decay;
};

// Of kCount vectors, step by step side by side: one alone would wait for its own results most of the time.
template <typename V, std::size_t kCount>
MFT_INLINE void hyperbolic_tangents(const V (&x)[kCount], HyperbolicTangent<V> (&result)[kCount]) {
#define MFT_EACH _Pragma("GCC unroll 8") for (std::size_t j = 0; j < kCount; ++j)
  using C = ExponentialConstants<V>;
  const V rounder = broadcast<V>(Traits<V>::kRounder);
  V m[kCount], k[kCount], r[kCount], p[kCount], power[kCount], complement[kCount], reciprocal[kCount];
  UnsignedOf<V> integer[kCount];
  MFT_EACH m[j] = at_most(2 * absolute(x[j]), -C::kSmallest + 8);
  // As split_exponential, without its correction: what p lacks then is small beside 1 - e^-m wherever k < 0.
  MFT_EACH {
    const V shifted = rounder - m[j] * C::kLog2E;
    k[j] = shifted - rounder;
    integer[j] = bits_of(shifted) - bits_of(rounder);
  }
  MFT_EACH r[j] = (-m[j] - k[j] * C::kLn2High) - k[j] * C::kLn2Low;
  polynomials<V>(r, C::kExp, p);
  MFT_EACH p[j] = r[j] + (r[j] * r[j]) * p[j];
  MFT_EACH power[j] = k[j] > -60 ? power_of_two<V>(integer[j]) : V{};
  MFT_EACH complement[j] = (1 - power[j]) - power[j] * p[j];
  MFT_EACH reciprocal[j] = 1 / (2 - complement[j]);
  MFT_EACH result[j] = {with_sign_of<V>(complement[j] * reciprocal[j], x[j]),
                        (1 + p[j]) * (reciprocal[j] * reciprocal[j]),
                        {k[j], integer[j], p[j]}};
#undef MFT_EACH
}

template <typename V>
MFT_INLINE V hyperbolic_tangent(V x) {
  const V all[1] = {x};
  HyperbolicTangent<V> result[1];
  hyperbolic_tangents<V>(all, result);
  return result[0].value;
}

// x = 2^k m, m in [sqrt(1/2), sqrt(2)); x normal and positive.
template <typename V>
struct Decomposed {
  V k;
  V m;
};

template <typename V>
MFT_INLINE Decomposed<V> decompose(V x) {
  using B = typename Traits<V>::Bits;
  constexpr B mantissa = (B{1} << Traits<V>::kMantissaBits) - 1;
  constexpr B one = B{Traits<V>::kBias} << Traits<V>::kMantissaBits;
  constexpr B root = ExponentialConstants<V>::kSqrtHalfBits;
  const UnsignedOf<V> shifted = bits_of(x) + (one - root);
  const UnsignedOf<V> exponent = shifted >> Traits<V>::kMantissaBits;
  const V k = from_bits<V>(exponent | bits_of(broadcast<V>(Traits<V>::kIntegerBits))) -
              (Traits<V>::kIntegerBits + Traits<V>::kBias);
  return {k, from_bits<V>((shifted & mantissa) + root)};
}

// k ln 2 + log(1 + f) + correction, f in [sqrt(1/2) - 1, sqrt(2) - 1].
template <typename V>
MFT_INLINE V assemble_logarithm(V k, V f, V correction) {
  using C = ExponentialConstants<V>;
  const V s = f / (2 + f);
  const V z = s * s;
  const V half_square = ScalarOf<V>(0.5) * f * f;
  const V series = s * (half_square + z * polynomial(z, C::kLog)) + (k * C::kLn2Low + correction);
  return k * C::kLn2High - ((half_square - series) - f);
}

template <typename V>
MFT_INLINE V logarithm(V x) {
  const auto small = x < Traits<V>::kSmallestNormal;
  const ScalarOf<V> lift = sizeof(ScalarOf<V>) == 8 ? ScalarOf<V>(0x1p54) : ScalarOf<V>(0x1p25);
  const ScalarOf<V> lifted = sizeof(ScalarOf<V>) == 8 ? 54 : 25;
  const auto d = decompose<V>(small ? x * lift : x);
  const V result = assemble_logarithm<V>(small ? d.k - lifted : d.k, d.m - 1, V{});
  const V infinite = broadcast<V>(Traits<V>::kInfinity);
  const V special = x == 0 ? -infinite : (x < 0 ? infinite - infinite : x);
  return (x > 0) & (x < Traits<V>::kInfinity) ? result : special;
}

template <typename V>
MFT_INLINE V logarithm_one_plus(V x) {
  const Pair<V> u = two_sum<V>(broadcast<V>(1), x);
  const auto d = decompose<V>(u.high);
  const auto near_one = d.k == 0;
  const V result = assemble_logarithm<V>(d.k, near_one ? x : d.m - 1, near_one ? V{} : u.low / u.high);
  const V infinite = broadcast<V>(Traits<V>::kInfinity);
  const V special = x == -1 ? -infinite : (x < -1 ? infinite - infinite : x);
  return (x > -1) & (x < Traits<V>::kInfinity) & (x != 0) ? result : special;
}

template <typename V>
MFT_INLINE V logistic(V x) {
  const V e = decay_of<V>(absolute(x)).decay;
  return (x < 0 ? e : broadcast<V>(1)) / (1 + e);
}

template <typename V>
MFT_INLINE V soft_plus(V x) {
  return logarithm_one_plus<V>(exponential<V>(-absolute(x))) + at_least(x, 0);
}

}  // namespace
}  // namespace mft
