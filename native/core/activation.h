// Activations and their derivatives over blocks of numbers. The kind is dispatched once per block, never per element;
// kernels call these on blocks that stay in the L1 cache and fuse their other work around them.
//
// Bits: exp, log, tanh, erf, sin, cos are ours (core/math.h), not libm's.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace mft {

class Expression;  // core/expression.h: a compiled user activation

enum class ActivationKind : std::uint32_t {
  kLinear = 0,
  kTanh = 1,
  kErf = 2,
  kErfUnitSlope = 3,  // erf(sqrt(pi) x / 2)
  kRelu = 4,
  kLeakyRelu = 5,  // parameter 0: slope
  kHardTanh = 6,
  kSigmoid = 7,
  kSoftplus = 8,
  kGelu = 9,  // x Phi(x)
  kSilu = 10,
  kElu = 11,  // parameter 0: alpha
  kSelu = 12,
  kSin = 13,
  kAlphaRelu = 14,  // parameter 0: alpha; x^alpha for x > 0
  kAbRelu = 15,     // parameters a, b: a x for x < 0, b x for x >= 0
  kAbs = 16,
  kStep = 17,
  kSign = 18,
  kCos = 19,
  kRectifiedMonomial = 20,  // parameter 0: degree
  kExpression = 21,
  kClip = 22,          // parameters low, high: x clipped to [low, high]
  kHardSigmoid = 23,   // parameter 0: slope; slope x + 1/2 clipped to [0, 1]
  kHardSwish = 24,     // x (x + 3)/6 between -3 and 3, 0 below, x above
  kMish = 25,          // x tanh(softplus(x))
  kSwish = 26,         // parameter 0: beta; x/(1 + exp(-beta x))
  kSoftsign = 27,      // x/(1 + |x|)
  kCelu = 28,          // parameter 0: alpha; alpha (exp(x/alpha) - 1) below zero
  kGeluTanh = 29,      // gelu with tanh(sqrt(2/pi) (x + 0.044715 x^3)) for the error function
  kSoftplusBeta = 30,  // parameter 0: beta; log(1 + exp(beta x))/beta
  kSnake = 31,         // parameter 0: alpha; x + sin(alpha x)^2/alpha
};
constexpr ActivationKind kLastActivationKind = ActivationKind::kSnake;

// scale phi(x + shift) + offset, with phi the function of that kind: the form in which the theory takes biases with a
// mean (shift) and alpha dropout (scale, offset).
struct Activation {
  ActivationKind kind = ActivationKind::kLinear;
  std::array<double, 2> parameters{};
  std::shared_ptr<const Expression> expression;  // kExpression only
  double shift = 0.0, scale = 1.0, offset = 0.0;

  bool is_plain() const { return shift == 0.0 && scale == 1.0 && offset == 0.0; }
};

// Whether phi(t z) = t phi(z) for every t > 0.
bool grows_linearly(const Activation& activation);

// value[i] = phi(z[i]). In place is allowed (value may be z).
void activate(const Activation& activation, std::span<const double> z, std::span<double> value);
void activate(const Activation& activation, std::span<const float> z, std::span<float> value);

// derivative[i] = phi'(z[i]); at a kink the one-sided value from the left is taken for relu-like functions (phi'(0) =
// 0).
void activate_derivative(const Activation& activation, std::span<const double> z, std::span<double> derivative);
void activate_derivative(const Activation& activation, std::span<const float> z, std::span<float> derivative);

// Both at once: cheaper than two calls.
void activate_both(const Activation& activation, std::span<const double> z, std::span<double> value,
                   std::span<double> derivative);
void activate_both(const Activation& activation, std::span<const float> z, std::span<float> value,
                   std::span<float> derivative);

// second[i] = phi''(z[i]) away from kinks (double only: used by the theory).
void activate_second_derivative(const Activation& activation, std::span<const double> z, std::span<double> second);

}  // namespace mft
