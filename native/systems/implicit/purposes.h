// What `implicit` draws random numbers for: block 6 of the purposes of systems (core/random.h).
#pragma once
#include "core/random.h"

namespace mft::implicit::purpose {

inline constexpr std::uint32_t kPurposeBlock = 6;
inline constexpr Purpose kWeights = system_purpose(kPurposeBlock, 0);
inline constexpr Purpose kDrive = system_purpose(kPurposeBlock, 1);
inline constexpr Purpose kMask = system_purpose(kPurposeBlock, 2);
inline constexpr Purpose kLossGradient = system_purpose(kPurposeBlock, 3);

}  // namespace mft::implicit::purpose
