// The loops of train/elementwise for the instruction set in this file's name.
#include "train/elementwise_loops.h"

namespace mft::train {

const ElementwiseLoops& elementwise_avx512() {
  static constexpr ElementwiseLoops kLoops = {kElementwise<float>, kElementwise<double>};
  return kLoops;
}

}  // namespace mft::train
