// The residual block: x' = v phi(h) + S x + a with h = w x + b, S = skip or, where the width changes, a fixed random
// projection; without outer parameters x' = skip x + phi(h).
#pragma once
#include <algorithm>

#include "core/activation.h"
#include "train/affine.h"
#include "train/buffer.h"
#include "train/initialise.h"
#include "train/layer.h"

namespace mft::train {

struct ResidualShape {
  std::size_t inputs = 0;
  std::size_t hidden = 0;
  std::size_t outputs = 0;
  bool has_bias = true;
  bool has_outer = true;
  double skip = 1;
  Activation activation;
  Initial inner, outer;
  double inner_multiplier = 1, outer_multiplier = 1;  // of w x and v phi(h)
  std::size_t mask_layer = 0;
  double keep_probability = 1;         // of a hidden unit
  double branch_keep_probability = 1;  // of v phi(h) + a as a whole; only with outer parameters
};

// Parameters: w (hidden x inputs), b, then v (outputs x hidden), a. The projection (entries of variance 1/inputs) is
// drawn from the seed and not trained. Tape of a row: phi(h), phi'(h), dE/dh, and with outer parameters dE/d(branch),
// with stochastic depth the factor of the branch. Statistics are those of x' and dE/dx'.
template <typename T>
class ResidualLayer final : public Layer<T> {
 public:
  explicit ResidualLayer(ResidualShape shape);
  std::size_t inputs() const override { return shape_.inputs; }
  std::size_t outputs() const override { return shape_.outputs; }
  std::size_t parameters() const override { return inner_.parameters() + outer_.parameters(); }
  std::vector<Tensor> tensors() const override;
  std::vector<Tensor> fixed_tensors() const override;
  std::span<T> fixed_values() override { return projection_; }
  std::size_t fixed_numbers() const override { return has_projection() ? shape_.outputs * shape_.inputs : 0; }
  double keep_probability() const override { return shape_.keep_probability; }
  std::size_t masked_units() const override { return shape_.hidden; }
  double branch_keep_probability() const override { return shape_.branch_keep_probability; }
  std::size_t tape_per_row() const override {
    return 3 * shape_.hidden + (shape_.has_outer ? shape_.outputs : 0) + (drops_branch() ? 1 : 0);
  }
  std::size_t evaluation_scratch_per_row() const override { return shape_.hidden; }
  std::size_t mask_words(std::size_t rows) const override {
    return rows *
           std::max<std::size_t>(shape_.keep_probability < 1 ? words_for(shape_.hidden) : 0, drops_branch() ? 1 : 0);
  }
  std::size_t update_scratch() const override;
  std::size_t update_tiles() const override { return inner_.update_tiles() + outer_.update_tiles(); }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override;
  void fix(std::uint64_t seed, std::size_t layer) override;
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override;
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
               std::uint64_t* mask_bits) const override;
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override;
  void update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
              T* scratch) const override;
  double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                          T* scratch) const override;
  bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const override;

 private:
  bool has_projection() const { return shape_.inputs != shape_.outputs; }
  bool drops_branch() const { return shape_.branch_keep_probability < 1; }
  // output += S input
  void add_shortcut(std::size_t rows, const T* input, T* output) const;
  // Draws the factors of the branches into the tape and multiplies them into the branches.
  void scale_branches(const Pass<T>& pass, Rows rows, T* output, T* tape, std::uint64_t* bits) const;
  // body(affine, tile of it, inputs of the minibatch, deltas of the minibatch)
  template <typename Body>
  auto with_tile(std::size_t tile, const T* input, const T* tape, Body body) const;

  ResidualShape shape_;
  Affine<T> inner_, outer_;
  Buffer<T> projection_;
};

}  // namespace mft::train
