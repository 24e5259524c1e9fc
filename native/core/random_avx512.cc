// The loops of core/random for the instruction set in this file's name.
#include "core/random_philox.h"
#include "core/random_transform.h"

namespace mft {

const RandomKernels& random_kernels_avx512() {
  static constexpr RandomKernels kKernels = {&fill_words<64>, &transform_uniforms<64>, &transform_normals_float<64>,
                                             &transform_normals_double<64>, &fill_bernoulli<64>};
  return kKernels;
}

}  // namespace mft
