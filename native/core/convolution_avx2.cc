// The convolutions of core/convolution_direct for the instruction set in this file's name.
#include "core/product_vectors_avx2.h"
//
#include "core/convolution_kernels.h"

namespace mft::convolution {

const AllConvolutionKernels& convolution_avx2() {
  static constexpr AllConvolutionKernels kKernels = {
      {kTileKernels<Floats>, correlate<Floats>, weigh<Floats>, copy_rows<Floats>, turn_rows<Floats>},
      {kTileKernels<Doubles>, correlate<Doubles>, weigh<Doubles>, copy_rows<Doubles>, turn_rows<Doubles>}};
  return kKernels;
}

}  // namespace mft::convolution
