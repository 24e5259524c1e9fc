#include "train/network.h"

#include <algorithm>

#include "core/error.h"
#include "train/dense_layer.h"
#include "train/path_masks.h"
#include "train/residual_layer.h"

namespace mft::train {

template <typename T>
std::vector<std::unique_ptr<Layer<T>>> make_layers(const TrainingOptions& options) {
  std::vector<std::unique_ptr<Layer<T>>> layers;
  std::size_t inputs = options.dimension;
  for (std::size_t l = 0; l < options.widths.size(); ++l) {
    const std::size_t outputs = options.widths[l];
    const bool is_last = l + 1 == options.widths.size(), has_blocks = !options.blocks.empty();
    if (has_blocks && l > 0 && !is_last) {
      const BlockOptions& block = options.blocks[l - 1];
      layers.push_back(std::make_unique<ResidualLayer<T>>(
          ResidualShape{inputs,
                        block.hidden,
                        outputs,
                        options.has_bias,
                        block.has_outer,
                        block.skip,
                        options.activation,
                        {InitialLaw::kGaussian, block.inner_weight_variance, block.inner_bias_variance},
                        {InitialLaw::kGaussian, block.outer_weight_variance, block.outer_bias_variance}}));
    } else {
      layers.push_back(std::make_unique<DenseLayer<T>>(
          DenseShape{inputs,
                     outputs,
                     options.has_bias,
                     is_last || has_blocks ? Activation{} : options.activation,
                     l + 1,
                     {options.law, options.weight_variance[l], options.bias_variance[l]}}));
    }
    inputs = outputs;
  }
  return layers;
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
    mask_words_ = std::max(mask_words_, layer->mask_words(kRowTile));
    update_scratch_ = std::max(update_scratch_, layer->update_scratch());
    evaluation_scratch_ = std::max(evaluation_scratch_, kRowTile * layer->evaluation_scratch_per_row());
  }
  values_.resize(count);
  const std::size_t moments = moment_count(options.optimiser.kind);
  first_.resize(moments >= 1 ? count : 0);
  second_.resize(moments >= 2 ? count : 0);
  const ParameterBlock<T> all{values_.data(), first_.empty() ? nullptr : first_.data(),
                              second_.empty() ? nullptr : second_.data()};
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    layers_[l]->bind(all.from(offsets_[l]));
    layers_[l]->fix(options.seed, l + 1);
  }
  initialise(options);
}

template <typename T>
void Network<T>::initialise(const TrainingOptions& options) {
  if (!options.initial_parameters.empty()) {
    if (options.initial_parameters.size() != values_.size())
      throw Error("SHAPE", "initialParameters",
                  "Expected `initialParameters` to hold " + std::to_string(values_.size()) + " numbers, received " +
                      std::to_string(options.initial_parameters.size()) + ".");
    std::transform(options.initial_parameters.begin(), options.initial_parameters.end(), values_.begin(),
                   [](double x) { return static_cast<T>(x); });
    return;
  }
  for (std::size_t l = 0; l < layers_.size(); ++l)
    layers_[l]->initialise(options.seed, l + 1, values_.data() + offsets_[l]);
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

template std::vector<std::unique_ptr<Layer<float>>> make_layers(const TrainingOptions&);
template std::vector<std::unique_ptr<Layer<double>>> make_layers(const TrainingOptions&);
template class Network<float>;
template class Network<double>;

}  // namespace mft::train
