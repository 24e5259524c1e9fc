#include "systems/kernel/piecewise_linear.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/activation.h"
#include "core/bivariate_normal.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kProbes = 24, kMostKinks = 8;
// Beyond the outermost kinks pieces are looked at up to this distance.
constexpr double kFarthest = 1e6;
constexpr double kSameLine = 4e-15;

// Points all over a piece: evenly, or in powers of a ratio where it has one end only.
std::array<double, kProbes> probes(double low, double high, bool is_open_below, bool is_open_above) {
  std::array<double, kProbes> points{};
  for (std::size_t i = 0; i < kProbes; ++i) {
    // No round numbers: periodic functions are met at no period of theirs.
    const double part = (static_cast<double>(i) + 0.38196601125) / kProbes;
    const double far = 1e-3 * std::pow(1e3 * kFarthest, part);
    points[i] = is_open_below ? high - far : is_open_above ? low + far : low + part * (high - low);
  }
  return points;
}

// Whether all points of a piece are on one line, and its slope.
std::optional<double> slope_of(const Activation& activation, const std::array<double, kProbes>& points) {
  std::array<double, kProbes> values{}, slopes{};
  activate(activation, points, values);
  activate_derivative(activation, points, slopes);
  for (std::size_t i = 0; i < kProbes; ++i) {
    if (!std::isfinite(slopes[i]) || std::abs(slopes[i] - slopes[0]) > kSameLine * std::abs(slopes[0])) return {};
    const double wanted = values[0] + slopes[0] * (points[i] - points[0]);
    const double size = std::abs(values[0]) + std::abs(slopes[0]) * (std::abs(points[i]) + std::abs(points[0]));
    if (!(std::abs(values[i] - wanted) <= kSameLine * size)) return {};
  }
  return slopes[0];
}

}  // namespace

std::optional<PiecewiseLinear> piecewise_linear(const GaussianFunction& function) {
  const std::vector<double>& kinks = function.profile.kinks;
  if (kinks.empty() || kinks.size() > kMostKinks || function.value_jumps) return {};
  PiecewiseLinear lines;
  lines.kinks = kinks;
  std::sort(lines.kinks.begin(), lines.kinks.end());
  double before = 0;
  for (std::size_t piece = 0; piece <= kinks.size(); ++piece) {
    const bool is_first = piece == 0, is_last = piece == kinks.size();
    const double low = is_first ? 0 : lines.kinks[piece - 1], high = is_last ? 0 : lines.kinks[piece];
    const auto slope = slope_of(function.activation, probes(low, high, is_first, is_last));
    if (!slope) return {};
    if (is_first) {
      lines.slope = *slope;
    } else {
      lines.jumps.push_back(*slope - before);
    }
    before = *slope;
  }
  // At the first kink no rectifier is above 0 yet.
  double value = 0;
  activate(function.activation, std::span(lines.kinks).first(1), std::span(&value, 1));
  lines.offset = value - lines.slope * lines.kinks[0];
  return lines;
}

PairExpectations PiecewiseLinear::pair(double q1, double q2, double gap) const {
  const double first = std::sqrt(q1), second = std::sqrt(q2);
  const double covariance = first * second * (1 - gap);
  double product = offset * offset + slope * slope * covariance, slopes = slope * slope;
  for (std::size_t k = 0; k < kinks.size(); ++k) {
    // E (offset + slope u) (v - t)+, and the same with u and v exchanged.
    const Rectified of_second = rectified(-kinks[k], second), of_first = rectified(-kinks[k], first);
    product += jumps[k] * (offset * (of_second.mean + of_first.mean) +
                           slope * covariance * (of_second.positive + of_first.positive));
    slopes += slope * jumps[k] * (of_second.positive + of_first.positive);
    for (std::size_t l = 0; l < kinks.size(); ++l) {
      const RectifiedPair both = rectified_pair_of_gap(-kinks[k], -kinks[l], first, second, gap);
      product += jumps[k] * jumps[l] * both.product;
      slopes += jumps[k] * jumps[l] * both.both;
    }
  }
  return {product, slopes};
}

double PiecewiseLinear::rounding(double q1, double q2) const {
  double first = std::abs(offset) + std::abs(slope) * std::sqrt(q1);
  double second = std::abs(offset) + std::abs(slope) * std::sqrt(q2);
  for (std::size_t k = 0; k < kinks.size(); ++k) {
    first += std::abs(jumps[k]) * std::sqrt(rectified(-kinks[k], std::sqrt(q1)).square);
    second += std::abs(jumps[k]) * std::sqrt(rectified(-kinks[k], std::sqrt(q2)).square);
  }
  return 2e-15 * first * second;
}

}  // namespace mft::kernel
