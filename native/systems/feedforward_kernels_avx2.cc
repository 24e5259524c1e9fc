#define MFT_KERNEL_SET avx2
#include "systems/feedforward_kernels_body.h"
