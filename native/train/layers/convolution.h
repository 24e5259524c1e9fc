// A convolution layer: u = pool(phi(multiplier W * x + b)) of maps that lie channel by channel, row by row. The
// products are those of its kernels (channels x patch) with the patches of an image, band of rows by band of rows: a
// band's patches stay in the cache.
#pragma once
#include "core/activation.h"
#include "core/convolution_maps.h"
#include "train/initialise.h"
#include "train/layer.h"

namespace mft::train {

struct ConvolutionShape {
  convolution::Convolution maps;
  convolution::Pooling pooling = convolution::Pooling::kAverage;
  bool has_bias = true;
  Activation activation;
  double multiplier = 1;  // of W * x
  Initial initial;        // fan-in: a patch
};

// Parameters: W (channels x input channels x kernel x kernel), then b. Tape, of every place before pooling: phi'(z)
// times the share of the place in its pool after forward (of a maximum: 1 at the first that has it), dE/dz after
// backward.
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
  using Band = convolution::Convolution::Band;
  struct Channels {
    std::size_t first, count;
  };
  const convolution::Convolution& maps() const { return shape_.maps; }
  std::size_t channels() const { return maps().layer().channels; }
  std::size_t places() const { return maps().before_pool().positions(); }
  Band band_at(std::size_t first) const;
  void products(const T* image, T* z) const;
  void pass_back(const T* delta, T* input_error) const;
  Channels channels_of(std::size_t tile) const;
  // dE/dW of a tile's channels (count x patch), then dE/db, summed over the batch.
  Channels gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const;

  ConvolutionShape shape_;
  std::size_t band_rows_ = 1;
  ParameterBlock<T> block_;
  T bias_rate_ = 1;
};

}  // namespace mft::train
