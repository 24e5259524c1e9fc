// Where chi_1 = 1.
#include "systems/recurrent/theory.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/error.h"
#include "systems/recurrent/roots.h"

namespace mft::recurrent {
namespace {

constexpr int kPointsPerDecade = 24;  // of the scans

double moment(const GaussianFunction& function, const Integrand& integrand, double variance) {
  return gaussian_moment(function, integrand, variance);
}

}  // namespace

std::vector<double> Theory::critical_recurrent_variances(const Control& control) const {
  const Gate& first = cell_.gates[0];
  const double drive = first.input * cell_.input_variance + first.bias_variance;
  std::vector<double> result;
  if (cell_.kind == CellKind::kMinimal || cell_.kind == CellKind::kVanilla) {
    // Explicit in q: sigma_w^2 Q = q - drive.
    const bool is_vanilla = cell_.kind == CellKind::kVanilla;
    const auto at = [&](double excess) {
      control.throw_if_cancelled();
      const double q = drive + excess;
      if (is_vanilla) return excess * moment(cell_.function, {.first = 2}, q) - moment(cell_.function, {.value = 2}, q);
      const UnitMoments a = unit_moments(gate_function(), first.bias_mean, q);
      return excess * (1 + 1 / a.closed_share) * a.d2 / a.leak - 1;
    };
    for (const double excess : roots_on(logarithmic_grid(1e-9, 1e6, 15 * kPointsPerDecade), at)) {
      const double q = drive + excess;
      if (is_vanilla) {
        result.push_back(1 / moment(cell_.function, {.first = 2}, q));
      } else {
        result.push_back(excess /
                         (cell_.input_variance * unit_moments(gate_function(), first.bias_mean, q).closed_share));
      }
    }
    std::sort(result.begin(), result.end());
    return result;
  }
  const auto excess_at = [&](double variance) {
    Cell changed = cell_;
    for (Gate& gate : changed.gates) gate.recurrent = variance;
    const Theory theory(changed);
    try {
      return theory.chi1_minus_one(theory.fixed_points(control).front().state);
    } catch (const Error&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  };
  for (const double root : roots_on(logarithmic_grid(1e-3, 1e4, 85), excess_at))
    if (std::abs(excess_at(root)) < 1e-6) result.push_back(root);
  return result;
}

std::vector<double> Theory::critical_bias_means(double low, double high, const Control& control) const {
  const std::size_t place = cell_.kind == CellKind::kPeepholeLstm ? 1 : 0;
  const auto excess_at = [&](double mean) {
    Cell changed = cell_;
    changed.gates[place].bias_mean = mean;
    if (cell_.kind == CellKind::kVanilla) {
      for (double& kink : changed.function.profile.kinks) kink += changed.function.activation.shift - mean;
      changed.function.activation.shift = mean;
    }
    const Theory theory(changed);
    try {
      return theory.chi1_minus_one(theory.fixed_points(control).front().state);
    } catch (const Error&) {
      return std::numeric_limits<double>::quiet_NaN();
    }
  };
  std::vector<double> grid;
  const int points = 1 + static_cast<int>(std::ceil((high - low) / 0.05));
  for (int i = 0; i < points; ++i) grid.push_back(low + (high - low) * i / (points - 1));
  std::vector<double> result;
  // Where the branch from zero ends chi_1 jumps: no root.
  for (const double root : roots_on(grid, excess_at))
    if (std::abs(excess_at(root)) < 1e-6) result.push_back(root);
  return result;
}

}  // namespace mft::recurrent
