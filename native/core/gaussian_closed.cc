#include "core/gaussian_closed.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "core/alpha_relu.h"
#include "core/gaussian_tanh.h"

namespace mft {
namespace {

using std::numbers::inv_pi;
using std::numbers::pi;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is(const Integrand& f, int value, int first, int second = 0, int argument = 0) {
  return f.value == value && f.first == first && f.second == second && f.argument == argument;
}

// The angle of a pair at correlation 1 - delta, and its supplement, both without cancellation.
struct Angle {
  explicit Angle(double delta)
      : theta(delta <= 1 ? 2 * std::asin(std::sqrt(0.5 * delta)) : pi - 2 * std::asin(std::sqrt(1 - 0.5 * delta))),
        supplement(delta <= 1 ? pi - theta : 2 * std::asin(std::sqrt(1 - 0.5 * delta))) {}
  double theta, supplement;
};

// sin x - x cos x without cancellation.
double sine_excess(double x) {
  if (x > 0.3) return std::sin(x) - x * std::cos(x);
  const double x2 = x * x;  // sum of (-1)^(j+1) 2j x^(2j+1)/(2j+1)!
  double term = x * x2;
  double sum = 0;
  for (int j = 1; j < 9; ++j) {
    const double n = 2.0 * j + 1;
    double factorial = 1;
    for (int k = 2; k <= 2 * j + 1; ++k) factorial *= k;
    sum += (j % 2 == 1 ? 1 : -1) * (n - 1) * term / factorial;
    term *= x2;
  }
  return sum;
}

// Tanh-sinh rule: int_0^1 f(x, 1 - x) dx for f with algebraic singularities at the ends.
template <typename Function>
double double_exponential(Function f) {
  constexpr double kStep = 1.0 / 24;
  constexpr double kReach = 6;
  double sum = 0;
  for (double tau = -kReach; tau <= kReach; tau += kStep) {
    const double e = std::exp(pi * std::sinh(tau));
    const double x = e / (1 + e);
    const double rest = 1 / (1 + e);
    const double weight = pi * std::cosh(tau) * x * rest;
    if (!(weight > 0) || !std::isfinite(e)) continue;
    sum += weight * f(x, rest);
  }
  return kStep * sum;
}

// --- positively homogeneous activations: phi(x) = above x^degree for x > 0, below |x|^degree for x < 0 ---------------

struct Homogeneous {
  double degree;
  double below;
  double above;
};

std::optional<Homogeneous> homogeneous(const Activation& activation) {
  const double a = activation.parameters[0];
  const double b = activation.parameters[1];
  switch (activation.kind) {
    case ActivationKind::kLinear:
      return Homogeneous{1, -1, 1};
    case ActivationKind::kRelu:
      return Homogeneous{1, 0, 1};
    case ActivationKind::kLeakyRelu:
      return Homogeneous{1, -a, 1};
    case ActivationKind::kAbRelu:
      return Homogeneous{1, -a, b};
    case ActivationKind::kAbs:
      return Homogeneous{1, 1, 1};
    case ActivationKind::kStep:
      return Homogeneous{0, 0, 1};
    case ActivationKind::kSign:
      return Homogeneous{0, -1, 1};
    case ActivationKind::kAlphaRelu:
    case ActivationKind::kRectifiedMonomial:
      return Homogeneous{a, 0, 1};
    default:
      return std::nullopt;
  }
}

double power(double x, int n) {
  double result = 1;
  for (int i = 0; i < n; ++i) result *= x;
  return result;
}

// The integrand as a homogeneous function itself. (d/dx of below |x|^p is -p below |x|^(p-1).)
Homogeneous applied(const Homogeneous& phi, const Integrand& f) {
  const double p = phi.degree;
  const double slope = p;
  const double bend = p * (p - 1);
  Homogeneous result{f.value * p + f.first * (p - 1) + f.second * (p - 2) + f.argument,
                     power(phi.below, f.value) * power(-slope * phi.below, f.first) *
                         power(bend * phi.below, f.second) * (f.argument % 2 == 0 ? 1 : -1),
                     power(phi.above, f.value) * power(slope * phi.above, f.first) * power(bend * phi.above, f.second)};
  if (f.is_absolute) {
    result.below = std::abs(result.below);
    result.above = std::abs(result.above);
  }
  return result;
}

// Whether phi itself (degree 0) or phi' (degree 1) jumps at 0, so that the square of the next derivative diverges.
bool jumps(const Homogeneous& phi, double degree) {
  return phi.degree == degree && (degree == 0 ? phi.below != phi.above : phi.below != -phi.above);
}

std::optional<double> homogeneous_moment(const Homogeneous& phi, const Integrand& f, double q) {
  if ((f.first > 1 && jumps(phi, 0)) || (f.second > 1 && jumps(phi, 1))) return kInfinity;
  const Homogeneous g = applied(phi, f);
  if (g.below == 0 && g.above == 0) return 0.0;
  if (g.degree <= -1) return kInfinity;
  const double absolute =
      std::exp2(0.5 * g.degree) * std::tgamma(0.5 * (g.degree + 1)) * std::sqrt(inv_pi);  // E |z|^degree
  const double scale = g.degree == 0 ? 1 : (g.degree == 2 ? q : std::pow(q, 0.5 * g.degree));
  const double moment = g.degree == 0 || g.degree == 2 ? 1 : absolute;
  return 0.5 * (g.below + g.above) * moment * scale;
}

double homogeneous_unit_pair(const Homogeneous& g, const Angle& angle) {
  if (g.below == 0 && g.above == 0) return 0;
  double result = (g.below * g.below + g.above * g.above) * orthant_moment(g.degree, angle.theta, angle.supplement);
  const double cross = 2 * g.below * g.above;
  if (cross != 0) result += cross * orthant_moment(g.degree, angle.supplement, angle.theta);
  return result;
}

std::optional<double> homogeneous_pair(const Homogeneous& phi, const Integrand& f, double q1, double q2, double delta) {
  const double root = std::sqrt(q1) * std::sqrt(q2);
  if (f.first == 1 && is(f, 0, 1) && jumps(phi, 0)) {  // phi' is a delta function: the joint density at 0
    return power(phi.above - phi.below, 2) / (2 * pi * root * std::sqrt(delta * (2 - delta)));
  }
  if ((f.first > 0 && jumps(phi, 0)) || (f.second > 0 && jumps(phi, 1))) return std::nullopt;
  const Homogeneous g = applied(phi, f);
  if (g.degree <= -1) return std::nullopt;
  if (g.degree == 1 && g.below == -g.above) return g.above * g.above * root * (1 - delta);  // linear: exact
  const double scale = g.degree == 0 ? 1 : (g.degree == 1 ? root : std::pow(root, g.degree));
  return scale * homogeneous_unit_pair(g, Angle(delta));
}

std::optional<double> homogeneous_deficit(const Homogeneous& phi, double q, double delta) {
  const Angle angle(delta);
  const double gap = phi.above - phi.below;
  if (phi.degree == 0) return gap * gap * angle.theta / (2 * pi);
  if (phi.degree == 1) {  // slopes a = -below and b = above: a b q delta + (b - a)^2 relu's
    const double kink = phi.above + phi.below;
    const double excess =
        angle.theta < 1 ? sine_excess(angle.theta) : std::sin(angle.theta) - angle.theta * (1 - delta);
    return q * (-phi.below * phi.above * delta + kink * kink * 0.5 * (delta - excess * inv_pi));
  }
  const double scale = std::pow(q, phi.degree);
  const double second_moment = homogeneous_moment(phi, Integrand{.value = 2}, 1).value_or(0);
  if (phi.below != 0) return std::nullopt;  // none in the catalogue
  return scale * second_moment * alpha_relu_correlation_deficit(phi.degree, delta);
}

// --- erf(scale x) ----------------------------------------------------------------------------------------------------

std::optional<double> erf_scale(const Activation& activation) {
  if (activation.kind == ActivationKind::kErf) return 1.0;
  if (activation.kind == ActivationKind::kErfUnitSlope) return 0.5 / std::numbers::inv_sqrtpi;
  return std::nullopt;
}

std::optional<double> erf_moment(double scale, const Integrand& f, double q) {
  const double t = 2 * scale * scale * q;
  const double slope = 4 * inv_pi * scale * scale;
  if (is(f, 2, 0)) return 2 * inv_pi * std::atan2(t, std::sqrt(1 + 2 * t));
  if (is(f, 0, 2)) return slope / std::sqrt(1 + 2 * t);
  if (is(f, 1, 1, 0, 1)) return q * slope / ((1 + t) * std::sqrt(1 + 2 * t));
  return std::nullopt;
}

std::optional<double> erf_pair(double scale, const Integrand& f, double q1, double q2, double delta) {
  const double t1 = 2 * scale * scale * q1;
  const double t2 = 2 * scale * scale * q2;
  const double size = std::sqrt(t1) * std::sqrt(t2);
  const double determinant = std::hypot(std::sqrt(1 + t1 + t2), size * std::sqrt(delta * (2 - delta)));
  if (is(f, 1, 0)) return 2 * inv_pi * std::atan2(size * (1 - delta), determinant);
  if (is(f, 0, 1)) return 4 * inv_pi * scale * scale / determinant;
  return std::nullopt;
}

double erf_deficit(double scale, double q, double delta) {
  const double t = 2 * scale * scale * q;
  if (delta > 1) return 4 * inv_pi * std::atan2(t, std::sqrt(1 + 2 * t)) - erf_deficit(scale, q, 2 - delta);
  const double x1 = std::sqrt(1 + 2 * t);
  const double x2 = std::sqrt(1 + t * delta) * std::sqrt(1 + t * (2 - delta));
  // Both arguments over 1 + t: squares of t overflow.
  return 2 * inv_pi *
         std::atan2(t * delta * (2 - delta) * ((1 + t) / (x2 + x1 * (1 - delta))),
                    x1 * (x2 / (1 + t)) + t / (1 + t) * t * (1 - delta));
}

// --- sin and cos: every product of them is a short Fourier series ----------------------------------------------------

std::optional<bool> is_cosine(const Activation& activation) {
  if (activation.kind == ActivationKind::kSin) return false;
  if (activation.kind == ActivationKind::kCos) return true;
  return std::nullopt;
}

// E of a product of two equal values of sin or cos, `plus` = exponent of the sum frequency, `minus` of the difference.
double half_sum(double minus, double plus) { return 0.5 * (std::exp(-minus) + std::exp(-plus)); }
double half_difference(double minus, double plus) {
  return plus < minus ? -half_difference(plus, minus) : 0.5 * std::exp(-minus) * -std::expm1(minus - plus);
}

std::optional<double> trigonometric_moment(bool cosine, const Integrand& f, double q) {
  if (is(f, 2, 0) || is(f, 0, 0, 2)) return cosine ? half_sum(0, 2 * q) : half_difference(0, 2 * q);
  if (is(f, 0, 2)) return cosine ? half_difference(0, 2 * q) : half_sum(0, 2 * q);
  if (is(f, 1, 1, 0, 1)) return (cosine ? -q : q) * std::exp(-2 * q);
  if (is(f, 1, 0)) return cosine ? std::exp(-0.5 * q) : 0.0;
  return std::nullopt;
}

std::optional<double> trigonometric_pair(bool cosine, const Integrand& f, double q1, double q2, double delta) {
  const double root = std::sqrt(q1) * std::sqrt(q2);
  const double gap = 0.5 * power(std::sqrt(q1) - std::sqrt(q2), 2);
  const double minus = gap + root * delta;       // (q1 + q2)/2 - covariance
  const double plus = gap + root * (2 - delta);  // (q1 + q2)/2 + covariance
  const bool sum = is(f, 1, 0) ? cosine : !cosine;
  if (!f.is_absolute && (is(f, 1, 0) || is(f, 0, 1))) return sum ? half_sum(minus, plus) : half_difference(minus, plus);
  // (phi phi')(u) = +- sin(2u)/2: the pair of sin at four times the variances, times 1/4
  if (!f.is_absolute && is(f, 1, 1)) return 0.25 * half_difference(4 * minus, 4 * plus);
  // cos^2 = (1 + cos 2u)/2, sin^2 = (1 - cos 2u)/2
  if (is(f, 2, 0) || is(f, 0, 2)) {
    const double sign = is(f, 2, 0) == cosine ? 1 : -1;
    if (sign < 0 && q1 + q2 < 2) return std::nullopt;  // the terms cancel: integrate
    return 0.25 * (1 + sign * (std::exp(-2 * q1) + std::exp(-2 * q2)) + half_sum(4 * minus, 4 * plus));
  }
  return std::nullopt;
}

// E |f(u1) f(u2)| for f = sin or cos by its Fourier series |f(u)| = 2/pi - (4/pi) sum of (+-1)^m cos(2 m u)/(4 m^2 -
// 1): few terms for variances from 1 on, where quadrature would meet every zero. (kTerms terms leave 1/(6 pi^2
// kTerms^3) at delta = 0.)
double trigonometric_absolute(bool cosine, double q1, double q2, double delta) {
  constexpr int kTerms = 20000;
  constexpr double kLargestExponent = 42;
  const double r1 = std::sqrt(q1);
  const double r2 = std::sqrt(q2);
  const auto coefficient = [cosine](int m) { return (cosine && m % 2 == 1 ? -1.0 : 1.0) / (4.0 * m * m - 1); };
  double single = 0;
  double paired = 0;
  for (int m = 1; m <= kTerms; ++m) {
    const double square = 2.0 * m * m;
    single += coefficient(m) * (std::exp(-square * q1) + std::exp(-square * q2));
    const double reach = std::sqrt(0.5 * kLargestExponent);
    const int first = std::max(1, static_cast<int>(std::ceil((m * r1 - reach) / r2)));
    const int last = static_cast<int>(std::floor((m * r1 + reach) / r2));
    double line = 0;
    for (int n = first; n <= last; ++n) {
      const double gap = m * r1 - n * r2;
      const double cross = 2.0 * m * n * r1 * r2;
      line += coefficient(n) * 0.5 *
              (std::exp(-2 * (gap * gap + cross * delta)) + std::exp(-2 * (gap * gap + cross * (2 - delta))));
    }
    paired += coefficient(m) * line;
    if (2.0 * m * m * q1 > kLargestExponent && 4.0 * m * m * r1 * r2 * std::min(delta, 2 - delta) > kLargestExponent)
      break;
  }
  return 4 * inv_pi * inv_pi * (1 - 2 * single + 4 * paired);
}

double trigonometric_deficit(bool cosine, double q, double delta) {
  const double near = -std::expm1(-q * delta);
  const double far = std::exp(-q * (2 - delta));
  return 0.5 * near * (cosine ? -std::expm1(-q * (2 - delta)) : 1 + far);
}

// --- snake: x + (1 - cos 2 alpha x)/(2 alpha); x and the cosine do not mix ------------------------------------------

std::optional<double> snake_moment(double alpha, const Integrand& f, double q) {
  const double t = 2 * alpha * alpha * q;
  const double fade = -std::expm1(-t);
  // 1 - 2 e^-t + (1 + e^-4t)/2 = (1 - e^-t)^2 + (1 - e^-2t)^2/2
  if (is(f, 2, 0)) return q + (fade * fade + 0.5 * power(-std::expm1(-2 * t), 2)) / (4 * alpha * alpha);
  if (is(f, 1, 0)) return fade / (2 * alpha);
  if (is(f, 0, 2)) return 1 - 0.5 * std::expm1(-4 * t);
  if (is(f, 0, 0, 2)) return 2 * alpha * alpha * (1 + std::exp(-4 * t));
  if (is(f, 1, 1, 0, 1)) return q * (1 - std::exp(-t) * std::expm1(-3 * t));
  return std::nullopt;
}

std::optional<double> snake_pair(double alpha, const Integrand& f, double q1, double q2, double delta) {
  if (f.is_absolute) return std::nullopt;
  const double scale = 2 * alpha * alpha;
  const double root = std::sqrt(q1) * std::sqrt(q2);
  const double gap = 0.5 * power(std::sqrt(q1) - std::sqrt(q2), 2);
  const double minus = 2 * scale * (gap + root * delta);
  const double plus = 2 * scale * (gap + root * (2 - delta));
  if (is(f, 0, 1)) return 1 + half_difference(minus, plus);
  if (!is(f, 1, 0)) return std::nullopt;
  const double cross = scale * root * (1 - delta);  // e^-(t1 + t2) (cosh 2 cross - 1)
  const double both = std::exp(-scale * (q1 + q2));
  const double joint = std::abs(cross) < 1 ? both * 2 * power(std::sinh(cross), 2) : half_sum(minus, plus) - both;
  return root * (1 - delta) + (std::expm1(-scale * q1) * std::expm1(-scale * q2) + joint) / (4 * alpha * alpha);
}

// --- gelu: Stein's lemma twice ---------------------------------------------------------------------------------------

// Products of two variances are never formed: they overflow from 1e154 on.
std::optional<double> gelu_pair_any_sign(const Integrand& f, double a, double b, double delta) {
  const double size = std::sqrt(a) * std::sqrt(b);
  const double r = size * (1 - delta);
  const double apart = size * std::sqrt(delta * (2 - delta));  // its square is a b - r^2
  const double sum = 1 + a + b;
  const double root = std::hypot(std::sqrt(sum), apart);  // its square is the determinant
  const double k = 1 / (1 + a) + 1 / (1 + b);
  const double turn = std::atan2(r, root) / (2 * pi);
  if (is(f, 1, 0)) return 0.25 * r + r * turn + (apart * (apart / root) + r * (r * k / root)) / (2 * pi);
  if (is(f, 0, 1)) {
    // 2 k - 1 + (apart^2 + r^2 k)/determinant with the 1 taken out: terms of size 1, and what is left is of size 1/q.
    const double share = (a / (1 + a)) * (b / (1 + b));
    const double rest = (sum / (1 + a)) * (sum / (1 + b)) - share + share * delta * (2 - delta) * (1 + sum);
    return 0.25 + turn + r / root * (2 * k - rest / root / root) / (2 * pi);
  }
  return std::nullopt;
}

std::optional<double> gelu_pair(const Integrand& f, double q1, double q2, double delta) {
  if (delta > 1) return std::nullopt;  // the terms cancel: integrate
  return gelu_pair_any_sign(f, q1, q2, delta);
}

// E phi^2 - M; what cancels in M at negative correlations is small beside E phi^2. Below kNear the difference would
// cancel itself, and Price's integral of the closed F has its full accuracy. (At delta = 2 F has a layer of width 1/q.)
std::optional<double> gelu_deficit(double q, double delta) {
  constexpr double kNear = 0.05;
  if (delta < kNear) return std::nullopt;
  const Integrand value{.value = 1};
  return *gelu_pair_any_sign(value, q, q, 0) - *gelu_pair_any_sign(value, q, q, delta);
}

std::optional<double> hard_tanh_moment(const Integrand& f, double q) {
  const double beta = 1 / std::sqrt(2 * q);
  if (f.second > 1) return kInfinity;
  if (f.value == 0 && f.first > 0 && f.second == 0 && f.argument == 0) return std::erf(beta);
  if (!is(f, 2, 0)) return std::nullopt;
  if (q <= 200) return q * std::erf(beta) - std::sqrt(2 * q * inv_pi) * std::exp(-beta * beta) + std::erfc(beta);
  double sum = 0;  // int_0^1 of x^2 times the density, as a series: nothing cancels
  double term = 1;
  for (int k = 0; k < 12; ++k) {
    sum += term / (2 * k + 3);
    term *= -beta * beta / (k + 1);
  }
  return 2 / std::sqrt(2 * pi * q) * sum + std::erfc(beta);
}

}  // namespace

double orthant_moment(double n, double theta, double supplement) {
  if (n == 0) return supplement / (2 * pi);
  if (n == 1)
    return (supplement < 1 ? sine_excess(supplement) : std::sin(theta) + supplement * std::cos(theta)) / (2 * pi);
  // polar coordinates: (2^n n!/2pi) int_{-half}^{half} (sin(half - y) sin(half + y))^n dy, half = (pi - theta)/2
  const double integral = double_exponential(
      [&](double x, double rest) { return std::pow(std::sin(supplement * x) * std::sin(supplement * rest), n); });
  return std::exp2(n) * std::tgamma(n + 1) / (2 * pi) * supplement * integral;
}

std::optional<double> closed_moment(const Activation& activation, const Integrand& f, double q) {
  if (q == 0 && f.argument > 0) return 0.0;
  if (!activation.is_plain()) return std::nullopt;
  if (const auto phi = homogeneous(activation)) return homogeneous_moment(*phi, f, q);
  if (q == 0 || f.is_absolute) return std::nullopt;
  if (const auto scale = erf_scale(activation)) return erf_moment(*scale, f, q);
  if (const auto cosine = is_cosine(activation)) return trigonometric_moment(*cosine, f, q);
  if (activation.kind == ActivationKind::kTanh) {
    if (is(f, 2, 0)) return tanh_second_moment(q);
    if (is(f, 0, 2)) return tanh_derivative_moment(q);
  }
  if (activation.kind == ActivationKind::kHardTanh) return hard_tanh_moment(f, q);
  if (activation.kind == ActivationKind::kSnake) return snake_moment(activation.parameters[0], f, q);
  if (activation.kind == ActivationKind::kGelu) {
    if (is(f, 2, 0)) return gelu_pair(Integrand{.value = 1}, q, q, 0);
    if (is(f, 0, 2)) return gelu_pair(Integrand{.first = 1}, q, q, 0);
  }
  return std::nullopt;
}

std::optional<double> closed_pair_moment(const Activation& activation, const Integrand& f, double q1, double q2,
                                         double delta) {
  if (q1 == 0 || q2 == 0 || !activation.is_plain()) return std::nullopt;
  if (const auto phi = homogeneous(activation)) return homogeneous_pair(*phi, f, q1, q2, delta);
  if (const auto scale = erf_scale(activation)) {
    if (f.is_absolute && f.value > 0) return std::nullopt;  // |phi'| = phi'
    return erf_pair(*scale, f, q1, q2, delta);
  }
  if (const auto cosine = is_cosine(activation)) {
    if (f.is_absolute && (is(f, 1, 0) || is(f, 0, 1)) && q1 >= 1 && q2 >= 1)
      return trigonometric_absolute(is(f, 1, 0) == *cosine, q1, q2, delta);
    if (f.is_absolute && (f.value + f.first) % 2 == 1) return std::nullopt;
    return trigonometric_pair(*cosine, f, q1, q2, delta);
  }
  if (activation.kind == ActivationKind::kGelu && !f.is_absolute) return gelu_pair(f, q1, q2, delta);
  if (activation.kind == ActivationKind::kSnake) return snake_pair(activation.parameters[0], f, q1, q2, delta);
  return std::nullopt;
}

std::optional<double> closed_deficit(const Activation& activation, double q, double delta) {
  if (!activation.is_plain()) return std::nullopt;
  if (const auto phi = homogeneous(activation)) return homogeneous_deficit(*phi, q, delta);
  if (const auto scale = erf_scale(activation)) return erf_deficit(*scale, q, delta);
  if (const auto cosine = is_cosine(activation)) return trigonometric_deficit(*cosine, q, delta);
  if (activation.kind == ActivationKind::kTanh) return tanh_deficit(q, delta);
  if (activation.kind == ActivationKind::kGelu) return gelu_deficit(q, delta);
  if (activation.kind == ActivationKind::kSnake) {
    const double alpha = activation.parameters[0];
    return q * delta + trigonometric_deficit(true, 4 * alpha * alpha * q, delta) / (4 * alpha * alpha);
  }
  return std::nullopt;
}

}  // namespace mft
