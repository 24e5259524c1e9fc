#include "train/elementwise.h"

#include "core/cpu.h"

namespace mft::train {
namespace {

const ElementwiseLoops& active_loops() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return elementwise_avx512();
    case InstructionSet::kAvx2:
      return elementwise_avx2();
    case InstructionSet::kBaseline:
      break;
  }
#endif
  return elementwise_baseline();
}

}  // namespace

template <>
const Elementwise<float>& elementwise<float>() {
  return active_loops().of_floats;
}
template <>
const Elementwise<double>& elementwise<double>() {
  return active_loops().of_doubles;
}

}  // namespace mft::train
