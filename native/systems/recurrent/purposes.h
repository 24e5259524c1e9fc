// What streams of random numbers are drawn for in system `recurrent`. The numbers are part of the results; a gate's are
// its place in core order from each base on.
#pragma once
#include "core/random.h"

namespace mft::recurrent::purpose {

inline constexpr Purpose kRecurrentWeights = system_purpose(3, 0);
inline constexpr Purpose kInputWeights = system_purpose(3, 4);
inline constexpr Purpose kBiases = system_purpose(3, 8);
inline constexpr Purpose kInputs = system_purpose(3, 12);
inline constexpr Purpose kStart = system_purpose(3, 13);
inline constexpr Purpose kPerturbation = system_purpose(3, 14);
inline constexpr Purpose kSiteNormals = system_purpose(3, 16);  // + 4 channels x gates: 16 to 27

constexpr Purpose of(Purpose base, std::size_t place) {
  return Purpose{static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(place)};
}

}  // namespace mft::recurrent::purpose
