#include "systems/feedforward/weights.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/scratch.h"

namespace mft::feedforward {
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
    case WeightLaw::kUniform:
      units_.uniform(stream, first, std::span<Real>(out, count));
      return;
    case WeightLaw::kRademacher:
      units_.rademacher(stream, first, std::span<Real>(out, count));
      return;
    case WeightLaw::kStudentT:
      units_.student_t(p_.law_parameter, stream, first, std::span<Real>(out, count));
      return;
    case WeightLaw::kSparse: {
      // The backward weights' places come from layers beyond the last one, so that they are independent as well.
      const auto place_layer = is_backward ? index + static_cast<std::uint32_t>(p_.widths.size()) : index;
      units_.sparse(p_.law_parameter, stream, {p_.seed, trial, place_layer, Purpose::kEdgeMasks}, first,
                    std::span<Real>(out, count));
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
