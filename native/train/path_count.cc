#include "train/path_count.h"

#include <algorithm>
#include <utility>

namespace mft::train {

bool keeps_none(std::span<const std::uint64_t> row, std::size_t units) {
  for (std::size_t i = 0; i + 1 < row.size(); ++i)
    if (row[i] != 0) return false;
  const std::size_t rest = units - 64 * (row.size() - 1);
  return rest == 64 ? row.back() == 0 : (row.back() & ((std::uint64_t{1} << rest) - 1)) == 0;
}

BlockedMasks::BlockedMasks(const TrainingOptions& options, std::vector<std::size_t> units)
    : units_(std::move(units)), masks_per_step_(options.has_shared_masks ? 1 : options.batch) {
  if (!options.counts_paths) return;
  bits_.resize(masks_per_step_ * words_for(*std::max_element(units_.begin(), units_.end())));
  is_blocked_.resize(masks_per_step_);
}

std::size_t BlockedMasks::count(const MaskSource& masks) {
  std::fill(is_blocked_.begin(), is_blocked_.end(), std::uint8_t{0});
  for (std::size_t layer = 0; layer < units_.size(); ++layer) {
    if (!masks.masks(layer)) continue;
    const std::size_t words = words_for(units_[layer]);
    masks.draw(layer, 0, masks_per_step_, units_[layer], bits_);
    for (std::size_t row = 0; row < masks_per_step_; ++row)
      if (keeps_none(std::span(bits_).subspan(row * words, words), units_[layer])) is_blocked_[row] = 1;
  }
  return static_cast<std::size_t>(std::count(is_blocked_.begin(), is_blocked_.end(), 1));
}

}  // namespace mft::train
