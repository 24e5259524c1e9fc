// What a layer of a trained network is. Layers form a chain; each works on tiles of rows of the minibatch (forward and
// backward) and on tiles of its parameters (update). Tiles are fixed by the shapes alone and write to their own places,
// so that no bit depends on the number of threads. A residual block, an unrolled recurrence or a convolution is a layer
// that keeps more numbers per row on its tape (train/layers/block.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "train/mask_source.h"
#include "train/optimizer.h"
#include "train/row_statistics.h"
#include "train/tensor.h"

namespace mft::train {

// How a pass of a layer runs: with masks and tape (training) or without (evaluation).
template <typename T>
struct Pass {
  bool is_training = false;
  const MaskSource* masks = nullptr;
  RowStatistics statistics = {};  // of the layer at hand, for the whole minibatch
  // Of the rows at hand, state_per_row() numbers each: what the step before left, to be replaced by what this one
  // leaves. Null: nothing is carried over, every row starts from zeros.
  T* state = nullptr;
  // Of the rows at hand, a number for each of counters(); null: not wanted.
  double* counts = nullptr;
};

template <typename T>
class Layer {
 public:
  virtual ~Layer() = default;
  virtual std::size_t inputs() const = 0;
  virtual std::size_t outputs() const = 0;
  virtual std::size_t parameters() const = 0;
  // The parameters in their order; their sizes add up to parameters().
  virtual std::vector<Tensor> tensors() const = 0;
  // What fix() has drawn, by name, in the order of fixed_values().
  virtual std::vector<Tensor> fixed_tensors() const { return {}; }
  virtual std::span<T> fixed_values() { return {}; }
  // Of the mask on the outputs, or on hidden units; the mask layer is the layer's number.
  virtual double keep_probability() const { return 1; }
  virtual std::size_t masked_units() const { return outputs(); }
  // Of what the layer adds to its shortcut.
  virtual double branch_keep_probability() const { return 1; }
  // Numbers the layer draws once and never changes.
  virtual std::size_t fixed_numbers() const = 0;
  // Numbers kept per row of the minibatch between forward and update.
  virtual std::size_t tape_per_row() const = 0;
  // Numbers that a row can hand to the row of the next step that continues it (truncated back-propagation).
  virtual std::size_t state_per_row() const { return 0; }
  // What the layer counts in every row of a forward pass with tape, by name (iterations of a solver, ...).
  virtual std::vector<std::string> counters() const { return {}; }
  // How many different whole numbers it takes as its inputs (words of a vocabulary); 0: it takes any numbers.
  virtual std::size_t tokens() const { return 0; }
  // Numbers of scratch per row that a forward pass without tape needs.
  virtual std::size_t evaluation_scratch_per_row() const = 0;
  // Words for mask bits that a tile of this many rows needs.
  virtual std::size_t mask_words(std::size_t rows) const = 0;
  // Numbers of scratch that one update tile needs.
  virtual std::size_t update_scratch() const = 0;
  virtual std::size_t update_tiles() const = 0;
  // Numbers of scratch (double) that initialise() allocates while it works.
  virtual std::size_t initialisation_scratch() const = 0;

  // `rates` multiply the learning rate of each of tensors().
  virtual void bind(ParameterBlock<T> block, std::span<const double> rates) = 0;
  // Draws what is fixed; once, before any pass.
  virtual void fix(std::uint64_t seed, std::size_t layer) = 0;
  // Draws the parameters; `layer` counts from 1.
  virtual void initialise(std::uint64_t seed, std::size_t layer, T* values) const = 0;

  // output (rows x outputs) from input (rows x inputs); tape is that of these rows; in
  // evaluation it is scratch.
  virtual void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                       std::uint64_t* mask_bits) const = 0;

  // From dE/doutput of these rows (E: sum of the losses of the examples) to dE/dinput (null: not wanted). Leaves in the
  // tape what update() needs.
  virtual void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const = 0;

  // Changes the parameters of one tile, from the inputs and the tape of the whole minibatch.
  virtual void update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
                      T* scratch) const = 0;

  // Squared norm of the gradient of the mean loss with respect to one tile's parameters.
  virtual double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                  T* scratch) const = 0;

  // Whether a component of that gradient is not 0.0; squares could underflow, this does not.
  virtual bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const = 0;
};

}  // namespace mft::train
