// The loops of train/pooling for any processor.
#include "train/pooling_loops.h"

namespace mft::train {

const AllPools& pools_baseline() {
  static constexpr AllPools kAll = {kPools<float>, kPools<double>};
  return kAll;
}

}  // namespace mft::train
