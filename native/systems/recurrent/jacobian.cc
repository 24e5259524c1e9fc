// Moments of the state-to-state Jacobian and of its products.
#include "systems/recurrent/theory.h"

#include <cmath>
#include <vector>

namespace mft::recurrent {
namespace {

double moment(const GaussianFunction& function, const Integrand& integrand, double variance) {
  return gaussian_moment(function, integrand, variance);
}

}  // namespace

double Theory::chi1_minus_one(const StateMoments& state) const { return chi1_minus_one(state, gates(state.second)); }

double Theory::chi1_minus_one(const StateMoments& state, const Gates& gates) const {
  const UnitMoments& a = gates.of[0];
  const UnitMoments& b = gates.of[1];
  const UnitMoments& c = gates.of[2];
  const auto sigma = [&](std::size_t k) { return cell_.gates[k].recurrent; };
  switch (cell_.kind) {
    case CellKind::kVanilla: {
      // Below rounding of the moment: critical.
      const double excess = sigma(0) * a.d2 - 1;
      return std::abs(excess) < 1e-15 ? 0 : excess;
    }
    case CellKind::kMinimal:
      return sigma(0) * (state.second + cell_.input_variance) * a.d2 - a.leak;
    case CellKind::kMinGru:
      return -a.leak;
    case CellKind::kGru: {
      const double through_candidate = cell_.reset_after ? sigma(2) * c.d2 + sigma(1) * c.d2x2
                                                         : c.d2 * sigma(2) * (b.v2 + state.second * sigma(1) * b.d2);
      return -a.leak + sigma(0) * a.d2 * (state.second + c.v2 - 2 * state.mean * c.v1) + a.w2 * through_candidate;
    }
    default:
      return -b.leak + sigma(1) * b.d2 * state.second + sigma(0) * a.d2 * c.v2 + sigma(2) * a.v2 * c.d2;
  }
}

double Theory::chi1(const StateMoments& state) const {
  const Gates at = gates(state.second);
  if (cell_.kind == CellKind::kVanilla) return cell_.gates[0].recurrent * at.of[0].d2;
  if (cell_.kind == CellKind::kMinGru) return at.of[0].v2;
  return 1 + chi1_minus_one(state, at);
}

double Theory::third_moment(const StateMoments& state) const {
  const Gates at = gates(state.second);
  const UnitMoments& a = at.of[0];
  if (cell_.kind == CellKind::kGru || cell_.kind == CellKind::kMinGru) {
    const UnitMoments& g = at.of[cell_.kind == CellKind::kGru ? 2 : 1];
    return (3 * state.second * g.v1 * a.v2w + 3 * state.mean * g.v2 * a.vw2 + g.v3 * a.w3) / (a.w1 + a.vw + a.v2w);
  }
  if (cell_.kind == CellKind::kPeepholeLstm) {
    const UnitMoments& f = at.of[1];
    const UnitMoments& g = at.of[2];
    return (a.v3 * g.v3 + 3 * f.v1 * state.mean * a.v2 * g.v2 + 3 * f.v2 * state.second * a.v1 * g.v1) /
           (f.w1 + f.vw + f.v2w);
  }
  if (cell_.kind == CellKind::kVanilla) return moment(cell_.function, {.value = 3}, at.variance[0]);
  return 0;
}

double Theory::fourth_moment(const StateMoments& state) const {
  const Gates at = gates(state.second);
  const UnitMoments& a = at.of[0];
  const double escape = a.w1 + a.vw + a.v2w + a.v3w;  // 1 - v^4
  if (cell_.kind == CellKind::kVanilla) return moment(cell_.function, {.value = 4}, at.variance[0]);
  if (cell_.kind == CellKind::kMinimal)
    return (6 * a.v2w2 * state.second * cell_.input_variance + a.w4 * cell_.input_fourth_moment) / escape;
  const double third = third_moment(state);
  if (cell_.kind == CellKind::kPeepholeLstm) {
    const UnitMoments& f = at.of[1];
    const UnitMoments& g = at.of[2];
    return (a.v4 * g.v4 + 4 * f.v1 * state.mean * a.v3 * g.v3 + 6 * f.v2 * state.second * a.v2 * g.v2 +
            4 * f.v3 * third * a.v1 * g.v1) /
           (f.w1 + f.vw + f.v2w + f.v3w);
  }
  const UnitMoments& g = at.of[cell_.kind == CellKind::kGru ? 2 : 1];
  return (4 * third * g.v1 * a.v3w + 6 * state.second * g.v2 * a.v2w2 + 4 * state.mean * g.v3 * a.vw3 + g.v4 * a.w4) /
         escape;
}

double Theory::next_fourth_moment(const StateMoments& state, double fourth) const {
  const UnitMoments a = gates(state.second).of[0];
  return a.v4 * fourth + 6 * a.v2w2 * state.second * cell_.input_variance + a.w4 * cell_.input_fourth_moment;
}

JacobianMoments Theory::jacobian(const StateMoments& state, double third, double fourth) const {
  const Gates at = gates(state.second);
  const UnitMoments& a = at.of[0];
  const auto sigma = [&](std::size_t k) { return cell_.gates[k].recurrent; };
  JacobianMoments result;
  result.first_minus_one = chi1_minus_one(state, at);
  const double m1 = 1 + result.first_minus_one;
  const double q = state.second;
  switch (cell_.kind) {
    case CellKind::kVanilla: {
      const double fourth_slope = moment(cell_.function, {.first = 4}, at.variance[0]);
      const double kappa = cell_.is_orthogonal ? fourth_slope - a.d2 * a.d2 : fourth_slope;
      result.second = m1 * m1 + sigma(0) * sigma(0) * kappa;
      return result;
    }
    case CellKind::kMinimal: {
      const double r = cell_.input_variance;
      const double difference = fourth + 6 * q * r + cell_.input_fourth_moment;
      const double b2 = a.d2 * (q + r), b4 = a.d4 * difference;
      const double kappa = cell_.is_orthogonal ? b4 - b2 * b2 : b4;
      const double variance = a.v4 - a.v2 * a.v2 + 2 * sigma(0) * a.v2d2 * (q + r) + sigma(0) * sigma(0) * kappa;
      result.second = m1 * m1 + variance;
      return result;
    }
    case CellKind::kMinGru:
      result.second = a.v4;
      return result;
    case CellKind::kGru: {
      if (cell_.reset_after || cell_.is_orthogonal) return result;
      const UnitMoments& r = at.of[1];
      const UnitMoments& g = at.of[2];
      const double difference2 = q - 2 * state.mean * g.v1 + g.v2;
      const double difference4 = fourth - 4 * third * g.v1 + 6 * q * g.v2 - 4 * state.mean * g.v3 + g.v4;
      const double b2 = a.d2 * difference2, b4 = a.d4 * difference4;
      const double c2 = a.w2 * g.d2, c4 = a.w4 * g.d4;
      const double f2 = q * r.d2, f4 = fourth * r.d4;
      const double l1 = r.v2 + sigma(1) * f2;
      const double l2 = r.v4 + 2 * sigma(1) * (r.v2d2 * q + r.v2 * f2) + sigma(1) * sigma(1) * (f4 + f2 * f2);
      const double a2b2 = a.v2d2 * difference2, a2c2 = a.v2w2 * g.d2;
      const double b2c2 = a.w2d2 * (q * g.d2 - 2 * state.mean * g.vd2 + g.v2d2);
      result.second = a.v4 + 2 * sigma(0) * (a2b2 + a.v2 * b2) + sigma(0) * sigma(0) * (b4 + b2 * b2) +
                      sigma(2) * sigma(2) * (c4 * l1 * l1 + c2 * c2 * l2) + 2 * sigma(2) * l1 * (a2c2 + a.v2 * c2) +
                      2 * sigma(0) * sigma(2) * l1 * (b2c2 + b2 * c2);
      return result;
    }
    default: {
      const UnitMoments& i = at.of[0];
      const UnitMoments& f = at.of[1];
      const UnitMoments& g = at.of[2];
      const double of_f = sigma(1) * f.d2 * q, of_i = sigma(0) * i.d2 * g.v2, of_g = sigma(2) * i.v2 * g.d2;
      const double s2 = of_f + of_i + of_g;
      const double f2s2 = sigma(1) * f.v2d2 * q + f.v2 * (of_i + of_g);
      const double s4 = sigma(1) * sigma(1) * f.d4 * fourth + sigma(0) * sigma(0) * i.d4 * g.v4 +
                        sigma(2) * sigma(2) * i.v4 * g.d4 + 2 * of_f * (of_i + of_g) +
                        2 * sigma(0) * sigma(2) * i.v2d2 * g.v2d2;
      double second = f.v4 + 2 * (f2s2 + f.v2 * s2) + s4 + s2 * s2;
      if (cell_.is_orthogonal) second -= of_f * of_f + of_i * of_i + of_g * of_g;
      result.second = second;
      return result;
    }
  }
}

std::vector<double> product_second_moments(const Theory& theory, const std::vector<StateMoments>& states,
                                           const std::vector<double>& fourth_moments) {
  const Cell& cell = theory.cell();
  std::vector<double> result;
  if (cell.kind == CellKind::kVanilla) {
    double sum = 1;  // the factors are free: variances of the normalised factors add up
    for (const StateMoments& state : states) {
      const Gates at = theory.gates(state.second);
      const double d2 = at.of[0].d2;
      // Of slopes alone: no weight variance is too small or too large for a ratio.
      const double ratio = moment(cell.function, {.first = 4}, at.variance[0]) / d2 / d2;
      sum += cell.is_orthogonal ? ratio - 1 : ratio;
      result.push_back(sum);
    }
    return result;
  }
  if (cell.kind == CellKind::kMinGru) {
    double product = 1;
    for (const StateMoments& state : states) {
      const UnitMoments a = theory.gates(state.second).of[0];
      product *= a.v4 / (a.v2 * a.v2);
      result.push_back(product);
    }
    return result;
  }
  if (cell.kind != CellKind::kMinimal) {
    const JacobianMoments moments = theory.jacobian(states[0], theory.third_moment(states[0]), fourth_moments[0]);
    const double m1 = 1 + moments.first_minus_one;
    if (moments.second) result.push_back(*moments.second / (m1 * m1));
    return result;
  }
  // S = tr (P^2)/N, d = E P_ii^2, g = E h_i^2 P_ii, m = tr P/N for P = M M^T, everything over powers of m.
  const double r = cell.input_variance, x4 = cell.input_fourth_moment;
  const double sigma = cell.gates[0].recurrent;
  double s = 1, d = 1, g = states[0].second;
  for (std::size_t step = 0; step < states.size(); ++step) {
    const double q = states[step].second, h4 = fourth_moments[step];
    const UnitMoments a = theory.gates(q).of[0];
    const double chi = 1 + theory.chi1_minus_one(states[step]);
    const double b2 = a.d2 * (q + r), b4 = a.d4 * (h4 + 6 * q * r + x4);
    const double kappa = cell.is_orthogonal ? b4 - b2 * b2 : b4;
    const double mixed = 2 * sigma * a.v2d2 * (g + r);
    const double next_s = s * chi * chi + d * (a.v4 - a.v2 * a.v2) + mixed + sigma * sigma * kappa;
    const double next_d = a.v4 * d + mixed + sigma * sigma * b4;
    const double next_g =
        a.v4 * g + a.v2w2 * r + sigma * (a.v2d2 * (h4 + q * r) - 4 * a.vwd2 * q * r + a.w2d2 * (q * r + x4));
    s = next_s / (chi * chi);
    d = next_d / (chi * chi);
    g = next_g / chi;
    result.push_back(s);
  }
  return result;
}

}  // namespace mft::recurrent
