#include "train/layers/convolution.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "core/convolution_direct.h"
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

// Numbers that activations and pools work on at a time: they stay in the L1 cache.
constexpr std::size_t kBlockNumbers = 3072;

// The activations of such a block before pooling. Grows once.
template <typename T>
T* block_scratch(std::size_t count) {
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
                         {law, f.variance("weightVariance"), f.variance("biasVariance"), 0},
                         padding,
                         held_of(f)};
  return std::make_unique<ConvolutionLayer<T>>(std::move(shape));
}

[[maybe_unused]] const bool kIsRegistered = register_layer("convolution", {make<float>, make<double>});

}  // namespace

template <typename T>
ConvolutionLayer<T>::ConvolutionLayer(ConvolutionShape shape)
    : shape_(std::move(shape)),
      products_(maps().layer().stride == 1 && convolution::has_direct_kernels()
                    ? direct_products<T>(maps(), shape_.padding, shape_.has_bias)
                    : patch_products<T>(maps(), shape_.has_bias)) {}

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

// Of so many channels.
template <typename T>
PoolShape ConvolutionLayer<T>::pools_of(std::size_t count) const {
  return {maps().layer().pool, count * maps().output().height, maps().before_pool().width};
}

template <typename T>
void ConvolutionLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                                  std::uint64_t*) const {
  products_->forward(kernels(), rows.count, input, tape);
  if (pass.is_training) record_values(pass.statistics, rows, tape, recorded_values());
  const std::size_t places = maps().before_pool().positions(), pooled = maps().output().positions();
  // Channels at a time, whose numbers stay in the L1 cache.
  const std::size_t most = std::clamp<std::size_t>(kBlockNumbers / places, 1, channels());
  const bool has_pool = maps().layer().pool > 1;
  T* const scratch = has_pool ? block_scratch<T>(most * places) : nullptr;
  const auto pool = shape_.pooling == Pooling::kMax ? pools<T>().maximum : pools<T>().average;
  for (std::size_t first = 0; first < rows.count * channels();) {
    const std::size_t count = std::min(most, rows.count * channels() - first);
    const std::span<T> z(tape + first * places, count * places);
    T* const out = output + first * pooled;
    const std::span<T> values(has_pool ? scratch : out, z.size());
    if (pass.is_training) {
      std::copy(z.begin(), z.end(), values.begin());
      activate_both(shape_.activation, std::span<const T>(values), values, z);
    } else {
      activate(shape_.activation, std::span<const T>(z), values);
    }
    if (has_pool) pool(pools_of(count), values.data(), pass.is_training ? z.data() : nullptr, out);
    first += count;
  }
}

template <typename T>
void ConvolutionLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error,
                                   T* tape) const {
  if (maps().layer().pool > 1)
    pools<T>().back(pools_of(rows.count * channels()), output_error, tape);
  else
    elementwise<T>().multiply(output_error, tape, tape, rows.count * recorded_values());
  record_errors(pass.statistics, rows, tape, recorded_values());
  products_->backward(kernels(), rows.count, tape, input_error);
}

template <typename T>
void ConvolutionLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                 const Update<T>& step, T* scratch) const {
  const KernelPart own = gradient(tile, batch, input, tape, scratch);
  if (own.has_biases) {
    ParameterBlock<T> biases = block_.from(maps().weights() + own.first);
    biases.rate = bias_rate_;
    step.biases(scratch + own.count * own.length, biases, own.count);
  }
  const std::size_t patch = maps().patch();
  for (std::size_t c = 0; c < own.count; ++c)
    step.summed_weights(scratch + c * own.length, block_.from((own.first + c) * patch + own.begin), own.length);
}

template <typename T>
void ConvolutionLayer<T>::hold() {
  const std::size_t patch = maps().patch();
  // Shrunk kernels have no larger rank.
  hold_rank(shape_.held.rank, channels(), patch, block_.values);
  for (std::size_t c = 0; c < channels(); ++c) hold_norm(shape_.held.norm, patch, block_.values + c * patch);
}

template <typename T>
double ConvolutionLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                             T* scratch) const {
  const std::size_t count = gradient(tile, batch, input, tape, scratch).size();
  elementwise<T>().scale(T(1) / static_cast<T>(batch), scratch, count);
  return sum_of_squares(std::span<const T>(scratch, count));
}

template <typename T>
bool ConvolutionLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                       T* scratch) const {
  const std::size_t count = gradient(tile, batch, input, tape, scratch).size();
  return std::any_of(scratch, scratch + count, [](T x) { return x != T(0); });
}

template class ConvolutionLayer<float>;
template class ConvolutionLayer<double>;

}  // namespace mft::train
