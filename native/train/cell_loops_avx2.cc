// The loops of train/cell_loops for the instruction set in this file's name.
#include "train/cell_loops_body.h"

namespace mft::train {

const CellLoopSets& cell_loops_avx2() {
  static constexpr CellLoopSets kLoops = {kCellLoops<float>, kCellLoops<double>};
  return kLoops;
}

}  // namespace mft::train
