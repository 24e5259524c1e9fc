// What an engine whose vectors are whole rows keeps of a trial until its backward pass, and how it writes a row of it:
// dot products layer by layer, and the units in which its vectors stand.
#pragma once
#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "systems/feedforward/parts.h"

namespace mft::feedforward {

template <typename Real>
class TrialRecord {
 public:
  explicit TrialRecord(const Parameters& parameters)
      : p_(parameters),
        layout_(layout_of(parameters)),
        writer_(p_, layout_),
        products_(layout_),
        depth_(p_.widths.size() - 1),
        n_(p_.inputs) {
    gram_.resize(n_ * n_);
    absolute_.resize(n_ * n_);
    input_gram_.resize(depth_ * n_ * n_);
    input_absolute_.resize(depth_ * n_ * n_);
    log_scale_.resize(n_);
    u_exponent_.resize(depth_ * n_);
    units_.resize((depth_ + 1) * n_);
  }
  TrialRecord(const TrialRecord&) = delete;
  TrialRecord& operator=(const TrialRecord&) = delete;
  static double memory(const Parameters& p, std::size_t widest) {
    return RowProducts<Real>::memory(layout_of(p), widest);
  }

  // Of every input in layers 1 .. L.
  LayerUnits* units(std::size_t layer) { return units_.data() + layer * n_; }
  // Of u^0 .. u^{L-1}.
  int& u_exponent(std::size_t layer, std::size_t input) { return u_exponent_[layer * n_ + input]; }
  int u_exponent(std::size_t layer, std::size_t input) const { return u_exponent_[layer * n_ + input]; }
  // The error of an input is exp(log_scale / 2) times the vector that was measured last, whose square is error_square.
  double& log_scale(std::size_t input) { return log_scale_[input]; }
  double error_square(std::size_t input) const { return gram_[input * n_ + input]; }

  // u^{layer-1}, rows `stride` apart, as it enters the layer.
  void measure_inputs(std::size_t layer, const Real* u, std::size_t stride) {
    products_.measure(u, stride, p_.widths[layer - 1], inputs_of(input_gram_, layer),
                      inputs_of(input_absolute_, layer));
  }

  // z^layer, in the units of that layer.
  void write_forward(std::span<double> row, std::uint32_t trial, std::size_t layer, const Real* z, std::size_t stride) {
    const std::size_t width = p_.widths[layer];
    products_.measure(z, stride, width, gram_.data(), nullptr);
    writer_.forward(row, trial, layer, gram_.data(), units(layer), [&](std::size_t a, std::size_t b) {
      return squared_distance(z + a * stride, z + b * stride, width);
    });
  }

  // delta^L stands in the units that follow from those of layer L.
  void begin_backward() {
    for (std::size_t a = 0; a < n_; ++a)
      log_scale_[a] = 2.0 * output_exponent(p_, units(depth_)[a]) * std::numbers::ln2;
  }

  // delta^layer.
  void write_backward(std::span<double> row, std::uint32_t trial, std::size_t layer, const Real* errors,
                      std::size_t stride) {
    products_.measure(errors, stride, p_.widths[layer], gram_.data(), absolute_.data());
    writer_.backward(row, trial, layer, log_scale_.data(), gram_.data(), absolute_.data(),
                     inputs_of(input_gram_, layer), inputs_of(input_absolute_, layer),
                     u_exponent_.data() + (layer - 1) * n_);
  }

 private:
  double* inputs_of(std::vector<double>& products, std::size_t layer) {
    return products.data() + (layer - 1) * n_ * n_;
  }

  const Parameters& p_;
  const Layout layout_;
  const RowWriter writer_;
  RowProducts<Real> products_;
  const std::size_t depth_, n_;
  std::vector<double> gram_, absolute_, input_gram_, input_absolute_, log_scale_;
  std::vector<int> u_exponent_;
  std::vector<LayerUnits> units_;
};

}  // namespace mft::feedforward
