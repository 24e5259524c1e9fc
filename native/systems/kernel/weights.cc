#include "systems/kernel/weights.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/math.h"
#include "core/scratch.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kChunk = 8192;

void logarithms(double* x, std::size_t count) {
  math::apply(math::Function::kLog, std::span<const double>(x, count), std::span<double>(x, count));
}

}  // namespace

void WeightRows::draw(std::uint32_t trial, std::uint32_t layer, std::size_t rows, std::size_t first, std::size_t count,
                      std::size_t columns, double* out) {
  const Stream stream{seed_, trial, layer, purpose::kWeights};
  if (law_ == Law::kOrthogonal) return orthogonal(stream, rows, columns, out);
  if (law_ == Law::kMultivariateT || law_ == Law::kSphere || law_ == Law::kBall)
    return directions(trial, layer, first, count, columns, out);
  const std::uint64_t begin = static_cast<std::uint64_t>(first) * columns;
  const std::size_t size = count * columns;
  for (std::size_t done = 0; done < size; done += kChunk) {
    const std::span<double> part(out + done, std::min(kChunk, size - done));
    const std::uint64_t at = begin + done;
    switch (law_) {
      case Law::kUniform:
        units_.uniform(stream, at, part);
        break;
      case Law::kLaplace:
        laplace(stream, at, part);
        break;
      case Law::kRademacher:
        units_.rademacher(stream, at, part);
        break;
      case Law::kGeneralizedGaussian:
        generalized(stream, at, part);
        break;
      case Law::kStudentT:
        units_.student_t(parameter_, stream, at, part);
        break;
      case Law::kSparse:
        units_.sparse(parameter_, stream, {seed_, trial, layer, purpose::kPlaces}, at, part);
        break;
      default:
        random_normals(stream, at, part);
    }
  }
}

void WeightRows::laplace(const Stream& stream, std::uint64_t first, std::span<double> out) {
  random_uniforms(stream, first, out);
  double* logs = room(scratch_, out.size());
  // 2 |u - 1/2| is uniform on (0, 1) and never 1: u is a multiple of 2^-53 inside (0, 1).
  for (std::size_t i = 0; i < out.size(); ++i) logs[i] = 1.0 - std::abs(2.0 * out[i] - 1.0);
  logarithms(logs, out.size());
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = (out[i] < 0.5 ? logs[i] : -logs[i]) * (1.0 / std::numbers::sqrt2);
}

void WeightRows::generalized(const Stream& stream, std::uint64_t first, std::span<double> out) {
  // |w|^beta is a gamma variate of shape 1/beta, the sign is a fair coin.
  const double shape = 1.0 / parameter_;
  gamma(shape, {stream.seed, stream.trial, stream.layer, purpose::kRadii}, first, out);
  const double unit = std::exp(0.5 * (std::lgamma(shape) - std::lgamma(3.0 * shape)));
  double* exponents = room(scratch_, out.size());
  std::fill_n(exponents, out.size(), shape);
  math::power(out, std::span<const double>(exponents, out.size()), out);
  double* signs = room(uniforms_, out.size());
  random_uniforms(stream, first, std::span<double>(signs, out.size()));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] *= signs[i] < 0.5 ? -unit : unit;
}

void WeightRows::gamma(double shape, const Stream& stream, std::uint64_t first, std::span<double> out,
                       Purpose retries) {
  // Shapes below 1: a variate of shape + 1 times U^(1/shape).
  const double lifted = shape < 1.0 ? shape + 1.0 : shape;
  const double d = lifted - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  const std::size_t count = out.size();
  open_.resize(count);
  for (std::size_t i = 0; i < count; ++i) open_[i] = static_cast<std::uint32_t>(i);
  // Attempt k of element i takes three uniforms at 4 i of stream k; elements that accept drop out.
  for (std::uint32_t attempt = 0; !open_.empty(); ++attempt) {
    const Stream tried =
        attempt == 0 ? stream : Stream{stream.seed, stream.trial, stream.layer + (attempt << 20), retries};
    const std::size_t size = open_.size();
    double* u = room(normals_, 4 * count + 4 * size);
    double* logs = u + 4 * count;
    double *cosines = logs + size, *cubes = cosines + size, *accepts = cubes + size;
    if (attempt == 0) {
      random_uniforms(tried, 4 * first, std::span<double>(u, 4 * count));
    } else {
      for (std::size_t k = 0; k < size; ++k)
        random_uniforms(tried, 4 * (first + open_[k]), std::span<double>(u + 4 * k, 4));
    }
    for (std::size_t k = 0; k < size; ++k) {
      logs[k] = u[4 * k];
      cosines[k] = 2.0 * std::numbers::pi * u[4 * k + 1];
      accepts[k] = u[4 * k + 2];
    }
    logarithms(logs, size);
    logarithms(accepts, size);
    math::apply(math::Function::kCos, std::span<const double>(cosines, size), std::span<double>(cosines, size));
    for (std::size_t k = 0; k < size; ++k) {
      const double x = std::sqrt(-2.0 * logs[k]) * cosines[k];
      const double root = 1.0 + c * x;
      cosines[k] = x;
      logs[k] = root > 0.0 ? root * root * root : -1.0;
      cubes[k] = root > 0.0 ? logs[k] : 1.0;
    }
    logarithms(cubes, size);
    std::size_t kept = 0;
    for (std::size_t k = 0; k < size; ++k) {
      const double x = cosines[k], v = logs[k];
      if (v > 0.0 && accepts[k] < 0.5 * x * x + d - d * v + d * cubes[k])
        out[open_[k]] = d * v;
      else
        open_[kept++] = open_[k];
    }
    open_.resize(kept);
  }
  if (shape >= 1.0) return;
  // The fourth uniform of the first attempt.
  double* u = room(normals_, 6 * count);
  random_uniforms(stream, 4 * first, std::span<double>(u, 4 * count));
  double *base = u + 4 * count, *exponents = base + count;
  for (std::size_t i = 0; i < count; ++i) {
    base[i] = u[4 * i + 3];
    exponents[i] = 1.0 / shape;
  }
  math::power(std::span<const double>(base, count), std::span<const double>(exponents, count),
              std::span<double>(base, count));
  for (std::size_t i = 0; i < count; ++i) out[i] *= base[i];
}

void WeightRows::draw_scales(std::uint32_t trial, std::uint32_t layer, std::size_t first, std::size_t count,
                             std::size_t columns, double* out) {
  const Stream stream{seed_, trial, layer, purpose::kScales};
  if (law_ == Law::kMultivariateT) {
    // One for a row.
    radii_.resize(count);
    gamma(0.5 * parameter_, stream, first, radii_, purpose::kScaleRetries);
    for (std::size_t i = 0; i < count; ++i) std::fill_n(out + i * columns, columns, (0.5 * parameter_ - 1) / radii_[i]);
    return;
  }
  const std::size_t size = count * columns;
  for (std::size_t done = 0; done < size; done += kChunk) {
    const std::span<double> part(out + done, std::min(kChunk, size - done));
    const std::uint64_t at = static_cast<std::uint64_t>(first) * columns + done;
    if (law_ == Law::kLaplace) {
      random_uniforms(stream, at, part);
      logarithms(part.data(), part.size());
      for (double& scale : part) scale = -scale;
    } else if (law_ == Law::kStudentT) {
      gamma(0.5 * parameter_, stream, at, part, purpose::kScaleRetries);
      for (double& scale : part) scale = (0.5 * parameter_ - 1) / scale;
    } else {
      random_uniforms(stream, at, part);
      for (double& scale : part) scale = scale < parameter_ ? 1 / parameter_ : 0.0;
    }
  }
}

void WeightRows::directions(std::uint32_t trial, std::uint32_t layer, std::size_t first, std::size_t count,
                            std::size_t columns, double* out) {
  const std::uint64_t begin = static_cast<std::uint64_t>(first) * columns;
  random_normals({seed_, trial, layer, purpose::kWeights}, begin, std::span<double>(out, count * columns));
  radii_.resize(count);
  const Stream stream{seed_, trial, layer, purpose::kRadii};
  const auto d = static_cast<double>(columns);
  if (law_ == Law::kMultivariateT) {
    // One chi-square of nu degrees a row, twice a gamma variate of shape nu/2.
    gamma(0.5 * parameter_, stream, first, radii_);
    for (double& radius : radii_) radius = std::sqrt((0.5 * parameter_ - 1.0) / radius);
  } else {
    if (law_ == Law::kBall) {
      random_uniforms(stream, first, radii_);
      double* exponents = room(scratch_, count);
      std::fill_n(exponents, count, 1.0 / d);
      math::power(radii_, std::span<const double>(exponents, count), radii_);
    }
    for (std::size_t i = 0; i < count; ++i) {
      double squares = 0.0;
      for (std::size_t j = 0; j < columns; ++j) squares += out[i * columns + j] * out[i * columns + j];
      radii_[i] = law_ == Law::kBall ? radii_[i] * std::sqrt((d + 2.0) / squares) : std::sqrt(d / squares);
    }
  }
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < columns; ++j) out[i * columns + j] *= radii_[i];
}

void WeightRows::orthogonal(const Stream& stream, std::size_t rows, std::size_t columns, double* out) {
  const std::size_t count = std::min(rows, columns), length = std::max(rows, columns);
  double* frame = room(frame_vectors_, count * length);
  random_normals(stream, 0, std::span<double>(frame, count * length));
  frame_.orthonormalise(frame, length, count, length);
  const double unit = std::sqrt(static_cast<double>(length));
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j)
      out[i * columns + j] = unit * (rows <= columns ? frame[i * length + j] : frame[j * length + i]);
}

}  // namespace mft::kernel
