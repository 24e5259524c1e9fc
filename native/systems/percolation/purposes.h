// What streams of random numbers are drawn for in system `percolation` alone. The numbers are part of the results.
#pragma once
#include "core/random.h"

namespace mft::percolation::purpose {

inline constexpr Purpose kSplitting{20};  // which survivor takes a dead one's place
inline constexpr Purpose kEdgeGaps{21};   // distances between kept edges

}  // namespace mft::percolation::purpose
