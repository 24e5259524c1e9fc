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
#include "systems/feedforward/pair_state.h"
#include "systems/feedforward/parts.h"

namespace mft::feedforward {
namespace {

constexpr std::size_t kBlock = 512;
constexpr double kNearlyParallel = 1e-3;  // squared sine below which remainders are measured, not subtracted
constexpr double kSinglePrecisionTolerance = 1e-5;

template <typename Real, bool kPair>
class PairEngine final : public TrialEngine {
 public:
  PairEngine(const Parameters& parameters, double budget)
      : p_(parameters),
        layout_(layout_of(parameters)),
        writer_(p_, layout_),
        masks_(p_),
        inputs_(p_),
        plan_(pair_plan_of(p_, budget, sizeof(Real))),
        kernels_(pair_kernels<Real>()),
        depth_(p_.widths.size() - 1),
        tolerance_(sizeof(Real) == 4 ? std::max(p_.rank_tolerance, kSinglePrecisionTolerance) : p_.rank_tolerance),
        states_(depth_ + 1) {
    kept_.resize(plan_.kept);
    const std::size_t array = kDirections * plan_.widest;
    workspace_.resize(arrays_of(plan_) * array);
    delta_ = workspace_.data();
    fresh_ = delta_ + array;
    again_ = fresh_ + array;
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    vectors_ = inputs_.draw(trial);
    for (std::size_t k = 0; k < kDirections; ++k)
      states_[1].u_exponent[k] =
          input_exponent<Real>(p_, 1, exponent_of<Real>(largest_of(vectors_ + k * p_.widths[0], p_.widths[0])));
    measure_inputs();
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
  static constexpr std::size_t kDirections = kPair ? 2 : 1;

  struct Block {
    std::size_t first, size, padded;  // padded: size rounded up to kPad
  };
  template <typename Body>
  void for_blocks(std::size_t layer, const Body& body) {
    const std::size_t width = p_.widths[layer];
    for (std::size_t first = 0; first < width; first += kBlock) {
      const std::size_t size = std::min(kBlock, width - first);
      body(Block{first, size, rounded_up(size, kPad)});
    }
  }

  // Every array lies block after block, and within a block direction after direction: b's part begins `padded` after
  // a's.
  struct Units {
    Real *g, *u, *d;
  };
  static Units units_at(Real* block_begin, const Block& block) {
    const std::size_t size = kDirections * block.padded;
    return {block_begin, block_begin + size, block_begin + 2 * size};
  }
  bool is_kept(std::size_t layer) const { return plan_.kept_at[layer] != PairPlan::kNowhere; }
  Units kept_units(std::size_t layer, const Block& block) {
    return units_at(kept_.data() + plan_.kept_at[layer] + kPerUnit * kDirections * block.first, block);
  }
  Units again_units(const Block& block) { return units_at(again_ + kPerUnit * kDirections * block.first, block); }
  static std::size_t second(const Block& block) { return kPair ? block.padded : 0; }

  static void clear_tail(Real* x, const Block& block) {
    for (std::size_t k = 0; k < kDirections; ++k)
      std::fill(x + k * block.padded + block.size, x + (k + 1) * block.padded, Real{0});
  }

  void draw_normals(Purpose purpose, std::size_t layer, const Block& block, Real* out) const {
    random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), purpose}, block.first * kDirections,
                   std::span<Real>(out, kDirections * block.padded));
    clear_tail(out, block);
  }

  // Mask words of a block and input, or null.
  const std::uint64_t* mask(std::size_t layer, std::size_t input, const Block& block) {
    if (!masks_.is_masked(layer)) return nullptr;
    std::uint64_t* words = mask_words_[input];
    masks_.draw(trial_, layer, input, block.first / 64,
                std::span<std::uint64_t>(words, rounded_up(block.size, 64) / 64));
    return words;
  }

  // Masks and scales the activities u of a block of layer l, and the derivatives unless d is null.
  void mask_units(std::size_t layer, const Block& block, Real* u, Real* d, LaneSum* sums) {
    clear_tail(u, block);
    if (d != nullptr) clear_tail(d, block);
    const std::uint64_t* mask_a = mask(layer, 0, block);
    const bool is_common = !kPair || p_.mask_sharing == MaskSharing::kShared;
    const std::uint64_t* mask_b = is_common ? mask_a : mask(layer, 1, block);
    const double scale = 1.0 / masks_.keep(layer);
    // Masked units with a value of their own are rare: the kernel knows zeros only.
    if (const double dropped = masks_.dropped(layer); dropped != 0.0 && mask_a != nullptr) {
      for (std::size_t k = 0; k < kDirections; ++k) {
        const std::uint64_t* bits = k == 0 ? mask_a : mask_b;
        const Real value = static_cast<Real>(std::ldexp(dropped, -states_[layer + 1].u_exponent[k]));
        apply_mask(bits, static_cast<Real>(scale), u + k * block.padded, block.size);
        fill_masked(bits, value, u + k * block.padded, block.size);
        if (d != nullptr) apply_mask(bits, static_cast<Real>(scale), d + k * block.padded, block.size);
      }
      mask_a = mask_b = nullptr;
    }
    (kPair ? kernels_.activities : kernels_.activities_single)(
        u, u + second(block), d, d == nullptr ? d : d + second(block), mask_a, mask_b, scale, block.padded, sums);
  }

  // line_sums, unless null, gathers the sum of every input's z without the mean of the biases.
  void preactivations(std::size_t layer, const Block& block, const Real* g, LaneSum* sums, double* line_sums) {
    (kPair ? kernels_.preactivations : kernels_.preactivations_single)(
        g, g + second(block), states_[layer].factor, block_z_, block_z_ + second(block), block.padded, sums);
    const double mean = p_.bias_mean_of(layer);
    if (mean == 0.0) return;
    for (std::size_t k = 0; k < kDirections; ++k) {
      Real* z = block_z_ + k * block.padded;
      const Real own_mean = static_cast<Real>(std::ldexp(mean, -states_[layer].units[k].z));
      for (std::size_t i = 0; i < block.size; ++i) {
        if (line_sums != nullptr) line_sums[k] += static_cast<double>(z[i]);
        z[i] += own_mean;
      }
    }
  }

  // Draws G of a block of a hidden layer and makes u, and d unless it is null.
  void make_units(std::size_t layer, const Block& block, const Units& units, LaneSum* normal_sums,
                  LaneSum* activity_sums, double* line_sums = nullptr) {
    draw_normals(Purpose::kForwardNormals, layer, block, units.g);
    preactivations(layer, block, units.g, normal_sums, line_sums);
    for (std::size_t k = 0; k < kDirections; ++k) {
      const std::size_t at = k * block.padded;
      activate_in_units(p_.activation_of(layer), states_[layer].units[k],
                        std::span<const Real>(block_z_ + at, block.padded), std::span<Real>(units.u + at, block.padded),
                        units.d == nullptr ? std::span<Real>() : std::span<Real>(units.d + at, block.padded));
    }
    mask_units(layer, block, units.u, units.d, activity_sums);
  }

  // The masked inputs of a block.
  void load_inputs(const Block& block, Real* u, LaneSum* sums) {
    for (std::size_t k = 0; k < kDirections; ++k) {
      const double* from = vectors_ + k * p_.widths[0] + block.first;
      const int exponent = states_[1].u_exponent[k];
      for (std::size_t i = 0; i < block.size; ++i)
        u[k * block.padded + i] = static_cast<Real>(exponent == 0 ? from[i] : std::ldexp(from[i], -exponent));
    }
    mask_units(0, block, u, nullptr, sums);
  }

  void measure_inputs() {
    LaneSum* sums = states_[1].inputs;
    std::fill(sums, sums + kInputSums, LaneSum{});
    for_blocks(0, [&](const Block& block) { load_inputs(block, block_units_, sums); });
  }

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
    const double is_returned = is_shared && p_.fault != ConditioningFault::kNoReturnTerm ? 1.0 : 0.0;
    const double is_projected = is_shared && p_.fault != ConditioningFault::kNoProjector ? 1.0 : 0.0;

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

  const Parameters& p_;
  const Layout layout_;
  const RowWriter writer_;
  const Masks masks_;
  InputVectors inputs_;
  const PairPlan plan_;
  const PairKernels<Real>& kernels_;
  const std::size_t depth_;
  const double tolerance_;
  std::vector<LayerState> states_;

  std::uint32_t trial_ = 0;
  const double* vectors_ = nullptr;
  double log_scale_[2] = {};
  LaneSum error_sums_[kErrorSums] = {};
  PairCoefficients coefficients_{};
  bool errors_are_stored_ = false;

  AlignedVector<Real> kept_, workspace_;
  Real *delta_ = nullptr, *fresh_ = nullptr, *again_ = nullptr;
  alignas(kCacheLine) Real block_z_[2 * kBlock] = {};
  alignas(kCacheLine) Real block_units_[2 * kPerUnit * kBlock] = {};
  std::uint64_t mask_words_[2][kBlock / 64] = {};
};

}  // namespace

std::unique_ptr<TrialEngine> make_pair_engine(const Parameters& p, double budget) {
  if (p.precision == Precision::kFloat32) {
    if (p.inputs == 2) return std::make_unique<PairEngine<float, true>>(p, budget);
    return std::make_unique<PairEngine<float, false>>(p, budget);
  }
  if (p.inputs == 2) return std::make_unique<PairEngine<double, true>>(p, budget);
  return std::make_unique<PairEngine<double, false>>(p, budget);
}

double pair_engine_memory(const Parameters& p, double budget) {
  const std::size_t size = p.precision == Precision::kFloat32 ? 4 : 8;
  const PairPlan plan = pair_plan_of(p, budget, size);
  const double arrays = static_cast<double>(arrays_of(plan) * p.inputs) * static_cast<double>(plan.widest);
  return static_cast<double>(size) * (static_cast<double>(plan.kept) + arrays) +
         static_cast<double>(sizeof(LayerState) * p.widths.size());
}

}  // namespace mft::feedforward
