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
  // What random numbers of the rows are drawn for: the step, and row r of the pass is number first + r stride (of the
  // minibatch, or of the examples of an evaluation, whose step is kEvaluationStep).
  std::uint32_t step = 0;
  std::size_t first_row = 0, row_stride = 1;
  std::size_t row_number(std::size_t row) const { return first_row + row * row_stride; }
};

inline constexpr std::uint32_t kEvaluationStep = 0xffffffff;

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
  // Numbers of a row whose squares the statistics add up.
  virtual std::size_t recorded_values() const { return outputs(); }
  // Numbers the layer draws once and never changes.
  virtual std::size_t fixed_numbers() const { return 0; }
  // Numbers kept per row of the minibatch between forward and update.
  virtual std::size_t tape_per_row() const = 0;
  // Numbers that a row can hand to the row of the next step that continues it (truncated back-propagation).
  virtual std::size_t state_per_row() const { return 0; }
  // What the layer counts in every row of a forward and a backward pass, by name (iterations of a solver, ...). Each
  // pass writes its own.
  virtual std::vector<std::string> counters() const { return {}; }
  // How many different whole numbers it takes as its inputs (words of a vocabulary); 0: it takes any numbers.
  virtual std::size_t tokens() const { return 0; }
  // Numbers of scratch per row that a forward pass without tape needs.
  virtual std::size_t evaluation_scratch_per_row() const { return 0; }
  // Words for mask bits that a tile of so many rows needs.
  virtual std::size_t mask_words(std::size_t) const { return 0; }
  // Numbers of scratch that one update tile needs.
  virtual std::size_t update_scratch() const = 0;
  virtual std::size_t update_tiles() const = 0;
  // Numbers of scratch (double) that initialise() allocates while it works.
  virtual std::size_t initialisation_scratch() const { return 0; }

  // `rates` multiply the learning rate of each of tensors().
  virtual void bind(ParameterBlock<T> block, std::span<const double> rates) = 0;
  // Draws what is fixed, from the seed for the layer of that number; once, before any pass.
  virtual void fix(std::uint64_t, std::size_t) {}
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

  // Brings the parameters back to what they are held to (train/held.h): after they are drawn, and after every update.
  virtual void hold() {}

  // Squared norm of the gradient of the mean loss with respect to one tile's parameters.
  virtual double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                  T* scratch) const = 0;

  // Whether a component of that gradient is not 0.0; squares could underflow, this does not.
  virtual bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const = 0;

  // A layer may use the matrix of another one, counted from 1 (0: it has its own). The owner lends it, is told where
  // the borrower's inputs and tape of a minibatch are, and updates it with the gradients of both.
  virtual std::size_t shares_with() const { return 0; }
  virtual const T* shared_matrix() const { return nullptr; }
  virtual void borrow(const Layer&) {}
  virtual void lend(const Layer&, const T*, const T*) {}
  // Adds to `sums` the borrower's gradient (summed over the batch) of rows [first, first + count) of the matrix.
  virtual void add_shared_gradient(std::size_t, std::size_t, std::size_t, const T*, const T*, T*) const {}
};

}  // namespace mft::train
