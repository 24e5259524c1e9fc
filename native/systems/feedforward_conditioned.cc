// The conditioned engine for one or two inputs and Gaussian weights.
//
// Weights and biases are one standard normal matrix [W / s, b / sigma_b] (s^2 = sigma_w^2 / fan-in) met by the extended
// inputs (s u, sigma_b), so biases cost no numbers of their own. With two inputs Q needs no storage: q_1 = u_a / |u_a|,
// q_2 = w / |w| with w = (u_b - alpha u_a) - beta u_a, beta being the second projection (zero unless the inputs are
// nearly parallel). Of a layer only G and a few numbers are kept; activations are made again in the backward pass, and
// G too (from the counter) where the memory budget is spent. The errors themselves are never stored: the next layer
// needs only their Gram matrix and G^T D.
//
// Everything runs over blocks of kBlock units that stay in the L1 cache.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "core/aligned.h"
#include "systems/feedforward_kernels.h"
#include "systems/feedforward_parts.h"

namespace mft::feedforward {
namespace {

constexpr std::size_t kBlock = 512;
constexpr double kNearlyParallel = 1e-3;  // squared sine below which remainders are measured, not subtracted
constexpr double kSinglePrecisionTolerance = 1e-5;

// What is known of the matrix of one layer.
struct LayerState {
  LaneSum inputs[4];  // u_a u_a, u_b u_b, u_a u_b, |u_a u_b| of u^{l-1}
  double scale = 0.0;     // s
  double bias = 0.0;      // sigma_b: the last entry of the extended inputs
  double inverse_a = 0.0, inverse_w = 0.0;  // 1 / |extended u_a|, 1 / |extended w|; 0: no direction
  PairFactor factor{};
  double stretch = 0.0;  // factor.aa - factor.ba without cancellation
  PairRemainder remainder{};
};

struct Plan {
  std::vector<std::size_t> normals_at;  // [l] where G of layer l is kept, or kNowhere
  std::vector<std::size_t> masks_at;    // [l] where the masks of layer l are kept
  std::size_t normals = 0, mask_words = 0, widest = 0;
  bool is_everything_kept = true;
  static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
};

Plan plan_of(const Parameters& p, double budget, std::size_t size_of_real) {
  Plan plan;
  const std::size_t depth = p.widths.size() - 1;
  const Masks masks(p);
  plan.normals_at.assign(depth + 1, Plan::kNowhere);
  plan.masks_at.assign(depth + 1, Plan::kNowhere);
  double spent = 0.0;
  for (std::size_t l = 1; l < depth; ++l) {
    const std::size_t normals = p.inputs * rounded_up(p.widths[l], kPad);
    const std::size_t words = masks.is_masked(l) ? p.inputs * masks.words(l) : 0;
    const double bytes = static_cast<double>(normals) * static_cast<double>(size_of_real) + 8.0 * static_cast<double>(words);
    if (spent + bytes > budget) {
      plan.is_everything_kept = false;
      break;
    }
    spent += bytes;
    plan.normals_at[l] = std::exchange(plan.normals, plan.normals + normals);
    plan.masks_at[l] = std::exchange(plan.mask_words, plan.mask_words + words);
  }
  for (std::size_t l = 1; l <= depth; ++l) plan.widest = std::max(plan.widest, rounded_up(p.widths[l], kPad));
  return plan;
}

// The arrays of the workspace lie an odd number of cache lines off whole pages: side by side in all cache sets.
std::size_t spacing_of(const Plan& plan, std::size_t size_of_real) {
  return rounded_up(plan.widest, 4096 / size_of_real) + 9 * kCacheLine / size_of_real;
}
std::size_t arrays_of(const Plan& plan, std::size_t inputs) { return inputs * (plan.is_everything_kept ? 4 : 5); }

template <typename Real, bool kPair>
class PairEngine final : public TrialEngine {
 public:
  PairEngine(const Parameters& parameters, double budget)
      : p_(parameters),
        layout_(layout_of(parameters)),
        writer_(p_, layout_),
        masks_(p_),
        inputs_(p_),
        plan_(plan_of(p_, budget, sizeof(Real))),
        kernels_(pair_kernels<Real>()),
        depth_(p_.widths.size() - 1),
        tolerance_(sizeof(Real) == 4 ? std::max(p_.rank_tolerance, kSinglePrecisionTolerance) : p_.rank_tolerance),
        states_(depth_ + 1) {
    kept_normals_.resize(plan_.normals);
    kept_masks_.resize(plan_.mask_words);
    workspace_.resize(arrays_of(plan_, kDirections) * spacing_of(plan_, sizeof(Real)));
    Real* next = workspace_.data();
    const auto take = [&](std::size_t arrays) { return std::exchange(next, next + arrays * spacing_of(plan_, sizeof(Real))); };
    ua_ = take(1), da_ = take(1), delta_a_ = take(1);
    if (kPair) ub_ = take(1), db_ = take(1), delta_b_ = take(1);
    fresh_ = take(kDirections);
    if (!plan_.is_everything_kept) again_ = take(kDirections);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    vectors_ = inputs_.draw(trial);
    measure_inputs();
    for (std::size_t l = 1; l <= depth_; ++l) {
      control.throw_if_cancelled();
      forward(l, row);
      control.advance(1);
    }
    log_scale_[0] = log_scale_[1] = 0.0;
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

  static void clear_tail(Real* x, const Block& block) { std::fill(x + block.size, x + block.padded, Real{0}); }

  // The normals of a block: direction k at out + k * padded.
  void draw_normals(Purpose purpose, std::size_t layer, const Block& block, Real* out) const {
    random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), purpose}, block.first * kDirections,
                   std::span<Real>(out, kDirections * block.padded));
    for (std::size_t k = 0; k < kDirections; ++k) clear_tail(out + k * block.padded, block);
  }

  Real* kept_normals(std::size_t layer, const Block& block) {
    const std::size_t at = plan_.normals_at[layer];
    return at == Plan::kNowhere ? nullptr : kept_normals_.data() + at + block.first * kDirections;
  }

  // G of a block in the backward pass: kept, or drawn again into `again_`.
  const Real* normals_again(std::size_t layer, const Block& block) {
    if (const Real* kept = kept_normals(layer, block)) return kept;
    Real* out = again_ + block.first * kDirections;
    draw_normals(Purpose::kForwardNormals, layer, block, out);
    return out;
  }

  // Mask words of a block and input, or null. draw: false when they are already in the kept store.
  const std::uint64_t* mask(std::size_t layer, std::size_t input, const Block& block, bool draw) {
    if (!masks_.is_masked(layer)) return nullptr;
    const std::size_t first = block.first / 64, count = rounded_up(block.size, 64) / 64;
    const std::size_t at = plan_.masks_at[layer];
    std::uint64_t* words = at == Plan::kNowhere ? mask_words_[input]
                                                : kept_masks_.data() + at + input * masks_.words(layer) + first;
    if (draw || at == Plan::kNowhere) masks_.draw(trial_, layer, input, first, std::span<std::uint64_t>(words, count));
    return words;
  }

  const std::uint64_t* second_mask(std::size_t layer, const Block& block, bool draw, const std::uint64_t* mask_a) {
    if (!kPair || p_.mask_sharing == MaskSharing::kShared) return mask_a;
    return mask(layer, 1, block, draw);
  }

  // phi, masked and scaled, of a block of layer l into block_a_, block_b_ (layer 0: the inputs).
  void activities(std::size_t layer, const Block& block, LaneSum* sums, bool draw_masks) {
    clear_tail(block_a_, block);
    if (kPair) clear_tail(block_b_, block);
    const std::uint64_t* mask_a = mask(layer, 0, block, draw_masks);
    const std::uint64_t* mask_b = second_mask(layer, block, draw_masks, mask_a);
    (kPair ? kernels_.activities : kernels_.activities_single)(block_a_, block_b_, mask_a, mask_b,
                                                               1.0 / masks_.keep(layer), block.padded, sums);
  }

  void load_inputs(const Block& block) {
    const double* a = vectors_ + block.first;
    for (std::size_t i = 0; i < block.size; ++i) block_a_[i] = static_cast<Real>(a[i]);
    if (!kPair) return;
    const double* b = a + p_.widths[0];
    for (std::size_t i = 0; i < block.size; ++i) block_b_[i] = static_cast<Real>(b[i]);
  }

  void preactivations(std::size_t layer, const Real* g, const Block& block) {
    (kPair ? kernels_.preactivations : kernels_.preactivations_single)(
        g, g + (kPair ? block.padded : 0), states_[layer].factor, block_a_, block_b_, block.padded);
  }

  void measure_inputs() {
    LaneSum* sums = states_[1].inputs;
    std::fill(sums, sums + 4, LaneSum{});
    for_blocks(0, [&](const Block& block) {
      load_inputs(block);
      activities(0, block, sums, true);
    });
  }

  // Makes u^layer once more and measures w = (u_b - alpha u_a) - beta u_a.
  void measure_remainder(std::size_t layer, const PairRemainder& remainder, LaneSum* sums) {
    std::fill(sums, sums + 2, LaneSum{});
    LaneSum unused[4] = {};
    for_blocks(layer, [&](const Block& block) {
      if (layer == 0) {
        load_inputs(block);
      } else {
        const Real* g = kept_normals(layer, block);
        if (g == nullptr) {
          draw_normals(Purpose::kForwardNormals, layer, block, block_g_);
          g = block_g_;
        }
        preactivations(layer, g, block);
        activate(p_.activation, std::span<const Real>(block_a_, block.padded), std::span<Real>(block_a_, block.padded));
        activate(p_.activation, std::span<const Real>(block_b_, block.padded), std::span<Real>(block_b_, block.padded));
      }
      activities(layer, block, unused, false);
      kernels_.remainder(block_a_, block_b_, remainder, block.padded, sums);
    });
  }

  // Directions of the extended inputs of layer l from the sums of u^{l-1}.
  void condition(std::size_t layer) {
    LayerState& state = states_[layer];
    const double fan_in = static_cast<double>(p_.widths[layer - 1]);
    state.scale = std::sqrt(p_.weight_variance[layer - 1] / fan_in);
    state.bias = std::sqrt(p_.bias_variance[layer - 1]);
    const double variance = state.scale * state.scale, bias = state.bias;
    const double aa = variance * state.inputs[0].total() + bias * bias;
    const double length_a = std::sqrt(aa);
    state.inverse_a = length_a > 0.0 ? 1.0 / length_a : 0.0;
    state.inverse_w = 0.0;
    state.remainder = {};
    state.factor = {length_a, 0.0, 0.0};
    if (!kPair) return;
    const double bb = variance * state.inputs[1].total() + bias * bias;
    const double ab = variance * state.inputs[2].total() + bias * bias;
    double alpha = aa > 0.0 ? ab / aa : 0.0, beta = 0.0;
    double square = bb - alpha * ab;
    if (aa > 0.0 && square < kNearlyParallel * bb) {
      LaneSum sums[2];
      measure_remainder(layer - 1, {alpha, 0.0, true}, sums);
      beta = (variance * sums[0].total() + bias * (bias - alpha * bias)) / aa;
      measure_remainder(layer - 1, {alpha, beta, true}, sums);
      const double tail = (bias - alpha * bias) - beta * bias;
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
    LaneSum sums[3] = {};
    LaneSum* input_sums = layer < depth_ ? states_[layer + 1].inputs : nullptr;
    if (input_sums != nullptr) std::fill(input_sums, input_sums + 4, LaneSum{});
    std::fill(error_sums_, error_sums_ + kErrorSums, LaneSum{});
    for_blocks(layer, [&](const Block& block) {
      Real* g = layer < depth_ ? kept_normals(layer, block) : nullptr;
      if (g == nullptr) g = block_g_;
      draw_normals(Purpose::kForwardNormals, layer, block, g);
      (kPair ? kernels_.products : kernels_.products_single)(g, g + (kPair ? block.padded : 0), block.padded, sums);
      preactivations(layer, g, block);
      if (layer == depth_) {
        output_errors(block, g);
        return;
      }
      activate(p_.activation, std::span<const Real>(block_a_, block.padded), std::span<Real>(block_a_, block.padded));
      if (kPair)
        activate(p_.activation, std::span<const Real>(block_b_, block.padded), std::span<Real>(block_b_, block.padded));
      activities(layer, block, input_sums, true);
    });
    // Z = R^T G, so Z's Gram matrix follows from G's.
    const PairFactor& r = states_[layer].factor;
    const double g11 = sums[0].total(), g22 = sums[1].total(), g12 = sums[2].total();
    const double aa = r.aa * r.aa * g11, ab = r.aa * (r.ba * g11 + r.bb * g12);
    const auto quadratic = [&](double x, double y) { return x * x * g11 + 2.0 * x * y * g12 + y * y * g22; };
    const double gram[4] = {aa, ab, ab, quadratic(r.ba, r.bb)};
    writer_.forward(row, trial_, layer, gram,
                    [&](std::size_t, std::size_t) { return quadratic(states_[layer].stretch, -r.bb); });
  }

  // delta^L of a block whose pre-activations are in block_a_, block_b_.
  void output_errors(const Block& block, const Real* g) {
    for (std::size_t a = 0; a < kDirections; ++a) {
      Real* z = a == 0 ? block_a_ : block_b_;
      Real* delta = (a == 0 ? delta_a_ : delta_b_) + block.first;
      switch (p_.output_error) {
        case OutputError::kPreactivation:
          for (std::size_t i = 0; i < block.padded; ++i) delta[i] = Real{2} * z[i];
          break;
        case OutputError::kPostactivation:
          activate_both(p_.activation, std::span<const Real>(z, block.padded), std::span<Real>(block_phi_, block.padded),
                        std::span<Real>(delta, block.padded));
          for (std::size_t i = 0; i < block.padded; ++i) delta[i] *= Real{2} * block_phi_[i];
          break;
        case OutputError::kRandomReadout:
        case OutputError::kSharedRandomReadout: {
          const std::size_t source = p_.output_error == OutputError::kSharedRandomReadout ? 0 : a;
          random_normals({p_.seed, trial_, static_cast<std::uint32_t>(depth_), Purpose::kOutputError},
                         source * rounded_up(p_.widths[depth_], kPad) + block.first, std::span<Real>(delta, block.padded));
          break;
        }
      }
      clear_tail(delta, block);
    }
    (kPair ? kernels_.error_sums : kernels_.error_sums_single)(delta_a_ + block.first,
                                                               delta_b_ + (kPair ? block.first : 0), g,
                                                               g + (kPair ? block.padded : 0), block.padded, error_sums_);
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
    writer_.backward(row, trial_, layer, log_scale_, errors, errors_absolute, inputs, inputs_absolute);
  }

  // Runs the last pass of layer `layer` (whose operands are still in the workspace).
  void propagate(std::size_t layer, const PairCoefficients& c, Real* delta_a, Real* delta_b, LaneSum* sums) {
    const auto kernel = kPair ? kernels_.errors : kernels_.errors_single;
    for_blocks(layer, [&](const Block& block) {
      const Real* kept = kept_normals(layer, block);
      const Real* g = kept != nullptr ? kept : again_ + block.first * kDirections;
      const Real* e = fresh_ + block.first * kDirections;
      const std::size_t second = kPair ? block.padded : 0, at = block.first, at_b = kPair ? at : 0;
      kernel(ua_ + at, ub_ + at_b, da_ + at, db_ + at_b, e, e + second, g, g + second, c,
             delta_a == nullptr ? nullptr : delta_a + at, delta_b == nullptr ? nullptr : delta_b + at_b, block.padded,
             sums);
    });
  }

  // |delta_b - c delta_a| / |delta_b| for nearly parallel errors, from the errors themselves.
  double error_remainder(std::size_t layer, double alpha, double length_b) {
    LaneSum unused[kErrorSums] = {};
    if (!errors_are_stored_) propagate(layer, coefficients_, delta_a_, delta_b_, unused);
    LaneSum sums[2] = {};
    for_blocks(layer, [&](const Block& block) {
      kernels_.remainder(delta_a_ + block.first, delta_b_ + block.first, {alpha, 0.0, true}, block.padded,
                         sums);
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
    if (state.bias > 0.0)
      random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), Purpose::kBackwardNormals},
                     kDirections * rounded_up(p_.widths[layer - 1], kPad), std::span<Real>(tail, kDirections));
    // Q^T E over the extended vectors.
    const double bias_w = (state.bias - state.remainder.alpha * state.bias) - state.remainder.beta * state.bias;
    const auto overlap = [&](std::size_t sum, double inverse, double bias, Real tail_entry) {
      return is_projected * inverse * (state.scale * overlaps[sum].total() + bias * static_cast<double>(tail_entry));
    };
    const double k11 = overlap(0, state.inverse_a, state.bias, tail[0]), k12 = overlap(1, state.inverse_a, state.bias, tail[1]);
    const double k21 = overlap(2, state.inverse_w, bias_w, tail[0]), k22 = overlap(3, state.inverse_w, bias_w, tail[1]);
    // Coefficients of q_1, q_2: G^T D - (Q^T E) S.
    const double y1a = is_returned * error_sums_[4].total() * inverse_a - k11 * s11;
    const double y1b = is_returned * error_sums_[5].total() * inverse_b - (k11 * s12 + k12 * s22);
    const double y2a = is_returned * error_sums_[6].total() * inverse_a - k21 * s11;
    const double y2b = is_returned * error_sums_[7].total() * inverse_b - (k21 * s12 + k22 * s22);
    const double s = state.scale, first = s * s * state.inverse_a, second = s * s * state.inverse_w;
    coefficients_ = {first * y1a, second * y2a, s * s11, first * y1b, second * y2b, s * s12, s * s22};

    if (length_a > 0.0) log_scale_[0] += 2.0 * std::log(length_a);
    if (length_b > 0.0) log_scale_[1] += 2.0 * std::log(length_b);
    std::fill(error_sums_, error_sums_ + kErrorSums, LaneSum{});
    errors_are_stored_ = false;
    propagate(layer - 1, coefficients_, nullptr, nullptr, error_sums_);
  }

  // u_a, w, d_a, d_b of layer - 1 and fresh normals, with their overlaps.
  void make_operands(std::size_t layer, LaneSum* sums) {
    const LayerState& state = states_[layer];
    const std::size_t below = layer - 1;
    const double scale = 1.0 / masks_.keep(below);
    for_blocks(below, [&](const Block& block) {
      const Real* g = normals_again(below, block);
      Real* e = fresh_ + block.first * kDirections;
      draw_normals(Purpose::kBackwardNormals, layer, block, e);
      preactivations(below, g, block);
      for (std::size_t a = 0; a < kDirections; ++a) {
        Real* u = (a == 0 ? ua_ : ub_) + block.first;
        Real* d = (a == 0 ? da_ : db_) + block.first;
        activate_both(p_.activation, std::span<const Real>(a == 0 ? block_a_ : block_b_, block.padded),
                      std::span<Real>(u, block.padded), std::span<Real>(d, block.padded));
        clear_tail(u, block);
        clear_tail(d, block);
      }
      const std::size_t at = block.first, at_b = kPair ? at : 0;
      const std::uint64_t* mask_a = mask(below, 0, block, false);
      const std::uint64_t* mask_b = second_mask(below, block, false, mask_a);
      (kPair ? kernels_.overlaps : kernels_.overlaps_single)(
          ua_ + at, ub_ + at_b, da_ + at, db_ + at_b, mask_a, mask_b, scale,
          state.remainder, e, e + (kPair ? block.padded : 0), block.padded, sums);
    });
  }

  const Parameters& p_;
  const Layout layout_;
  const RowWriter writer_;
  const Masks masks_;
  InputVectors inputs_;
  const Plan plan_;
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

  AlignedVector<Real> kept_normals_, workspace_;
  std::vector<std::uint64_t> kept_masks_;
  Real *ua_ = nullptr, *ub_ = nullptr, *da_ = nullptr, *db_ = nullptr, *delta_a_ = nullptr, *delta_b_ = nullptr;
  Real *fresh_ = nullptr, *again_ = nullptr;
  // One block each, a few cache lines longer so that they do not share cache sets.
  static constexpr std::size_t kBlockArray = kBlock + 5 * kCacheLine / sizeof(Real);
  alignas(kCacheLine) Real block_a_[kBlockArray] = {};
  alignas(kCacheLine) Real block_b_[kBlockArray] = {};
  alignas(kCacheLine) Real block_phi_[kBlockArray] = {};
  alignas(kCacheLine) Real block_g_[2 * kBlock] = {};
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
  const Plan plan = plan_of(p, budget, size);
  const double arrays = static_cast<double>(arrays_of(plan, p.inputs)) * static_cast<double>(spacing_of(plan, size));
  return static_cast<double>(size) * (static_cast<double>(plan.normals) + arrays) +
         8.0 * static_cast<double>(plan.mask_words) + static_cast<double>(sizeof(LayerState) * p.widths.size());
}

}  // namespace mft::feedforward
