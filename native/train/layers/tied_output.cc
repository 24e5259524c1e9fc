// A linear output at every position whose matrix is that of an embedding: logits W h + b, W words x units.
#include <algorithm>
#include <memory>
#include <span>

#include "core/product.h"
#include "core/statistics.h"
#include "train/affine.h"
#include "train/elementwise.h"
#include "train/layer.h"
#include "train/layers/kinds.h"
#include "train/row_statistics.h"

namespace mft::train {
namespace {

// Parameters: bias (words), where there are biases; the matrix belongs to the layer `sharesWith`, which updates it.
// Tape: dE/d(output).
template <typename T>
class TiedOutput final : public Layer<T> {
 public:
  TiedOutput(std::size_t positions, std::size_t inputs, std::size_t words, bool has_bias, std::size_t owner)
      : positions_(positions), inputs_(inputs), words_(words), has_bias_(has_bias), owner_(owner) {}
  std::size_t inputs() const override { return positions_ * inputs_; }
  std::size_t outputs() const override { return positions_ * words_; }
  std::size_t parameters() const override { return has_bias_ ? words_ : 0; }
  std::vector<Tensor> tensors() const override {
    if (!has_bias_) return {};
    return {{"bias", {words_}}};
  }
  std::size_t tape_per_row() const override { return outputs(); }
  std::size_t update_scratch() const override { return parameters(); }
  std::size_t update_tiles() const override { return has_bias_ ? 1 : 0; }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override {
    block_ = block;
    if (!rates.empty()) block_.rate = static_cast<T>(rates[0]);
  }
  void initialise(std::uint64_t, std::size_t, T* values) const override { std::fill_n(values, parameters(), T(0)); }
  std::size_t shares_with() const override { return owner_; }
  void borrow(const Layer<T>& owner) override { matrix_ = owner.shared_matrix(); }

  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T*, std::uint64_t*) const override {
    const std::size_t positions = rows.count * positions_;
    if (has_bias_)
      for (std::size_t p = 0; p < positions; ++p) std::copy_n(block_.values, words_, output + p * words_);
    matrix_product(false, true, positions, words_, inputs_, T(1), input, inputs_, matrix_, inputs_,
                   has_bias_ ? T(1) : T(0), output, words_);
    if (pass.is_training) record_values(pass.statistics, rows, output, outputs());
  }

  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override {
    record_errors(pass.statistics, rows, output_error, outputs());
    std::copy_n(output_error, rows.count * outputs(), tape);
    if (input_error != nullptr)
      matrix_product(false, false, rows.count * positions_, inputs_, words_, T(1), tape, words_, matrix_, inputs_, T(0),
                     input_error, inputs_);
  }

  void update(std::size_t, std::size_t batch, const T*, const T* tape, const Update<T>& step,
              T* scratch) const override {
    sum(batch, tape, scratch);
    step.biases(scratch, block_, words_);
  }

  double squared_gradient(std::size_t, std::size_t batch, const T*, const T* tape, T* scratch) const override {
    sum(batch, tape, scratch);
    elementwise<T>().scale(T(1) / static_cast<T>(batch), scratch, words_);
    return sum_of_squares(std::span<const T>(scratch, words_));
  }

  bool has_gradient(std::size_t, std::size_t batch, const T*, const T* tape, T* scratch) const override {
    sum(batch, tape, scratch);
    return std::any_of(scratch, scratch + words_, [](T x) { return x != T(0); });
  }

  void add_shared_gradient(std::size_t first, std::size_t count, std::size_t batch, const T* input, const T* tape,
                           T* sums) const override {
    matrix_product(true, false, count, inputs_, batch * positions_, T(1), tape + first, words_, input, inputs_, T(1),
                   sums, inputs_);
  }

 private:
  void sum(std::size_t batch, const T* tape, T* sums) const {
    std::fill_n(sums, words_, T(0));
    for (std::size_t p = 0; p < batch * positions_; ++p) elementwise<T>().add(tape + p * words_, sums, words_);
  }

  std::size_t positions_, inputs_, words_;
  bool has_bias_;
  std::size_t owner_;
  const T* matrix_ = nullptr;
  ParameterBlock<T> block_;
};

template <typename T>
std::unique_ptr<Layer<T>> make(const LayerFields& f, const LayerPlace& place) {
  const std::size_t positions = f.count("positions");
  return std::make_unique<TiedOutput<T>>(positions, place.inputs / positions, f.count("units"), f.flag("hasBiases"),
                                         f.count("sharesWith"));
}

[[maybe_unused]] const bool kIsRegistered = register_layer("tiedOutput", {make<float>, make<double>});

}  // namespace
}  // namespace mft::train
