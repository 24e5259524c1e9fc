// Two sequences: the map of their covariance, its slope and its fixed point.
#include "systems/recurrent/theory.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/gaussian_tanh.h"
#include "systems/recurrent/roots.h"

namespace mft::recurrent {
namespace {

double moment(const GaussianFunction& function, const Integrand& integrand, double variance) {
  return gaussian_moment(function, integrand, variance);
}

double deficit_of(double covariance, double variance) {
  return variance > 0 ? std::clamp(1 - covariance / variance, 0.0, 2.0) : 0;
}

bool is_plain_tanh(const Cell& cell) {
  return cell.kind == CellKind::kVanilla && cell.function.activation.kind == ActivationKind::kTanh &&
         cell.function.activation.is_plain();
}

}  // namespace

// E g_a g_b of the candidate with reset after the product, over (r_a, r_b) and two pre-activations.
double Theory::candidate_pair_product(const StateMoments& state, double covariance, double input_covariance) const {
  const Gate& r = cell_.gates[1];
  const Gate& g = cell_.gates[2];
  const double q = r.variance(state.second, cell_.input_variance);
  const double inside = g.recurrent * state.second + cell_.candidate_recurrent_bias;
  const double outside = g.input * cell_.input_variance + g.bias_variance;
  const double inside_pair = g.recurrent * covariance + cell_.candidate_recurrent_bias;
  const double outside_pair = g.input * input_covariance + g.bias_variance;
  RuleProfile profile;
  profile.strip = 1.5;  // the inner expectation is analytic while Re r^2 stays above -outside/inside
  profile.pole_order = 1;
  double sum = 0;
  gaussian_pair_rule(profile, q, q, deficit_of(r.covariance(covariance, input_covariance), q),
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       for (std::size_t i = 0; i < u1.size(); ++i) {
                         if (weight[i] < 1e-15) continue;
                         const double r1 = 1 / (1 + std::exp(-(r.bias_mean + u1[i])));
                         const double r2 = 1 / (1 + std::exp(-(r.bias_mean + u2[i])));
                         sum += weight[i] * tanh_pair(g.bias_mean, r1 * r1 * inside + outside,
                                                      r2 * r2 * inside + outside, r1 * r2 * inside_pair + outside_pair);
                       }
                     });
  return sum;
}

double Theory::next_covariance(const StateMoments& state, double covariance, double input_covariance) const {
  const double r = cell_.input_variance;
  const auto pair = [&](std::size_t k, UnitFunction function) {
    const double q = cell_.gates[k].variance(state.second, r);
    const double q12 = std::clamp(cell_.gates[k].covariance(covariance, input_covariance), -q, q);
    return unit_pair(function, cell_.gates[k].bias_mean, q, q, q12);
  };
  switch (cell_.kind) {
    case CellKind::kVanilla: {
      const double q = cell_.gates[0].variance(state.second, r);
      const double q12 = cell_.gates[0].covariance(covariance, input_covariance);
      if (q == 0) return moment(cell_.function, {.value = 2}, 0);
      return gaussian_pair_moment(cell_.function, {.value = 1}, q, q, deficit_of(q12, q));
    }
    case CellKind::kMinimal: {
      const UnitPair a = pair(0, gate_function());
      return covariance * a.vv + input_covariance * a.ww;
    }
    case CellKind::kGru: {
      const UnitPair z = pair(0, UnitFunction::kLogistic);
      const Gates at = gates(state.second);
      double gg;
      if (cell_.reset_after) {
        gg = candidate_pair_product(state, covariance, input_covariance);
      } else {
        const UnitPair reset = pair(1, UnitFunction::kLogistic);
        const Gate& g = cell_.gates[2];
        const double q = at.variance[2];
        const double q12 = g.recurrent * reset.vv * covariance + g.input * input_covariance + g.bias_variance;
        gg = unit_pair(UnitFunction::kTanh, g.bias_mean, q, q, std::clamp(q12, -q, q)).vv;
      }
      return z.vv * covariance + 2 * state.mean * at.of[2].v1 * (at.of[0].w1 - z.ww) + z.ww * gg;
    }
    case CellKind::kMinGru: {
      const Gate& g = cell_.gates[1];
      const double q = cell_.gates[0].variance(0, r);
      const UnitMoments z = unit_moments(UnitFunction::kLogistic, cell_.gates[0].bias_mean, q);
      const UnitPair zz = unit_pair(UnitFunction::kLogistic, cell_.gates[0].bias_mean, q, q,
                                    std::clamp(cell_.gates[0].covariance(0, input_covariance), -q, q));
      const double gg = g.covariance(0, input_covariance) + g.bias_mean * g.bias_mean;
      return zz.vv * covariance + 2 * state.mean * g.bias_mean * (z.w1 - zz.ww) + zz.ww * gg;
    }
    default: {
      const UnitPair i = pair(0, UnitFunction::kLogistic);
      const UnitPair f = pair(1, UnitFunction::kLogistic);
      const UnitPair g = pair(2, UnitFunction::kTanh);
      const Gates at = gates(state.second);
      return f.vv * covariance + 2 * at.of[1].v1 * state.mean * at.of[0].v1 * at.of[2].v1 + i.vv * g.vv;
    }
  }
}

double Theory::susceptibility_minus_one(const StateMoments& state, double covariance, double input_covariance) const {
  const double r = cell_.input_variance;
  const auto pair = [&](std::size_t k, UnitFunction function) {
    const double q = cell_.gates[k].variance(state.second, r);
    const double q12 = std::clamp(cell_.gates[k].covariance(covariance, input_covariance), -q, q);
    return unit_pair(function, cell_.gates[k].bias_mean, q, q, q12);
  };
  const Gate& first = cell_.gates[0];
  switch (cell_.kind) {
    case CellKind::kVanilla: {
      const double q = first.variance(state.second, r);
      const double q12 = first.covariance(covariance, input_covariance);
      // 1 - chi without cancellation where the derivative is near 1: tanh' = 1 - tanh^2.
      if (q12 == 0 && is_plain_tanh(cell_)) {
        const double s = tanh_second_moment(q);
        return (first.recurrent - 1) - first.recurrent * s * (2 - s);
      }
      if (q == 0) {
        const double slope = moment(cell_.function, {.first = 1}, 0);
        return first.recurrent * slope * slope - 1;
      }
      return first.recurrent * gaussian_pair_moment(cell_.function, {.first = 1}, q, q, deficit_of(q12, q)) - 1;
    }
    case CellKind::kMinimal: {
      const UnitPair a = pair(0, gate_function());
      const UnitMoments single = unit_moments(gate_function(), first.bias_mean, first.variance(state.second, r));
      // 1 - v_a v_b = w_a + w_b - w_a w_b.
      return first.recurrent * (covariance + input_covariance) * a.dd - (2 * single.w1 - a.ww);
    }
    case CellKind::kMinGru: {
      const double q = first.variance(0, r);
      const UnitMoments z = unit_moments(UnitFunction::kLogistic, first.bias_mean, q);
      const UnitPair zz = unit_pair(UnitFunction::kLogistic, first.bias_mean, q, q,
                                    std::clamp(first.covariance(0, input_covariance), -q, q));
      return -(2 * z.w1 - zz.ww);
    }
    case CellKind::kGru: {
      const Gates at = gates(state.second);
      const UnitPair z = pair(0, UnitFunction::kLogistic);
      const Gate& g = cell_.gates[2];
      const double through_gate = state.mean * at.of[2].v1;
      if (cell_.reset_after) {
        const auto gg = [&](double x) { return candidate_pair_product(state, x, input_covariance); };
        const double room = state.second - std::abs(covariance);
        double slope;
        if (room <= 1e-9 * state.second) {
          slope = g.recurrent * at.of[2].d2 + cell_.gates[1].recurrent * at.of[2].d2x2;
        } else {
          const double h = std::min(0.5 * room, 0.02 * state.second) / 2;
          slope = (gg(covariance - 2 * h) - 8 * gg(covariance - h) + 8 * gg(covariance + h) - gg(covariance + 2 * h)) /
                  (12 * h);
        }
        return -(2 * at.of[0].w1 - z.ww) + first.recurrent * z.dd * (covariance + gg(covariance) - 2 * through_gate) +
               z.ww * slope;
      }
      const UnitPair reset = pair(1, UnitFunction::kLogistic);
      const double q = at.variance[2];
      const double q12 = g.recurrent * reset.vv * covariance + g.input * input_covariance + g.bias_variance;
      const UnitPair c = unit_pair(UnitFunction::kTanh, g.bias_mean, q, q, std::clamp(q12, -q, q));
      return -(2 * at.of[0].w1 - z.ww) + first.recurrent * z.dd * (covariance + c.vv - 2 * through_gate) +
             z.ww * c.dd * g.recurrent * (reset.vv + covariance * cell_.gates[1].recurrent * reset.dd);
    }
    default: {
      const UnitPair i = pair(0, UnitFunction::kLogistic);
      const UnitPair f = pair(1, UnitFunction::kLogistic);
      const UnitPair g = pair(2, UnitFunction::kTanh);
      const UnitMoments single =
          unit_moments(UnitFunction::kLogistic, cell_.gates[1].bias_mean, cell_.gates[1].variance(state.second, r));
      return -(2 * single.w1 - f.ww) + cell_.gates[1].recurrent * f.dd * covariance +
             cell_.gates[0].recurrent * i.dd * g.vv + cell_.gates[2].recurrent * i.vv * g.dd;
    }
  }
}

PairPoint Theory::pair_fixed_point(const StateMoments& state, double input_correlation) const {
  const double input_covariance = cell_.input_variance * input_correlation;
  const double q = state.second;
  const auto at = [&](double covariance, bool is_at_unity) {
    return PairPoint{covariance, susceptibility_minus_one(state, covariance, input_covariance), is_at_unity};
  };
  if (q == 0) return {0, chi1_minus_one(state), true};
  const auto rise = [&](double covariance) {
    return next_covariance(state, covariance, input_covariance) - covariance;
  };
  double high = q;
  double at_high;
  if (input_correlation == 1 || cell_.input_variance == 0) {
    const double unstable = chi1_minus_one(state);
    // A critical point to rounding counts as at unity: the pair map touches the diagonal there.
    if (!(unstable > 1e-10)) return {q, unstable, true};
    high = q * (1 - std::clamp(1e-13 / unstable, 1e-12, 1e-3));
    at_high = rise(high);
    if (!(at_high < 0)) return {q, unstable, true};
  } else {
    at_high = rise(high);
    if (at_high >= 0) return {q, chi1_minus_one(state), true};
  }
  const double low = input_correlation >= 0 ? 0 : -q;
  const double at_low = rise(low);
  if (at_low <= 0 && low == 0) return at(0, false);
  if (at_low < 0) return at(low, false);
  return at(bracketed_root(rise, low, high, at_low, at_high), false);
}

}  // namespace mft::recurrent
