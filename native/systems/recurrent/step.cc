#include "systems/recurrent/step.h"

#include <cmath>
#include <numbers>

#include "core/math.h"

namespace mft::recurrent {
namespace {

// v = logistic, probit or tanh of e + mean, and its slope.
void apply(UnitFunction kind, double mean, std::vector<double>& e, std::vector<double>& v, std::vector<double>& d) {
  const std::size_t count = e.size();
  v.resize(count);
  d.resize(count);
  for (double& value : e) value += mean;
  switch (kind) {
    case UnitFunction::kLinear:
      v = e;
      std::fill(d.begin(), d.end(), 1.0);
      return;
    case UnitFunction::kTanh:
      math::apply(math::Function::kTanh, e, v);
      for (std::size_t i = 0; i < count; ++i) d[i] = 1 - v[i] * v[i];
      return;
    case UnitFunction::kLogistic:
      math::apply(math::Function::kSigmoid, e, v);
      for (std::size_t i = 0; i < count; ++i) d[i] = v[i] * (1 - v[i]);
      return;
    case UnitFunction::kProbit:
      for (std::size_t i = 0; i < count; ++i) {
        v[i] = -e[i] / std::numbers::sqrt2;
        d[i] = -0.5 * e[i] * e[i];
      }
      math::apply(math::Function::kErfc, v, v);
      math::apply(math::Function::kExp, d, d);
      for (std::size_t i = 0; i < count; ++i) {
        v[i] *= 0.5;
        d[i] *= std::numbers::inv_sqrtpi / std::numbers::sqrt2;
      }
  }
}

}  // namespace

void States::resize(const Cell& cell, std::size_t units_, std::size_t tangents_) {
  units = units_;
  tangents = tangents_;
  h.assign(2 * units, 0);
  dh.assign(tangents * units, 0);
  const bool has_cell = cell.kind == CellKind::kLstm;
  c.assign(has_cell ? 2 * units : 0, 0);
  dc.assign(has_cell ? tangents * units : 0, 0);
  x.assign(cell.kind == CellKind::kMinimal ? 2 * units : 0, 0);
}

std::size_t products_of(const Cell& cell) {
  return cell.kind == CellKind::kGru && cell.reset_after ? 4 : gates_of(cell);
}

Gate product_gate(const Cell& cell, std::size_t product) {
  if (cell.kind == CellKind::kGru && cell.reset_after && product >= 2) {
    Gate gate = cell.gates[2];
    if (product == 2) return {gate.recurrent, 0, cell.candidate_recurrent_bias, 0};
    gate.recurrent = 0;
    return gate;
  }
  Gate gate = cell.gates[product];
  if (cell.kind == CellKind::kMinGru || cell.kind == CellKind::kMinLstm) gate.recurrent = 0;
  if (cell.kind == CellKind::kVanilla) gate.bias_mean = 0;  // the activation carries it as its shift
  return gate;
}

void Stepper::ask(std::size_t k, const std::vector<double>& y, const std::vector<double>& dy,
                  const Products& products) {
  e_[k].resize(y.size());
  de_[k].resize(dy.size());
  products(k, y, dy, e_[k], de_[k]);
  UnitFunction kind = UnitFunction::kLogistic;
  const bool is_candidate =
      (cell_.kind == CellKind::kGru || cell_.kind == CellKind::kPeepholeLstm || cell_.kind == CellKind::kLstm) &&
      k == 2;
  if (cell_.kind == CellKind::kMinimal && cell_.gate == GateFunction::kProbit) kind = UnitFunction::kProbit;
  if (is_candidate) kind = UnitFunction::kTanh;
  if ((cell_.kind == CellKind::kMinGru && k == 1) || (cell_.kind == CellKind::kMinLstm && k == 2))
    kind = UnitFunction::kLinear;
  if (cell_.kind == CellKind::kGru && cell_.reset_after && k >= 2) kind = UnitFunction::kLinear;
  apply(kind, product_gate(cell_, k).bias_mean, e_[k], v_[k], d_[k]);
}

void Stepper::advance(States& states, const Products& products) {
  switch (cell_.kind) {
    case CellKind::kVanilla: {
      e_[0].resize(states.h.size());
      de_[0].resize(states.dh.size());
      products(0, states.h, states.dh, e_[0], de_[0]);
      d_[0].resize(states.h.size());
      activate_both(cell_.function.activation, e_[0], states.h, d_[0]);
      for (std::size_t t = 0; t < states.tangents; ++t)
        for (std::size_t i = 0; i < states.units; ++i)
          states.dh[t * states.units + i] = d_[0][i] * de_[0][t * states.units + i];
      return;
    }
    case CellKind::kGru:
      return gru(states, products);
    case CellKind::kPeepholeLstm:
    case CellKind::kLstm:
      return lstm(states, products);
    default:
      return minimal_family(states, products);
  }
}

void Stepper::minimal_family(States& states, const Products& products) {
  const std::size_t n = states.units;
  std::vector<double>& h = states.h;
  for (std::size_t k = 0; k < products_of(cell_); ++k) ask(k, h, states.dh, products);
  const bool is_minimal = cell_.kind == CellKind::kMinimal;
  if (cell_.kind == CellKind::kMinLstm) {
    // The gates are normalised: f/(f + i) keeps, i/(f + i) writes.
    for (std::size_t j = 0; j < 2 * n; ++j) v_[1][j] /= v_[1][j] + v_[0][j];
  }
  const std::vector<double>& keep = v_[cell_.kind == CellKind::kMinLstm ? 1 : 0];
  const std::vector<double>& candidate = is_minimal ? states.x : v_[cell_.kind == CellKind::kMinLstm ? 2 : 1];
  for (std::size_t t = 0; t < states.tangents; ++t)
    for (std::size_t i = 0; i < n; ++i) {
      double& dh = states.dh[t * n + i];
      dh *= keep[i];
      if (is_minimal) dh += d_[0][i] * (h[i] - candidate[i]) * de_[0][t * n + i];
    }
  for (std::size_t j = 0; j < 2 * n; ++j) h[j] = keep[j] * h[j] + (1 - keep[j]) * candidate[j];
}

void Stepper::gru(States& states, const Products& products) {
  const std::size_t n = states.units;
  std::vector<double>& h = states.h;
  std::vector<double>& dh = states.dh;
  ask(0, h, dh, products);
  ask(1, h, dh, products);
  const std::vector<double>&z = v_[0], &r = v_[1];
  if (cell_.reset_after) {
    ask(2, h, dh, products);
    ask(3, h, dh, products);
    for (std::size_t t = 0; t < states.tangents; ++t)
      for (std::size_t i = 0; i < n; ++i) {
        double& de = de_[2][t * n + i];
        de = r[i] * de + d_[1][i] * de_[1][t * n + i] * v_[2][i];
      }
    for (std::size_t j = 0; j < 2 * n; ++j) e_[2][j] = r[j] * v_[2][j] + v_[3][j];
    apply(UnitFunction::kTanh, 0, e_[2], v_[2], d_[2]);
  } else {
    y_.resize(h.size());
    dy_.resize(dh.size());
    for (std::size_t j = 0; j < 2 * n; ++j) y_[j] = r[j] * h[j];
    for (std::size_t t = 0; t < states.tangents; ++t)
      for (std::size_t i = 0; i < n; ++i) dy_[t * n + i] = r[i] * dh[t * n + i] + d_[1][i] * de_[1][t * n + i] * h[i];
    ask(2, y_, dy_, products);
  }
  for (std::size_t t = 0; t < states.tangents; ++t)
    for (std::size_t i = 0; i < n; ++i) {
      double& each = dh[t * n + i];
      each = z[i] * each + d_[0][i] * de_[0][t * n + i] * (h[i] - v_[2][i]) + (1 - z[i]) * d_[2][i] * de_[2][t * n + i];
    }
  for (std::size_t j = 0; j < 2 * n; ++j) h[j] = z[j] * h[j] + (1 - z[j]) * v_[2][j];
}

void Stepper::lstm(States& states, const Products& products) {
  const std::size_t n = states.units;
  const bool is_peephole = cell_.kind == CellKind::kPeepholeLstm;
  for (std::size_t k = 0; k < products_of(cell_); ++k) ask(k, states.h, states.dh, products);
  std::vector<double>& c = is_peephole ? states.h : states.c;
  std::vector<double>& dc = is_peephole ? states.dh : states.dc;
  const std::vector<double>&i = v_[0], &f = v_[1], &g = v_[2];
  for (std::size_t t = 0; t < states.tangents; ++t)
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t at = t * n + j;
      dc[at] =
          f[j] * dc[at] + d_[1][j] * c[j] * de_[1][at] + d_[0][j] * g[j] * de_[0][at] + i[j] * d_[2][j] * de_[2][at];
    }
  for (std::size_t j = 0; j < 2 * n; ++j) c[j] = f[j] * c[j] + i[j] * g[j];
  if (is_peephole) return;
  y_.resize(2 * n);
  math::apply(math::Function::kTanh, c, y_);
  for (std::size_t t = 0; t < states.tangents; ++t)
    for (std::size_t j = 0; j < n; ++j) {
      const std::size_t at = t * n + j;
      states.dh[at] = v_[3][j] * (1 - y_[j] * y_[j]) * dc[at] + d_[3][j] * y_[j] * de_[3][at];
    }
  for (std::size_t j = 0; j < 2 * n; ++j) states.h[j] = v_[3][j] * y_[j];
}

}  // namespace mft::recurrent
