// Which masks of a step leave no path from the inputs to the outputs. Layers are completely connected, so a mask is
// blocked exactly when it keeps no unit of some masked layer.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/mask_source.h"
#include "train/options.h"

namespace mft::train {

// Whether a row of mask bits keeps none of its units. Bits beyond the last unit are drawn too, but keep nothing.
bool keeps_none(std::span<const std::uint64_t> row, std::size_t units);

class BlockedMasks {
 public:
  // units[l] of mask layer l.
  BlockedMasks(const TrainingOptions& options, std::vector<std::size_t> units);

  // 1 when all rows of the minibatch share a mask, else their number.
  std::size_t masks_per_step() const { return masks_per_step_; }
  // Blocked masks of the step that the source has begun; draws its bits again.
  std::size_t count(const MaskSource& masks);

 private:
  std::vector<std::size_t> units_;  // of mask layer 0 (inputs), 1, ...
  std::size_t masks_per_step_;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint8_t> is_blocked_;
};

}  // namespace mft::train
