#define MFT_KERNEL_SET avx512
#include "systems/feedforward/kernels_body.h"
