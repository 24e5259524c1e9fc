// W x + b: the parameters of a layer, their products, and their update in tiles. A layer has one of these, or several.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "train/held.h"
#include "train/optimizer.h"
#include "train/tensor.h"

namespace mft::train {

// A matrix of rows of the minibatch, row-major with the given distance between rows.
template <typename T>
struct RowView {
  T* values;
  std::size_t stride;
};

// Parameters: W (outputs x inputs, row-major), then b. Update tiles are fixed by the shape alone.
template <typename T>
class Affine {
 public:
  Affine() = default;
  // The product is multiplied by `multiplier`: multiplier W x + b.
  Affine(std::size_t inputs, std::size_t outputs, bool has_bias, double multiplier = 1);
  std::size_t inputs() const { return inputs_; }
  std::size_t outputs() const { return outputs_; }
  bool has_bias() const { return has_bias_; }
  std::size_t parameters() const { return outputs_ * (inputs_ + (has_bias_ ? 1 : 0)); }
  std::size_t update_scratch() const { return tile_rows_ * (inputs_ + 1); }
  std::size_t update_tiles() const { return tiles_; }
  // Rows of W of an update tile.
  struct Tile {
    std::size_t first, rows;
  };
  Tile tile_at(std::size_t tile) const;
  // Weights, then biases; names begin with `prefix`.
  std::vector<Tensor> tensors(const std::string& prefix) const;
  // Learning rates are multiplied by one number per tensor.
  void bind(ParameterBlock<T> block, std::span<const double> rates);

  // output = multiplier W x + b, or output += that.
  void forward(std::size_t rows, RowView<const T> input, bool is_added, RowView<T> output) const;
  // input_error = beta input_error + multiplier W^T delta, delta = dE/doutput.
  void backward(std::size_t rows, RowView<const T> delta, T beta, RowView<T> input_error) const;

  // From the inputs and deltas of the whole minibatch, the parameters of one tile.
  void update(std::size_t tile, std::size_t batch, RowView<const T> input, RowView<const T> delta,
              const Update<T>& step, T* scratch) const;
  // Brings W back to what it is held to.
  void hold(const Held& held) const;
  // Rows of the batch are `positions` for every example: the gradient is that of the mean over examples.
  double squared_gradient(std::size_t tile, std::size_t batch, RowView<const T> input, RowView<const T> delta,
                          T* scratch, std::size_t positions = 1) const;
  bool has_gradient(std::size_t tile, std::size_t batch, RowView<const T> input, RowView<const T> delta,
                    T* scratch) const;

 private:
  void sum_over_batch(Tile tile, std::size_t batch, RowView<const T> delta, T* sums) const;
  GradientProduct<T> product(Tile tile, std::size_t batch, RowView<const T> input, RowView<const T> delta) const;

  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  bool has_bias_ = false;
  std::size_t tiles_ = 0;
  std::size_t tile_rows_ = 0;
  T multiplier_ = 1;
  ParameterBlock<T> block_;
  T bias_rate_ = 1;
};

}  // namespace mft::train
