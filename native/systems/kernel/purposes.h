// What `kernel` draws random numbers for: block 3 of the purposes of systems (core/random.h).
#pragma once
#include "core/random.h"

namespace mft::kernel::purpose {

inline constexpr std::uint32_t kPurposeBlock = 3;
inline constexpr Purpose kWeights = system_purpose(kPurposeBlock, 0);
inline constexpr Purpose kPlaces = system_purpose(kPurposeBlock, 1);   // which sparse weights are not zero
inline constexpr Purpose kRadii = system_purpose(kPurposeBlock, 2);    // lengths of the rows of weights
inline constexpr Purpose kRetries = system_purpose(kPurposeBlock, 3);  // gamma variates: attempts after the first
inline constexpr Purpose kBiases = system_purpose(kPurposeBlock, 4);
inline constexpr Purpose kMasks = system_purpose(kPurposeBlock, 5);
inline constexpr Purpose kInputs = system_purpose(kPurposeBlock, 6);
inline constexpr Purpose kScales = system_purpose(kPurposeBlock, 7);  // what multiplies variances of normal weights
inline constexpr Purpose kScaleRetries = system_purpose(kPurposeBlock, 8);

}  // namespace mft::kernel::purpose
