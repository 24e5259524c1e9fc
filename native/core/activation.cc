#include "core/activation.h"

#include <cmath>
#include <numbers>

#include "core/error.h"

namespace mft {
namespace {

// phi, phi' and phi'' of one number. At a kink the derivative is the one from the left.
template <typename T>
struct Point {
  T value;
  T first;
  T second;
};

template <typename T>
T half_line_normal_cdf(T x) {  // Phi(x), relative accuracy in the lower tail
  return T(0.5) * std::erfc(-x * T(1 / std::numbers::sqrt2));
}

template <typename T>
T normal_density(T x) {
  return T(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * std::exp(T(-0.5) * x * x);
}

template <typename T>
Point<T> erf_point(T x, T scale) {  // erf(scale x)
  const T u = scale * x;
  const T first = scale * T(2 * std::numbers::inv_sqrtpi) * std::exp(-u * u);
  return {std::erf(u), first, first == T(0) ? T(0) : T(-2) * scale * u * first};
}

template <typename T>
Point<T> sigmoid_point(T x) {  // e = exp(-|x|): nothing cancels in the tails
  const T e = std::exp(-std::abs(x));
  const T other = T(1) / (T(1) + e);
  const T tail = e * other;
  const T first = tail * other;
  return {x < T(0) ? tail : (x >= T(0) ? other : x), first, -std::copysign(first * (T(1) - e) * other, x)};
}

template <typename T>
Point<T> power_point(T x, T power) {  // x^power for x > 0
  if (!(x > T(0))) return {x <= T(0) ? T(0) : x, x <= T(0) ? T(0) : x, x <= T(0) ? T(0) : x};
  return {std::pow(x, power), power * std::pow(x, power - T(1)), power * (power - T(1)) * std::pow(x, power - T(2))};
}

template <typename T>
Point<T> elu_point(T x, T scale, T alpha) {
  if (x > T(0)) return {scale * x, scale, T(0)};
  const T e = scale * alpha * std::exp(x);
  return {scale * alpha * std::expm1(x), e, e};
}

template <typename T>
Point<T> slopes_point(T x, T below, T above) {
  return {x < T(0) ? below * x : above * x, x > T(0) ? above : below, T(0)};
}

template <typename T>
Point<T> point(const Activation& activation, T x) {
  const T a = static_cast<T>(activation.parameters[0]);
  const T b = static_cast<T>(activation.parameters[1]);
  switch (activation.kind) {
    case ActivationKind::kLinear: return {x, T(1), T(0)};
    case ActivationKind::kTanh: {
      const T e = std::exp(T(-2) * std::abs(x));
      const T sech2 = T(4) * e / ((T(1) + e) * (T(1) + e));
      const T value = std::tanh(x);
      return {value, sech2, T(-2) * value * sech2};
    }
    case ActivationKind::kErf: return erf_point(x, T(1));
    case ActivationKind::kErfUnitSlope: return erf_point(x, T(0.5 / std::numbers::inv_sqrtpi));
    case ActivationKind::kRelu: return slopes_point(x, T(0), T(1));
    case ActivationKind::kLeakyRelu: return slopes_point(x, a, T(1));
    case ActivationKind::kHardTanh:
      return {x < T(-1) ? T(-1) : (x > T(1) ? T(1) : x), x > T(-1) && x <= T(1) ? T(1) : T(0), T(0)};
    case ActivationKind::kSigmoid: return sigmoid_point(x);
    case ActivationKind::kSoftplus: {
      const Point<T> s = sigmoid_point(x);
      return {std::log1p(std::exp(-std::abs(x))) + (x > T(0) ? x : T(0)), s.value, s.first};
    }
    case ActivationKind::kGelu: {
      const T cdf = half_line_normal_cdf(x);
      const T density = normal_density(x);
      return {x * cdf, cdf + x * density, (T(2) - x * x) * density};
    }
    case ActivationKind::kSilu: {
      const Point<T> s = sigmoid_point(x);
      return {x * s.value, s.value + x * s.first, T(2) * s.first + x * s.second};
    }
    case ActivationKind::kElu: return elu_point(x, T(1), a);
    case ActivationKind::kSelu: return elu_point(x, T(1.0507009873554804934), T(1.6732632423543772848));
    case ActivationKind::kSin: return {std::sin(x), std::cos(x), -std::sin(x)};
    case ActivationKind::kAlphaRelu: return power_point(x, a);
    case ActivationKind::kAbRelu: return slopes_point(x, a, b);
    case ActivationKind::kAbs: return slopes_point(x, T(-1), T(1));
    case ActivationKind::kStep: return {x > T(0) ? T(1) : T(0), T(0), T(0)};
    case ActivationKind::kSign: return {x > T(0) ? T(1) : (x < T(0) ? T(-1) : T(0)), T(0), T(0)};
    case ActivationKind::kCos: return {std::cos(x), -std::sin(x), -std::cos(x)};
    case ActivationKind::kRectifiedMonomial: return power_point(x, a);
    case ActivationKind::kExpression: break;
  }
  throw Error("INVALID_ARGUMENT", "activation", "Expected `activation` to be a catalogue activation, received an expression.");
}

void check_sizes(std::size_t input, std::size_t output) {
  if (input != output)
    throw Error("SHAPE", "activation", "Expected the output to have the " + std::to_string(input) +
                                           " elements of the input, received " + std::to_string(output) + ".");
}

template <typename T>
void fill(const Activation& activation, std::span<const T> z, std::span<T> out, T Point<T>::*member) {
  check_sizes(z.size(), out.size());
  for (std::size_t i = 0; i < z.size(); ++i) out[i] = point(activation, z[i]).*member;
}

template <typename T>
void fill_both(const Activation& activation, std::span<const T> z, std::span<T> value, std::span<T> derivative) {
  check_sizes(z.size(), value.size());
  check_sizes(z.size(), derivative.size());
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Point<T> p = point(activation, z[i]);
    value[i] = p.value;
    derivative[i] = p.first;
  }
}

}  // namespace

void activate(const Activation& activation, std::span<const double> z, std::span<double> value) {
  fill(activation, z, value, &Point<double>::value);
}
void activate(const Activation& activation, std::span<const float> z, std::span<float> value) {
  fill(activation, z, value, &Point<float>::value);
}
void activate_derivative(const Activation& activation, std::span<const double> z, std::span<double> derivative) {
  fill(activation, z, derivative, &Point<double>::first);
}
void activate_derivative(const Activation& activation, std::span<const float> z, std::span<float> derivative) {
  fill(activation, z, derivative, &Point<float>::first);
}
void activate_both(const Activation& activation, std::span<const double> z, std::span<double> value,
                   std::span<double> derivative) {
  fill_both(activation, z, value, derivative);
}
void activate_both(const Activation& activation, std::span<const float> z, std::span<float> value,
                   std::span<float> derivative) {
  fill_both(activation, z, value, derivative);
}
void activate_second_derivative(const Activation& activation, std::span<const double> z, std::span<double> second) {
  fill(activation, z, second, &Point<double>::second);
}

}  // namespace mft
