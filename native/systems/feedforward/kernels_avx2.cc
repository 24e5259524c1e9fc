#define MFT_KERNEL_SET avx2
#include "systems/feedforward/kernels_body.h"
