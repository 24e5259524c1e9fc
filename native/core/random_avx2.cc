// The loops of core/random for the instruction set in this file's name.
#include "core/random_philox.h"
#include "core/random_transform.h"

namespace mft {

const RandomKernels& random_kernels_avx2() {
  static constexpr RandomKernels kKernels = {&fill_words<32>, &transform_uniforms<32>, &transform_normals_float<32>,
                                             &transform_normals_double<32>, &fill_bernoulli<32>};
  return kKernels;
}

}  // namespace mft
