#define MFT_KERNEL_SET avx512
#include "systems/feedforward_kernels_body.h"
