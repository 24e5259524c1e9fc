// What `autoencoder` draws random numbers for: block 2 of the purposes of systems (core/random.h).
#pragma once
#include "core/random.h"

namespace mft::autoencoder {

inline constexpr std::uint32_t kPurposeBlock = 2;
inline constexpr Purpose kFirstWeights = system_purpose(kPurposeBlock, 0);
inline constexpr Purpose kSecondWeights = system_purpose(kPurposeBlock, 1);
inline constexpr Purpose kExamples = system_purpose(kPurposeBlock, 2);
inline constexpr Purpose kNoise = system_purpose(kPurposeBlock, 3);
inline constexpr Purpose kMasks = system_purpose(kPurposeBlock, 4);

}  // namespace mft::autoencoder
