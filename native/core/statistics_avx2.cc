// The loops of core/statistics for the instruction set in this file's name.
#include "core/statistics_sums.h"

namespace mft {

const StatisticsKernels& statistics_kernels_avx2() {
  static constexpr StatisticsKernels kKernels = {kSumKernels<32, float>, kSumKernels<32, double>};
  return kKernels;
}

}  // namespace mft
