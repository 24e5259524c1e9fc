#include "train/network.h"

#include <algorithm>

#include "core/error.h"
#include "train/path_masks.h"

namespace mft::train {

template <typename T>
std::vector<std::unique_ptr<Layer<T>>> make_layers(const TrainingOptions& options) {
  std::vector<std::unique_ptr<Layer<T>>> layers;
  std::size_t inputs = options.dimension;
  for (const LayerFields& fields : options.layers) {
    layers.push_back(make_layer<T>(fields, {inputs, layers.size() + 1}));
    inputs = layers.back()->outputs();
  }
  return layers;
}

std::vector<NetworkTensor> network_tensors(const TrainingOptions& options) {
  std::vector<NetworkTensor> trained, fixed;
  std::size_t number = 0;
  for (const auto& layer : make_layers<double>(options)) {
    const std::string prefix = "layer" + std::to_string(++number) + ".";
    for (const Tensor& tensor : layer->tensors()) trained.push_back({{prefix + tensor.name, tensor.shape}, false});
    for (const Tensor& tensor : layer->fixed_tensors()) fixed.push_back({{prefix + tensor.name, tensor.shape}, true});
  }
  trained.insert(trained.end(), fixed.begin(), fixed.end());
  return trained;
}

template <typename T>
Network<T>::Network(const TrainingOptions& options) : layers_(make_layers<T>(options)) {
  std::size_t count = 0;
  largest_width_ = options.dimension;
  mask_words_ = kRowTile * words_for(options.dimension);
  for (const auto& layer : layers_) {
    offsets_.push_back(count);
    count += layer->parameters();
    largest_width_ = std::max(largest_width_, layer->outputs());
    mask_words_ = std::max(mask_words_, layer->mask_words(kPassRows));
    update_scratch_ = std::max(update_scratch_, layer->update_scratch());
    evaluation_scratch_ = std::max(evaluation_scratch_, kRowTile * layer->evaluation_scratch_per_row());
  }
  values_.resize(count);
  const std::size_t moments = moment_count(options.optimizer.kind);
  first_.resize(moments >= 1 ? count : 0);
  second_.resize(moments >= 2 ? count : 0);
  const ParameterBlock<T> all{values_.data(), first_.empty() ? nullptr : first_.data(),
                              second_.empty() ? nullptr : second_.data()};
  std::span<const double> rates(options.rate_multipliers);
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const std::size_t tensors = layers_[l]->tensors().size();
    layers_[l]->bind(all.from(offsets_[l]), rates.first(std::min(tensors, rates.size())));
    if (!rates.empty()) rates = rates.subspan(tensors);
    layers_[l]->fix(options.seed, l + 1);
  }
  for (const auto& layer : layers_) {
    const std::size_t owner = layer->shares_with();
    if (owner == 0) continue;
    if (owner > layers_.size() || layers_[owner - 1]->shared_matrix() == nullptr)
      throw Error("INVALID_ARGUMENT", "layers", "Expected `sharesWith` to be a layer whose matrix others may use.");
    layer->borrow(*layers_[owner - 1]);
  }
  initialise(options);
  hold();
}

template <typename T>
void Network<T>::hold() {
  for (const auto& layer : layers_) layer->hold();
}

template <typename T>
void Network<T>::initialise(const TrainingOptions& options) {
  if (!options.initial_parameters.empty()) {
    std::size_t fixed = 0;
    for (const auto& layer : layers_) fixed += layer->fixed_values().size();
    const std::size_t given = options.initial_parameters.size();
    if (given != values_.size() && given != values_.size() + fixed)
      throw Error("SHAPE", "initialParameters",
                  "Expected `initialParameters` to hold " + std::to_string(values_.size()) + " numbers, received " +
                      std::to_string(given) + ".");
    const double* from = options.initial_parameters.data();
    const auto copy = [&](std::span<T> to) {
      for (T& value : to) value = static_cast<T>(*from++);
    };
    copy(values_);
    if (given > values_.size())
      for (const auto& layer : layers_) copy(layer->fixed_values());
    return;
  }
  for (std::size_t l = 0; l < layers_.size(); ++l)
    layers_[l]->initialise(options.seed, l + 1, values_.data() + offsets_[l]);
}

template <typename T>
MaskedUnits Network<T>::masked_units(const TrainingOptions& options) const {
  MaskedUnits masked{{{options.input_keep_probability}, {1.0}}, {options.dimension}};
  for (const auto& layer : layers_) {
    masked.keep.units.push_back(layer->keep_probability());
    masked.keep.branches.push_back(layer->branch_keep_probability());
    masked.units.push_back(layer->masked_units());
  }
  return masked;
}

std::unique_ptr<MaskSource> make_masks(const TrainingOptions& options, const MaskedUnits& masked) {
  if (!options.given_masks.empty())
    return std::make_unique<GivenMasks>(masked.keep, masked.units, options.batch, options.given_masks);
  if (options.has_path_masks) return std::make_unique<PathMasks>(options.seed, masked.keep, options.has_shared_masks);
  return std::make_unique<BernoulliMasks>(options.seed, masked.keep, options.has_shared_masks);
}

template std::vector<std::unique_ptr<Layer<float>>> make_layers(const TrainingOptions&);
template std::vector<std::unique_ptr<Layer<double>>> make_layers(const TrainingOptions&);
template class Network<float>;
template class Network<double>;

}  // namespace mft::train
