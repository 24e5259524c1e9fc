// Elementary functions over spans, in double and float: ours, not libm's, so that their bits depend neither on the C
// library nor on the instruction set (the same bits on baseline, AVX2 and AVX-512, and for every position in the span).
//
// Largest errors, tested in native/test/math_test.cc, in units in the last place (double, float):
//   exp 1, 1    expm1 2, 2      log 1, 1       log1p 1.5, 1.5   tanh 3.5, 3.5   sigmoid 2.5, 2.5   softplus 2, 2
//   sin, cos 1, 1 (any argument)   erf 1.5, 1   erfc 4, 1        atan 1.5, 1     sinh, cosh 3, 1    power 1, 1
// NaN propagates; infinities, zeros (with their sign) and subnormal numbers are handled. Spans have equal length, and
// output and input may be the same.
#pragma once
#include <span>

namespace mft::math {

enum class Function {
  kExp = 0,
  kExpm1,
  kLog,
  kLog1p,
  kTanh,
  kErf,
  kErfc,
  kSin,
  kCos,
  kAtan,
  kSinh,
  kCosh,
  kSigmoid,   // 1/(1 + e^-x)
  kSoftplus,  // log(1 + e^x)
};
constexpr int kFunctions = 14;

void apply(Function function, std::span<const double> x, std::span<double> y);
void apply(Function function, std::span<const float> x, std::span<float> y);

// out = base^exponent. A negative base needs an integer exponent, otherwise NaN; base^0 = 1.
void power(std::span<const double> base, std::span<const double> exponent, std::span<double> out);
void power(std::span<const float> base, std::span<const float> exponent, std::span<float> out);

}  // namespace mft::math
