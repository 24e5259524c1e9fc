// E phi(u) phi(v) and E phi'(u) phi'(v) of a Gaussian pair of variances q1, q2 and covariance k, in closed form, with
// their derivatives by q1, q2, k and the slope below zero: (6.10) of docs/systems/kernel.md.
#pragma once
#include <algorithm>
#include <cmath>
#include <numbers>

namespace mft::kernel {

struct PairPoint {
  double q1, q2, k;
};

struct PairDerivatives {
  double value = 0, by_q1 = 0, by_q2 = 0, by_k = 0, by_slope = 0;
};

// E phi phi: its derivative by k is E phi' phi' (Price). `tangent`: E phi' phi'.
struct PairMoments {
  PairDerivatives product, tangent;
};

// kSeries: no closed form; see series_derivatives.h.
enum class PairKind { kRectifier, kErf, kGelu, kSin, kCos, kSeries };

// a x below zero, b x above.
struct PairFunction {
  PairKind kind = PairKind::kRectifier;
  double a = 0, b = 1;
};

// Never r r - k k, which cancels.
inline PairMoments rectifier_moments(const PairFunction& phi, const PairPoint& at) {
  const auto [q1, q2, k] = at;
  const double r = std::sqrt(q1) * std::sqrt(q2), difference = phi.b - phi.a;
  const double share = difference * difference / (2 * std::numbers::pi), mean = (phi.a * phi.a + phi.b * phi.b) / 2;
  const double share_by_slope = -difference / std::numbers::pi;
  // The angle of equal inputs is 0 exactly: rounding would make 1e-8 of it, which tangent kernels see.
  const bool is_one = q1 == k && q2 == k && k > 0;
  const double d = is_one ? 0 : std::sqrt(std::max(0.0, (r - k) * (r + k)));
  const double theta = r == 0 ? std::numbers::pi / 2 : std::atan2(d, k);
  PairMoments result;
  result.product = {share * (d - theta * k) + mean * k, q1 > 0 ? share * d / (2 * q1) : 0,
                    q2 > 0 ? share * d / (2 * q2) : 0, mean - share * theta,
                    share_by_slope * (d - theta * k) + phi.a * k};
  // Nearer than that the two inputs are one to rounding: their angle stays 0 whatever changes, where quotients by d
  // would be made of rounding.
  const double inverse = d > 1e-7 * r ? share / d : 0;
  result.tangent = {mean - share * theta, q1 > 0 ? -inverse * k / (2 * q1) : 0, q2 > 0 ? -inverse * k / (2 * q2) : 0,
                    inverse, phi.a - share_by_slope * theta};
  return result;
}

inline PairMoments erf_moments(const PairPoint& at) {
  const auto [q1, q2, k] = at;
  const double one = 1 + 2 * q1, two = 1 + 2 * q2;
  const double r = std::sqrt(q1) * std::sqrt(q2), u = 1 + 2 * (q1 + q2) + 4 * (r - k) * (r + k), s = std::sqrt(u);
  constexpr double kTwo = 2 / std::numbers::pi;
  PairMoments result;
  result.product = {kTwo * std::atan2(2 * k, s), -kTwo * 2 * k / (s * one), -kTwo * 2 * k / (s * two), 2 * kTwo / s, 0};
  const double cube = u * s;
  result.tangent = {2 * kTwo / s, -2 * kTwo * two / cube, -2 * kTwo * one / cube, 8 * kTwo * k / cube, 0};
  return result;
}

inline PairMoments gelu_moments(const PairPoint& at) {
  const auto [q1, q2, k] = at;
  const double r = std::sqrt(q1) * std::sqrt(q2), one = 1 + q1, two = 1 + q2, m = one * two;
  const double big = 1 + q1 + q2 + (r - k) * (r + k), s = std::sqrt(big), w = std::atan2(k, s);
  const double numerator = k * k + q1 * q2 * big, bracket = 1 / big + (1 - q1 * q2) / m + 1;
  constexpr double kScale = 1 / (2 * std::numbers::pi);
  const double tangent = 0.25 + kScale * (w + k / s * bracket);
  // By the variance whose 1 + q is `own`; `other` is that of the second.
  const auto by_variance = [&](double own, double other) {
    const double q_other = other - 1, q_own = own - 1;
    const double up = q_other * big + q_own * q_other * other;
    return kScale * (up / (m * s) - numerator / (m * own * s) - numerator * other / (2 * m * big * s) -
                     k * k * other / (2 * s * m));
  };
  const auto tangent_by_variance = [&](double own, double other) {
    const double bracket_by = -other / (big * big) - (other - 1) / m - (1 - q1 * q2) / (m * own);
    return kScale * (-k * other / (2 * s * m) - k * other / (2 * big * s) * bracket + k / s * bracket_by);
  };
  PairMoments result;
  result.product = {k / 4 + kScale * (numerator / (m * s) + k * w), by_variance(one, two), by_variance(two, one),
                    tangent, 0};
  result.tangent = {tangent, tangent_by_variance(one, two), tangent_by_variance(two, one),
                    kScale * (1 / s + bracket / s + k * k * bracket / (big * s) + 2 * k * k / (s * big * big)), 0};
  return result;
}

// Never sinh: for large variances it overflows where the product does not.
inline PairMoments wave_moments(const PairPoint& at, bool is_sine) {
  const double h = (at.q1 + at.q2) / 2, up = std::exp(at.k - h), down = std::exp(-at.k - h);
  const double odd = (up - down) / 2, even = (up + down) / 2;
  const double value = is_sine ? odd : even, tangent = is_sine ? even : odd;
  PairMoments result;
  result.product = {value, -value / 2, -value / 2, tangent, 0};
  result.tangent = {tangent, -tangent / 2, -tangent / 2, value, 0};
  return result;
}

inline PairMoments pair_moments(const PairFunction& phi, const PairPoint& at) {
  switch (phi.kind) {
    case PairKind::kErf:
      return erf_moments(at);
    case PairKind::kGelu:
      return gelu_moments(at);
    case PairKind::kSin:
      return wave_moments(at, true);
    case PairKind::kCos:
      return wave_moments(at, false);
    case PairKind::kRectifier:
    case PairKind::kSeries:
      break;
  }
  return rectifier_moments(phi, at);
}

// Of an input with itself: `by_k` is the derivative by its one variance. Exactly at angle 0 for a rectifier.
inline PairMoments own_moments(const PairFunction& phi, double q) {
  PairMoments result;
  if (phi.kind == PairKind::kRectifier) {
    const double mean = (phi.a * phi.a + phi.b * phi.b) / 2;
    result.product = {mean * q, 0, 0, mean, phi.a * q};
    result.tangent = {mean, 0, 0, 0, phi.a};
    return result;
  }
  result = pair_moments(phi, {q, q, q});
  for (PairDerivatives* part : {&result.product, &result.tangent}) {
    part->by_k += part->by_q1 + part->by_q2;
    part->by_q1 = part->by_q2 = 0;
  }
  return result;
}

}  // namespace mft::kernel
