// The loops of train/pooling for the instruction set in this file's name.
#include "train/pooling_loops.h"

namespace mft::train {

const AllPools& pools_avx512() {
  static constexpr AllPools kAll = {kPools<float>, kPools<double>};
  return kAll;
}

}  // namespace mft::train
