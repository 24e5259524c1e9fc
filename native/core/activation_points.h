// phi, phi' and phi'' of each catalogue activation on one vector. What a caller does not use of a Point is not
// computed: everything is inlined. See vector_types.h.
//
// Tails keep their relative accuracy: with e = exp(-|x|) nothing is computed as 1 minus something near 1, and products
// with an e that would be subnormal are formed before it is scaled down. At a kink phi' is the one from the left.
#pragma once
#include "core/vector_error_function.h"
#include "core/vector_power.h"
#include "core/vector_trigonometric.h"

namespace mft {
namespace {

template <typename V>
struct Point {
  V value;
  V first;
  V second;
};

// x within [-bound, bound]: keeps inf times an underflowed tail from becoming NaN.
template <typename V>
MFT_INLINE V within(V x, ScalarOf<V> bound) {
  return at_least(at_most(x, bound), -bound);
}

// Larger than any |x| with a tail exp(-|x|) that does not round to zero.
constexpr int kTailEnd = 760;

struct LinearPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return {x, broadcast<V>(1), V{}};
  }
};

struct TanhPoint {
  static constexpr std::size_t kSideBySide = MFT_VECTOR_BYTES == 64 ? 4 : 2;  // as many as the registers hold
  template <typename V, std::size_t kCount>
  static MFT_INLINE void several(const V (&x)[kCount], Point<V> (&points)[kCount]) {
    HyperbolicTangent<V> t[kCount];
    hyperbolic_tangents<V>(x, t);
#pragma GCC unroll 8
    for (std::size_t j = 0; j < kCount; ++j)
      points[j] = {t[j].value, scale_by_exponential<V>(t[j].slope, t[j].decay, 2),
                   scale_by_exponential<V>(-2 * t[j].value * t[j].slope, t[j].decay, 2)};
  }
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const V all[1] = {x};
    Point<V> points[1];
    several<V>(all, points);
    return points[0];
  }
};

struct ErfPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    constexpr double kScale = 0x1.20dd750429b6dp+0;  // 2/sqrt(pi)
    const V bounded = within(x, kErfcZero);
    const V first = kScale * shifted_gaussian(bounded, 1.0);
    return {error_function(x), unshift(first), unshift(-2 * bounded * first)};
  }
};

struct ErfUnitSlopePoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    constexpr double kHalfRootPi = 0x1.c5bf891b4ef6bp-1;
    constexpr double kQuarterPi = 0x1.921fb54442d18p-1, kQuarterPiLow = 0x1.1a62633145c07p-55;
    const V bounded = within(x, 31.0);
    const Pair<V> square = two_product(bounded, bounded);
    Pair<V> exponent = two_product(square.high, broadcast<V>(kQuarterPi));
    exponent.low = exponent.low + (square.low * kQuarterPi + square.high * kQuarterPiLow);
    const auto e = split_exponential<V>(-exponent.high, -exponent.low);
    const V first = scale_by_power<V>(e.p + 1, e.integer_exponent + kTailShift<V>);
    return {error_function(kHalfRootPi * x), unshift(first), unshift(-2 * kQuarterPi * bounded * first)};
  }
};

struct ReluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return {at_least(x, 0), x > 0 ? broadcast<V>(1) : V{}, V{}};
  }
};

// a x below zero, b x above.
struct SlopesPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> a, ScalarOf<V> b) {
    return {x * (x < 0 ? broadcast<V>(a) : broadcast<V>(b)), x > 0 ? broadcast<V>(b) : broadcast<V>(a), V{}};
  }
};

struct HardTanhPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return {within<V>(x, 1), (x > -1) & (x <= 1) ? broadcast<V>(1) : V{}, V{}};
  }
};

struct SigmoidPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const Decay<V> d = decay_of<V>(absolute(x));
    const V first = d.decay * d.reciprocal * d.reciprocal;
    return {logistic<V>(x), first, -with_sign_of<V>(first * d.complement * d.reciprocal, x)};
  }
};

struct SoftplusPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const Decay<V> d = decay_of<V>(absolute(x));
    return {soft_plus<V>(x), logistic<V>(x), d.decay * d.reciprocal * d.reciprocal};
  }
};

struct GeluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const NormalDistribution normal = normal_distribution(x);
    const V bounded = within(x, 40.0);
    const auto below = x < 0;
    const V value = (below ? bounded : x) * normal.cdf;
    const V slope = bounded * normal.density;
    const V first = below ? unshift(normal.cdf + slope) : normal.cdf + unshift(slope);
    return {below ? unshift(value) : value, first, unshift((2 - bounded * bounded) * normal.density)};
  }
};

struct SiluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const Decay<V> d = decay_of<V>(absolute(x));
    const V bounded = within<V>(x, kTailEnd);
    const V tail = d.shifted_decay * d.reciprocal;  // sigmoid(-|x|), shifted
    const auto below = x < 0;
    const V first_below = unshift(tail * (1 + bounded * d.reciprocal));
    const V first_above = d.reciprocal * (1 + bounded * (d.decay * d.reciprocal));
    return {below ? unshift(bounded * tail) : x * d.reciprocal, below ? first_below : first_above,
            unshift(tail * d.reciprocal * (2 - absolute(bounded) * (d.complement * d.reciprocal)))};
  }
};

template <typename V>
MFT_INLINE Point<V> exponential_linear(V x, ScalarOf<V> scale, ScalarOf<V> alpha) {
  const V negative = at_most(x, 0);
  const V slope = (scale * alpha) * exponential<V>(negative);
  const auto above = x > 0;
  return {above ? scale * x : (scale * alpha) * exponential_minus_one<V>(negative), above ? broadcast<V>(scale) : slope,
          above ? V{} : slope};
}

struct EluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> alpha, ScalarOf<V>) {
    return exponential_linear<V>(x, 1, alpha);
  }
};

// Klambauer et al. 2017.
struct SeluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return exponential_linear<V>(x, ScalarOf<V>(1.0507009873554804934), ScalarOf<V>(1.6732632423543772848));
  }
};

struct SinPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const V value = sine(x);
    return {value, cosine(x), -value};
  }
};

struct CosPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const V value = cosine(x);
    return {value, -sine(x), -value};
  }
};

// coefficient x^exponent, by products where the exponent is a small integer.
template <typename V>
MFT_INLINE V monomial(V x, ScalarOf<V> coefficient, ScalarOf<V> exponent) {
  if (coefficient == 0) return V{};
  const int whole = exponent >= 0 && exponent <= 8 ? static_cast<int>(exponent) : -1;
  if (whole == exponent) return coefficient * small_power<V>(x, whole);
  return coefficient * power(x, broadcast<V>(exponent));
}

struct PowerPoint {  // x^a for x > 0, else 0
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> a, ScalarOf<V>) {
    const auto above = x > 0;
    const V outside = x <= 0 ? V{} : x;
    return {above ? monomial<V>(x, 1, a) : outside, above ? monomial<V>(x, a, a - 1) : outside,
            above ? monomial<V>(x, a * (a - 1), a - 2) : outside};
  }
};

struct StepPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return {x > 0 ? broadcast<V>(1) : (x <= 0 ? V{} : x), V{}, V{}};
  }
};

struct SignPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    return {x > 0 ? broadcast<V>(1) : (x < 0 ? broadcast<V>(-1) : x), V{}, V{}};
  }
};

}  // namespace
}  // namespace mft
