// A convolution layer: u = pool(phi(multiplier W * x + b)) of maps that lie channel by channel, row by row. Its
// products are those of convolution_products.h.
#pragma once
#include <memory>

#include "core/activation.h"
#include "core/convolution_maps.h"
#include "train/held.h"
#include "train/initialise.h"
#include "train/layer.h"
#include "train/layers/convolution_products.h"
#include "train/pooling.h"

namespace mft::train {

struct ConvolutionShape {
  convolution::Convolution maps;
  convolution::Pooling pooling = convolution::Pooling::kAverage;
  bool has_bias = true;
  Activation activation;
  double multiplier = 1;                                        // of W * x
  Initial initial;                                              // fan-in: a patch
  convolution::Padding padding = convolution::Padding::kValid;  // as of `maps`
  Held held = {};  // norms of each kernel; rank of their matrix, channels x patch
};

// Parameters: W (channels x input channels x kernel x kernel), then b. Tape, of every place before pooling: phi'(z)
// times the share of the place in its pool after forward (of a maximum: 1 at the first that has it), dE/dz after
// backward, in the order its products want.
template <typename T>
class ConvolutionLayer final : public Layer<T> {
 public:
  explicit ConvolutionLayer(ConvolutionShape shape);
  std::size_t inputs() const override { return maps().input().size(); }
  std::size_t outputs() const override { return maps().output().size(); }
  std::size_t recorded_values() const override { return maps().before_pool().size(); }
  std::size_t parameters() const override { return maps().weights() + (shape_.has_bias ? channels() : 0); }
  std::vector<Tensor> tensors() const override;
  std::size_t tape_per_row() const override { return recorded_values(); }
  std::size_t evaluation_scratch_per_row() const override { return recorded_values(); }
  std::size_t initialisation_scratch() const override {
    return train::initialisation_scratch(shape_.initial, channels(), maps().patch());
  }
  std::size_t update_scratch() const override { return products_->scratch(); }
  std::size_t update_tiles() const override { return products_->tiles(); }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override;
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override;
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
               std::uint64_t* mask_bits) const override;
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override;
  void update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
              T* scratch) const override;
  void hold() override;
  double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                          T* scratch) const override;
  bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const override;

 private:
  const convolution::Convolution& maps() const { return shape_.maps; }
  std::size_t channels() const { return maps().layer().channels; }
  Kernels<T> kernels() const {
    return {block_.values, shape_.has_bias ? block_.values + maps().weights() : nullptr, multiplier()};
  }
  T multiplier() const { return static_cast<T>(shape_.multiplier); }
  PoolShape pools_of(std::size_t count) const;
  KernelPart gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const {
    return products_->gradient(tile, multiplier(), batch, input, tape, scratch);
  }

  ConvolutionShape shape_;
  std::unique_ptr<ConvolutionProducts<T>> products_;
  ParameterBlock<T> block_;
  T bias_rate_ = 1;
};

}  // namespace mft::train
