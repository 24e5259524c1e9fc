#include "train/layers/convolution.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "core/product.h"
#include "core/error.h"
#include "core/statistics.h"
#include "train/buffer.h"
#include "train/elementwise.h"
#include "train/layers/kinds.h"

namespace mft::train {
namespace {

using convolution::Convolution;
using convolution::Padding;
using convolution::Pooling;

// Numbers of a band's patches: they stay in the L2 cache. Channels of a tile of the update. Both are part of the bits.
constexpr std::size_t kBandNumbers = 65536, kTileChannels = 32;

// Patches of the band at work, and the activations of an image before pooling. Grows once.
template <typename T>
T* image_scratch(std::size_t count) {
  thread_local Buffer<T> scratch;
  if (scratch.size() < count) scratch.resize(count);
  return scratch.data();
}

template <std::size_t N>
std::size_t index_of(const LayerFields& f, const std::string& name, const std::array<const char*, N>& words) {
  const auto found = std::find(words.begin(), words.end(), f.word(name));
  if (found == words.end())
    throw Error("INVALID_ARGUMENT", "layers",
                "Expected another `" + name + "` of a convolution: " + f.word(name) + ".");
  return static_cast<std::size_t>(found - words.begin());
}

template <typename T>
std::unique_ptr<Layer<T>> make(const LayerFields& f, const LayerPlace& place) {
  const InitialLaw law = f.word("law") == "orthogonal" ? InitialLaw::kOrthogonal : InitialLaw::kGaussian;
  const auto padding = static_cast<Padding>(index_of(f, "padding", std::array{"valid", "zero", "circular"}));
  const convolution::Map input{f.count("inputChannels"), f.count("height"), f.count("width")};
  if (place.inputs != input.size())
    throw Error("SHAPE", "layers", "Expected the inputs of a convolution to be its input maps.");
  const convolution::Layer layer{f.count("kernel"), f.count("stride"), f.count("channels"), f.count("pool")};
  ConvolutionShape shape{convolution::convolutions({layer}, input, padding).front(),
                         static_cast<Pooling>(index_of(f, "pooling", std::array{"average", "max"})),
                         f.flag("hasBiases"),
                         f.activation("activation"),
                         f.number("forwardMultiplier", 1),
                         {law, f.variance("weightVariance"), f.variance("biasVariance"), 0}};
  return std::make_unique<ConvolutionLayer<T>>(std::move(shape));
}

[[maybe_unused]] const bool kIsRegistered = register_layer("convolution", {make<float>, make<double>});

// The share of every place in what its pool passes on times its derivative: 1/p^2, or 1 at the first maximum.
template <typename T>
void route(const Convolution& maps, Pooling pooling, const T* activations, T* derivatives) {
  const std::size_t p = maps.layer().pool, width = maps.before_pool().width;
  if (pooling == Pooling::kAverage)
    return elementwise<T>().scale(T(1) / static_cast<T>(p * p), derivatives, maps.before_pool().size());
  for (std::size_t block_row = 0; block_row < maps.before_pool().size() / (p * width); ++block_row)
    for (std::size_t column = 0; column < width; column += p) {
      const std::size_t first = block_row * p * width + column;
      std::size_t best = first;
      for (std::size_t i = 0; i < p; ++i)
        for (std::size_t j = 0; j < p; ++j)
          if (activations[first + i * width + j] > activations[best]) best = first + i * width + j;
      const T kept = derivatives[best];
      for (std::size_t i = 0; i < p; ++i) std::fill_n(derivatives + first + i * width, p, T(0));
      derivatives[best] = kept;
    }
}

// What route() has left, times the error of its pool.
template <typename T>
void unpool(const Convolution& maps, const T* error, T* tape) {
  const std::size_t p = maps.layer().pool, width = maps.before_pool().width, pooled = width / p;
  for (std::size_t row = 0; row < maps.before_pool().size() / width; ++row) {
    const T* from = error + row / p * pooled;
    T* to = tape + row * width;
    for (std::size_t column = 0; column < pooled; ++column)
      for (std::size_t j = 0; j < p; ++j) *to++ *= from[column];
  }
}

}  // namespace

template <typename T>
ConvolutionLayer<T>::ConvolutionLayer(ConvolutionShape shape) : shape_(std::move(shape)) {
  const std::size_t row = maps().patch() * maps().before_pool().width;
  band_rows_ = std::clamp<std::size_t>(kBandNumbers / row, 1, maps().before_pool().height);
}

template <typename T>
std::vector<Tensor> ConvolutionLayer<T>::tensors() const {
  const std::size_t kernel = maps().layer().kernel;
  std::vector<Tensor> result{{"weight", {channels(), maps().input().channels, kernel, kernel}}};
  if (shape_.has_bias) result.push_back({"bias", {channels()}});
  return result;
}

template <typename T>
void ConvolutionLayer<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  block_ = block;
  if (!rates.empty()) block_.rate = static_cast<T>(rates[0]);
  if (rates.size() > 1) bias_rate_ = static_cast<T>(rates[1]);
}

template <typename T>
void ConvolutionLayer<T>::initialise(std::uint64_t seed, std::size_t layer, T* values) const {
  initialise_weights(shape_.initial, seed, layer, channels(), maps().patch(), values);
  if (shape_.has_bias) initialise_biases(shape_.initial, seed, layer, channels(), values + maps().weights());
}

template <typename T>
typename ConvolutionLayer<T>::Band ConvolutionLayer<T>::band_at(std::size_t first) const {
  return {first, std::min(band_rows_, maps().before_pool().height - first)};
}

// z = multiplier W * image + b.
template <typename T>
void ConvolutionLayer<T>::products(const T* image, T* z) const {
  const std::size_t patch = maps().patch(), width = maps().before_pool().width;
  T* patches = image_scratch<T>(patch * band_rows_ * width);
  if (shape_.has_bias)
    for (std::size_t c = 0; c < channels(); ++c)
      std::fill_n(z + c * places(), places(), block_.values[maps().weights() + c]);
  for (std::size_t row = 0; row < maps().before_pool().height; row += band_rows_) {
    const Band band = band_at(row);
    const std::size_t count = band.count * width;
    maps().gather(image, band, patches);
    matrix_product(false, false, channels(), count, patch, static_cast<T>(shape_.multiplier), block_.values, patch,
                   patches, count, shape_.has_bias ? T(1) : T(0), z + row * width, places());
  }
}

// input_error = multiplier W^T * delta.
template <typename T>
void ConvolutionLayer<T>::pass_back(const T* delta, T* input_error) const {
  const std::size_t patch = maps().patch(), width = maps().before_pool().width;
  T* patches = image_scratch<T>(patch * band_rows_ * width);
  std::fill_n(input_error, inputs(), T(0));
  for (std::size_t row = 0; row < maps().before_pool().height; row += band_rows_) {
    const Band band = band_at(row);
    const std::size_t count = band.count * width;
    matrix_product(true, false, patch, count, channels(), static_cast<T>(shape_.multiplier), block_.values, patch,
                   delta + row * width, places(), T(0), patches, count);
    maps().scatter(patches, band, input_error);
  }
}

template <typename T>
void ConvolutionLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                                  std::uint64_t*) const {
  const std::size_t size = recorded_values();
  const bool has_pool = maps().layer().pool > 1;
  for (std::size_t row = 0; row < rows.count; ++row) products(input + row * inputs(), tape + row * size);
  if (pass.is_training) record_values(pass.statistics, rows, tape, size);
  for (std::size_t row = 0; row < rows.count; ++row) {
    T* const z = tape + row * size;
    T* const out = output + row * outputs();
    T* const values = has_pool ? image_scratch<T>(size) : out;
    std::copy_n(z, size, values);
    const std::span<T> activations(values, size);
    if (pass.is_training)
      activate_both(shape_.activation, std::span<const T>(activations), activations, std::span<T>(z, size));
    else
      activate(shape_.activation, std::span<const T>(activations), activations);
    if (!has_pool) continue;
    if (pass.is_training) route(maps(), shape_.pooling, values, z);
    maps().pool(shape_.pooling, values, out);
  }
}

template <typename T>
void ConvolutionLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error,
                                   T* tape) const {
  const std::size_t size = recorded_values();
  for (std::size_t row = 0; row < rows.count; ++row) {
    if (maps().layer().pool > 1)
      unpool(maps(), output_error + row * outputs(), tape + row * size);
    else
      elementwise<T>().multiply(output_error + row * size, tape + row * size, tape + row * size, size);
  }
  record_errors(pass.statistics, rows, tape, size);
  if (input_error == nullptr) return;
  for (std::size_t row = 0; row < rows.count; ++row) pass_back(tape + row * size, input_error + row * inputs());
}

template <typename T>
std::size_t ConvolutionLayer<T>::update_tiles() const {
  return (channels() + kTileChannels - 1) / kTileChannels;
}

template <typename T>
typename ConvolutionLayer<T>::Channels ConvolutionLayer<T>::channels_of(std::size_t tile) const {
  const std::size_t first = tile * kTileChannels;
  return {first, std::min(kTileChannels, channels() - first)};
}

template <typename T>
std::size_t ConvolutionLayer<T>::update_scratch() const {
  const std::size_t count = std::min(kTileChannels, channels());
  const std::size_t band = maps().patch() * band_rows_ * maps().before_pool().width;
  return count * (maps().patch() + 1) + std::max(band, count * places());
}

template <typename T>
typename ConvolutionLayer<T>::Channels ConvolutionLayer<T>::gradient(std::size_t tile, std::size_t batch,
                                                                     const T* input, const T* tape, T* scratch) const {
  const Channels own = channels_of(tile);
  const std::size_t patch = maps().patch(), width = maps().before_pool().width, size = recorded_values();
  T* const sums = scratch + own.count * patch;
  T* const work = sums + own.count;
  const Elementwise<T>& loops = elementwise<T>();
  if (shape_.has_bias) {
    // Over the batch place by place, then over the places.
    std::fill_n(work, own.count * places(), T(0));
    for (std::size_t row = 0; row < batch; ++row)
      loops.add(tape + row * size + own.first * places(), work, own.count * places());
    for (std::size_t c = 0; c < own.count; ++c) {
      T sum = 0;
      for (std::size_t place = 0; place < places(); ++place) sum += work[c * places() + place];
      sums[c] = sum;
    }
  }
  T beta = 0;
  for (std::size_t row = 0; row < batch; ++row)
    for (std::size_t line = 0; line < maps().before_pool().height; line += band_rows_) {
      const Band band = band_at(line);
      const std::size_t count = band.count * width;
      maps().gather(input + row * inputs(), band, work);
      matrix_product(false, true, own.count, patch, count, static_cast<T>(shape_.multiplier),
                     tape + row * size + own.first * places() + line * width, places(), work, count, beta, scratch,
                     patch);
      beta = 1;
    }
  return own;
}

template <typename T>
void ConvolutionLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                 const Update<T>& step, T* scratch) const {
  const Channels own = gradient(tile, batch, input, tape, scratch);
  const std::size_t patch = maps().patch();
  if (shape_.has_bias) {
    ParameterBlock<T> biases = block_.from(maps().weights() + own.first);
    biases.rate = bias_rate_;
    step.biases(scratch + own.count * patch, biases, own.count);
  }
  step.summed_weights(scratch, block_.from(own.first * patch), own.count * patch);
}

template <typename T>
double ConvolutionLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                             T* scratch) const {
  const Channels own = gradient(tile, batch, input, tape, scratch);
  const std::size_t count = own.count * (maps().patch() + (shape_.has_bias ? 1 : 0));
  elementwise<T>().scale(T(1) / static_cast<T>(batch), scratch, count);
  return sum_of_squares(std::span<const T>(scratch, count));
}

template <typename T>
bool ConvolutionLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                       T* scratch) const {
  const Channels own = gradient(tile, batch, input, tape, scratch);
  const std::size_t count = own.count * (maps().patch() + (shape_.has_bias ? 1 : 0));
  return std::any_of(scratch, scratch + count, [](T x) { return x != T(0); });
}

template class ConvolutionLayer<float>;
template class ConvolutionLayer<double>;

}  // namespace mft::train
