#include "systems/recurrent/theory.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/error.h"
#include "systems/recurrent/roots.h"

namespace mft::recurrent {
namespace {

constexpr double kCeiling = 1e10;     // states beyond it count as divergent
constexpr int kPointsPerDecade = 24;  // of the scan for fixed points
constexpr double kSmallestShare = 1e-14;

double moment(const GaussianFunction& function, const Integrand& integrand, double variance) {
  return gaussian_moment(function, integrand, variance);
}

}  // namespace

Theory::Theory(const Cell& cell) : cell_(cell) {}

UnitFunction Theory::gate_function() const {
  return cell_.gate == GateFunction::kProbit ? UnitFunction::kProbit : UnitFunction::kLogistic;
}

// Moments of tanh(r e + f) over r, e ~ N(0, recurrent Q + b_hn), f ~ N(mean, rest); d2x2 becomes E g'^2 r'^2 e^2, d2
// becomes E g'^2 r^2: what the susceptibility asks for.
UnitMoments Theory::candidate_after_reset(double second) const {
  const Gate& r = cell_.gates[1];
  const Gate& g = cell_.gates[2];
  const double reset_variance = r.variance(second, cell_.input_variance);
  const double inside = g.recurrent * second + cell_.candidate_recurrent_bias;
  const double outside = g.input * cell_.input_variance + g.bias_variance;
  UnitMoments sum;
  RuleProfile profile;
  profile.strip = 1.5;  // the inner expectation is analytic while Re r^2 stays above -outside/inside
  profile.pole_order = 2;
  gaussian_rule(profile, reset_variance, [&](std::span<const double> u, std::span<const double> weight) {
    for (std::size_t i = 0; i < u.size(); ++i) {
      const double gate = 1 / (1 + std::exp(-(r.bias_mean + u[i])));
      const double slope = gate * (1 - gate);
      const double variance = gate * gate * inside + outside;
      const UnitMoments at = unit_moments(UnitFunction::kTanh, g.bias_mean, variance);
      const double p = weight[i];
      sum.v1 += p * at.v1;
      sum.v2 += p * at.v2;
      sum.v3 += p * at.v3;
      sum.v4 += p * at.v4;
      sum.d2 += p * gate * gate * at.d2;
      // e given r e + f = x has mean r inside x / variance and variance inside outside / variance.
      const double ratio = variance > 0 ? inside / variance : 0;
      sum.d2x2 += p * slope * slope * (ratio * outside * at.d2 + gate * gate * ratio * ratio * at.d2x2);
    }
  });
  return sum;
}

Gates Theory::gates(double second) const {
  Gates result;
  const double r = cell_.input_variance;
  const auto fill = [&](std::size_t k, UnitFunction function) {
    result.variance[k] = cell_.gates[k].variance(second, r);
    result.of[k] = unit_moments(function, cell_.gates[k].bias_mean, result.variance[k]);
  };
  switch (cell_.kind) {
    case CellKind::kVanilla:
      result.variance[0] = cell_.gates[0].variance(second, r);
      result.of[0].v1 = moment(cell_.function, {.value = 1}, result.variance[0]);
      result.of[0].v2 = moment(cell_.function, {.value = 2}, result.variance[0]);
      result.of[0].d2 = moment(cell_.function, {.first = 2}, result.variance[0]);
      break;
    case CellKind::kMinimal:
      fill(0, gate_function());
      break;
    case CellKind::kGru: {
      fill(0, UnitFunction::kLogistic);
      fill(1, UnitFunction::kLogistic);
      if (cell_.reset_after) {
        result.of[2] = candidate_after_reset(second);
        result.variance[2] = cell_.gates[2].recurrent * second + cell_.candidate_recurrent_bias;
        break;
      }
      const Gate& g = cell_.gates[2];
      result.variance[2] = g.recurrent * result.of[1].v2 * second + g.input * r + g.bias_variance;
      result.of[2] = unit_moments(UnitFunction::kTanh, g.bias_mean, result.variance[2]);
      break;
    }
    case CellKind::kPeepholeLstm:
    case CellKind::kLstm:
      fill(0, UnitFunction::kLogistic);
      fill(1, UnitFunction::kLogistic);
      fill(2, UnitFunction::kTanh);
      if (cell_.kind == CellKind::kLstm) fill(3, UnitFunction::kLogistic);
      break;
    case CellKind::kMinGru:
      result.variance[0] = cell_.gates[0].variance(0, r);
      result.of[0] = unit_moments(UnitFunction::kLogistic, cell_.gates[0].bias_mean, result.variance[0]);
      result.variance[1] = cell_.gates[1].variance(0, r);
      result.of[1] = unit_moments(UnitFunction::kLinear, cell_.gates[1].bias_mean, result.variance[1]);
      break;
    case CellKind::kMinLstm:
      throw Error("UNSUPPORTED", "cell", "Expected `cell` to be another one: minLstm has no moments here.");
  }
  return result;
}

StateMoments Theory::next(const StateMoments& state) const { return next(state, gates(state.second)); }

StateMoments Theory::next(const StateMoments& state, const Gates& gates) const {
  const UnitMoments& a = gates.of[0];
  const UnitMoments& b = gates.of[1];
  const UnitMoments& c = gates.of[2];
  switch (cell_.kind) {
    case CellKind::kVanilla:
      return {a.v2, a.v1};
    case CellKind::kMinimal:
      return {state.second * a.v2 + cell_.input_variance * a.w2, 0};
    case CellKind::kGru:
      return {state.second * a.v2 + 2 * state.mean * c.v1 * a.vw + a.w2 * c.v2, state.mean * a.v1 + a.w1 * c.v1};
    case CellKind::kMinGru:
      return {state.second * a.v2 + 2 * state.mean * b.v1 * a.vw + a.w2 * b.v2, state.mean * a.v1 + a.w1 * b.v1};
    default:  // peephole; the lstm's moments do not close
      return {b.v2 * state.second + 2 * b.v1 * state.mean * a.v1 * c.v1 + a.v2 * c.v2, b.v1 * state.mean + a.v1 * c.v1};
  }
}

StateMoments Theory::settled(double second) const {
  if (cell_.kind == CellKind::kMinimal) {
    const Gate& gate = cell_.gates[0];
    const double variance = gate.variance(second, cell_.input_variance);
    return {cell_.input_variance * closed_share(gate_function(), gate.bias_mean, variance), 0};
  }
  const Gates at = gates(second);
  const UnitMoments& a = at.of[0];
  const UnitMoments& b = at.of[1];
  const UnitMoments& c = at.of[2];
  switch (cell_.kind) {
    case CellKind::kVanilla:
      return {a.v2, a.v1};
    case CellKind::kGru:
      return {(2 * c.v1 * c.v1 * a.vw + a.w2 * c.v2) / a.leak, c.v1};
    case CellKind::kMinGru:
      return {(2 * b.v1 * b.v1 * a.vw + a.w2 * b.v2) / a.leak, b.v1};
    default: {
      const double mean = a.v1 * c.v1 / b.w1;
      return {(2 * b.v1 * mean * a.v1 * c.v1 + a.v2 * c.v2) / b.leak, mean};
    }
  }
}

double Theory::map_ratio(double second) const {
  const double settled_second = settled(second).second;
  return settled_second > 0 ? std::log1p((settled_second - second) / second) : -std::numeric_limits<double>::infinity();
}

double Theory::upper_end() const {
  switch (cell_.kind) {
    case CellKind::kMinimal:
      return cell_.input_variance;
    case CellKind::kGru:
      return 1;
    default: {
      // Bounded functions have the same moment at 10^8 and 10^10.
      const double high = settled(kCeiling).second;
      if (cell_.kind == CellKind::kVanilla) {
        const bool is_bounded = high < 1e6 && std::abs(high - settled(1e-2 * kCeiling).second) < 1e-2 * high;
        return is_bounded ? 1.5 * high : kCeiling;
      }
      // Peephole: with |g| <= 1 no more than what a forget gate of these moments can hold; gates of any Q lie between.
      double top = 0;
      for (double second = 1e-4; second < kCeiling; second *= 10) top = std::max(top, settled(second).second);
      return std::min(kCeiling, 2 * top);
    }
  }
}

std::vector<FixedPoint> Theory::fixed_points(const Control& control) const {
  if (cell_.kind == CellKind::kLstm)
    throw Error("UNSUPPORTED", "cell", "Expected `cell` to be one with closed moments.");
  const StateMoments at_zero = settled(0);
  if (cell_.kind == CellKind::kMinGru) return {{at_zero, true}};
  std::vector<FixedPoint> result;
  const double high = upper_end();
  if (!(high > 0)) return {{{0, 0}, true}};
  const double from_above = settled(high).second;
  double low = 0.3 * std::min(at_zero.second, from_above);
  if (cell_.kind == CellKind::kMinimal) {
    if (at_zero.second < 1e-280) return {{at_zero, true}};  // the gate never opens: Q = 0 to double precision
  } else {
    low = std::max(low, kSmallestShare * std::min(high, 1.0));
  }
  const bool rests_at_zero = at_zero.second == 0;
  if (rests_at_zero) low = kSmallestShare * std::min(high, 1.0);
  // Where Q hardly changes any pre-activation the settled moment is constant: one step of the scan spans it.
  double largest = 1e-300, least_drive = 1;
  for (std::size_t k = 0; k < gates_of(cell_); ++k) {
    const Gate& gate = cell_.gates[k];
    largest = std::max(largest, gate.recurrent);
    if (cell_.kind == CellKind::kVanilla || (cell_.kind != CellKind::kMinimal && k == 2))
      least_drive = std::min(least_drive, gate.variance(0, cell_.input_variance));
  }
  std::vector<double> grid;
  double from = low;
  if (const double flat = std::min(0.1 * high, 1e-3 * least_drive / largest); flat > low) {
    grid.push_back(std::log(low));
    from = flat;
  }
  // With reset after the product every point is a two-dimensional integral.
  const int density = has_candidate_after_reset() ? kPointsPerDecade / 4 : kPointsPerDecade;
  const int points = std::max(8, static_cast<int>(std::ceil(density * std::log10(high / from))));
  for (int i = 0; i < points; ++i)
    grid.push_back(std::log(from) + (std::log(high) - std::log(from)) * i / (points - 1));
  std::vector<double> roots = roots_on(grid, [&](double logarithm) {
    control.throw_if_cancelled();
    return map_ratio(std::exp(logarithm));
  });
  for (double& root : roots) root = std::exp(root);
  // Between roots the map lies above the diagonal and below it in turn: those it crosses downwards are stable.
  bool is_above = map_ratio(low) > 0;
  if (rests_at_zero) result.push_back({{0, 0}, !is_above});
  for (const double root : roots) {
    result.push_back({{root, settled(root).mean}, is_above});
    is_above = !is_above;
  }
  if (is_above && (cell_.kind == CellKind::kVanilla || cell_.kind == CellKind::kPeepholeLstm) && high == kCeiling) {
    if (result.empty() || std::none_of(result.begin(), result.end(), [](const FixedPoint& p) { return p.is_stable; }))
      throw Error("NO_FIXED_POINT", "recurrentWeightVariance",
                  "The state variance diverges: no fixed point below 1e10. Lower `recurrentWeightVariance`" +
                      std::string(cell_.kind == CellKind::kVanilla ? "." : ", or the bias of the forget gate."));
  }
  if (result.empty()) {
    // The root lies at an end of the scan to rounding (R = Q where the gate is never open).
    const double end = is_above ? high : low;
    result.push_back({{end, settled(end).mean}, true});
  }
  return result;
}

double Theory::variance_map_slope(const StateMoments& state) const {
  if (cell_.kind == CellKind::kVanilla) {
    const double q = cell_.gates[0].variance(state.second, cell_.input_variance);
    return cell_.gates[0].recurrent *
           (moment(cell_.function, {.first = 2}, q) + moment(cell_.function, {.value = 1, .second = 1}, q));
  }
  if (cell_.kind == CellKind::kMinimal) {
    const UnitMoments a = gates(state.second).of[0];
    return a.v2 + cell_.gates[0].recurrent * (state.second * a.v2_slope + cell_.input_variance * a.w2_slope);
  }
  // The larger eigenvalue of the map of (Q, E h), by central differences of fourth order.
  const auto difference = [&](bool in_mean) {
    const double step = 2e-3 * std::max(in_mean ? std::sqrt(state.second) : state.second, 1e-6);
    const auto at = [&](double h) {
      return next(in_mean ? StateMoments{state.second, state.mean + h} : StateMoments{state.second + h, state.mean});
    };
    const StateMoments a = at(-2 * step), b = at(-step), c = at(step), d = at(2 * step);
    return StateMoments{(a.second - 8 * b.second + 8 * c.second - d.second) / (12 * step),
                        (a.mean - 8 * b.mean + 8 * c.mean - d.mean) / (12 * step)};
  };
  const StateMoments by_second = difference(false), by_mean = difference(true);
  const double half = 0.5 * (by_second.second + by_mean.mean);
  const double root = half * half - by_second.second * by_mean.mean + by_second.mean * by_mean.second;
  return root >= 0 ? half + std::sqrt(root) : std::sqrt(half * half - root);
}

}  // namespace mft::recurrent
