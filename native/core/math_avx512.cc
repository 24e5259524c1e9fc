#define MFT_VECTOR_BYTES 64
#include "core/math_kernels.h"

const mft::math::Kernels mft::math::kAvx512Kernels = mft::kMathKernels;
