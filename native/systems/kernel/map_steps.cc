#define MFT_VECTOR_BYTES 16
#include "systems/kernel/map_steps_body.h"

#include "core/cpu.h"

namespace mft::kernel {

const Steps kBaselineSteps = kSteps;

const Steps& steps() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return kAvx512Steps;
    case InstructionSet::kAvx2:
      return kAvx2Steps;
    default:
      break;
  }
#endif
  return kBaselineSteps;
}

}  // namespace mft::kernel
