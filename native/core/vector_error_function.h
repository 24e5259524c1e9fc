// erf, erfc and the normal distribution on vectors of doubles. See vector_types.h.
#pragma once
#include "core/vector_exponential.h"

namespace mft {
namespace {

// erf(x)/x - 1 in x^2, |x| <= 1; truncation error below 2^-55 of erf.
constexpr double kErrorSeries[] = {0x1.06eba8214db69p-3,   -0x1.812746b0379e6p-2,  0x1.ce2f21a042b30p-4,
                                   -0x1.b82ce31284e00p-6,  0x1.565bcd0dbaa38p-8,   -0x1.c02db3dac435fp-11,
                                   0x1.f9a321d5b8e1ep-14,  -0x1.f4d1e3183f7aep-17, 0x1.b9df224ca4b97p-20,
                                   -0x1.5f1ecb6f0764cp-23, 0x1.f7b4bf3b13964p-27,  -0x1.389d4f2641625p-30,
                                   0x1.05ffd737fb32ep-34};

// (1 + 2y) exp(y^2) erfc(y) in t = (y - 4)/(y + 4), 0.46 <= y <= 28.5; truncation and rounded coefficients 2^-54.
constexpr double kTailSeries[] = {
    0x1.3ba5916e9fd7fp+0,   -0x1.1df1ad154a290p-3,  0x1.f7f5df66fd54cp-7,   0x1.16ecefcfa5517p-4,
    -0x1.9ddb23c3e7bbbp-4,  0x1.7fee004e0f16cp-4,   -0x1.0fb06dfe6cf9fp-4,  0x1.3079edf6e4d58p-5,
    -0x1.0962387d54409p-6,  0x1.49c6726e85a32p-8,   -0x1.8d4aa1bcc155cp-11, -0x1.a1df19ea57becp-13,
    0x1.3be0db2074430p-13,  -0x1.9959b395eae17p-16, -0x1.78a488a05acfep-17, 0x1.7f20ffe1a8de1p-18,
    0x1.41cefb7b27fe8p-22,  -0x1.b9e607fa7eaa9p-21, 0x1.1f4f30a01e0f8p-24,  0x1.c78a5e6f75127p-24,
    -0x1.a25d2e9807059p-27, -0x1.6bf0f3a4b5f32p-27};

constexpr double kTailFrom = 0.47;  // erfc(x) = 1 - erf(x) below
constexpr double kErfcZero = 27.4;  // erfc rounds to zero

MFT_INLINE Doubles error_series(Doubles x) { return x + x * polynomial(x * x, kErrorSeries); }

// exp(y^2) erfc(y) for 0.46 <= y <= 28.5.
MFT_INLINE Doubles scaled_complement(Doubles y) { return polynomial((y - 4) / (y + 4), kTailSeries) / (1 + 2 * y); }

// exp(-x^2 half) 2^kTailShift with half = 1 or 1/2; the square is taken exactly.
MFT_INLINE Doubles shifted_gaussian(Doubles x, double half) {
  const Pair<Doubles> square = two_product(x, x);
  const auto e = split_exponential<Doubles>(-half * square.high, -half * square.low);
  return scale_by_power<Doubles>(e.p + 1, e.integer_exponent + kTailShift<Doubles>);
}

// exp(-x^2) for any x.
MFT_INLINE Doubles gaussian_exponential(Doubles x) {
  return unshift(shifted_gaussian(at_most(absolute(x), kErfcZero), 1.0));
}

MFT_INLINE Doubles error_function(Doubles x) {
  const Doubles size = absolute(x);
  const Doubles y = at_least(at_most(size, 6.0), kTailFrom);
  const Doubles far = 1 - unshift(shifted_gaussian(y, 1.0) * scaled_complement(y));
  return size < 1.0 ? error_series(x) : with_sign_of(far, x);
}

MFT_INLINE Doubles complementary_error_function(Doubles x) {
  const Doubles size = absolute(x);
  const Doubles y = at_least(at_most(size, kErfcZero), kTailFrom);
  const Doubles tail = unshift(shifted_gaussian(y, 1.0) * scaled_complement(y));
  const Doubles near_zero = 1 - error_series(x);
  const Doubles negative = x < -1.0 ? 2 - tail : near_zero;
  return x > kTailFrom ? tail : negative;
}

struct NormalDistribution {
  Doubles cdf;      // Phi(x), times 2^kTailShift for x < 0
  Doubles density;  // times 2^kTailShift
};

MFT_INLINE NormalDistribution normal_distribution(Doubles x) {
  constexpr double kSqrtHalf = 0x1.6a09e667f3bcdp-1;
  constexpr double kDensityScale = 0x1.9884533d43651p-2;  // 1/sqrt(2 pi)
  constexpr double kShift = 0x1p80;
  const Doubles size = absolute(x);
  const Doubles u = at_most(size, 38.7);
  const Doubles gaussian = shifted_gaussian(u, 0.5);
  const Doubles y = u * kSqrtHalf;
  const Doubles tail = (0.5 * gaussian) * scaled_complement(at_least(y, kTailFrom));
  const Doubles near_zero = 0.5 + 0.5 * error_series(with_sign_of(y, x));
  const auto is_near = y < kTailFrom;
  const auto below = x < 0;
  return {below ? (is_near ? near_zero * kShift : tail) : (is_near ? near_zero : 1 - unshift(tail)),
          kDensityScale * gaussian};
}

}  // namespace
}  // namespace mft
