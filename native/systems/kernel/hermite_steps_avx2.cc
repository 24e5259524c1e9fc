#define MFT_VECTOR_BYTES 32
#include "systems/kernel/hermite_steps_body.h"

const mft::kernel::HermiteStep mft::kernel::kAvx2HermiteStep = hermite_sums;
