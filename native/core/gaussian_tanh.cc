#include "core/gaussian_tanh.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/gaussian_rule.h"

namespace mft {
namespace {

using std::numbers::pi;
constexpr double kReach = 9.3;         // standard deviations; the rest is below 1e-19
constexpr double kSechSquareCut = 24;  // sech^2 < 6e-21 beyond
constexpr double kSechFourthCut = 14;

double step_for(double q) { return std::min(0.125, 0.12 * std::sqrt(q)); }

// E f(|u|) over the half line up to `cut`.
template <typename Function>
double half_line(double q, double cut, Function f) {
  const double h = step_for(q);
  const double end = std::min(kReach * std::sqrt(q), cut);
  double sum = 0.0;
  for (int j = static_cast<int>(end / h); j > 0; --j) {
    const double x = j * h;
    sum += std::exp(-0.5 * x * (x / q)) * f(x);
  }
  return h * (f(0.0) + 2.0 * sum) / std::sqrt(2.0 * pi * q);
}

double sech_square(double x) {
  const double e = std::exp(-2.0 * x);
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}

// A trapezoid grid in one variable: density times step (0 taken half) and exp(-2x).
struct Grid {
  std::vector<double> weight, decay, position;
  Grid(double variance, double cut) {
    const double h = step_for(variance);
    const int last = static_cast<int>(std::min(kReach * std::sqrt(variance), cut) / h);
    const double scale = h / std::sqrt(2.0 * pi * variance);
    for (int j = 0; j <= last; ++j) {
      const double x = j * h;
      position.push_back(x);
      weight.push_back((j == 0 ? 1.0 : 2.0) * scale * std::exp(-0.5 * x * (x / variance)));
      decay.push_back(std::exp(-2.0 * x));
    }
  }
};

double small_gap(double q, double delta) {
  constexpr double kMargin = 22.0;  // the integrand has died out where |m| > |k| + 22
  const double k_variance = 0.5 * q * delta;
  const double m_variance = q * (1.0 - 0.5 * delta);
  const Grid k(k_variance, 1e300);
  const Grid m(m_variance, k.position.back() + kMargin);
  double sum = 0.0;
  for (std::size_t i = 1; i < k.weight.size(); ++i) {
    const double b = k.decay[i];
    const double numerator = -std::expm1(-4.0 * k.position[i]);
    std::array<double, 4> part{};  // four short sums: less rounding, and they vectorise
    for (std::size_t j = 0; j < m.weight.size(); ++j) {
      const double a = m.decay[j];
      const double ratio = a / ((a + b) * (1.0 + a * b));
      part[j % 4] += m.weight[j] * ratio * ratio;
    }
    sum += k.weight[i] * numerator * numerator * ((part[0] + part[1]) + (part[2] + part[3]));
  }
  return 2.0 * sum;
}

// Nodes and weights of composite Gauss-Legendre on [0, 24], with tau = 2 / (exp(2x) + 1).
struct AxisRule {
  std::vector<double> x, weight;
  AxisRule() {
    constexpr std::array<double, 8> kPanels = {0, 1, 2, 4, 7, 11, 16, 24};
    const LegendreRule& rule = legendre_rule();
    for (std::size_t panel = 0; panel + 1 < kPanels.size(); ++panel) {
      const double length = kPanels[panel + 1] - kPanels[panel];
      for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
        const double at = kPanels[panel] + length * rule.nodes[i];
        x.push_back(at);
        weight.push_back(length * rule.weights[i] * 2.0 / (std::exp(2.0 * at) + 1.0));
      }
    }
  }
};

double large_gap(double q, double delta) {
  const AxisRule rule;
  const std::size_t n = rule.x.size();
  const double c = 1.0 - delta;
  const double rest = delta * (2.0 - delta);  // 1 - c^2
  const double density = 1.0 / std::sqrt(2.0 * pi * q);
  double t1 = 0.0, t2 = 0.0, t3 = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double x = rule.x[i], tau = 2.0 / (std::exp(2.0 * x) + 1.0);
    const double n_x = density * std::exp(-0.5 * x * (x / q));
    t1 += rule.weight[i] * std::erfc(c * x / std::sqrt(2.0 * q * rest)) * n_x;
    t2 += rule.weight[i] * tau * n_x;
  }
  const double inverse = 1.0 / (q * rest);
  std::vector<double> spread(n);
  for (std::size_t i = 0; i < n; ++i) spread[i] = rule.weight[i] * std::exp(-0.5 * rule.x[i] * rule.x[i] * inverse);
  for (std::size_t i = 0; i < n; ++i) {
    double row = 0.5 * spread[i] * std::sinh(c * rule.x[i] * rule.x[i] * inverse);
    for (std::size_t j = 0; j < i; ++j) row += spread[j] * std::sinh(c * rule.x[i] * rule.x[j] * inverse);
    t3 += spread[i] * row;
  }
  t3 *= 2.0 * 2.0 / (2.0 * pi * q * std::sqrt(rest));  // symmetric in x and y; two sinh halves
  return (4.0 / pi) * std::asin(std::sqrt(0.5 * delta)) - 4.0 * t1 + 2.0 * t2 - 2.0 * t3;
}

}  // namespace

double tanh_second_moment_complement(double q) { return q == 0.0 ? 1.0 : half_line(q, kSechSquareCut, sech_square); }

double tanh_second_moment(double q) {
  if (q < 1e-100) return q;  // tanh^2 = x^2 - 2 x^4 / 3; the sum below would come under the range of numbers at 1e-206
  if (kReach * std::sqrt(q) > kSechSquareCut) return 1.0 - tanh_second_moment_complement(q);
  return half_line(q, kSechSquareCut, [](double x) {
    const double t = std::tanh(x);
    return t * t;
  });
}

double tanh_derivative_moment(double q) {
  if (q == 0.0) return 1.0;
  return half_line(q, kSechFourthCut, [](double x) {
    const double s = sech_square(x);
    return s * s;
  });
}

double tanh_deficit(double q, double delta) {
  constexpr double kSmallGap = 30.0;
  if (delta == 0.0 || q == 0.0) return 0.0;
  if (delta > 1.0) return 2.0 * tanh_second_moment(q) - (delta < 2.0 ? tanh_deficit(q, 2.0 - delta) : 0.0);
  return q * delta <= kSmallGap ? small_gap(q, delta) : large_gap(q, delta);
}

}  // namespace mft
