// A chain of layers, their parameters, and the memory of its steps.
#pragma once
#include <memory>
#include <vector>

#include "train/buffer.h"
#include "train/layer.h"
#include "train/options.h"

namespace mft::train {

// Rows of a tile of the minibatch. Fixed: part of the results' bits.
inline constexpr std::size_t kRowTile = 64;
// Rows that go through a layer together at most; a multiple of the tile.
inline constexpr std::size_t kPassRows = 2 * kRowTile;

// The layers the options describe, without parameters.
template <typename T>
std::vector<std::unique_ptr<Layer<T>>> make_layers(const TrainingOptions& options);

// Mask layers: the inputs, then what every layer masks.
struct MaskedUnits {
  KeepProbabilities keep;
  std::vector<std::size_t> units;
};

template <typename T>
class Network {
 public:
  explicit Network(const TrainingOptions& options);

  std::size_t depth() const { return layers_.size(); }
  const Layer<T>& layer(std::size_t l) const { return *layers_[l]; }
  Layer<T>& layer(std::size_t l) { return *layers_[l]; }
  std::size_t outputs() const { return layers_.back()->outputs(); }
  MaskedUnits masked_units(const TrainingOptions& options) const;
  std::size_t parameter_count() const { return values_.size(); }
  // Largest number of values between two layers, inputs included.
  std::size_t largest_width() const { return largest_width_; }
  std::size_t mask_words() const { return mask_words_; }
  std::size_t update_scratch() const { return update_scratch_; }
  std::size_t evaluation_scratch() const { return evaluation_scratch_; }

  Buffer<T>& values() { return values_; }
  Buffer<T>& first() { return first_; }
  Buffer<T>& second() { return second_; }
  const T* values_of(std::size_t l) const { return values_.data() + offsets_[l]; }
  // Every layer to what it is held to.
  void hold();

 private:
  void initialise(const TrainingOptions& options);

  std::vector<std::unique_ptr<Layer<T>>> layers_;
  std::vector<std::size_t> offsets_;
  std::size_t largest_width_ = 0;
  std::size_t mask_words_ = 0;
  std::size_t update_scratch_ = 0;
  std::size_t evaluation_scratch_ = 0;
  Buffer<T> values_, first_, second_;
};

// The masks the options ask for.
std::unique_ptr<MaskSource> make_masks(const TrainingOptions& options, const MaskedUnits& masked);

}  // namespace mft::train
