#define MFT_VECTOR_BYTES 32
#include "core/math_kernels.h"

const mft::math::Kernels mft::math::kAvx2Kernels = mft::kMathKernels;
