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

struct ClipPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> low, ScalarOf<V> high) {
    return {at_least(at_most(x, high), low), (x > low) & (x <= high) ? broadcast<V>(1) : V{}, V{}};
  }
};

struct HardSigmoidPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> slope, ScalarOf<V>) {
    const V line = slope * x + ScalarOf<V>(0.5);
    return {at_least(at_most(line, 1), 0), (line > 0) & (line <= 1) ? broadcast<V>(slope) : V{}, V{}};
  }
};

struct HardSwishPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    constexpr ScalarOf<V> kThird = ScalarOf<V>(1) / 3;
    const auto inside = (x > -3) & (x <= 3);
    const auto above = x > 3;
    const V bounded = within<V>(x, 3);
    return {inside ? bounded * (bounded + 3) / 6 : (x <= -3 ? V{} : x),
            inside ? (2 * bounded + 3) / 6 : (above ? broadcast<V>(1) : V{}), inside ? broadcast<V>(kThird) : V{}};
  }
};

// tanh(softplus(x)) = 1 - 2/(1 + (1 + e^x)^2). Below zero everything carries the factor e^x, above zero e^-x.
struct MishPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const Decay<V> d = decay_of<V>(absolute(x));
    const V e = d.decay;
    const auto below = x < 0;
    const V bounded = within<V>(x, kTailEnd);
    // With e = e^-|x|. Below: t = e (e + 2)/D, D = e^2 + 2 e + 2. Above: t = (1 + 2 e)/D, D = 1 + 2 e + 2 e^2.
    const V reciprocal = 1 / (below ? 2 + e * (2 + e) : 1 + e * (2 + 2 * e));
    // Everything shifted below, where it is small.
    const V tail = d.shifted_decay;
    const V t = below ? tail * (e + 2) * reciprocal : (1 + 2 * e) * reciprocal;
    // t' = 4 e^x (1 + e^x)/(1 + (1 + e^x)^2)^2: below 4 e (1 + e)/D^2, above 4 e^2 (1 + e)/D^2
    const V common = 4 * tail * (1 + e) * (reciprocal * reciprocal);
    const V slope = below ? common : e * common;
    // t''/t' = 1 + e^x/(1 + e^x) - 4 e^x (1 + e^x)/D(e^x)
    const V logistic_value = (below ? e : broadcast<V>(1)) * d.reciprocal;
    const V turn = 1 + logistic_value - 4 * (below ? e * (1 + e) : 1 + e) * reciprocal;
    const V first = below ? unshift(t + bounded * slope) : t + unshift(bounded * slope);
    return {below ? unshift(bounded * t) : x * t, first, unshift(slope * (2 + bounded * turn))};
  }
};

// x s(beta x), s the logistic function: silu at beta x, times 1/beta, 1 and beta.
struct SwishPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> beta, ScalarOf<V>) {
    const Point<V> silu = SiluPoint::at<V>(beta * x, 0, 0);
    return {silu.value / beta, silu.first, beta * silu.second};
  }
};

struct SoftsignPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    const V reciprocal = 1 / (1 + absolute(x));
    const V square = reciprocal * reciprocal;
    const auto infinite = absolute(x) == Traits<V>::kInfinity;
    const V value = infinite ? with_sign_of<V>(broadcast<V>(1), x) : x / (1 + absolute(x));
    return {value, square, -with_sign_of<V>(2 * (square * reciprocal), x)};
  }
};

struct CeluPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> alpha, ScalarOf<V>) {
    const V negative = at_most(x, 0) / alpha;
    const V slope = exponential<V>(negative);
    const auto above = x > 0;
    return {above ? x : alpha * exponential_minus_one<V>(negative), above ? broadcast<V>(1) : slope,
            above ? V{} : slope / alpha};
  }
};

// x s(y) with y = 2 sqrt(2/pi) (x + 0.044715 x^3): 0.5 (1 + tanh(y/2)) is the logistic function s.
struct GeluTanhPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V>, ScalarOf<V>) {
    constexpr double kScale = 0x1.9884533d43651p+0;  // 2 sqrt(2/pi)
    constexpr double kCubic = 0.044715;
    const V bounded = within<V>(x, 22);  // |y| > 760 there
    const V square = bounded * bounded;
    const V y = kScale * (bounded * (1 + kCubic * square));
    const V speed = kScale * (1 + 3 * kCubic * square);
    const V bend = 6 * kScale * kCubic * bounded;
    const Decay<V> d = decay_of<V>(absolute(y));
    const V tail = d.shifted_decay * d.reciprocal;  // s(-|y|), shifted
    const V slope = tail * d.reciprocal;            // s'
    const V curve = -with_sign_of<V>(slope * (d.complement * d.reciprocal), y);
    const auto below = x < 0;
    const V first_below = unshift(tail + bounded * speed * slope);
    const V first_above = d.reciprocal + unshift(bounded * speed * slope);
    return {below ? unshift(bounded * tail) : x * d.reciprocal, below ? first_below : first_above,
            unshift((2 * speed + bounded * bend) * slope + (bounded * (speed * speed)) * curve)};
  }
};

struct SoftplusBetaPoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> beta, ScalarOf<V>) {
    const Point<V> softplus = SoftplusPoint::at<V>(beta * x, 0, 0);
    return {softplus.value / beta, softplus.first, beta * softplus.second};
  }
};

// sin(alpha x)^2/alpha; its slope is sin(2 alpha x).
struct SnakePoint {
  template <typename V>
  static MFT_INLINE Point<V> at(V x, ScalarOf<V> alpha, ScalarOf<V>) {
    const V s = sine(alpha * x);
    const V c = cosine(alpha * x);
    return {x + s * s / alpha, 1 + 2 * s * c, 2 * alpha * ((c - s) * (c + s))};
  }
};

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
