// Words of a vocabulary as vectors, one at every position of a row, and the output that has the same matrix.
#pragma once
#include <vector>

#include "train/layer.h"

namespace mft::train {

struct EmbeddingShape {
  std::size_t words = 1;
  std::size_t positions = 1;
  std::size_t units = 1;
  double weight_variance = 1;  // of an entry
  std::size_t mask_layer = 0;
  double keep_probability = 1;
};

// Parameters: weight (words x units). Tape: factors of the mask, where there is one, then dE/d(vector).
template <typename T>
class Embedding final : public Layer<T> {
 public:
  explicit Embedding(EmbeddingShape shape) : shape_(shape) {}
  std::size_t inputs() const override { return shape_.positions; }
  std::size_t outputs() const override { return shape_.positions * shape_.units; }
  std::size_t parameters() const override { return shape_.words * shape_.units; }
  std::vector<Tensor> tensors() const override { return {{"weight", {shape_.words, shape_.units}}}; }
  double keep_probability() const override { return shape_.keep_probability; }
  std::size_t tokens() const override { return shape_.words; }
  std::size_t tape_per_row() const override { return outputs(); }
  std::size_t mask_words(std::size_t rows) const override { return rows * words_for(outputs()); }
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
  const T* shared_matrix() const override { return block_.values; }
  void lend(const Layer<T>& borrower, const T* input, const T* tape) override;

 private:
  struct Words {
    std::size_t first, count;
  };
  Words words_of(std::size_t tile) const;
  // Sums over the batch of a tile's words; marks in `is_there` those that have any.
  Words gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* sums,
                 std::vector<char>* is_there) const;

  EmbeddingShape shape_;
  ParameterBlock<T> block_;
  struct Borrower {
    const Layer<T>* layer = nullptr;
    const T *input = nullptr, *tape = nullptr;
  };
  std::vector<Borrower> borrowers_;
};

}  // namespace mft::train
