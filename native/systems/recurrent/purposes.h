// What streams of random numbers are drawn for in system `recurrent`: block 5 of the purposes (core/random.h).
// The numbers are part of the results; a gate's are its place in core order from each base on.
#pragma once
#include "core/random.h"

namespace mft::recurrent::purpose {

inline constexpr std::uint32_t kPurposeBlock = 5;
inline constexpr Purpose kRecurrentWeights = system_purpose(kPurposeBlock, 0);
inline constexpr Purpose kInputWeights = system_purpose(kPurposeBlock, 4);
inline constexpr Purpose kBiases = system_purpose(kPurposeBlock, 8);
inline constexpr Purpose kInputs = system_purpose(kPurposeBlock, 12);
inline constexpr Purpose kStart = system_purpose(kPurposeBlock, 13);
inline constexpr Purpose kPerturbation = system_purpose(kPurposeBlock, 14);
inline constexpr Purpose kSiteNormals = system_purpose(kPurposeBlock, 16);  // + 4 channels x gates: 16 to 27
inline constexpr Purpose kUnitNormals = system_purpose(kPurposeBlock, 28);

constexpr Purpose of(Purpose base, std::size_t place) {
  return Purpose{static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(place)};
}

}  // namespace mft::recurrent::purpose
