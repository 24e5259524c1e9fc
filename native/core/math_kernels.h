// The kernels of core/math.h for one instruction set. See vector_types.h.
#pragma once
#include "core/math_table.h"
#include "core/vector_error_function.h"
#include "core/vector_power.h"
#include "core/vector_trigonometric.h"

namespace mft {
namespace {

// (e^|x|/2): overflows only where sinh and cosh do.
template <typename V>
MFT_INLINE V half_exponential(V size) {
  const auto e = split_exponential<V>(at_most(size, ExponentialConstants<V>::kLargest + 1), V{});
  return scale_by_power<V>(e.p + 1, e.integer_exponent - 1);
}

template <typename V>
MFT_INLINE V hyperbolic_sine(V x) {
  const V size = absolute(x);
  const V m = exponential_minus_one<V>(at_most(size, 22));
  const V near = ScalarOf<V>(0.5) * (m + m / (1 + m));
  return with_sign_of<V>(size > 22 ? half_exponential<V>(size) : near, x);
}

template <typename V>
MFT_INLINE V hyperbolic_cosine(V x) {
  const V size = absolute(x);
  const V e = half_exponential<V>(size);
  return size > 22 ? e : e + ScalarOf<V>(0.25) / e;
}

template <typename T, typename V, V (*F)(V)>
void unary(const T* in, T* out, std::size_t count) {
  map_elements<V>(
      in, out, count, [](V x) __attribute__((always_inline)) { return F(x); });
}

template <typename T>
void binary_power(const T* base, const T* exponent, T* out, std::size_t count) {
  constexpr std::size_t lanes = kLanes<Doubles>;
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    store<Doubles>(power(load<Doubles>(base + i), load<Doubles>(exponent + i)), out + i);
  if (i == count) return;
  T x[lanes] = {};
  T y[lanes] = {};
  __builtin_memcpy(x, base + i, (count - i) * sizeof(T));
  __builtin_memcpy(y, exponent + i, (count - i) * sizeof(T));
  store<Doubles>(power(load<Doubles>(x), load<Doubles>(y)), x);
  __builtin_memcpy(out + i, x, (count - i) * sizeof(T));
}

// In the order of math::Function. What is not written for float runs in double and is rounded once.
constexpr math::Kernels kMathKernels = {
    {unary<double, Doubles, exponential<Doubles>>, unary<double, Doubles, exponential_minus_one<Doubles>>,
     unary<double, Doubles, logarithm<Doubles>>, unary<double, Doubles, logarithm_one_plus<Doubles>>,
     unary<double, Doubles, hyperbolic_tangent<Doubles>>, unary<double, Doubles, error_function>,
     unary<double, Doubles, complementary_error_function>, unary<double, Doubles, sine>, unary<double, Doubles, cosine>,
     unary<double, Doubles, arc_tangent>, unary<double, Doubles, hyperbolic_sine<Doubles>>,
     unary<double, Doubles, hyperbolic_cosine<Doubles>>, unary<double, Doubles, logistic<Doubles>>,
     unary<double, Doubles, soft_plus<Doubles>>},
    {unary<float, Floats, exponential<Floats>>, unary<float, Floats, exponential_minus_one<Floats>>,
     unary<float, Floats, logarithm<Floats>>, unary<float, Floats, logarithm_one_plus<Floats>>,
     unary<float, Floats, hyperbolic_tangent<Floats>>, unary<float, Doubles, error_function>,
     unary<float, Doubles, complementary_error_function>, unary<float, Doubles, sine>, unary<float, Doubles, cosine>,
     unary<float, Doubles, arc_tangent>, unary<float, Doubles, hyperbolic_sine<Doubles>>,
     unary<float, Doubles, hyperbolic_cosine<Doubles>>, unary<float, Floats, logistic<Floats>>,
     unary<float, Floats, soft_plus<Floats>>},
    binary_power<double>,
    binary_power<float>,
};

}  // namespace
}  // namespace mft
