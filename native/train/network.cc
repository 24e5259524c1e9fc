#include "train/network.h"

#include <algorithm>

#include "core/error.h"
#include "train/dense_layer.h"
#include "train/path_masks.h"

namespace mft::train {

template <typename T>
Network<T>::Network(const TrainingOptions& options) {
  std::size_t inputs = options.dimension;
  std::size_t count = 0;
  largest_width_ = inputs;
  mask_words_ = kRowTile * words_for(inputs);
  for (std::size_t l = 0; l < options.widths.size(); ++l) {
    const bool is_last = l + 1 == options.widths.size();
    DenseShape shape{inputs, options.widths[l], options.has_bias, is_last ? Activation{} : options.activation, l + 1};
    layers_.push_back(std::make_unique<DenseLayer<T>>(std::move(shape)));
    const Layer<T>& layer = *layers_.back();
    offsets_.push_back(count);
    count += layer.parameters();
    largest_width_ = std::max(largest_width_, layer.outputs());
    mask_words_ = std::max(mask_words_, layer.mask_words(kRowTile));
    update_scratch_ = std::max(update_scratch_, layer.update_scratch());
    inputs = options.widths[l];
  }
  values_.resize(count);
  const std::size_t moments = moment_count(options.optimiser.kind);
  first_.resize(moments >= 1 ? count : 0);
  second_.resize(moments >= 2 ? count : 0);
  for (std::size_t l = 0; l < layers_.size(); ++l)
    layers_[l]->bind({values_.data() + offsets_[l], first_.empty() ? nullptr : first_.data() + offsets_[l],
                      second_.empty() ? nullptr : second_.data() + offsets_[l]});
  initialise(options);
}

template <typename T>
void Network<T>::initialise(const TrainingOptions& options) {
  if (!options.initial_parameters.empty()) {
    if (options.initial_parameters.size() != values_.size())
      throw Error("SHAPE", "initialParameters", "Expected `initialParameters` to hold " + std::to_string(values_.size()) +
                                                    " numbers, received " + std::to_string(options.initial_parameters.size()) + ".");
    std::transform(options.initial_parameters.begin(), options.initial_parameters.end(), values_.begin(),
                   [](double x) { return static_cast<T>(x); });
    return;
  }
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const Initial initial{options.law, options.weight_variance[l], options.bias_variance[l]};
    const std::size_t outputs = layers_[l]->outputs(), inputs = layers_[l]->inputs();
    T* values = values_.data() + offsets_[l];
    initialise_weights(initial, options.seed, l + 1, outputs, inputs, values);
    if (options.has_bias) initialise_biases(initial, options.seed, l + 1, outputs, values + outputs * inputs);
  }
}

std::unique_ptr<MaskSource> make_masks(const TrainingOptions& options) {
  if (options.given_masks.empty() && options.has_path_masks)
    return std::make_unique<PathMasks>(options.seed, options.keep_probability, options.has_shared_masks);
  if (options.given_masks.empty())
    return std::make_unique<BernoulliMasks>(options.seed, options.keep_probability, options.has_shared_masks);
  std::vector<std::size_t> units{options.dimension};
  units.insert(units.end(), options.widths.begin(), options.widths.end() - 1);
  return std::make_unique<GivenMasks>(options.keep_probability, std::move(units), options.batch, options.given_masks);
}

template class Network<float>;
template class Network<double>;

}  // namespace mft::train
