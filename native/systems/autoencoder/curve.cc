#include "systems/autoencoder/curve.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>

#include "core/error.h"
#include "core/math.h"

namespace mft::autoencoder {
namespace {

constexpr std::size_t kBlock = 512;
constexpr double kSplitter = 134217729.0;  // 2^27 + 1

// a b - fl(a b) of factors below 2^996, without fused operations (Dekker).
inline double product_error(double a, double b, double product) {
  const double big_a = a * kSplitter, big_b = b * kSplitter;
  const double a1 = big_a - (big_a - a), b1 = big_b - (big_b - b);
  const double a2 = a - a1, b2 = b - b1;
  return a1 * b1 - product + a1 * b2 + a2 * b1 + a2 * b2;
}

}  // namespace

std::vector<double> curve(const Curve& given) {
  const std::vector<double>& of = given.coefficients;
  if (of.size() != 2 && of.size() != 6)
    throw Error("SHAPE", "coefficients", "Expected `coefficients` to be two or six numbers.");
  const std::size_t count = given.steps.size();
  std::vector<double> result(count);
  std::array<double, kBlock> x, rest, e, minus_d;
  for (std::size_t at = 0; at < count; at += kBlock) {
    const std::size_t size = std::min(kBlock, count - at);
    for (std::size_t i = 0; i < size; ++i) {
      const double time = given.steps[at + i] - given.first;
      x[i] = -given.rate * time;
      // A rounding of the exponent would be multiplied by it; what is out of range has no value but 0 or 1 in any case.
      const double error = product_error(-given.rate, time, x[i]) - given.rate_rest * time;
      rest[i] = std::abs(error) < 1 ? error : 0;
    }
    math::apply(math::Function::kExp, std::span<const double>(x.data(), size), std::span<double>(e.data(), size));
    math::apply(math::Function::kExpm1, std::span<const double>(x.data(), size),
                std::span<double>(minus_d.data(), size));
    for (std::size_t i = 0; i < size; ++i) {
      minus_d[i] += (1 + minus_d[i]) * rest[i];
      e[i] *= 1 + rest[i];
    }
    double* out = result.data() + at;
    if (of.size() == 2) {
      for (std::size_t i = 0; i < size; ++i) out[i] = of[0] / (e[i] - of[1] * minus_d[i]);
      continue;
    }
    const double p = of[0], a = of[1], b = of[2], c = of[3], f = of[4], g = of[5];
    for (std::size_t i = 0; i < size; ++i) {
      const double d = -minus_d[i];
      const double above = p * (a + b * e[i]) + c * c * d;
      const double below = p * d + b + a * e[i];
      out[i] = (f * e[i] + g * d * (p + b)) / below * ((above + c * below) / above * 0.25);
    }
  }
  return result;
}

}  // namespace mft::autoencoder
