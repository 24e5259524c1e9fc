// What units contribute to the Jacobian of a step: nodes of a rule (vanilla), or samples of the stationary law of a
// unit whose weights are drawn anew at every step.
#include <algorithm>
#include <cmath>
#include <functional>

#include "core/gaussian_rule.h"
#include "core/math.h"
#include "core/random.h"
#include "systems/recurrent/purposes.h"
#include "systems/recurrent/spectrum.h"
#include "systems/recurrent/theory.h"

namespace mft::recurrent {
namespace {

using Values = std::vector<double>;

// A gate or candidate at every sample, and its slope.
struct Reading {
  Values value, slope;
};

class Population {
 public:
  Population(const Cell& cell, const UnitSampling& sampling)
      : cell_(cell), sampling_(sampling), state_(sampling.samples) {
    if (cell.kind != CellKind::kMinLstm) gates_ = Theory(cell).gates(sampling.second);
  }

  JacobianUnits units(const Control& control) {
    const std::size_t n = sampling_.samples;
    normals(0, state_);
    const double spread = std::sqrt(std::max(0.0, sampling_.second - sampling_.mean * sampling_.mean));
    for (double& h : state_) h = sampling_.mean + spread * h;
    JacobianUnits units;
    units.weight.assign(n, 1 / static_cast<double>(n));
    const std::size_t steps = settling_steps();
    for (time_ = 1; time_ <= steps; ++time_) {
      control.throw_if_cancelled();
      step(units);
    }
    return units;
  }

 private:
  // The start is Gaussian with the right first moments: the rest of its law is forgotten, or, of slow units, Gaussian.
  std::size_t settling_steps() const {
    if (cell_.kind == CellKind::kMinGru || cell_.kind == CellKind::kMinLstm) return 1;  // no state is read
    constexpr double kLeft = 1e-4;
    constexpr std::size_t kLeast = 20, kMost = 2000;
    const bool is_lstm = cell_.kind == CellKind::kPeepholeLstm || cell_.kind == CellKind::kLstm;
    const UnitMoments& keeps = gates_.of[is_lstm ? 1 : 0];
    const double steps = std::log(kLeft) / std::log1p(-std::max(keeps.w1, 1e-12));
    return std::clamp(static_cast<std::size_t>(std::min(steps, 1e6)), kLeast, kMost);
  }

  void normals(std::uint32_t place, Values& into) const {
    constexpr std::uint32_t kPlaces = 8;
    random_normals({sampling_.seed, sampling_.population, kPlaces * time_ + place, purpose::kUnitNormals}, 0, into);
  }

  void drawn(std::uint32_t place, double mean, double variance, Values& into) const {
    into.resize(sampling_.samples);
    normals(place, into);
    for (double& e : into) e = mean + std::sqrt(variance) * e;
  }

  static void logistic(const Values& e, Reading& into) {
    into.value.resize(e.size());
    into.slope.resize(e.size());
    math::apply(math::Function::kSigmoid, e, into.value);
    for (std::size_t i = 0; i < e.size(); ++i) into.slope[i] = into.value[i] * (1 - into.value[i]);
  }

  static void hyperbolic(const Values& e, Reading& into) {
    into.value.resize(e.size());
    into.slope.resize(e.size());
    math::apply(math::Function::kTanh, e, into.value);
    for (std::size_t i = 0; i < e.size(); ++i) into.slope[i] = 1 - into.value[i] * into.value[i];
  }

  void probit(const Values& e, Reading& into) const {
    into.value.resize(e.size());
    into.slope.resize(e.size());
    for (std::size_t i = 0; i < e.size(); ++i) {
      into.value[i] = 0.5 * std::erfc(-e[i] / std::sqrt(2.0));
      into.slope[i] = std::exp(-0.5 * e[i] * e[i]) / std::sqrt(2 * std::acos(-1.0));
    }
  }

  void gate(std::uint32_t k, Reading& into) {
    drawn(k, cell_.gates[k].bias_mean, gates_.variance[k], e_);
    if (cell_.kind == CellKind::kMinimal && cell_.gate == GateFunction::kProbit) return probit(e_, into);
    logistic(e_, into);
  }

  double sigma(std::size_t k) const { return cell_.gates[k].recurrent; }

  void step(JacobianUnits& units) {
    const std::size_t n = sampling_.samples;
    units.keep.resize(n);
    units.profile.assign(n, 0);
    switch (cell_.kind) {
      case CellKind::kMinimal:
        return minimal(units);
      case CellKind::kGru:
        return cell_.reset_after ? gru_after(units) : gru_before(units);
      case CellKind::kMinGru:
      case CellKind::kMinLstm:
        return input_gates(units);
      default:
        return lstm(units);
    }
  }

  void minimal(JacobianUnits& units) {
    gate(0, first_);
    drawn(1, 0, cell_.input_variance, x_);
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const double u = first_.value[i], b = first_.slope[i] * (state_[i] - x_[i]);
      units.keep[i] = u;
      units.profile[i] = sigma(0) * b * b;
      state_[i] = u * state_[i] + (1 - u) * x_[i];
    }
  }

  // The gates read the input alone: a unit keeps its own share, and nothing comes from the others.
  void input_gates(JacobianUnits& units) {
    if (cell_.kind == CellKind::kMinGru) {
      gate(0, first_);
      units.keep = first_.value;
      return;
    }
    Reading* const readings[] = {&first_, &second_};
    for (std::uint32_t k = 0; k < 2; ++k) {
      drawn(k, cell_.gates[k].bias_mean, cell_.gates[k].variance(0, cell_.input_variance), e_);
      logistic(e_, *readings[k]);
    }
    for (std::size_t i = 0; i < units.keep.size(); ++i)
      units.keep[i] = second_.value[i] / (second_.value[i] + first_.value[i]);
  }

  void gru_after(JacobianUnits& units) {
    gate(0, first_);
    gate(1, second_);
    const Gate& g = cell_.gates[2];
    drawn(2, 0, g.recurrent * sampling_.second + cell_.candidate_recurrent_bias, x_);
    drawn(3, g.bias_mean, g.variance(0, cell_.input_variance), e_);
    for (std::size_t i = 0; i < e_.size(); ++i) e_[i] += second_.value[i] * x_[i];
    hyperbolic(e_, third_);
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const double z = first_.value[i], c = third_.value[i];
      const double b = first_.slope[i] * (state_[i] - c), d = (1 - z) * third_.slope[i];
      const double through = d * second_.value[i], reset = d * x_[i] * second_.slope[i];
      units.keep[i] = z;
      units.profile[i] = sigma(0) * b * b + sigma(2) * through * through + sigma(1) * reset * reset;
      state_[i] = z * state_[i] + (1 - z) * c;
    }
  }

  void gru_before(JacobianUnits& units) {
    gate(0, first_);
    gate(1, second_);
    drawn(2, cell_.gates[2].bias_mean, gates_.variance[2], e_);
    hyperbolic(e_, third_);
    units.reset = second_.value;
    units.candidate.resize(state_.size());
    units.inner.resize(state_.size());
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const double z = first_.value[i], c = third_.value[i];
      const double b = first_.slope[i] * (state_[i] - c), d = (1 - z) * third_.slope[i];
      const double f = state_[i] * second_.slope[i];
      units.keep[i] = z;
      units.profile[i] = sigma(0) * b * b;
      units.candidate[i] = sigma(2) * d * d;
      units.inner[i] = sigma(1) * f * f;
      state_[i] = z * state_[i] + (1 - z) * c;
    }
  }

  void lstm(JacobianUnits& units) {
    gate(0, first_);
    gate(1, second_);
    drawn(2, cell_.gates[2].bias_mean, gates_.variance[2], e_);
    hyperbolic(e_, third_);
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const double c = state_[i], input = first_.value[i], g = third_.value[i];
      const double of_f = second_.slope[i] * c, of_i = first_.slope[i] * g, of_g = input * third_.slope[i];
      units.keep[i] = second_.value[i];
      units.profile[i] = sigma(1) * of_f * of_f + sigma(0) * of_i * of_i + sigma(2) * of_g * of_g;
      state_[i] = second_.value[i] * c + input * g;
    }
    if (cell_.kind == CellKind::kPeepholeLstm) return;
    gate(3, first_);
    hyperbolic(state_, third_);
    units.slope.resize(state_.size());
    units.output.resize(state_.size());
    for (std::size_t i = 0; i < state_.size(); ++i) {
      const double of_o = first_.slope[i] * third_.value[i];
      units.slope[i] = first_.value[i] * third_.slope[i];
      units.output[i] = sigma(3) * of_o * of_o;
    }
  }

  const Cell& cell_;
  const UnitSampling& sampling_;
  Gates gates_;
  Values state_, e_, x_;
  Reading first_, second_, third_;
  std::uint32_t time_ = 0;
};

JacobianUnits vanilla_units(const Cell& cell, double variance) {
  RuleProfile profile = cell.function.profile;
  profile.strip = 0;
  profile.wavelength = 0.25;  // poles in B^2 come near the real axis with w: short panels
  JacobianUnits units;
  Values slope;
  gaussian_rule(profile, variance, [&](std::span<const double> u, std::span<const double> weight) {
    slope.resize(u.size());
    activate_derivative(cell.function.activation, u, slope);
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (weight[i] < 1e-20) continue;
      units.profile.push_back(cell.gates[0].recurrent * slope[i] * slope[i]);
      units.weight.push_back(weight[i]);
    }
  });
  units.keep.assign(units.profile.size(), 0);
  return units;
}

}  // namespace

bool is_sampled(const Cell& cell) { return cell.kind != CellKind::kVanilla; }

JacobianUnits jacobian_units(const Cell& cell, const UnitSampling& sampling, const Control& control) {
  if (!is_sampled(cell)) return vanilla_units(cell, sampling.variance);
  return Population(cell, sampling).units(control);
}

}  // namespace mft::recurrent
