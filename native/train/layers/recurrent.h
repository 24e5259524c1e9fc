// A recurrent cell over the positions of a row, one set of weights for all of them; back-propagation through time. What
// the cells are: docs/systems/recurrent.md. The products of the inputs are formed for all positions at once, the
// recurrent ones of all gates together, one product a position (gru with r before it: two).
#pragma once
#include <string>
#include <vector>

#include "core/activation.h"
#include "train/affine.h"
#include "train/initialise.h"
#include "train/layer.h"

namespace mft::train {

enum class RecurrentCell { kVanilla = 0, kMinimal, kGru, kPeepholeLstm, kLstm, kMinGru, kMinLstm };

struct RecurrentShape {
  RecurrentCell cell = RecurrentCell::kVanilla;
  std::size_t steps = 1;   // positions of a row
  std::size_t inputs = 1;  // of a position
  std::size_t units = 1;
  bool has_bias = true;
  bool reset_after = false;      // gru: r acts on the product
  bool returns_sequence = true;  // the outputs of all positions, or of the last one
  std::size_t truncation = 0;    // errors do not pass from a position t to t - 1 where t is a multiple; 0: they all do
  Activation activation;         // of the vanilla cell
  std::vector<Initial> input_gates;      // by gate in the order of docs/systems/recurrent.md: of V, and of the biases
  std::vector<Initial> recurrent_gates;  // of W
  double candidate_recurrent_variance = 0;  // of the bias inside r ∘ (W h + b)
  std::size_t mask_layer = 0;
  double keep_probability = 1;  // of an output; what is fed back is not masked
};

// Parameters, in this order: input.weight (gates x inputs), input.bias, [candidateInput.weight and .bias],
// recurrent.weight (gates x units), [candidateRecurrent.weight, .bias]. Rows: the gates one after the other (lstm and
// peepholeLstm i, f, g, o; minLstm i, f, g; minGru z, g; gru z, r, and g as the candidate).
// Tape of a position: gates (then their errors), what the product read, what else the cell needs, factors of the mask.
template <typename T>
class RecurrentLayer final : public Layer<T> {
 public:
  explicit RecurrentLayer(RecurrentShape shape);
  std::size_t inputs() const override { return shape_.steps * shape_.inputs; }
  std::size_t outputs() const override { return (shape_.returns_sequence ? shape_.steps : 1) * shape_.units; }
  std::size_t parameters() const override;
  std::vector<Tensor> tensors() const override;
  double keep_probability() const override { return shape_.keep_probability; }
  std::size_t tape_per_row() const override { return shape_.steps * stride_; }
  std::size_t state_per_row() const override { return (has_cell_ ? 2 : 1) * shape_.units; }
  std::size_t evaluation_scratch_per_row() const override { return tape_per_row(); }
  std::size_t mask_words(std::size_t rows) const override {
    return shape_.keep_probability < 1 ? rows * words_for(outputs()) : 0;
  }
  std::size_t initialisation_scratch() const override;
  std::size_t update_scratch() const override;
  std::size_t update_tiles() const override;
  void bind(ParameterBlock<T> block, std::span<const double> rates) override;
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
  // What a product reads: the inputs, the state fed back, or r ∘ state.
  enum class From { kInput, kState, kReset };
  struct Part {
    std::string prefix;
    Affine<T> affine;
    std::size_t delta;  // where its gates stand on the tape of a position
    From from;
    std::vector<std::size_t> gates;  // their numbers
    std::size_t offset = 0;          // of its parameters
  };
  // What a row has at a position.
  struct At {
    T *gates, *before, *cell, *extra;
  };

  void add_part(const std::string& prefix, std::vector<std::size_t> gates, std::size_t delta, From from, bool has_bias);
  At at(T* tape, std::size_t row, std::size_t step) const;
  void input_products(std::size_t rows, const T* input, T* tape) const;
  void state_products(std::size_t rows, std::size_t step, T* tape) const;
  // The new state (and cell) of a row into `after` (and `cell_after`), its output into `out` (may be null).
  void cell(At at, const T* x, T* after, T* cell_after, T* out) const;
  void cells(std::size_t rows, std::size_t step, const T* input, T* output, T* tape, T* tails) const;
  void candidates(std::size_t rows, std::size_t step, T* tape) const;
  void mask(const Pass<T>& pass, Rows rows, T* output, T* tape, std::uint64_t* bits) const;
  // dE/d(output) of a position, masked; null where it has none.
  void add_errors(std::size_t rows, std::size_t step, const T* output_error, T* tape, T* dh) const;
  void cells_back(std::size_t rows, std::size_t step, T* tape, T* dh, T* dc, T* work) const;
  const T* weights_of(std::size_t part) const { return block_.values + parts_[part].offset; }
  template <typename Body>
  auto with_tile(std::size_t tile, const T* input, const T* tape, Body body) const;

  RecurrentShape shape_;
  bool is_lstm_ = false, is_gru_ = false;  // i, f, g, o; z, r, g
  bool has_cell_ = false;                  // a cell state beside the one fed back
  bool feeds_back_ = true;                 // whether gates read the state
  std::size_t gate_blocks_ = 0, extra_blocks_ = 0, stride_ = 0;
  std::size_t state_gates_ = 0, state_at_ = 0;  // blocks of the recurrent product, and where they begin
  std::vector<Part> parts_;
  std::size_t state_part_ = 0;
  ParameterBlock<T> block_;
};

}  // namespace mft::train
