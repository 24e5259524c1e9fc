#include "systems/recurrent/unit_moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include "core/gaussian_rule.h"
#include "core/math.h"

namespace mft::recurrent {
namespace {

using std::numbers::pi;

// Beyond it powers of e^-mean come near the smallest normal number: sums are then kept as logarithms.
constexpr double kLogarithmicMean = 80;

// Standard deviation over strip above which panels need fewer points than a trapezoidal rule.
constexpr double kWidest = 5;

// Where the integrand falls like exp(-k |e|) its mass moves by up to k standard deviations squared, and never beyond e
// = 0.
double tail_of(UnitFunction function, double mean, double root) {
  if (function == UnitFunction::kLinear || !(root > 0)) return 0;
  const double reach = std::abs(mean) / root;
  if (function == UnitFunction::kProbit) return std::min(reach, 4 * std::abs(mean) * root / (1 + 4 * root * root));
  return std::min(reach, (function == UnitFunction::kTanh ? 8 : 4) * root);
}

RuleProfile profile_of(UnitFunction function, double mean, double variance) {
  RuleProfile profile;
  profile.tail = tail_of(function, mean, std::sqrt(variance));
  profile.pole_order = 8;
  const double strip = function == UnitFunction::kLogistic ? pi : function == UnitFunction::kTanh ? 0.5 * pi : 0;
  // A strip of analyticity gives a trapezoidal rule; where its step would be too small, and for the probit, panels that
  // shrink around the place where the function turns, e = 0.
  const bool is_wide = std::sqrt(variance) > kWidest * strip;
  if (strip > 0 && !is_wide)
    profile.strip = strip;
  else if (function != UnitFunction::kLinear)
    profile.kinks = {-mean};
  return profile;
}

constexpr std::size_t kBlock = kRuleBlock;
struct Values {
  std::array<double, kBlock> v, w, d, second;  // second: v''
};

// Values at the points mean + u.
void fill(UnitFunction function, double mean, std::span<const double> u, Values& at) {
  const std::size_t count = u.size();
  const auto e = std::span(at.second).first(count);
  for (std::size_t i = 0; i < count; ++i) e[i] = mean + u[i];
  const auto v = std::span(at.v).first(count);
  const auto w = std::span(at.w).first(count);
  const auto d = std::span(at.d).first(count);
  switch (function) {
    case UnitFunction::kLogistic:
      math::apply(math::Function::kSigmoid, e, v);
      for (std::size_t i = 0; i < count; ++i) w[i] = -e[i];
      math::apply(math::Function::kSigmoid, w, w);
      for (std::size_t i = 0; i < count; ++i) {
        d[i] = v[i] * w[i];
        e[i] = d[i] * (w[i] - v[i]);
      }
      return;
    case UnitFunction::kProbit:
      for (std::size_t i = 0; i < count; ++i) {
        v[i] = -e[i] / std::numbers::sqrt2;
        w[i] = e[i] / std::numbers::sqrt2;
        d[i] = -0.5 * e[i] * e[i];
      }
      math::apply(math::Function::kErfc, v, v);
      math::apply(math::Function::kErfc, w, w);
      math::apply(math::Function::kExp, d, d);
      for (std::size_t i = 0; i < count; ++i) {
        v[i] *= 0.5;
        w[i] *= 0.5;
        d[i] *= std::numbers::inv_sqrtpi / std::numbers::sqrt2;
        e[i] *= -d[i];
      }
      return;
    case UnitFunction::kTanh:
      for (std::size_t i = 0; i < count; ++i) d[i] = -2 * std::abs(e[i]);
      math::apply(math::Function::kExp, d, d);
      math::apply(math::Function::kTanh, e, v);
      for (std::size_t i = 0; i < count; ++i) {
        d[i] = 4 * d[i] / ((1 + d[i]) * (1 + d[i]));
        w[i] = 1 - v[i];
        e[i] = -2 * v[i] * d[i];
      }
      return;
    case UnitFunction::kLinear:
      for (std::size_t i = 0; i < count; ++i) {
        v[i] = e[i];
        w[i] = 1 - e[i];
        d[i] = 1;
        e[i] = 0;
      }
  }
}

double log_sum(double a, double b) {
  const double high = std::max(a, b);
  if (high == -std::numeric_limits<double>::infinity()) return high;
  return high + std::log1p(std::exp(std::min(a, b) - high));
}

// E w^2 / E w (1 + v) of the logistic gate from logarithms: at a large mean both lie below the smallest number.
double closed_share_of_logarithms(const RuleProfile& profile, double mean, double variance) {
  const double none = -std::numeric_limits<double>::infinity();
  double log_square = none, log_leak = none;
  gaussian_rule(profile, variance, [&](std::span<const double> u, std::span<const double> weight) {
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (!(weight[i] > 0)) continue;
      const double e = mean + u[i];
      const double log_w = e > 0 ? -e - std::log1p(std::exp(-e)) : -std::log1p(std::exp(e));
      const double v = e > 0 ? 1 / (1 + std::exp(-e)) : std::exp(e) / (1 + std::exp(e));
      log_square = log_sum(log_square, 2 * log_w + std::log(weight[i]));
      log_leak = log_sum(log_leak, log_w + std::log1p(v) + std::log(weight[i]));
    }
  });
  return std::exp(log_square - log_leak);
}

void add(UnitMoments& sum, const Values& at, std::span<const double> u, std::span<const double> weight) {
  for (std::size_t i = 0; i < u.size(); ++i) {
    const double p = weight[i];
    const double v = at.v[i], w = at.w[i], d = at.d[i];
    const double v2 = v * v, w2 = w * w, d2 = d * d, vw = v * w;
    sum.v1 += p * v;
    sum.v2 += p * v2;
    sum.v3 += p * v2 * v;
    sum.v4 += p * v2 * v2;
    sum.w1 += p * w;
    sum.w2 += p * w2;
    sum.w3 += p * w2 * w;
    sum.w4 += p * w2 * w2;
    sum.vw += p * vw;
    sum.v2w += p * v2 * w;
    sum.vw2 += p * v * w2;
    sum.v2w2 += p * v2 * w2;
    sum.v3w += p * v2 * vw;
    sum.vw3 += p * vw * w2;
    sum.d2 += p * d2;
    sum.d4 += p * d2 * d2;
    sum.vd2 += p * v * d2;
    sum.v2d2 += p * v2 * d2;
    sum.w2d2 += p * w2 * d2;
    sum.vwd2 += p * vw * d2;
    sum.d2x2 += p * d2 * u[i] * u[i];
    // d E F / d variance = E F'' / 2, by parts; (v^2)'' / 2 = d^2 + v v'', (w^2)'' / 2 = d^2 - w v''.
    sum.v2_slope += p * (d2 + v * at.second[i]);
    sum.w2_slope += p * (d2 - w * at.second[i]);
    sum.leak += p * w * (1 + v);
  }
}

}  // namespace

UnitMoments unit_moments(UnitFunction function, double mean, double variance) {
  const RuleProfile profile = profile_of(function, mean, variance);
  UnitMoments sum;
  Values at;
  gaussian_rule(profile, variance, [&](std::span<const double> u, std::span<const double> weight) {
    fill(function, mean, u, at);
    add(sum, at, u, weight);
  });
  const bool is_tiny = function == UnitFunction::kLogistic && mean > kLogarithmicMean;
  sum.closed_share = is_tiny ? closed_share_of_logarithms(profile, mean, variance) : sum.w2 / sum.leak;
  return sum;
}

double closed_share(UnitFunction function, double mean, double variance) {
  RuleProfile profile = profile_of(function, mean, variance);
  profile.pole_order = 2;
  if (function == UnitFunction::kLogistic && mean > kLogarithmicMean)
    return closed_share_of_logarithms(profile, mean, variance);
  if (function != UnitFunction::kLogistic) return unit_moments(function, mean, variance).closed_share;
  double square = 0, leak = 0;
  std::array<double, kBlock> w;
  gaussian_rule(profile, variance, [&](std::span<const double> u, std::span<const double> weight) {
    const auto at = std::span(w).first(u.size());
    for (std::size_t i = 0; i < u.size(); ++i) at[i] = -(mean + u[i]);
    math::apply(math::Function::kSigmoid, at, at);
    for (std::size_t i = 0; i < u.size(); ++i) {
      square += weight[i] * at[i] * at[i];
      leak += weight[i] * at[i] * (2 - at[i]);
    }
  });
  return square / leak;
}

UnitPair unit_pair(UnitFunction function, double mean, double q1, double q2, double covariance) {
  UnitPair sum;
  if (q1 == 0 || q2 == 0 || covariance == 0) {
    const UnitMoments first = unit_moments(function, mean, q1);
    const UnitMoments second = q1 == q2 ? first : unit_moments(function, mean, q2);
    const auto slope = [&](double q) {  // E d
      double total = 0;
      Values at;
      gaussian_rule(profile_of(function, mean, q), q, [&](std::span<const double> u, std::span<const double> weight) {
        fill(function, mean, u, at);
        for (std::size_t i = 0; i < u.size(); ++i) total += weight[i] * at.d[i];
      });
      return total;
    };
    sum.vv = first.v1 * second.v1;
    sum.ww = first.w1 * second.w1;
    const double d1 = slope(q1);
    sum.dd = d1 * (q1 == q2 ? d1 : slope(q2));
    return sum;
  }
  const double deficit = std::clamp(1 - covariance / std::sqrt(q1 * q2), 0.0, 2.0);
  static thread_local Values one, two;
  gaussian_pair_rule(profile_of(function, mean, std::max(q1, q2)), q1, q2, deficit,
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       fill(function, mean, u1, one);
                       fill(function, mean, u2, two);
                       for (std::size_t i = 0; i < u1.size(); ++i) {
                         sum.vv += weight[i] * one.v[i] * two.v[i];
                         sum.ww += weight[i] * one.w[i] * two.w[i];
                         sum.dd += weight[i] * one.d[i] * two.d[i];
                       }
                     });
  return sum;
}

double tanh_pair(double mean, double q1, double q2, double covariance) {
  if (q1 == 0 || q2 == 0) {
    const auto single = [&](double q) { return unit_moments(UnitFunction::kTanh, mean, q).v1; };
    return single(q1) * single(q2);
  }
  RuleProfile profile = profile_of(UnitFunction::kTanh, mean, std::max(q1, q2));
  profile.pole_order = 1;
  profile.tail = 0;
  double sum = 0;
  std::array<double, kBlock> one, two;
  gaussian_pair_rule(profile, q1, q2, std::clamp(1 - covariance / std::sqrt(q1 * q2), 0.0, 2.0),
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       const auto a = std::span(one).first(u1.size()), b = std::span(two).first(u1.size());
                       for (std::size_t i = 0; i < u1.size(); ++i) {
                         a[i] = mean + u1[i];
                         b[i] = mean + u2[i];
                       }
                       math::apply(math::Function::kTanh, a, a);
                       math::apply(math::Function::kTanh, b, b);
                       for (std::size_t i = 0; i < u1.size(); ++i) sum += weight[i] * a[i] * b[i];
                     });
  return sum;
}

UnitSquares unit_squares(UnitFunction function, double mean, double q1, double q2, double covariance) {
  UnitSquares sum;
  const double scale = std::sqrt(q1 * q2);
  const double deficit = scale > 0 ? std::clamp(1 - covariance / scale, 0.0, 2.0) : 0;
  Values one, two;
  // The pair rule of equal variances feeds half the points of a symmetric integrand, which this one is not.
  const double other = q1 == q2 ? q2 * (1 + 1e-15) : q2;
  gaussian_pair_rule(profile_of(function, mean, std::max(q1, q2)), q1, other, deficit,
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       fill(function, mean, u1, one);
                       fill(function, mean, u2, two);
                       for (std::size_t i = 0; i < u1.size(); ++i) {
                         const double first = weight[i] * one.v[i] * one.v[i];
                         sum.vv += first * two.v[i] * two.v[i];
                         sum.vw += first * two.w[i] * two.w[i];
                       }
                     });
  return sum;
}

}  // namespace mft::recurrent
