// The loops of core/statistics for the instruction set in this file's name.
#include "core/statistics_sums.h"

namespace mft {

const StatisticsKernels& statistics_kernels_baseline() {
  static constexpr StatisticsKernels kKernels = {kSumKernels<16, float>, kSumKernels<16, double>};
  return kKernels;
}

}  // namespace mft
