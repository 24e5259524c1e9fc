// What the pair engine knows of its layers: which are kept, the matrix of each, the units of their vectors.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "systems/feedforward/kernels.h"
#include "systems/feedforward/parts.h"

namespace mft::feedforward {

// What is known of the matrix of one layer.
struct LayerState {
  LaneSum inputs[kInputSums];  // u_a u_a, u_b u_b, u_a u_b, |u_a u_b| of u^{l-1}
  double scale = 0.0;          // s in units of 2^scale_exponent
  int scale_exponent = 0;
  double bias[2] = {};                      // sigma_b in units of s u^{l-1}: the last entry of the extended inputs
  int u_exponent[2] = {};                   // u^{l-1} is in units of 2^exponent
  LayerUnits units[2];                      // of this layer
  double inverse_a = 0.0, inverse_w = 0.0;  // 1 / |extended u_a|, 1 / |extended w|; 0: no direction
  PairFactor factor{};
  double stretch = 0.0;  // factor.aa - factor.ba without cancellation
  PairRemainder remainder{};
};

// Per unit and input a layer has G, the activity and the derivative.
constexpr std::size_t kPerUnit = 3;
// What is kept must stay in the cache: from memory, reading is slower than drawing again.
constexpr double kCacheBudget = 12e6;

struct PairPlan {
  std::vector<std::size_t> kept_at;  // [l] where layer l is kept, or kNowhere
  std::size_t kept = 0, widest = 0;
  bool is_everything_kept = true;
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
};

// The last layers are kept: the backward pass comes to them first.
inline PairPlan pair_plan_of(const Parameters& p, double budget, std::size_t size_of_real) {
  PairPlan plan;
  const std::size_t depth = p.widths.size() - 1;
  plan.kept_at.assign(depth + 1, PairPlan::kNowhere);
  const double most = std::min(budget, kCacheBudget) / static_cast<double>(size_of_real);
  for (std::size_t l = depth; l-- > 1;) {
    const std::size_t numbers = kPerUnit * p.inputs * rounded_up(p.widths[l], kPad);
    if (static_cast<double>(plan.kept + numbers) > most) {
      plan.is_everything_kept = false;
      break;
    }
    plan.kept_at[l] = std::exchange(plan.kept, plan.kept + numbers);
  }
  for (std::size_t l = 1; l <= depth; ++l) plan.widest = std::max(plan.widest, rounded_up(p.widths[l], kPad));
  return plan;
}

// Arrays of one number per unit and input: the errors, fresh normals, and a layer that is not kept.
inline std::size_t arrays_of(const PairPlan& plan) { return plan.is_everything_kept ? 2 : 2 + kPerUnit; }

// Units of u^{layer-1} beside which the square of a bias does not overflow.
template <typename Real>
int input_exponent(const Parameters& p, std::size_t layer, int exponent) {
  constexpr int kLeast = -400;
  if (p.bias_variance[layer - 1] == 0.0) return exponent;
  const double fan_in = static_cast<double>(p.widths[layer - 1]);
  return std::max(exponent, kLeast - exponent_of<Real>(std::sqrt(p.weight_variance[layer - 1] / fan_in)));
}

// Chooses the units of z^l, from which the size of u^l follows.
template <typename Real>
void choose_units(const Parameters& p, std::size_t layer, double dropped, std::size_t directions,
                  std::vector<LayerState>& states) {
  LayerState& state = states[layer];
  PairFactor& r = state.factor;
  const double mean = p.bias_mean_of(layer);
  const double lengths[2] = {r.aa, std::hypot(r.ba, r.bb)};
  for (std::size_t k = 0; k < directions; ++k) {
    const int unit = state.u_exponent[k] + state.scale_exponent;
    const double length = lengths[k] + std::abs(std::ldexp(mean, -unit));
    const int shift = exponent_of<Real>(length);
    const int z_exponent = unit + shift;
    if (shift != 0 && k == 0) r.aa = std::ldexp(r.aa, -shift), state.stretch = std::ldexp(state.stretch, -shift);
    if (shift != 0 && k == 1) r.ba = std::ldexp(r.ba, -shift), r.bb = std::ldexp(r.bb, -shift);
    const double size = std::ldexp(length, -shift);
    if (layer == p.widths.size() - 1) {
      state.units[k] = output_units<Real>(p, size, z_exponent);
      continue;
    }
    LayerUnits units = units_of<Real>(p.activation_of(layer), size, z_exponent, dropped);
    states[layer + 1].u_exponent[k] = units.u = input_exponent<Real>(p, layer + 1, units.u);
    state.units[k] = units;
  }
  if (state.u_exponent[0] != state.u_exponent[1]) state.stretch = r.aa - r.ba;
}

}  // namespace mft::feedforward
