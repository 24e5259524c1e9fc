// A sequence of which only the first position says something: the inputs, then steps - 1 positions of N(0, variance),
// drawn anew for every row in every step. What a digit that is followed by noise is (docs/systems/recurrent.md).
#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "core/random.h"
#include "train/elementwise.h"
#include "train/layer.h"
#include "train/layers/kinds.h"
#include "train/row_statistics.h"

namespace mft::train {
namespace {

// Nothing is trained and nothing kept. Position 0 is scale times the inputs. Row r of step s has the elements from
// r (steps - 1) inputs on of the stream (seed, s, layer, kSequenceNoise).
template <typename T>
class ThenNoise final : public Layer<T> {
 public:
  ThenNoise(std::size_t inputs, std::size_t steps, double scale, double variance)
      : inputs_(inputs),
        steps_(steps),
        scale_(static_cast<T>(scale)),
        deviation_(static_cast<T>(std::sqrt(variance))) {}
  std::size_t inputs() const override { return inputs_; }
  std::size_t outputs() const override { return steps_ * inputs_; }
  std::size_t parameters() const override { return 0; }
  std::vector<Tensor> tensors() const override { return {}; }
  std::size_t tape_per_row() const override { return 0; }
  std::size_t update_scratch() const override { return 0; }
  std::size_t update_tiles() const override { return 0; }
  void bind(ParameterBlock<T>, std::span<const double>) override {}
  void fix(std::uint64_t seed, std::size_t layer) override {
    seed_ = seed;
    layer_ = static_cast<std::uint32_t>(layer);
  }
  void initialise(std::uint64_t, std::size_t, T*) const override {}

  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T*, std::uint64_t*) const override {
    const Stream stream{seed_, pass.step, layer_, Purpose::kSequenceNoise};
    const std::size_t noise = (steps_ - 1) * inputs_;
    for (std::size_t row = 0; row < rows.count; ++row) {
      T* out = output + row * outputs();
      std::copy_n(input + row * inputs_, inputs_, out);
      elementwise<T>().scale(scale_, out, inputs_);
      random_normals(stream, pass.row_number(rows.first + row) * noise, std::span<T>(out + inputs_, noise));
      elementwise<T>().scale(deviation_, out + inputs_, noise);
    }
    if (pass.is_training) record_values(pass.statistics, rows, output, outputs());
  }

  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T*) const override {
    record_errors(pass.statistics, rows, output_error, outputs());
    if (input_error == nullptr) return;
    for (std::size_t row = 0; row < rows.count; ++row) {
      std::copy_n(output_error + row * outputs(), inputs_, input_error + row * inputs_);
      elementwise<T>().scale(scale_, input_error + row * inputs_, inputs_);
    }
  }

  void update(std::size_t, std::size_t, const T*, const T*, const Update<T>&, T*) const override {}
  double squared_gradient(std::size_t, std::size_t, const T*, const T*, T*) const override { return 0; }
  bool has_gradient(std::size_t, std::size_t, const T*, const T*, T*) const override { return false; }

 private:
  std::size_t inputs_, steps_;
  T scale_, deviation_;
  std::uint64_t seed_ = 0;
  std::uint32_t layer_ = 0;
};

template <typename T>
std::unique_ptr<Layer<T>> make(const LayerFields& f, const LayerPlace& place) {
  f.number("hasBiases", 0);  // it has none, whatever the network has
  return std::make_unique<ThenNoise<T>>(place.inputs, f.count("steps"), f.number("scale"), f.variance("variance"));
}

[[maybe_unused]] const bool kIsRegistered = register_layer("thenNoise", {make<float>, make<double>});

}  // namespace
}  // namespace mft::train
