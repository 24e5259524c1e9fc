// Dropout masks given that a path from the inputs to the outputs survives. Layers are completely connected, so a path
// exists exactly when every masked layer keeps a unit: the condition falls apart into one per layer, and drawing an
// empty row again until it is not empty is exact.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "train/mask_source.h"

namespace mft::train {

// As BernoulliMasks, whose bits it gives wherever they are not empty: two runs of one seed, with and without the
// condition, have the same masks in every step that is not blocked. Attempt k of a row is drawn at word k 2^24 of its
// place in the stream.
class PathMasks final : public MaskSource {
 public:
  // Throws OUT_OF_RANGE for a keep probability that leaves no hope of a kept unit.
  PathMasks(std::uint64_t seed, KeepProbabilities keep, bool is_shared);
  void begin_step(std::uint64_t step, std::size_t rows) override;
  bool masks(std::size_t layer) const override;
  double scale(std::size_t layer) const override;
  void draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
            std::span<std::uint64_t> bits) const override;

 private:
  void refill(std::size_t layer, std::size_t row, std::size_t units, std::span<std::uint64_t> bits) const;

  std::uint64_t seed_;
  KeepProbabilities keep_;
  bool is_shared_;
  BernoulliMasks free_;
  std::uint32_t step_ = 0;
};

}  // namespace mft::train
