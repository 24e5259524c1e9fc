#include "core/unit_weights.h"

#include <cmath>
#include <numbers>

#include "core/math.h"
#include "core/scratch.h"

namespace mft {
template <typename Real>
void UnitWeights<Real>::uniform(const Stream& stream, std::uint64_t first, std::span<Real> out) {
  double* u = room(uniforms_, out.size());
  random_uniforms(stream, first, std::span<double>(u, out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Real>((2.0 * u[i] - 1.0) * std::numbers::sqrt3);
}

template <typename Real>
void UnitWeights<Real>::rademacher(const Stream& stream, std::uint64_t first, std::span<Real> out) {
  const std::uint64_t first_word = first / 64, words = (first + out.size() + 63) / 64 - first_word;
  std::uint64_t* bits = room(bits_, words);
  random_bernoulli(stream, first_word, 0.5, std::span<std::uint64_t>(bits, words));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t element = first + i - 64 * first_word;
    out[i] = (bits[element / 64] >> (element % 64)) & 1 ? Real{1} : Real{-1};
  }
}

template <typename Real>
void UnitWeights<Real>::student_t(double degrees_of_freedom, const Stream& stream, std::uint64_t first,
                                  std::span<Real> out) {
  // Bailey's polar form: sqrt(nu (U^(-2/nu) - 1)) cos(2 pi V) is exactly t distributed with nu degrees of freedom.
  const double nu = degrees_of_freedom, unit = std::sqrt((nu - 2.0) / nu);
  const std::size_t count = out.size();
  double* u = room(uniforms_, 4 * count);
  random_uniforms(stream, 2 * first, std::span<double>(u, 2 * count));
  double* radius = u + 2 * count;
  double* angle = radius + count;
  for (std::size_t i = 0; i < count; ++i) {
    radius[i] = u[2 * i];
    angle[i] = 2.0 * std::numbers::pi * u[2 * i + 1];
  }
  const std::span<double> radii(radius, count), angles(angle, count);
  math::apply(math::Function::kLog, radii, radii);
  for (double& value : radii) value *= -2.0 / nu;
  math::apply(math::Function::kExpm1, radii, radii);
  math::apply(math::Function::kCos, angles, angles);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Real>(unit * std::sqrt(nu * radius[i]) * angle[i]);
}

template <typename Real>
void UnitWeights<Real>::sparse(double density, const Stream& stream, const Stream& places, std::uint64_t first,
                               std::span<Real> out) {
  random_normals(stream, first, out);
  const std::uint64_t first_word = first / 64, words = (first + out.size() + 63) / 64 - first_word;
  std::uint64_t* bits = room(bits_, words);
  random_bernoulli(places, first_word, density, std::span<std::uint64_t>(bits, words));
  const Real factor = static_cast<Real>(1.0 / std::sqrt(density));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t element = first + i - 64 * first_word;
    out[i] *= (bits[element / 64] >> (element % 64)) & 1 ? factor : Real{0};
  }
}

template class UnitWeights<double>;
template class UnitWeights<float>;

}  // namespace mft
