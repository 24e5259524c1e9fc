// The order of the images in an epoch.
#pragma once
#include <cstdint>
#include <span>

namespace mft::train {

// A uniform permutation of 0..n-1 (Fisher-Yates) from stream (seed, trial = epoch, 0, kShuffle).
void epoch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order);

}  // namespace mft::train
