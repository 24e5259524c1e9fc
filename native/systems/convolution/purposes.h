// What `convolution` draws random numbers for: block 4 of the purposes of systems (core/random.h).
#pragma once
#include "core/random.h"

namespace mft::convolution::purpose {

inline constexpr std::uint32_t kPurposeBlock = 4;
inline constexpr Purpose kWeights = system_purpose(kPurposeBlock, 0);
inline constexpr Purpose kBiases = system_purpose(kPurposeBlock, 1);
inline constexpr Purpose kOutput = system_purpose(kPurposeBlock, 2);

}  // namespace mft::convolution::purpose
