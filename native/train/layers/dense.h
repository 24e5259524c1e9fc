// The fully connected layer with dropout: u = (m / rho) o phi(W x + b), the mask being one of the pass's mask source.
#pragma once
#include <optional>

#include "core/activation.h"
#include "train/affine.h"
#include "train/held.h"
#include "train/initialise.h"
#include "train/layer.h"

namespace mft::train {

// Alpha dropout, in training only: u = a phi(z) + b where a unit is kept, c where it is not. Plain dropout: 1/rho, 0,
// 0.
struct AlphaDropout {
  double a = 1, b = 0, c = 0;
};

struct DenseShape {
  std::size_t inputs = 0;   // of a position
  std::size_t outputs = 0;  // of a position
  bool has_bias = true;
  Activation activation;
  // Mask layer of the outputs (train/mask_source.h), and how probably one is kept.
  std::size_t mask_layer = 0;
  double keep_probability = 1;
  double multiplier = 1;  // of W x
  Initial initial;
  std::optional<AlphaDropout> alpha = std::nullopt;
  std::size_t positions = 1;  // of a row, all with these weights
  Held held = {};             // norm and rank of W
};

// Parameters: W (outputs x inputs, row-major), then b. Tape: phi'(z) m / rho after forward, dE/dz after backward.
template <typename T>
class DenseLayer final : public Layer<T> {
 public:
  explicit DenseLayer(DenseShape shape);
  std::size_t inputs() const override { return shape_.positions * shape_.inputs; }
  std::size_t outputs() const override { return shape_.positions * shape_.outputs; }
  std::size_t parameters() const override { return affine_.parameters(); }
  std::vector<Tensor> tensors() const override { return affine_.tensors(""); }
  double keep_probability() const override { return shape_.keep_probability; }
  std::size_t tape_per_row() const override { return outputs(); }
  std::size_t mask_words(std::size_t rows) const override { return rows * words_for(outputs()); }
  std::size_t initialisation_scratch() const override {
    return train::initialisation_scratch(shape_.initial, shape_.outputs, shape_.inputs);
  }
  std::size_t update_scratch() const override { return affine_.update_scratch(); }
  std::size_t update_tiles() const override { return affine_.update_tiles(); }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override { affine_.bind(block, rates); }
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override {
    initialise_affine(shape_.initial, seed, layer, affine_, values);
  }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
               std::uint64_t* mask_bits) const override;
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override;
  void update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
              T* scratch) const override;
  void hold() override { affine_.hold(shape_.held); }
  double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                          T* scratch) const override;
  bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const override;

 private:
  // Whether the tape needs no derivatives: they are all 1.
  bool is_identity() const {
    return shape_.activation.kind == ActivationKind::kLinear && shape_.activation.is_plain() &&
           !(shape_.keep_probability < 1) && !shape_.alpha;
  }

  DenseShape shape_;
  Affine<T> affine_;
};

}  // namespace mft::train
