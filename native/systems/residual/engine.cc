// The trials of system `residual`: forward, backward and what is recorded on the way.
#include "systems/residual/engine.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>
#include <string>

#include "core/error.h"
#include "core/linear_algebra.h"
#include "systems/residual/matrices.h"
#include "systems/residual/purposes.h"

namespace mft::residual {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr int kScaleStep = 256;

double log_square(const double* x, std::size_t length, int exponent) {
  const double square = dot_product(x, x, length);
  return square > 0.0 ? std::log(square) + 2.0 * exponent * std::numbers::ln2 : kMinusInfinity;
}

// Two equal inputs stay equal: they are run as one, so that their distance is exactly zero.
bool has_equal_inputs(const Simulation& s) {
  if (s.inputs != 2 || (!s.network.has_shared_masks && s.network.is_masked())) return false;
  if (s.vectors.empty()) return s.angular_deficit == 0.0;
  const auto half = s.vectors.begin() + static_cast<std::ptrdiff_t>(s.vectors.size() / 2);
  return std::equal(s.vectors.begin(), half, half);
}

// Everything one worker needs; runs any trial.
class Runner final : public TrialEngine {
 public:
  Runner(const Simulation& simulation, Fault fault)
      : s_(simulation),
        fault_(fault),
        layout_(row_layout(simulation)),
        depth_(simulation.network.depth()),
        n_(has_equal_inputs(simulation) ? 1 : simulation.inputs) {
    const auto width = [](double x) { return static_cast<std::size_t>(x); };
    for (const double x : s_.network.widths) widths_.push_back(width(x));
    for (const double x : s_.network.hidden_widths) hidden_.push_back(width(x));
    std::size_t largest = 1;
    for (std::size_t l = 0; l < depth_; ++l) {
      const std::size_t before = widths_[l], after = widths_[l + 1], hidden = hidden_[l];
      inner_.push_back(make({hidden, before, n_}));
      outer_.push_back(is_reduced() ? nullptr : make({after, hidden, n_}));
      projection_.push_back(before == after ? nullptr : make({after, before, n_}));
      derivative_.emplace_back(n_ * hidden);
      largest = std::max({largest, before, after, hidden});
    }
    largest = std::max(largest, widths_[0]);
    for (auto* block : {&x_, &h_, &active_, &branch_, &error_, &other_}) block->resize(n_ * largest);
    noise_.resize(largest);
    if (s_.network.is_masked()) mask_.resize((largest + 63) / 64);
    if (layout_.branches > 0) branch_scale_.assign(depth_ * n_, 1.0);
    frame_.resize(2 * widths_[0]);
    log_error_.resize(n_);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    row_ = row;
    exponent_ = 0;
    draw_inputs();
    record_layer(0);
    for (std::size_t l = 1; l <= depth_; ++l) {
      control.throw_if_cancelled();
      forward(l);
    }
    start_errors();
    for (std::size_t l = depth_; l > 0; --l) {
      control.throw_if_cancelled();
      backward(l);
    }
    if (n_ < s_.inputs) repeat_first_input();
    control.advance(1);
  }

 private:
  void repeat_first_input() {
    for (std::size_t l = 0; l <= depth_; ++l) {
      double* out = layout_.layer(row_, l);
      out[1] = out[0];
      out[3] = out[2];
      out[4] = kMinusInfinity;
    }
    for (std::size_t l = 1; l <= depth_; ++l) {
      double* out = layout_.block(row_, l);
      out[1] = out[0];
      out[3] = out[2];
      out[5] = out[4];
      out[6] = 1.0;
      if (layout_.branches > 0) out[8] = out[7];
    }
  }

  bool is_reduced() const { return s_.network.block == Block::kReduced; }
  double skip() const { return s_.network.block == Block::kGeneralised ? s_.network.skip_strength : 1.0; }
  Stream stream(std::size_t block, Purpose purpose) const {
    return {s_.seed, trial_, static_cast<std::uint32_t>(block), purpose};
  }
  std::unique_ptr<BlockMatrix> make(const MatrixShape& shape) {
    return s_.engine == Engine::kDense ? make_dense_matrix(shape, tile_) : make_conditioned_matrix(shape, workspace_);
  }

  // Vectors of exact length and angle in uniformly random directions.
  void draw_inputs() {
    const std::size_t length = widths_[0];
    if (!s_.vectors.empty()) {
      std::copy_n(s_.vectors.begin(), n_ * length, x_.begin());
      return;
    }
    const std::size_t directions = n_ == 2 && s_.angular_deficit > 0.0 && s_.angular_deficit < 2.0 ? 2 : 1;
    random_normals(stream(0, Purpose::kInputs), 0, std::span<double>(frame_.data(), directions * length));
    frame_rule_.orthonormalise(frame_.data(), length, directions, length);
    const double norm = std::sqrt(s_.second_moment * static_cast<double>(length));
    const double d = s_.angular_deficit;
    const double along = 1.0 - d, across = directions == 2 ? std::sqrt(d * (2.0 - d)) : 0.0;
    for (std::size_t i = 0; i < length; ++i) {
      x_[i] = norm * frame_[i];
      if (n_ == 2) x_[length + i] = norm * (along * frame_[i] + (directions == 2 ? across * frame_[length + i] : 0.0));
    }
  }

  void add_biases(std::size_t block, Purpose purpose, double variance, std::vector<double>& to, std::size_t length) {
    if (variance == 0.0) return;
    const std::span<double> bias(noise_.data(), length);
    random_normals(stream(block, purpose), 0, bias);
    const double deviation = std::ldexp(std::sqrt(variance), -exponent_);
    for (std::size_t a = 0; a < n_; ++a)
      for (std::size_t i = 0; i < length; ++i) to[a * length + i] += deviation * bias[i];
  }

  static void scale(std::vector<double>& block, double factor, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) block[i] *= factor;
  }

  void forward(std::size_t l) {
    const std::size_t before = widths_[l - 1], after = widths_[l], hidden = hidden_[l - 1];
    const Network& net = s_.network;
    inner_[l - 1]->forward(x_.data(), h_.data(), stream(l, Purpose::kForwardNormals));
    scale(h_, std::sqrt(net.inner_weight_variance[l - 1] / static_cast<double>(before)), n_ * hidden);
    add_biases(l, Purpose::kBiases, net.inner_bias_variance[l - 1], h_, hidden);
    activate_both(net.function.activation, std::span<const double>(h_.data(), n_ * hidden),
                  std::span<double>(active_.data(), n_ * hidden), derivative_[l - 1]);
    mask_units(l, hidden);
    draw_branches(l);
    record_block(l);
    std::vector<double>* branch = &active_;
    if (!is_reduced()) {
      outer_[l - 1]->forward(active_.data(), branch_.data(), stream(l, purpose::kOuterForwardNormals));
      scale(branch_, std::sqrt(net.outer_weight_variance[l - 1] / static_cast<double>(hidden)), n_ * after);
      add_biases(l, purpose::kOuterBiases, net.outer_bias_variance[l - 1], branch_, after);
      scale_branches(l, branch_, after);
      branch = &branch_;
    }
    if (before == after) {
      for (std::size_t i = 0; i < n_ * after; ++i) x_[i] = skip() * x_[i] + (*branch)[i];
    } else {
      projection_[l - 1]->forward(x_.data(), other_.data(), stream(l, purpose::kProjection));
      const double factor = projection_scale(before);
      for (std::size_t i = 0; i < n_ * after; ++i) x_[i] = factor * other_[i] + branch_[i];
    }
    record_layer(l);
    if (grows_linearly(net.function.activation)) rescale(n_ * after);
  }

  // m / rho in front of the hidden units of every input, and of their derivatives.
  void mask_units(std::size_t l, std::size_t hidden) {
    const double keep = s_.network.keep_probability[l - 1];
    if (keep == 1.0) return;
    const std::size_t words = (hidden + 63) / 64;
    for (std::size_t a = 0; a < n_; ++a) {
      if (a == 0 || !s_.network.has_shared_masks)
        random_bernoulli(stream(l, Purpose::kMasks), a * words, keep, std::span(mask_.data(), words));
      double* values = active_.data() + a * hidden;
      double* derivatives = derivative_[l - 1].data() + a * hidden;
      for (std::size_t i = 0; i < hidden; ++i) {
        const double factor = (mask_[i / 64] >> (i % 64)) & 1 ? 1.0 / keep : 0.0;
        values[i] *= factor;
        derivatives[i] *= factor;
      }
    }
  }

  // b / tau of the block's branch, for every input.
  void draw_branches(std::size_t l) {
    const double keep = s_.network.branch_keep_probability[l - 1];
    if (keep == 1.0) return;
    std::array<double, 2> uniforms{};
    random_uniforms(stream(l, purpose::kBranchMasks), 0, uniforms);
    for (std::size_t a = 0; a < n_; ++a)
      branch_scale_[(l - 1) * n_ + a] = uniforms[s_.network.has_shared_masks ? 0 : a] < keep ? 1.0 / keep : 0.0;
  }

  void scale_branches(std::size_t l, std::vector<double>& block, std::size_t length) const {
    if (s_.network.branch_keep_probability[l - 1] == 1.0) return;
    for (std::size_t a = 0; a < n_; ++a) {
      const double factor = branch_scale_[(l - 1) * n_ + a];
      for (std::size_t i = 0; i < length; ++i) block[a * length + i] *= factor;
    }
  }

  double projection_scale(std::size_t before) const {
    const double planted = fault_ == Fault::kProjectionTooSmall ? 0.98 : 1.0;
    return planted / std::sqrt(static_cast<double>(before));
  }

  // phi(t x) = t phi(x): x may be held in units of 2^exponent, the biases with it.
  void rescale(std::size_t count) {
    double largest = 0.0;
    for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x_[i]));
    const int shift = largest > 0x1p256 ? kScaleStep : (largest > 0.0 && largest < 0x1p-256 ? -kScaleStep : 0);
    if (shift == 0) return;
    scale(x_, std::ldexp(1.0, -shift), count);
    exponent_ += shift;
  }

  void record_layer(std::size_t l) {
    double* out = layout_.layer(row_, l);
    const std::size_t length = widths_[l];
    for (std::size_t a = 0; a < n_; ++a) {
      out[a] = log_square(x_.data() + a * length, length, exponent_);
      if (!(out[a] < std::numeric_limits<double>::infinity()))
        throw Error("NOT_FINITE", "depth",
                    "The activations of layer " + std::to_string(l) + " of trial " + std::to_string(trial_) +
                        " exceed the range of double precision.");
    }
    if (n_ == 1) return;
    double square = 0.0;
    for (std::size_t i = 0; i < length; ++i) square += (x_[i] - x_[length + i]) * (x_[i] - x_[length + i]);
    out[2 * layout_.inputs] = square > 0.0 ? std::log(square) + 2.0 * exponent_ * std::numbers::ln2 : kMinusInfinity;
  }

  void record_block(std::size_t l) {
    double* out = layout_.block(row_, l);
    const std::size_t length = hidden_[l - 1];
    for (std::size_t a = 0; a < n_; ++a) {
      out[a] = log_square(h_.data() + a * length, length, exponent_);
      out[layout_.inputs + a] = log_square(active_.data() + a * length, length, exponent_);
      if (layout_.branches > 0) {
        const double factor = branch_scale_[(l - 1) * n_ + a];
        out[3 * layout_.inputs + layout_.pairs + a] = factor > 0.0 ? 2.0 * std::log(factor) : kMinusInfinity;
      }
    }
    if (n_ == 1) return;
    const double* other = h_.data() + length;
    const double mean = 0.5 * (dot_product(h_.data(), h_.data(), length) + dot_product(other, other, length));
    out[3 * layout_.inputs] = mean > 0.0 ? dot_product(h_.data(), other, length) / mean : 1.0;
  }

  // The gradient of the last layer: a random direction, the same for every input. Errors are kept at unit length.
  void start_errors() {
    const std::size_t length = widths_[depth_];
    random_normals(stream(0, Purpose::kOutputError), 0, std::span<double>(error_.data(), length));
    for (std::size_t a = 1; a < n_; ++a) std::copy_n(error_.data(), length, error_.data() + a * length);
    std::fill(log_error_.begin(), log_error_.end(), 0.0);
    normalise(length, false);
    double* out = layout_.layer(row_, depth_);
    for (std::size_t a = 0; a < n_; ++a) out[layout_.inputs + a] = 0.0;
  }

  void normalise(std::size_t length, bool counts) {
    for (std::size_t a = 0; a < n_; ++a) {
      double* error = error_.data() + a * length;
      const double square = dot_product(error, error, length);
      if (square == 0.0) {
        if (counts) log_error_[a] = kMinusInfinity;
        continue;
      }
      if (counts) log_error_[a] += std::log(square);
      const double factor = 1.0 / std::sqrt(square);
      for (std::size_t i = 0; i < length; ++i) error[i] *= factor;
    }
  }

  void backward(std::size_t l) {
    const std::size_t before = widths_[l - 1], after = widths_[l], hidden = hidden_[l - 1];
    const Network& net = s_.network;
    const bool fresh = fault_ == Fault::kFreshBackwardWeights;
    std::vector<double>& at_hidden = active_;  // dE/dh
    if (is_reduced()) {
      std::copy_n(error_.data(), n_ * hidden, at_hidden.data());
    } else {
      outer_[l - 1]->backward(error_.data(), at_hidden.data(), stream(l, purpose::kOuterForwardNormals),
                              stream(l, purpose::kOuterBackwardNormals), fresh);
      scale(at_hidden, std::sqrt(net.outer_weight_variance[l - 1] / static_cast<double>(hidden)), n_ * hidden);
      scale_branches(l, at_hidden, hidden);
    }
    double* out = layout_.block(row_, l);
    for (std::size_t i = 0; i < n_ * hidden; ++i) at_hidden[i] *= derivative_[l - 1][i];
    for (std::size_t a = 0; a < n_; ++a)
      out[2 * layout_.inputs + a] = log_error_[a] + log_square(at_hidden.data() + a * hidden, hidden, 0);
    inner_[l - 1]->backward(at_hidden.data(), branch_.data(), stream(l, Purpose::kForwardNormals),
                            stream(l, Purpose::kBackwardNormals), fresh);
    const double inner_scale = std::sqrt(net.inner_weight_variance[l - 1] / static_cast<double>(before));
    if (before == after) {
      for (std::size_t i = 0; i < n_ * before; ++i) error_[i] = skip() * error_[i] + inner_scale * branch_[i];
    } else {
      projection_[l - 1]->backward(error_.data(), other_.data(), stream(l, purpose::kProjection),
                                   stream(l, purpose::kProjectionBackward), fresh);
      const double factor = projection_scale(before);
      for (std::size_t i = 0; i < n_ * before; ++i) error_[i] = factor * other_[i] + inner_scale * branch_[i];
    }
    normalise(before, true);
    double* layer = layout_.layer(row_, l - 1);
    for (std::size_t a = 0; a < n_; ++a) layer[layout_.inputs + a] = log_error_[a];
  }

  const Simulation& s_;
  const Fault fault_;
  RowLayout layout_;
  std::size_t depth_, n_;
  std::vector<std::size_t> widths_, hidden_;
  ConditioningWorkspace workspace_;
  std::vector<double> tile_;
  std::vector<std::unique_ptr<BlockMatrix>> inner_, outer_, projection_;
  std::vector<std::vector<double>> derivative_;  // phi'(h) of every block
  std::vector<double> x_, h_, active_, branch_, error_, other_, noise_, frame_, log_error_;
  std::vector<std::uint64_t> mask_;
  std::vector<double> branch_scale_;  // b / tau, by block and input
  OrthonormalFrame frame_rule_;
  std::uint32_t trial_ = 0;
  std::span<double> row_;
  int exponent_ = 0;
};

}  // namespace

std::unique_ptr<TrialEngine> make_engine(const Simulation& simulation, Fault fault) {
  return std::make_unique<Runner>(simulation, fault);
}

}  // namespace mft::residual
