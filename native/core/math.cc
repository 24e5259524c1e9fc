#define MFT_VECTOR_BYTES 16
#include "core/math.h"

#include <string>

#include "core/cpu.h"
#include "core/error.h"
#include "core/math_kernels.h"

namespace mft::math {

const Kernels kBaselineKernels = kMathKernels;
static_assert(kFunctions == sizeof(Kernels::unary_double) / sizeof(Kernels::unary_double[0]));

namespace {

const Kernels& kernels() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return kAvx512Kernels;
    case InstructionSet::kAvx2:
      return kAvx2Kernels;
    case InstructionSet::kBaseline:
      break;
  }
#endif
  return kBaselineKernels;
}

void check_lengths(std::size_t input, std::size_t output) {
  if (input != output)
    throw Error(
        "SHAPE", "",
        "Expected spans of equal length, received " + std::to_string(input) + " and " + std::to_string(output) + ".");
}

}  // namespace

void apply(Function function, std::span<const double> x, std::span<double> y) {
  check_lengths(x.size(), y.size());
  kernels().unary_double[static_cast<int>(function)](x.data(), y.data(), x.size());
}
void apply(Function function, std::span<const float> x, std::span<float> y) {
  check_lengths(x.size(), y.size());
  kernels().unary_float[static_cast<int>(function)](x.data(), y.data(), x.size());
}

void power(std::span<const double> base, std::span<const double> exponent, std::span<double> out) {
  check_lengths(base.size(), exponent.size());
  check_lengths(base.size(), out.size());
  kernels().power_double(base.data(), exponent.data(), out.data(), base.size());
}
void power(std::span<const float> base, std::span<const float> exponent, std::span<float> out) {
  check_lengths(base.size(), exponent.size());
  check_lengths(base.size(), out.size());
  kernels().power_float(base.data(), exponent.data(), out.data(), base.size());
}

}  // namespace mft::math
