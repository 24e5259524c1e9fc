#include "train/cell_loops.h"

#include "core/cpu.h"

namespace mft::train {
namespace {

const CellLoopSets& active_loops() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return cell_loops_avx512();
    case InstructionSet::kAvx2:
      return cell_loops_avx2();
    case InstructionSet::kBaseline:
      break;
  }
#endif
  return cell_loops_baseline();
}

}  // namespace

template <>
const CellLoops<float>& cell_loops<float>() {
  return active_loops().of_floats;
}
template <>
const CellLoops<double>& cell_loops<double>() {
  return active_loops().of_doubles;
}

}  // namespace mft::train
