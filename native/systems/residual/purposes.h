// What streams of random numbers are drawn for in system `residual` alone. The numbers are part of the results.
#pragma once
#include "core/random.h"

namespace mft::residual::purpose {

inline constexpr Purpose kOuterForwardNormals{13};  // v
inline constexpr Purpose kOuterBackwardNormals{14};
inline constexpr Purpose kOuterBiases{16};
inline constexpr Purpose kProjection{17};
inline constexpr Purpose kProjectionBackward{18};
inline constexpr Purpose kBranchMasks{19};  // stochastic depth: one uniform per input

}  // namespace mft::residual::purpose
