#include "systems/autoencoder/curve.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

#include "core/error.h"
#include "core/math.h"

namespace mft::autoencoder {
namespace {

constexpr std::size_t kBlock = 512;

}  // namespace

std::vector<double> curve(const Curve& given) {
  const std::vector<double>& of = given.coefficients;
  if (of.size() != 2 && of.size() != 6)
    throw Error("SHAPE", "coefficients", "Expected `coefficients` to be two or six numbers.");
  const std::size_t count = given.steps.size();
  std::vector<double> result(count);
  std::array<double, kBlock> x, e, minus_d;
  for (std::size_t at = 0; at < count; at += kBlock) {
    const std::size_t size = std::min(kBlock, count - at);
    for (std::size_t i = 0; i < size; ++i) x[i] = -given.rate * (given.steps[at + i] - given.first);
    math::apply(math::Function::kExp, std::span<const double>(x.data(), size), std::span<double>(e.data(), size));
    math::apply(math::Function::kExpm1, std::span<const double>(x.data(), size),
                std::span<double>(minus_d.data(), size));
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
