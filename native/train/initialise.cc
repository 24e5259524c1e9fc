#include "train/initialise.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "core/blas.h"
#include "core/error.h"
#include "core/random.h"
#include "core/statistics.h"
#include "train/buffer.h"

namespace mft::train {
namespace {

constexpr std::size_t kPanel = 32;

Stream stream_of(std::uint64_t seed, std::size_t layer, Purpose purpose) {
  return {seed, 0, static_cast<std::uint32_t>(layer), purpose};
}

// Row i minus its components along rows [first, i), twice (Gram-Schmidt twice is orthogonal to rounding), normalised.
void orthonormalise_row(double* rows, std::size_t first, std::size_t i, std::size_t length) {
  const std::span<double> row(rows + i * length, length);
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t j = first; j < i; ++j) {
      const std::span<const double> other(rows + j * length, length);
      const double component = dot(std::span<const double>(row), other);
      for (std::size_t k = 0; k < length; ++k) row[k] -= component * other[k];
    }
    const double norm = std::sqrt(sum_of_squares(std::span<const double>(row)));
    if (!(norm > 0)) throw Error("DEGENERATE", "weights", "Expected independent Gaussian rows, found a dependent one.");
    for (double& x : row) x /= norm;
  }
}

// count rows of the given length (count <= length), orthonormal: panels against all rows before by GEMM, rows of a
// panel one by one.
void orthonormalise(double* rows, std::size_t count, std::size_t length) {
  Buffer<double> components(kPanel * count);
  for (std::size_t first = 0; first < count; first += kPanel) {
    const std::size_t panel = std::min(kPanel, count - first);
    double* at = rows + first * length;
    for (int pass = 0; pass < 2 && first > 0; ++pass) {
      blas::gemm(false, true, panel, first, length, 1.0, at, length, rows, length, 0.0, components.data(), first);
      blas::gemm(false, false, panel, length, first, -1.0, components.data(), first, rows, length, 1.0, at, length);
    }
    for (std::size_t i = first; i < first + panel; ++i) orthonormalise_row(rows, first, i, length);
  }
}

template <typename T>
void orthogonal(const Initial& initial, const Stream& stream, std::size_t outputs, std::size_t inputs, T* weights) {
  const std::size_t count = std::min(outputs, inputs), length = std::max(outputs, inputs);
  Buffer<double> rows(count * length);
  random_normals(stream, 0, std::span<double>(rows));
  orthonormalise(rows.data(), count, length);
  // An entry has variance 1 / length; wanted is weight_variance / inputs.
  const double scale = std::sqrt(initial.weight_variance * static_cast<double>(length) / static_cast<double>(inputs));
  for (std::size_t i = 0; i < outputs; ++i)
    for (std::size_t j = 0; j < inputs; ++j)
      weights[i * inputs + j] =
          static_cast<T>(scale * (outputs <= inputs ? rows[i * length + j] : rows[j * length + i]));
}

template <typename T>
void scaled_normals(const Stream& stream, double variance, std::size_t count, T* out) {
  random_normals(stream, 0, std::span<T>(out, count));
  const T scale = static_cast<T>(std::sqrt(variance));
  for (std::size_t i = 0; i < count; ++i) out[i] *= scale;
}

}  // namespace

template <typename T>
void initialise_weights(const Initial& initial, std::uint64_t seed, std::size_t layer, std::size_t outputs,
                        std::size_t inputs, T* weights) {
  const Stream stream = stream_of(seed, layer, Purpose::kInitialisation);
  if (initial.law == InitialLaw::kOrthogonal) return orthogonal(initial, stream, outputs, inputs, weights);
  scaled_normals(stream, initial.weight_variance / static_cast<double>(inputs), outputs * inputs, weights);
}

template <typename T>
void initialise_biases(const Initial& initial, std::uint64_t seed, std::size_t layer, std::size_t count, T* biases) {
  scaled_normals(stream_of(seed, layer, Purpose::kBiases), initial.bias_variance, count, biases);
  if (initial.bias_mean != 0)
    for (std::size_t i = 0; i < count; ++i) biases[i] += static_cast<T>(initial.bias_mean);
}

std::size_t initialisation_scratch(const Initial& initial, std::size_t outputs, std::size_t inputs) {
  return initial.law == InitialLaw::kOrthogonal ? outputs * inputs + kPanel * std::min(outputs, inputs) : 0;
}

template void initialise_weights(const Initial&, std::uint64_t, std::size_t, std::size_t, std::size_t, float*);
template void initialise_weights(const Initial&, std::uint64_t, std::size_t, std::size_t, std::size_t, double*);
template void initialise_biases(const Initial&, std::uint64_t, std::size_t, std::size_t, float*);
template void initialise_biases(const Initial&, std::uint64_t, std::size_t, std::size_t, double*);

}  // namespace mft::train
