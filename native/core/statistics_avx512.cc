// The loops of core/statistics for the instruction set in this file's name.
#include "core/statistics_sums.h"

namespace mft {

const StatisticsKernels& statistics_kernels_avx512() {
  static constexpr StatisticsKernels kKernels = {kSumKernels<64, float>, kSumKernels<64, double>};
  return kKernels;
}

}  // namespace mft
