#define MFT_VECTOR_BYTES 32
#include "systems/kernel/map_steps_body.h"

const mft::kernel::Steps mft::kernel::kAvx2Steps = mft::kSteps;
