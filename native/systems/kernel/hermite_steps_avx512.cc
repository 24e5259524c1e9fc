#define MFT_VECTOR_BYTES 64
#include "systems/kernel/hermite_steps_body.h"

const mft::kernel::HermiteStep mft::kernel::kAvx512HermiteStep = hermite_sums;
