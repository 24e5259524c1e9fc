// One instruction set's kernels of core/math.h as function pointers.
#pragma once
#include <cstddef>

namespace mft::math {

struct Kernels {
  void (*unary_double[14])(const double* in, double* out, std::size_t count);
  void (*unary_float[14])(const float* in, float* out, std::size_t count);
  void (*power_double)(const double* base, const double* exponent, double* out, std::size_t count);
  void (*power_float)(const float* base, const float* exponent, float* out, std::size_t count);
};

extern const Kernels kBaselineKernels;
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;

}  // namespace mft::math
