#include "core/gaussian.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/gaussian_closed.h"
#include "core/gaussian_limit.h"

namespace mft {
namespace {

constexpr std::size_t kManyKinks = 24;  // their pairs are ladders of panels in the plane
constexpr double kMostHermiteCorrelation = 0.998, kHermiteTail = 1e-13;
constexpr int kMostHermiteTerms = 15000;  // 0.998^15000 = 1e-13
constexpr double kDirectDeficit =
    1e-4;  // delta min(q, 1) above which (phi(u1) - phi(u2))^2 loses less than two of sixteen digits
constexpr double kOnePanelPrice = 5;  // one panel of Price's integral suffices for q delta up to this
constexpr int kPriceLadder = 12;      // otherwise panels split at 2^-j, j = 0..11
// q delta from which bounded activations mostly differ by all or nothing; Price's ladder would not reach the features.
// Squared rounding of their limits is below delta^(1/2) 1e-13 down to the second number.
constexpr double kSaturatedDifference = 100, kLeastDirect = 1e-36;
// Variances, in squares of the scale, from which panels of a pair are many more than the terms of its Hermite series;
// and panels of a wavelength.
constexpr double kCostlyVariance = 1e12, kCostlyPanels = 128;
constexpr double kHermiteDeficitTail = 1e-15;
// At q >= the first, q delta >= the second of a scale phi(u1) - phi(u2) is rounded by 1e-16/delta^(1/2) of itself, and
// the roundings of the points average out: to be integrated as it stands down to the third.
constexpr double kFarVariance = 1e8, kFarDifference = 100, kLeastFarDirect = 1e-10;
constexpr double kZeroScanStep = 1.0 / 64;
constexpr double kZeroScanRange = 40;

// Workspace for one block of values of an integrand.
class Evaluator {
 public:
  Evaluator(const Activation& activation, const Integrand& integrand)
      : activation_(activation), integrand_(integrand) {}

  // out[i] = f(x[i])
  void operator()(std::span<const double> x, std::span<double> out) {
    const std::size_t n = x.size();
    const auto value = std::span(value_).first(n);
    const auto first = std::span(first_).first(n);
    const auto second = std::span(second_).first(n);
    if (integrand_.value > 0 && integrand_.first > 0) {
      activate_both(activation_, x, value, first);
    } else if (integrand_.value > 0) {
      activate(activation_, x, value);
    } else if (integrand_.first > 0) {
      activate_derivative(activation_, x, first);
    }
    if (integrand_.second > 0) activate_second_derivative(activation_, x, second);
    std::fill(out.begin(), out.end(), 1.0);
    multiply(out, value, integrand_.value);
    multiply(out, first, integrand_.first);
    multiply(out, second, integrand_.second);
    multiply(out, x, integrand_.argument);
    if (integrand_.is_absolute)
      for (double& y : out) y = std::abs(y);
  }

 private:
  static void multiply(std::span<double> out, std::span<const double> factor, int power) {
    for (int p = 0; p < power; ++p)
      for (std::size_t i = 0; i < out.size(); ++i) out[i] *= factor[i];
  }

  const Activation& activation_;
  const Integrand integrand_;
  std::array<double, kRuleBlock> value_{}, first_{}, second_{};
};

double checked(double value) {
  if (std::isnan(value))
    throw Error("NOT_FINITE", "activation",
                "The Gaussian expectation of this activation is not a number at this variance.");
  return value;
}

// A derivative of a jump is a delta function, which no rule sees.
void refuse_delta_functions(const GaussianFunction& function, const Integrand& integrand) {
  if ((integrand.first > 0 && function.value_jumps) || (integrand.second > 0 && function.slope_jumps))
    throw Error(
        "UNSUPPORTED", "activation",
        "Expected `activation` to be continuous for this expectation: the derivative of a jump is no function.");
}

// Where f changes sign: |f| has its kinks there.
std::vector<double> sign_changes(const Activation& activation, Integrand integrand) {
  integrand.is_absolute = false;
  Evaluator evaluate(activation, integrand);
  const auto at = [&](double x) {
    double y = 0;
    evaluate(std::span<const double>(&x, 1), std::span<double>(&y, 1));
    return y;
  };
  std::vector<double> zeros;
  double last_x =
      -kZeroScanRange - 0.3 * kZeroScanStep;  // an offset: simple zeros at round numbers are bracketed, not hit
  double last = at(last_x);
  for (double x = last_x + kZeroScanStep; x <= kZeroScanRange; x += kZeroScanStep) {
    const double y = at(x);
    if (y == 0) continue;
    if (last != 0 && (y > 0) != (last > 0)) {
      double low = last_x;
      double high = x;
      for (int step = 0; step < 60 && low < high; ++step) {
        const double middle = 0.5 * (low + high);
        ((at(middle) > 0) == (y > 0) ? high : low) = middle;
      }
      zeros.push_back(std::abs(high) < 1e-15 ? 0 : high);
    }
    last = y;
    last_x = x;
  }
  return zeros;
}

// What the rule must know about the integrand; `factors` of it are multiplied (2 in a pair).
RuleProfile profile_for(const GaussianFunction& function, const Integrand& integrand, int factors) {
  RuleProfile profile = function.profile;
  profile.pole_order = factors * (integrand.value + 2 * integrand.first + 3 * integrand.second);
  if (!integrand.is_absolute) return profile;
  const std::vector<double> zeros = sign_changes(function.activation, integrand);
  profile.kinks.insert(profile.kinks.end(), zeros.begin(), zeros.end());
  std::sort(profile.kinks.begin(), profile.kinks.end());
  profile.kinks.erase(std::unique(profile.kinks.begin(), profile.kinks.end()), profile.kinks.end());
  return profile;
}

// Sum over the points of a pair rule of weight * combine(f(u1), f(u2)).
template <typename Combine>
double integrate_pair(const GaussianFunction& function, const Integrand& integrand, double q1, double q2, double delta,
                      Combine combine) {
  Evaluator evaluate(function.activation, integrand);
  std::array<double, kRuleBlock> f1, f2;
  double sum = 0;
  gaussian_pair_rule(profile_for(function, integrand, 2), q1, q2, delta,
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       const std::size_t n = u1.size();
                       evaluate(u1, std::span(f1).first(n));
                       evaluate(u2, std::span(f2).first(n));
                       std::array<double, 4> partial{};  // four short sums: less rounding, and they vectorise
                       for (std::size_t i = 0; i < n; ++i) partial[i % 4] += weight[i] * combine(f1[i], f2[i]);
                       sum += (partial[0] + partial[1]) + (partial[2] + partial[3]);
                     });
  return checked(sum);
}

// a_n(q) = E f(sqrt(q) z) h_n(z) with orthonormal Hermite polynomials, n = 0, 1, ...
class HermiteSide {
 public:
  HermiteSide(const GaussianFunction& function, const Integrand& integrand, const RuleProfile& profile, double q) {
    Evaluator evaluate(function.activation, integrand);
    std::array<double, kRuleBlock> f;
    gaussian_rule(profile, q, [&](std::span<const double> u, std::span<const double> weight) {
      evaluate(u, std::span(f).first(u.size()));
      for (std::size_t i = 0; i < u.size(); ++i) {
        z_.push_back(u[i] / std::sqrt(q));
        weighted_.push_back(weight[i] * f[i]);
        rest_ += weight[i] * f[i] * f[i];
      }
    });
    last_.assign(z_.size(), 0.0);
    now_.assign(z_.size(), 1.0);
  }
  // a_n, n one higher at every call.
  double next() {
    double sum = 0;
    const double root = std::sqrt(static_cast<double>(n_)), below = 1 / std::sqrt(n_ + 1.0);
    for (std::size_t i = 0; i < z_.size(); ++i) {
      sum += weighted_[i] * now_[i];
      const double above = (z_[i] * now_[i] - root * last_[i]) * below;
      last_[i] = now_[i];
      now_[i] = above;
    }
    rest_ -= sum * sum;
    ++n_;
    return sum;
  }
  // What is left of E f^2.
  double rest() const { return std::max(0.0, rest_); }

 private:
  std::vector<double> z_, last_, now_, weighted_;
  double rest_ = 0;
  int n_ = 0;
};

// Mehler: E f(u1) f(u2) = sum of c^n a_n(q1) a_n(q2): for functions with many kinks, whose crossings in the plane are
// too many for panels, and for variances at which panels are too many. What follows a term is at most c^n times what is
// left of E f^2 (Parseval), so that the sum knows when it is done. None where squares leave the range of numbers.
std::optional<double> hermite_pair(const GaussianFunction& function, const Integrand& integrand,
                                   const RuleProfile& profile, double q1, double q2, double delta) {
  HermiteSide first(function, integrand, profile, q1);
  std::optional<HermiteSide> other;
  if (q1 != q2) other.emplace(function, integrand, profile, q2);
  const auto rest = [&] { return std::sqrt(first.rest()) * std::sqrt(other ? other->rest() : first.rest()); };
  const double size = rest();
  if (!std::isfinite(size)) return std::nullopt;
  double sum = 0, power = 1;
  for (int n = 0; n < kMostHermiteTerms; ++n) {
    const double a = first.next();
    sum += power * a * (other ? other->next() : a);
    power *= 1 - delta;
    if (std::abs(power) * rest() <= kHermiteTail * size) break;
  }
  return checked(sum);
}

// D = sum of (1 - c^n) a_n^2, nothing of which cancels; what is left of E f^2 has c^n = 0.
std::optional<double> hermite_deficit(const GaussianFunction& function, double q, double delta) {
  HermiteSide side(function, {.value = 1}, function.profile, q);
  if (!std::isfinite(side.rest())) return std::nullopt;
  double sum = 0, power = 1;
  for (int n = 0; n < kMostHermiteTerms; ++n) {
    const double a = side.next();
    sum += (delta < 1 ? -std::expm1(n * std::log1p(-delta)) : 1 - power) * a * a;
    power *= 1 - delta;
    if (std::abs(power) * side.rest() <= kHermiteDeficitTail * (sum + side.rest())) return checked(sum + side.rest());
  }
  return std::nullopt;
}

// Whether the panels of a pair are many, and the terms of its series few.
bool prefers_hermite(const RuleProfile& profile, double q, double delta) {
  if (std::abs(1 - delta) > kMostHermiteCorrelation) return false;
  const double scale = profile.scale;
  return q >= kCostlyVariance * scale * scale ||
         (profile.wavelength > 0 && 2 * profile.range_and_tail() * std::sqrt(q) > kCostlyPanels * profile.wavelength);
}

// D of phi = line + r, the line closed: what r adds, of which less is lost than of the whole where u1 - u2 is small
// beside u1 but large beside the features.
double deficit_beside_line(const GaussianFunction& function, const Activation& line, double q, double delta) {
  Activation plain = function.activation;
  plain.scale = 1;
  plain.offset = 0;
  Evaluator phi(plain, {.value = 1}), lines(line, {.value = 1});
  std::array<double, kRuleBlock> f1, f2, l1, l2;
  double sum = 0;
  gaussian_pair_rule(profile_for(function, {.value = 1}, 2), q, q, delta,
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       const std::size_t n = u1.size();
                       phi(u1, std::span(f1).first(n));
                       phi(u2, std::span(f2).first(n));
                       lines(u1, std::span(l1).first(n));
                       lines(u2, std::span(l2).first(n));
                       double partial = 0;
                       for (std::size_t i = 0; i < n; ++i) {
                         const double r = (f1[i] - l1[i]) - (f2[i] - l2[i]);
                         partial += weight[i] * r * ((l1[i] - l2[i]) + 0.5 * r);
                       }
                       sum += partial;
                     });
  const double scale = function.activation.scale;
  return scale * scale * checked(*closed_deficit(line, q, delta) + sum);
}

// Price: D = 2 q delta int_0^1 y F(q, delta y^2) dy; the square makes F analytic for kinked activations too.
template <typename Derivative>
double price_integral(double q, double delta, Derivative derivative_pair) {
  const LegendreRule& legendre = legendre_rule(24);
  // As many as make the last one short beside the features.
  const double short_enough = 0.5 * std::log2(std::max(1.0, q * delta / kOnePanelPrice));
  const int panels =
      q * delta <= kOnePanelPrice ? 1 : std::min(kPriceLadder + 1, 2 + static_cast<int>(std::ceil(short_enough)));
  double sum = 0;
  for (int panel = 0; panel < panels; ++panel) {
    const double high = std::ldexp(1.0, -panel);
    const double low = panel + 1 < panels ? 0.5 * high : 0;
    for (std::size_t i = 0; i < legendre.nodes.size(); ++i) {
      const double y = low + (high - low) * legendre.nodes[i];
      sum += (high - low) * legendre.weights[i] * y * derivative_pair(delta * y * y);
    }
  }
  return 2 * q * delta * sum;
}

// Whether the function jumps at a kink, seen from both sides at the distance h and at half of it. The argument is taken
// before its shift: at a kink of 1e12 the neighbours on either side are far from a kink of the unshifted function.
bool jumps_at(Activation activation, const Integrand& integrand, double kink) {
  const double place = kink + activation.shift;
  const double rounding = 16 * std::numeric_limits<double>::epsilon() * std::abs(activation.shift);
  const double h = 1e-7 * std::max(1.0, std::abs(place)) + std::min(1e-3, rounding);
  activation.shift = 0;
  const std::array<double, 4> x{place - h, place + h, place - 0.5 * h, place + 0.5 * h};
  std::array<double, 4> y{};
  Evaluator(activation, integrand)(x, y);
  const double change = std::abs(y[1] - y[0]);
  return change > 1e-4 * std::max({1e-2, std::abs(y[0]), std::abs(y[1])}) && std::abs(y[3] - y[2]) > 0.75 * change;
}

// Whether phi has limits at both ends: differences of far arguments are then nearly 0 or of order 1, and nothing
// cancels.
bool is_bounded(ActivationKind kind) {
  return kind == ActivationKind::kHardTanh || kind == ActivationKind::kClip || kind == ActivationKind::kHardSigmoid ||
         kind == ActivationKind::kTanh || kind == ActivationKind::kSigmoid || kind == ActivationKind::kSoftsign;
}

// Whether the squared difference may be integrated as it stands; at a jump nothing cancels. With kinks F(delta) has a
// square root at delta = 2 too, which Price's integral must not come near.
bool is_direct(const GaussianFunction& function, double q, double delta) {
  const double square = function.profile.scale * function.profile.scale;
  if (q >= kFarVariance * square && q * delta >= kFarDifference * square && delta >= kLeastFarDirect) return true;
  return delta * std::min(q, 1.0) >= kDirectDeficit || function.value_jumps ||
         (q * delta >= kSaturatedDifference && delta >= kLeastDirect && is_bounded(function.activation.kind)) ||
         (!function.profile.kinks.empty() && delta > 0.5);
}

// Integrated activations of which even fourth powers times x^2 are negligible at 9.5 standard deviations.
bool grows_linearly(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kTanh:
    case ActivationKind::kErf:
    case ActivationKind::kErfUnitSlope:
    case ActivationKind::kHardTanh:
    case ActivationKind::kSigmoid:
    case ActivationKind::kSoftplus:
    case ActivationKind::kGelu:
    case ActivationKind::kSilu:
    case ActivationKind::kElu:
    case ActivationKind::kSelu:
    case ActivationKind::kClip:
    case ActivationKind::kHardSigmoid:
    case ActivationKind::kHardSwish:
    case ActivationKind::kMish:
    case ActivationKind::kSwish:
    case ActivationKind::kSoftsign:
    case ActivationKind::kCelu:
    case ActivationKind::kGeluTanh:
    case ActivationKind::kSoftplusBeta:
    case ActivationKind::kSnake:
      return true;
    default:
      return false;
  }
}

// Size of the finest feature: activations with a frequency or a steepness of their own.
double scale_of(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kSwish:
    case ActivationKind::kSoftplusBeta:
    case ActivationKind::kSnake:
      return 1 / activation.parameters[0];
    case ActivationKind::kCelu:
      return activation.parameters[0];
    default:
      return 1;
  }
}

// Distance of the nearest pole from the real axis, for the activations that are integrated and have any.
double strip_of(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kTanh:
      return 0.5 * std::numbers::pi;
    case ActivationKind::kSigmoid:
    case ActivationKind::kSoftplus:
    case ActivationKind::kSilu:
      return std::numbers::pi;
    case ActivationKind::kSwish:
    case ActivationKind::kSoftplusBeta:
      return std::numbers::pi / activation.parameters[0];
    case ActivationKind::kMish:
      return 0.75 * std::numbers::pi;
    default:
      return 0;
  }
}

constexpr double kGeluTanhPanel = 2, kGeluTanhReach = 12;
constexpr Integrand kValue{.value = 1};
constexpr Integrand kDerivative{.first = 1};

}  // namespace

GaussianFunction gaussian_function(Activation activation, RuleProfile profile) {
  // A shifted activation bends where its argument is 0: panels are graded towards that point, as they are towards
  // kinks.
  if (activation.shift != 0) {
    profile.kinks.push_back(-activation.shift);
    std::sort(profile.kinks.begin(), profile.kinks.end());
    profile.kinks.erase(std::unique(profile.kinks.begin(), profile.kinks.end()), profile.kinks.end());
  }
  if (activation.kind == ActivationKind::kSin || activation.kind == ActivationKind::kCos)
    profile.wavelength = 2 * std::numbers::pi;
  if (activation.kind == ActivationKind::kSnake) profile.wavelength = std::numbers::pi / activation.parameters[0];
  // Its poles come nearer to the real axis away from 0, until it is a line.
  if (activation.kind == ActivationKind::kGeluTanh) {
    profile.wavelength = kGeluTanhPanel;
    profile.reach = kGeluTanhReach;
  }
  profile.strip = strip_of(activation);
  if (activation.kind != ActivationKind::kExpression) profile.far = 0x1p12;
  profile.scale *= scale_of(activation);
  if (grows_linearly(activation.kind)) profile.range = 9.5;
  if (activation.kind == ActivationKind::kHardTanh || activation.kind == ActivationKind::kElu ||
      activation.kind == ActivationKind::kSelu)
    profile.order = 16;
  GaussianFunction function{std::move(activation), std::move(profile)};
  for (const double kink : function.profile.kinks) {
    function.value_jumps = function.value_jumps || jumps_at(function.activation, kValue, kink);
    function.slope_jumps = function.slope_jumps || jumps_at(function.activation, kDerivative, kink);
  }
  return function;
}

double gaussian_moment_by_quadrature(const GaussianFunction& function, const Integrand& integrand, double q) {
  if ((integrand.first > 1 && function.value_jumps) || (integrand.second > 1 && function.slope_jumps))
    return std::numeric_limits<double>::infinity();
  refuse_delta_functions(function, integrand);
  Evaluator evaluate(function.activation, integrand);
  std::array<double, kRuleBlock> f;
  double sum = 0;
  gaussian_rule(profile_for(function, integrand, 1), q, [&](std::span<const double> u, std::span<const double> weight) {
    evaluate(u, std::span(f).first(u.size()));
    std::array<double, 4> partial{};
    for (std::size_t i = 0; i < u.size(); ++i) partial[i % 4] += weight[i] * f[i];
    sum += (partial[0] + partial[1]) + (partial[2] + partial[3]);
  });
  return checked(sum);
}

double gaussian_moment(const GaussianFunction& function, const Integrand& integrand, double q) {
  if (const auto closed = closed_moment(function.activation, integrand, q)) return *closed;
  return gaussian_moment_by_quadrature(function, integrand, q);
}

double gaussian_pair_moment_by_quadrature(const GaussianFunction& function, const Integrand& integrand, double q1,
                                          double q2, double delta) {
  if (q1 == 0 || q2 == 0) {  // a constant: the pair is independent
    return gaussian_moment_by_quadrature(function, integrand, q1) *
           gaussian_moment_by_quadrature(function, integrand, q2);
  }
  refuse_delta_functions(function, integrand);
  if (delta == 0 && q1 == q2) {
    const Integrand square{2 * integrand.value, 2 * integrand.first, 2 * integrand.second, 2 * integrand.argument,
                           false};
    return gaussian_moment_by_quadrature(function, square, q1);
  }
  const bool is_costly = prefers_hermite(function.profile, std::max(q1, q2), delta);
  if (is_costly || (integrand.is_absolute && std::abs(1 - delta) <= kMostHermiteCorrelation)) {
    const RuleProfile profile = profile_for(function, integrand, 2);
    if (is_costly || profile.kinks.size() > kManyKinks)
      if (const auto series = hermite_pair(function, integrand, profile, q1, q2, delta)) return *series;
  }
  return integrate_pair(function, integrand, q1, q2, delta, [](double a, double b) { return a * b; });
}

// What the half-lines of a far expression say, if they do.
static std::optional<GaussianFunction> far_function(const GaussianFunction& function, double q) {
  if (function.value_jumps) return std::nullopt;
  const auto line = far_line(function.activation, function.profile.kinks, q);
  if (!line) return std::nullopt;
  return gaussian_function(*line, RuleProfile{.kinks = {0}});
}

double gaussian_pair_moment(const GaussianFunction& function, const Integrand& integrand, double q1, double q2,
                            double delta) {
  if (integrand.second == 0)
    if (const auto far = far_function(function, std::min(q1, q2)))
      return gaussian_pair_moment(*far, integrand, q1, q2, delta);
  if (const auto closed = closed_pair_moment(function.activation, integrand, q1, q2, delta)) return *closed;
  return gaussian_pair_moment_by_quadrature(function, integrand, q1, q2, delta);
}

double gaussian_deficit_by_quadrature(const GaussianFunction& function, double q, double delta) {
  if (delta == 0 || q == 0) return 0;
  if (prefers_hermite(function.profile, q, delta))
    if (const auto series = hermite_deficit(function, q, delta)) return *series;
  if (delta < kDirectDeficit)
    if (const auto line = line_beside(function.activation, function.profile.kinks, q, delta))
      return deficit_beside_line(function, *line, q, delta);
  if (is_direct(function, q, delta))
    return integrate_pair(function, kValue, q, q, delta, [](double a, double b) { return 0.5 * (a - b) * (a - b); });
  return price_integral(q, delta,
                        [&](double x) { return gaussian_pair_moment_by_quadrature(function, kDerivative, q, q, x); });
}

double gaussian_deficit(const GaussianFunction& function, double q, double delta) {
  if (delta == 0 || q == 0) return 0;
  if (const auto closed = closed_deficit(function.activation, q, delta)) return *closed;
  if (const auto limit = limit_deficit(function.activation, function.profile.kinks, q, delta)) return *limit;
  if (const auto far = far_function(function, q)) return gaussian_deficit(*far, q, delta);
  if (closed_pair_moment(function.activation, kDerivative, q, q, 0.5 * delta))
    return price_integral(q, delta, [&](double x) { return gaussian_pair_moment(function, kDerivative, q, q, x); });
  return gaussian_deficit_by_quadrature(function, q, delta);
}

}  // namespace mft
