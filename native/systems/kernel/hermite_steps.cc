#define MFT_VECTOR_BYTES 16
#include "systems/kernel/hermite_steps_body.h"

#include "core/cpu.h"

namespace mft::kernel {

const HermiteStep kBaselineHermiteStep = hermite_sums;

HermiteStep hermite_step() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return kAvx512HermiteStep;
    case InstructionSet::kAvx2:
      return kAvx2HermiteStep;
    default:
      break;
  }
#endif
  return kBaselineHermiteStep;
}

}  // namespace mft::kernel
