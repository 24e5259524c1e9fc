// The conditioned engine for one or two inputs and Gaussian weights.
//
// Weights and biases are one standard normal matrix [W / s, b / sigma_b] (s^2 = sigma_w^2 / fan-in) met by the extended
// inputs (s u, sigma_b), so biases cost no numbers of their own. With two inputs Q needs no storage: q_1 = u_a / |u_a|,
// q_2 = w / |w| with w = (u_b - alpha u_a) - beta u_a, beta being the second projection (zero unless the inputs are
// nearly parallel). G, u and phi' of a layer are kept while they fit in the cache and in the memory budget; otherwise
// they are made again in the backward pass, G from the counter. The errors themselves are never stored: the next layer
// needs only their Gram matrix and G^T D.
//
// u and z of an input are in units of a power of two (parts.h): the coefficients below are ratios in which it cancels.
//
// Everything runs over blocks of kBlock units that stay in the L1 cache.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "core/aligned.h"
#include "systems/feedforward/kernels.h"
#include "systems/feedforward/pair_units.h"
#include "systems/feedforward/parts.h"

namespace mft::feedforward {
namespace {

constexpr double kNearlyParallel = 1e-3;  // squared sine below which remainders are measured, not subtracted
constexpr double kSinglePrecisionTolerance = 1e-5;

template <typename Real, bool kPair>
class PairEngine final : public TrialEngine, private PairUnits<Real, kPair> {
  using Base = PairUnits<Real, kPair>;

 public:
  PairEngine(const Parameters& parameters, double budget, ConditioningFault fault)
      : Base(parameters, budget),
        fault_(fault),
        layout_(layout_of(parameters)),
        writer_(p_, layout_),
        tolerance_(sizeof(Real) == 4 ? std::max(p_.rank_tolerance, kSinglePrecisionTolerance) : p_.rank_tolerance) {}

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    start(trial);
    for (std::size_t l = 1; l <= depth_; ++l) {
      control.throw_if_cancelled();
      forward(l, row);
      control.advance(1);
    }
    for (std::size_t k = 0; k < 2; ++k)
      log_scale_[k] = 2.0 * output_exponent(p_, states_[depth_].units[k]) * std::numbers::ln2;
    errors_are_stored_ = true;
    for (std::size_t l = depth_; l >= 1; --l) {
      control.throw_if_cancelled();
      report_errors(l, row);
      if (l > 1) backward(l);
      control.advance(1);
    }
  }

 private:
  using Base::again_units;
  using Base::block_units_;
  using Base::block_z_;
  using Base::clear_tail;
  using Base::delta_;
  using Base::depth_;
  using Base::draw_normals;
  using Base::for_blocks;
  using Base::fresh_;
  using Base::is_kept;
  using Base::kDirections;
  using Base::kept_units;
  using Base::kernels_;
  using Base::load_inputs;
  using Base::make_units;
  using Base::masks_;
  using Base::p_;
  using Base::preactivations;
  using Base::second;
  using Base::start;
  using Base::states_;
  using Base::trial_;
  using Base::units_at;
  using typename Base::Block;
  using typename Base::Units;

  // Measures w = (u_b - alpha u_a) - beta u_a of a layer, whose activities are made once more unless they are kept.
  void measure_remainder(std::size_t layer, const PairRemainder& remainder, LaneSum* sums) {
    std::fill(sums, sums + 2, LaneSum{});
    LaneSum unused[kInputSums] = {};
    for_blocks(layer, [&](const Block& block) {
      Units units = units_at(block_units_, block);
      units.d = nullptr;
      if (layer == 0)
        load_inputs(block, units.u, unused);
      else if (is_kept(layer))
        units = kept_units(layer, block);
      else
        make_units(layer, block, units, unused, unused);
      kernels_.remainder(units.u, units.u + second(block), remainder, block.padded, sums);
    });
  }

  // Directions of the extended inputs of layer l from the sums of u^{l-1}.
  void condition(std::size_t layer) {
    LayerState& state = states_[layer];
    const double fan_in = static_cast<double>(p_.widths[layer - 1]);
    state.scale = std::sqrt(p_.weight_variance[layer - 1] / fan_in);
    state.scale_exponent = exponent_of<Real>(state.scale);
    state.scale = std::ldexp(state.scale, -state.scale_exponent);
    for (std::size_t k = 0; k < 2; ++k)
      state.bias[k] = std::ldexp(std::sqrt(p_.bias_variance[layer - 1]), -(state.u_exponent[k] + state.scale_exponent));
    const double variance = state.scale * state.scale, bias_a = state.bias[0], bias_b = state.bias[1];
    const double aa = variance * state.inputs[0].total() + bias_a * bias_a;
    const double length_a = std::sqrt(aa);
    state.inverse_a = length_a > 0.0 ? 1.0 / length_a : 0.0;
    state.inverse_w = 0.0;
    state.remainder = {};
    state.factor = {length_a, 0.0, 0.0};
    if (!kPair) return;
    const double bb = variance * state.inputs[1].total() + bias_b * bias_b;
    const double ab = variance * state.inputs[2].total() + bias_a * bias_b;
    double alpha = aa > 0.0 ? ab / aa : 0.0, beta = 0.0;
    double square = bb - alpha * ab;
    if (aa > 0.0 && square < kNearlyParallel * bb) {
      LaneSum sums[2];
      measure_remainder(layer - 1, {alpha, 0.0, true}, sums);
      beta = (variance * sums[0].total() + bias_a * (bias_b - alpha * bias_a)) / aa;
      measure_remainder(layer - 1, {alpha, beta, true}, sums);
      const double tail = (bias_b - alpha * bias_a) - beta * bias_a;
      square = variance * sums[1].total() + tail * tail;
      state.remainder.precise = true;
    }
    const bool is_direction = square > tolerance_ * tolerance_ * bb;
    const double length_w = is_direction ? std::sqrt(square) : 0.0;
    state.inverse_w = is_direction ? 1.0 / length_w : 0.0;
    state.remainder.alpha = alpha;
    state.remainder.beta = beta;
    state.factor = {length_a, (alpha + beta) * length_a, length_w};
    state.stretch = ((1.0 - alpha) - beta) * length_a;
  }

  void forward(std::size_t layer, std::span<double> row) {
    condition(layer);
    choose_units<Real>(p_, layer, masks_.dropped(layer), kDirections, states_);
    LaneSum sums[3] = {};
    double line_sums[2] = {};
    if (layer == depth_) {
      std::fill(error_sums_, error_sums_ + kErrorSums, LaneSum{});
      for_blocks(layer, [&](const Block& block) {
        draw_normals(Purpose::kForwardNormals, layer, block, block_units_);
        preactivations(layer, block, block_units_, sums, line_sums);
        output_errors(block, block_units_);
      });
    } else {
      LaneSum* input_sums = states_[layer + 1].inputs;
      std::fill(input_sums, input_sums + kInputSums, LaneSum{});
      for_blocks(layer, [&](const Block& block) {
        Units units = is_kept(layer) ? kept_units(layer, block) : units_at(block_units_, block);
        if (!is_kept(layer)) units.d = nullptr;
        make_units(layer, block, units, sums, input_sums, line_sums);
      });
    }
    // Z = R^T G, so Z's Gram matrix follows from G's.
    const PairFactor& r = states_[layer].factor;
    const double g11 = sums[0].total(), g22 = sums[1].total(), g12 = sums[2].total();
    const double aa = r.aa * r.aa * g11, ab = r.aa * (r.ba * g11 + r.bb * g12);
    const auto quadratic = [&](double x, double y) { return x * x * g11 + 2.0 * x * y * g12 + y * y * g22; };
    // Biases of mean m add 2 m sum z + N m^2 to a square.
    const LayerUnits* units = states_[layer].units;
    const double mean = p_.bias_mean_of(layer);
    const double means[2] = {std::ldexp(mean, -units[0].z), std::ldexp(mean, -units[1].z)};
    const auto moved = [&](double product, std::size_t i, std::size_t j) {
      if (mean == 0.0) return product;
      const double lines = means[i] == means[j] ? means[i] * (line_sums[i] + line_sums[j])
                                                : means[j] * line_sums[i] + means[i] * line_sums[j];
      return product + lines + means[i] * means[j] * static_cast<double>(p_.widths[layer]);
    };
    const double cross = moved(ab, 0, 1);
    const double gram[4] = {moved(aa, 0, 0), cross, cross, moved(quadratic(r.ba, r.bb), 1, 1)};
    writer_.forward(row, trial_, layer, gram, units,
                    [&](std::size_t, std::size_t) { return quadratic(states_[layer].stretch, -r.bb); });
  }

  // delta^L of a block whose pre-activations are in block_z_.
  void output_errors(const Block& block, const Real* g) {
    Real* delta = delta_ + kDirections * block.first;
    const std::size_t count = kDirections * block.padded;
    switch (p_.output_error) {
      case OutputError::kPreactivation:
        for (std::size_t i = 0; i < count; ++i) delta[i] = Real{2} * block_z_[i];
        break;
      case OutputError::kPostactivation:
        for (std::size_t k = 0; k < kDirections; ++k) {
          Real* z = block_z_ + k * block.padded;
          activate_in_units(p_.activation_of(depth_), states_[depth_].units[k], std::span<const Real>(z, block.padded),
                            std::span<Real>(z, block.padded), std::span<Real>(delta + k * block.padded, block.padded));
        }
        for (std::size_t i = 0; i < count; ++i) delta[i] *= Real{2} * block_z_[i];
        break;
      case OutputError::kRandomReadout:
      case OutputError::kSharedRandomReadout:
        for (std::size_t a = 0; a < kDirections; ++a) {
          const std::size_t source = p_.output_error == OutputError::kSharedRandomReadout ? 0 : a;
          random_normals({p_.seed, trial_, static_cast<std::uint32_t>(depth_), Purpose::kOutputError},
                         source * rounded_up(p_.widths[depth_], kPad) + block.first,
                         std::span<Real>(delta + a * block.padded, block.padded));
        }
        break;
    }
    clear_tail(delta, block);
    (kPair ? kernels_.error_sums : kernels_.error_sums_single)(delta, delta + second(block), g, g + second(block),
                                                               block.padded, error_sums_);
  }

  void report_errors(std::size_t layer, std::span<double> row) {
    const auto gram = [](const LaneSum* sums, double* out) {
      out[0] = sums[0].total();
      out[1] = out[2] = sums[2].total();
      out[3] = sums[1].total();
    };
    double errors[4], inputs[4];
    gram(error_sums_, errors);
    gram(states_[layer].inputs, inputs);
    const double error_absolute = error_sums_[3].total(), input_absolute = states_[layer].inputs[3].total();
    const double errors_absolute[4] = {0.0, error_absolute, error_absolute, 0.0};
    const double inputs_absolute[4] = {0.0, input_absolute, input_absolute, 0.0};
    writer_.backward(row, trial_, layer, log_scale_, errors, errors_absolute, inputs, inputs_absolute,
                     states_[layer].u_exponent);
  }

  // Runs the last pass of layer `layer` (whose operands are still in the workspace). store: writes the errors
  // themselves.
  void propagate(std::size_t layer, const PairCoefficients& c, bool store, LaneSum* sums) {
    const auto kernel = kPair ? kernels_.errors : kernels_.errors_single;
    for_blocks(layer, [&](const Block& block) {
      const Units units = is_kept(layer) ? kept_units(layer, block) : again_units(block);
      const std::size_t at = kDirections * block.first, b = second(block);
      Real* delta = store ? delta_ + at : nullptr;
      kernel(units.u, units.u + b, units.d, units.d + b, fresh_ + at, fresh_ + at + b, units.g, units.g + b, c, delta,
             store ? delta + b : nullptr, block.padded, sums);
    });
  }

  // |delta_b - c delta_a| / |delta_b| for nearly parallel errors, from the errors themselves.
  double error_remainder(std::size_t layer, double alpha, double length_b) {
    LaneSum unused[kErrorSums] = {};
    if (!errors_are_stored_) propagate(layer, coefficients_, true, unused);
    LaneSum sums[2] = {};
    for_blocks(layer, [&](const Block& block) {
      const Real* delta = delta_ + kDirections * block.first;
      kernels_.remainder(delta, delta + second(block), {alpha, 0.0, true}, block.padded, sums);
    });
    return std::sqrt(sums[1].total()) / length_b;
  }

  // From the sums of delta^layer to those of delta^{layer-1}.
  void backward(std::size_t layer) {
    const LayerState& state = states_[layer];
    const double length_a = std::sqrt(error_sums_[0].total()), length_b = std::sqrt(error_sums_[1].total());
    const double inverse_a = length_a > 0.0 ? 1.0 / length_a : 0.0, inverse_b = length_b > 0.0 ? 1.0 / length_b : 0.0;
    // S of the unit errors: upper triangular.
    const double s11 = length_a > 0.0 ? 1.0 : 0.0;
    const double s12 = error_sums_[2].total() * inverse_a * inverse_b;
    double s22 = length_b > 0.0 ? std::sqrt(std::max(0.0, 1.0 - s12 * s12)) : 0.0;
    if (length_a > 0.0 && length_b > 0.0 && s22 * s22 < kNearlyParallel) {
      s22 = error_remainder(layer, error_sums_[2].total() * inverse_a * inverse_a, length_b);
      if (!(s22 > tolerance_)) s22 = 0.0;
    }
    const bool is_shared = p_.backward_weights == BackwardWeights::kShared;
    const double is_returned = is_shared && fault_ != ConditioningFault::kNoReturnTerm ? 1.0 : 0.0;
    const double is_projected = is_shared && fault_ != ConditioningFault::kNoProjector ? 1.0 : 0.0;

    LaneSum overlaps[4] = {};
    make_operands(layer, overlaps);
    Real tail[2] = {};
    if (p_.bias_variance[layer - 1] > 0.0)
      random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), Purpose::kBackwardNormals},
                     kDirections * rounded_up(p_.widths[layer - 1], kPad), std::span<Real>(tail, kDirections));
    // Q^T E over the extended vectors.
    const double bias_a = state.bias[0];
    const double bias_w = (state.bias[1] - state.remainder.alpha * bias_a) - state.remainder.beta * bias_a;
    const auto overlap = [&](std::size_t sum, double inverse, double bias, Real tail_entry) {
      return is_projected * inverse * (state.scale * overlaps[sum].total() + bias * static_cast<double>(tail_entry));
    };
    const double k11 = overlap(0, state.inverse_a, bias_a, tail[0]), k12 = overlap(1, state.inverse_a, bias_a, tail[1]);
    const double k21 = overlap(2, state.inverse_w, bias_w, tail[0]), k22 = overlap(3, state.inverse_w, bias_w, tail[1]);
    // Coefficients of q_1, q_2: G^T D - (Q^T E) S.
    const double y1a = is_returned * error_sums_[4].total() * inverse_a - k11 * s11;
    const double y1b = is_returned * error_sums_[5].total() * inverse_b - (k11 * s12 + k12 * s22);
    const double y2a = is_returned * error_sums_[6].total() * inverse_a - k21 * s11;
    const double y2b = is_returned * error_sums_[7].total() * inverse_b - (k21 * s12 + k22 * s22);
    const double s = state.scale, first = s * s * state.inverse_a, second = s * s * state.inverse_w;
    coefficients_ = {first * y1a, second * y2a, s * s11, first * y1b, second * y2b, s * s12, s * s22};

    const auto unit = [&](std::size_t k) {
      return 2.0 * (state.scale_exponent + states_[layer - 1].units[k].slope) * std::numbers::ln2;
    };
    if (length_a > 0.0) log_scale_[0] += 2.0 * std::log(length_a) + unit(0);
    if (length_b > 0.0) log_scale_[1] += 2.0 * std::log(length_b) + unit(1);
    std::fill(error_sums_, error_sums_ + kErrorSums, LaneSum{});
    errors_are_stored_ = false;
    propagate(layer - 1, coefficients_, false, error_sums_);
  }

  // Fresh normals with their overlaps with u_a and w of layer - 1, which is made again unless it is kept; w takes u_b's
  // place.
  void make_operands(std::size_t layer, LaneSum* overlaps) {
    const std::size_t below = layer - 1;
    LaneSum unused[kInputSums] = {};
    for_blocks(below, [&](const Block& block) {
      const Units units = is_kept(below) ? kept_units(below, block) : again_units(block);
      if (!is_kept(below)) make_units(below, block, units, unused, unused);
      Real* e = fresh_ + kDirections * block.first;
      draw_normals(Purpose::kBackwardNormals, layer, block, e);
      (kPair ? kernels_.overlaps : kernels_.overlaps_single)(units.u, units.u + second(block), states_[layer].remainder,
                                                             e, e + second(block), block.padded, overlaps);
    });
  }

  const ConditioningFault fault_;
  const Layout layout_;
  const RowWriter writer_;
  const double tolerance_;

  double log_scale_[2] = {};
  LaneSum error_sums_[kErrorSums] = {};
  PairCoefficients coefficients_{};
  bool errors_are_stored_ = false;
};

}  // namespace

std::unique_ptr<TrialEngine> make_pair_engine(const Parameters& p, double budget, ConditioningFault fault) {
  if (p.precision == Precision::kFloat32) {
    if (p.inputs == 2) return std::make_unique<PairEngine<float, true>>(p, budget, fault);
    return std::make_unique<PairEngine<float, false>>(p, budget, fault);
  }
  if (p.inputs == 2) return std::make_unique<PairEngine<double, true>>(p, budget, fault);
  return std::make_unique<PairEngine<double, false>>(p, budget, fault);
}

double pair_engine_memory(const Parameters& p, double budget) {
  const std::size_t size = p.precision == Precision::kFloat32 ? 4 : 8;
  const PairPlan plan = pair_plan_of(p, budget, size);
  const double arrays = static_cast<double>(arrays_of(plan) * p.inputs) * static_cast<double>(plan.widest);
  return static_cast<double>(size) * (static_cast<double>(plan.kept) + arrays) +
         static_cast<double>(sizeof(LayerState) * p.widths.size());
}

}  // namespace mft::feedforward
