// Where chi_1 = 1.
#include "systems/recurrent/theory.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "systems/recurrent/roots.h"

namespace mft::recurrent {
namespace {

constexpr int kPointsPerDecade = 24;  // of the scans
constexpr double kLeastVariance = 1e-3, kLargestVariance = 1e4;
constexpr double kRootTolerance = 1e-6;  // of chi_1, and relative of the moment of the branch from zero
constexpr double kSameRoot = 1e-6;       // relative distance of roots that rounding made of one
// A settled moment at no recurrence that counts as none: a root moves by some 20 square roots of it.
constexpr double kLeastDrive = 1e-18;
constexpr std::size_t kCandidate = 2;  // gate of gru and peephole lstm that carries the drive

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
    // Without drive chi_1 - 1 touches 0 from both sides: rounding makes many roots of one.
    const auto is_near = [](double a, double b) { return b - a < kSameRoot * a; };
    result.erase(std::unique(result.begin(), result.end(), is_near), result.end());
    return result;
  }
  const auto is_fed = [&] { return cell_.kind == CellKind::kGru || cell_.kind == CellKind::kPeepholeLstm; };
  bool is_driven = true;
  const auto with_recurrent = [&](double variance) {
    Cell changed = cell_;
    if (!is_driven) changed.gates[kCandidate].input = changed.gates[kCandidate].bias_variance = 0;
    for (Gate& gate : changed.gates) gate.recurrent = variance;
    return Theory(changed);
  };
  // A candidate that hardly anything drives: the root is that without drive, to kLeastDrive's root.
  if (is_fed() && with_recurrent(0).settled(1).second < kLeastDrive) is_driven = false;
  const bool is_explicit = is_fed() && is_driven;
  if (!is_explicit) {
    const auto excess_at = [&](double variance) {
      try {
        const Theory theory = with_recurrent(variance);
        const auto points = theory.fixed_points(control);
        if (points.empty()) return std::numeric_limits<double>::quiet_NaN();
        return theory.chi1_minus_one(points.front().state);
      } catch (const Error&) {
        return std::numeric_limits<double>::quiet_NaN();
      }
    };
    for (const double root : roots_on(logarithmic_grid(kLeastVariance, kLargestVariance, 85), excess_at))
      if (std::abs(excess_at(root)) < kRootTolerance) result.push_back(root);
    return result;
  }
  // Every pre-activation reads sigma_w^2 Q =: x only, so the settled moment Q(x) is explicit and x belongs to the
  // variance x / Q(x): one scan over x in the place of a search for the fixed point at every variance.
  const auto at = [&](double x) {
    control.throw_if_cancelled();
    const StateMoments state = with_recurrent(x).settled(1);
    return std::pair(x / state.second, state);
  };
  const auto excess_along = [&](double x) {
    const auto [variance, state] = at(x);
    return with_recurrent(variance).chi1_minus_one(state);
  };
  const double low = kLeastVariance * at(0).second.second;
  const double high = kLargestVariance * upper_end();
  const int points = static_cast<int>(std::ceil(kPointsPerDecade / 2 * std::log10(high / low)));
  for (const double x : roots_on(logarithmic_grid(low, high, points), excess_along)) {
    const auto [variance, state] = at(x);
    if (variance < kLeastVariance || variance > kLargestVariance) continue;
    // Only the branch from zero counts.
    const auto points_there = with_recurrent(variance).fixed_points(control);
    if (points_there.empty()) continue;
    const double reached = points_there.front().state.second;
    if (std::abs(reached - state.second) < kRootTolerance * state.second && std::abs(excess_along(x)) < kRootTolerance)
      result.push_back(variance);
  }
  std::sort(result.begin(), result.end());
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
      const auto found = theory.fixed_points(control);
      if (found.empty()) return std::numeric_limits<double>::quiet_NaN();
      return theory.chi1_minus_one(found.front().state);
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
