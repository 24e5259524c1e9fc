#include "core/bivariate_normal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <span>

#include "core/gaussian_rule.h"
#include "core/math.h"

namespace mft {
namespace {

constexpr int kNodes = 24;
constexpr double kDensity = 0.3989422804014326779;  // 1 / sqrt(2 pi)

double value_of(math::Function function, double x) {
  double y = x;
  math::apply(function, std::span<const double>(&x, 1), std::span<double>(&y, 1));
  return y;
}

// T(h, a) = 1/(2 pi) int_0^a exp(-h^2 (1 + x^2)/2)/(1 + x^2) dx for 0 <= a <= 1.
double owen_inside(double h, double a) {
  if (h > 9) return 0;  // below 1e-18
  const LegendreRule& rule = legendre_rule(kNodes);
  std::array<double, kNodes> exponents, terms;
  for (int i = 0; i < kNodes; ++i) {
    const double x = a * rule.nodes[static_cast<std::size_t>(i)];
    exponents[static_cast<std::size_t>(i)] = -0.5 * h * h * (1 + x * x);
  }
  math::apply(math::Function::kExp, exponents, terms);
  double sum = 0;
  for (std::size_t i = 0; i < kNodes; ++i) {
    const double x = a * rule.nodes[i];
    sum += rule.weights[i] * terms[i] / (1 + x * x);
  }
  return a * sum / (2 * std::numbers::pi);
}

double upper_tail(double x) { return 0.5 * value_of(math::Function::kErfc, x / std::numbers::sqrt2); }

// T(h, a) for a = rise / h >= 0 and h >= 0, given by h and rise = a h.
double owen_above(double h, double rise) {
  if (rise <= h) return h == 0 ? 0.0 : owen_inside(h, rise / h);
  const double p = upper_tail(h), q = upper_tail(rise);
  return 0.5 * (p + q) - p * q - (std::isinf(rise) ? 0.0 : owen_inside(rise, h / rise));
}

// Even in h, odd in a.
double owen(double h, double rise) {
  const double sign = (h < 0) != (rise < 0) ? -1 : 1;
  return sign * owen_above(std::abs(h), std::abs(rise));
}

// (x - r y)/s; where s is 0, the side on which x - r y lies.
double scaled(double x, double y, double r, double s) {
  const double difference = x - r * y;
  if (s > 0) return difference / s;
  return difference > 0   ? std::numeric_limits<double>::infinity()
         : difference < 0 ? -std::numeric_limits<double>::infinity()
                          : 0.0;
}

// The same for r = 1 - gap: x - r y = x - y + gap y, or x + y - (2 - gap) y.
double scaled_of_gap(double x, double y, double gap, double s) {
  const double difference = gap < 1 ? (x - y) + gap * y : (x + y) - (2 - gap) * y;
  if (s > 0) return difference / s;
  return difference > 0   ? std::numeric_limits<double>::infinity()
         : difference < 0 ? -std::numeric_limits<double>::infinity()
                          : 0.0;
}

// P(Z1 < h, Z2 < k) with the rises (k - r h)/s and (h - r k)/s.
double quadrant(double h, double k, double r, double s, double rise_h, double rise_k) {
  if (h == 0 && k == 0) return 0.25 + std::atan2(r, s) / (2 * std::numbers::pi);
  const bool is_apart = h * k < 0 || (h * k == 0 && h + k < 0);
  const double sum = 0.5 * (normal_probability(h) + normal_probability(k)) - owen(h, rise_h) - owen(k, rise_k);
  return std::clamp(is_apart ? sum - 0.5 : sum, 0.0, 1.0);
}

RectifiedPair rectified_with(double mean_a, double mean_b, double deviation_a, double deviation_b, double r, double s,
                             double rise_h, double rise_k);

}  // namespace

double normal_density(double x) { return kDensity * value_of(math::Function::kExp, -0.5 * x * x); }

double normal_probability(double x) { return upper_tail(-x); }

double bivariate_normal_probability(double h, double k, double r, double s) {
  return quadrant(h, k, r, s, scaled(k, h, r, s), scaled(h, k, r, s));
}

RectifiedPair rectified_pair(double mean_a, double mean_b, double deviation_a, double deviation_b, double r, double s) {
  const double h = mean_a / deviation_a, k = mean_b / deviation_b;
  return rectified_with(mean_a, mean_b, deviation_a, deviation_b, r, s, scaled(k, h, r, s), scaled(h, k, r, s));
}

RectifiedPair rectified_pair_of_gap(double mean_a, double mean_b, double deviation_a, double deviation_b, double gap) {
  const double h = mean_a / deviation_a, k = mean_b / deviation_b, s = std::sqrt(gap * (2 - gap));
  return rectified_with(mean_a, mean_b, deviation_a, deviation_b, 1 - gap, s, scaled_of_gap(k, h, gap, s),
                        scaled_of_gap(h, k, gap, s));
}

namespace {

RectifiedPair rectified_with(double mean_a, double mean_b, double deviation_a, double deviation_b, double r, double s,
                             double rise_h, double rise_k) {
  const double h = mean_a / deviation_a, k = mean_b / deviation_b;
  const double density_h = normal_density(h), density_k = normal_density(k);
  const double above_h = density_h * normal_probability(rise_h);  // of a at 0, b above 0
  const double above_k = density_k * normal_probability(rise_k);
  const double corner = density_h * normal_density(rise_h);
  RectifiedPair pair{};
  pair.both = quadrant(h, k, r, s, rise_h, rise_k);
  const double first = above_h + r * above_k, second = above_k + r * above_h;  // E Za, E Zb where both are above 0
  const double cross = r * pair.both - r * h * above_h - r * k * above_k + s * corner;  // E Za Zb there
  pair.first_slope = mean_b * pair.both + deviation_b * second;
  pair.second_slope = mean_a * pair.both + deviation_a * first;
  pair.product = mean_a * pair.first_slope + deviation_a * (mean_b * first + deviation_b * cross);
  const double width_h = std::isinf(rise_h) ? 0.0 : s * corner, rest_h = (k - r * h) * above_h;
  pair.first_density = deviation_b / deviation_a * (rest_h + width_h);
  const double corner_k = std::isinf(rise_k) ? 0.0 : s * density_k * normal_density(rise_k);
  pair.second_density = deviation_a / deviation_b * ((h - r * k) * above_k + corner_k);
  return pair;
}

}  // namespace

Rectified rectified(double mean, double deviation) {
  if (deviation == 0) {
    const double value = std::max(mean, 0.0);
    return {mean > 0 ? 1.0 : 0.0, value, value * value, 0};
  }
  const double h = mean / deviation, positive = normal_probability(h), density = normal_density(h);
  const double first = mean * positive + deviation * density;
  return {positive, first, mean * first + deviation * deviation * positive, density / deviation};
}

}  // namespace mft
