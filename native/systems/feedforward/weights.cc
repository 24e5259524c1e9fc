#include "systems/feedforward/weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "core/math.h"

namespace mft::feedforward {
namespace {

template <typename T>
T* room(std::vector<T>& storage, std::size_t size) {
  if (storage.size() < size) storage.resize(size);
  return storage.data();
}

}  // namespace

template <typename Real>
double WeightSource<Real>::scale(std::size_t layer) const {
  const double variance = p_.weight_variance[layer - 1];
  const auto fan_in = static_cast<double>(p_.widths[layer - 1]);
  if (p_.weight_law == WeightLaw::kOrthogonal)
    return std::sqrt(variance * std::max(1.0, static_cast<double>(p_.widths[layer]) / fan_in));
  return std::sqrt(variance / fan_in);
}

template <typename Real>
void WeightSource<Real>::draw(std::uint32_t trial, std::size_t layer, bool is_backward, std::uint64_t first, Real* out,
                              std::size_t count) {
  while (p_.weight_law != WeightLaw::kGaussian && count > kChunk) {
    draw(trial, layer, is_backward, first, out, kChunk);
    first += kChunk, out += kChunk, count -= kChunk;
  }
  const auto index = static_cast<std::uint32_t>(layer);
  const Stream stream{p_.seed, trial, index, is_backward ? Purpose::kBackwardWeights : Purpose::kWeights};
  switch (p_.weight_law) {
    case WeightLaw::kGaussian:
    case WeightLaw::kOrthogonal:
      random_normals(stream, first, std::span<Real>(out, count));
      return;
    case WeightLaw::kUniform: {
      double* u = room(uniforms_, count);
      random_uniforms(stream, first, std::span<double>(u, count));
      for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<Real>((2.0 * u[i] - 1.0) * std::numbers::sqrt3);
      return;
    }
    case WeightLaw::kRademacher: {
      const std::uint64_t first_word = first / 64, words = (first + count + 63) / 64 - first_word;
      std::uint64_t* bits = room(bits_, words);
      random_bernoulli(stream, first_word, 0.5, std::span<std::uint64_t>(bits, words));
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t element = first + i - 64 * first_word;
        out[i] = (bits[element / 64] >> (element % 64)) & 1 ? Real{1} : Real{-1};
      }
      return;
    }
    case WeightLaw::kStudentT: {
      // Bailey's polar form: sqrt(nu (U^(-2/nu) - 1)) cos(2 pi V) is exactly t distributed with nu degrees of freedom.
      const double nu = p_.law_parameter, unit = std::sqrt((nu - 2.0) / nu);
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
      return;
    }
    case WeightLaw::kSparse: {
      const double density = p_.law_parameter;
      random_normals(stream, first, std::span<Real>(out, count));
      const std::uint64_t first_word = first / 64, words = (first + count + 63) / 64 - first_word;
      std::uint64_t* bits = room(bits_, words);
      // The backward weights' places come from layers beyond the last one, so that they are independent as well.
      const auto place_layer = is_backward ? index + static_cast<std::uint32_t>(p_.widths.size()) : index;
      random_bernoulli({p_.seed, trial, place_layer, Purpose::kBondMasks}, first_word, density,
                       std::span<std::uint64_t>(bits, words));
      const Real factor = static_cast<Real>(1.0 / std::sqrt(density));
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t element = first + i - 64 * first_word;
        out[i] *= (bits[element / 64] >> (element % 64)) & 1 ? factor : Real{0};
      }
      return;
    }
  }
}

template <typename Real>
void WeightSource<Real>::draw_orthogonal(std::uint32_t trial, std::size_t layer, bool is_backward, Real* out) {
  const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1];
  const std::size_t count = std::min(rows, columns), length = std::max(rows, columns);
  double* frame = room(frame_vectors_, count * length);
  random_normals(
      {p_.seed, trial, static_cast<std::uint32_t>(layer), is_backward ? Purpose::kBackwardWeights : Purpose::kWeights},
      0, std::span<double>(frame, count * length));
  frame_.orthonormalise(frame, length, count, length);
  if (rows <= columns) {
    std::copy(frame, frame + count * length, out);
    return;
  }
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[i * columns + j] = static_cast<Real>(frame[j * length + i]);
}

template class WeightSource<double>;
template class WeightSource<float>;

}  // namespace mft::feedforward
