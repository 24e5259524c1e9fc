// The loops of core/random for the instruction set in this file's name.
#include "core/random_philox.h"
#include "core/random_transform.h"

namespace mft {

const RandomKernels& random_kernels_baseline() {
  static constexpr RandomKernels kKernels = {&fill_words<16>, &transform_uniforms<16>, &transform_normals_float<16>,
                                             &transform_normals_double<16>, &fill_bernoulli<16>};
  return kKernels;
}

}  // namespace mft
