#include "core/gaussian_limit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/gaussian_closed.h"

namespace mft {
namespace {

// What phi differs by from its limit is bounded and lies within its size r, or decays: relative to D it changes less
// than r/sqrt(q) + r/sqrt(q delta).
constexpr double kLargeVariance = 1e30, kLargeDifference = 1e28;
// Where the line alone is far more than what an activation differs from it by.
constexpr double kFarVariance = 1e8, kFarDifference = 100;
// Where two half-lines are an expression to 1e-11.
constexpr double kStraightVariance = 1e22;
constexpr double kSlowDecay = 1e4;  // of softsign, whose difference from a step falls as 1/u only
constexpr double kSeluScale = 1.0507009873554804934;

// Half the difference of the limits of a bounded activation; 0 for the others.
double half_jump(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kHardTanh:
    case ActivationKind::kSoftsign:
      return 1;
    case ActivationKind::kSigmoid:
    case ActivationKind::kHardSigmoid:
      return 0.5;
    case ActivationKind::kClip:
      return 0.5 * (activation.parameters[1] - activation.parameters[0]);
    default:
      return 0;
  }
}

// Slope far above zero of an activation that is bounded below; 0 for the others.
double slope_above(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kSoftplus:
    case ActivationKind::kGelu:
    case ActivationKind::kGeluTanh:
    case ActivationKind::kSilu:
    case ActivationKind::kSwish:
    case ActivationKind::kElu:
    case ActivationKind::kCelu:
    case ActivationKind::kHardSwish:
    case ActivationKind::kMish:
    case ActivationKind::kSoftplusBeta:
      return 1;
    case ActivationKind::kSelu:
      return kSeluScale;
    default:
      return 0;
  }
}

// How far from 0 phi differs from its limit by more than a bounded number of that size.
double size_of(const Activation& activation, std::span<const double> kinks) {
  double size = 1 + std::abs(activation.shift);
  for (const double kink : kinks) size = std::max(size, std::abs(kink));
  switch (activation.kind) {
    case ActivationKind::kElu:
    case ActivationKind::kCelu:
      return std::max(size, activation.parameters[0]);
    case ActivationKind::kSwish:
    case ActivationKind::kSoftplusBeta:
      return size + 1 / activation.parameters[0];
    case ActivationKind::kSoftsign:
      return size * std::sqrt(kSlowDecay);
    default:
      return size;
  }
}

Activation line_of(double slope) {
  Activation line;
  line.kind = ActivationKind::kAbRelu;
  line.parameters = {0, slope};
  return line;
}

}  // namespace

std::optional<Activation> line_beside(const Activation& activation, std::span<const double> kinks, double q,
                                      double delta) {
  const double slope = slope_above(activation.kind);
  const double size = size_of(activation, kinks);
  if (slope == 0 || activation.shift != 0 || !(q >= kFarVariance * size * size) ||
      !(q * delta >= kFarDifference * size * size))
    return std::nullopt;
  return line_of(slope);
}

std::optional<double> limit_deficit(const Activation& activation, std::span<const double> kinks, double q,
                                    double delta) {
  if (!(q >= kLargeVariance) || !(q * delta >= kLargeDifference)) return std::nullopt;
  const double size = size_of(activation, kinks);
  if (!(q >= kLargeVariance * size * size) || !(q * delta >= kLargeDifference * size * size)) return std::nullopt;
  if (const double half = activation.scale * half_jump(activation); half != 0)
    return 2 * half * half * 2 * std::asin(std::sqrt(0.5 * delta)) / std::numbers::pi;  // (2 half)^2 P(signs differ)/2
  if (const double slope = activation.scale * slope_above(activation.kind); slope != 0)
    return closed_deficit(line_of(slope), q, delta);
  return std::nullopt;
}

std::optional<Activation> far_line(const Activation& activation, std::span<const double> kinks, double q) {
  if (activation.kind != ActivationKind::kExpression || !(q >= kStraightVariance)) return std::nullopt;
  double size = size_of(activation, kinks);
  constexpr std::array<double, 6> kAway{1.01, 1.5, 3, 10, 1e3, 1e9};
  std::array<double, 2 * kAway.size()> z, value, slope, second;
  for (std::size_t i = 0; i < kAway.size(); ++i) {
    z[i] = -kAway[i] * size;
    z[kAway.size() + i] = kAway[i] * size;
  }
  activate_both(activation, z, value, slope);
  activate_second_derivative(activation, z, second);
  const double below = slope.front(), above = slope.back();
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double own = i < kAway.size() ? below : above;
    if (second[i] != 0 || slope[i] != own) return std::nullopt;
    if (i % kAway.size() == 0)
      size = std::max(size, std::abs(value[i] - own * z[i]) / std::max(std::abs(below), std::abs(above)));
  }
  if ((below == 0 && above == 0) || !(q >= kStraightVariance * size * size)) return std::nullopt;
  Activation line;
  line.kind = ActivationKind::kAbRelu;
  line.parameters = {below, above};
  return line;
}

}  // namespace mft
