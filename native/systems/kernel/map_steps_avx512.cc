#define MFT_VECTOR_BYTES 64
#include "systems/kernel/map_steps_body.h"

const mft::kernel::Steps mft::kernel::kAvx512Steps = mft::kSteps;
