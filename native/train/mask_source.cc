#include "train/mask_source.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/random.h"

namespace mft::train {

BernoulliMasks::BernoulliMasks(std::uint64_t seed, KeepProbabilities keep, bool is_shared)
    : seed_(seed), keep_(std::move(keep)), is_shared_(is_shared) {}

void BernoulliMasks::begin_step(std::uint64_t step, std::size_t) { step_ = static_cast<std::uint32_t>(step); }

bool BernoulliMasks::masks(std::size_t layer) const { return keep_.at(layer) < 1.0; }

double BernoulliMasks::scale(std::size_t layer) const { return 1.0 / keep_.at(layer); }

void BernoulliMasks::draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
                          std::span<std::uint64_t> bits) const {
  const Stream stream{seed_, step_, static_cast<std::uint32_t>(layer), Purpose::kMasks};
  const std::size_t words = words_for(units);
  if (!is_shared_) return random_bernoulli(stream, first_row * words, keep_.at(layer), bits.first(rows * words));
  random_bernoulli(stream, 0, keep_.at(layer), bits.first(words));
  for (std::size_t row = 1; row < rows; ++row) std::copy_n(bits.data(), words, bits.data() + row * words);
}

GivenMasks::GivenMasks(KeepProbabilities keep, const std::vector<std::size_t>& units, std::size_t rows,
                       std::vector<std::uint8_t> bytes)
    : keep_(std::move(keep)), bytes_(std::move(bytes)) {
  for (std::size_t layer = 0; layer < units.size(); ++layer) {
    offset_.push_back(step_bytes_);
    if (masks(layer)) step_bytes_ += rows * units[layer];
  }
  for (std::size_t layer = 0; layer < units.size(); ++layer) {
    branch_offset_.push_back(step_bytes_);
    if (masks(kBranchMasks + layer)) step_bytes_ += rows;
  }
}

void GivenMasks::begin_step(std::uint64_t step, std::size_t) {
  if ((step + 1) * step_bytes_ > bytes_.size())
    throw Error("SHAPE", "masks", "Expected `masks` to hold " + std::to_string(step_bytes_) + " bytes for every step.");
  at_ = bytes_.data() + step * step_bytes_;
}

bool GivenMasks::masks(std::size_t layer) const { return keep_.at(layer) < 1.0; }

double GivenMasks::scale(std::size_t layer) const { return 1.0 / keep_.at(layer); }

void GivenMasks::draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
                      std::span<std::uint64_t> bits) const {
  const std::size_t words = words_for(units);
  std::fill_n(bits.data(), rows * words, std::uint64_t{0});
  const std::uint8_t* from =
      at_ + (layer < kBranchMasks ? offset_[layer] : branch_offset_[layer - kBranchMasks]) + first_row * units;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t unit = 0; unit < units; ++unit)
      if (from[row * units + unit] != 0) bits[row * words + unit / 64] |= std::uint64_t{1} << (unit % 64);
}

}  // namespace mft::train
