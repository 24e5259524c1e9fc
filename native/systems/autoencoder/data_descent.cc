#include "systems/autoencoder/data_descent.h"

#include <algorithm>
#include <cmath>

#include "core/blas.h"
#include "core/error.h"
#include "core/random.h"
#include "systems/autoencoder/purposes.h"

namespace mft::autoencoder {
namespace {

// Sizes of the tiles that threads share: part of the results' bits.
constexpr std::size_t kRows = 64;
constexpr std::size_t kColumns = 256;

std::size_t parts(std::size_t count, std::size_t size) { return (count + size - 1) / size; }

double sum_of_squares(const double* x, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += x[i] * x[i];
  return sum;
}

}  // namespace

DataDescent::DataDescent(const DataProblem& problem, Team& team)
    : problem_(problem), team_(team), examples_(problem.data.size() / std::max<std::size_t>(1, problem.dimension)) {
  if (examples_ == 0 || examples_ * problem.dimension != problem.data.size())
    throw Error("SHAPE", "data", "Expected whole rows of `dimension` numbers, at least one.");
  row_tiles_ = parts(examples_, kRows);
  tile_loss_.assign(row_tiles_, 0.0);
  const std::size_t weights = problem.hidden * problem.dimension;
  for (AlignedVector<double>* each : {&first_, &second_, &first_step_, &second_step_}) each->assign(weights, 0.0);
  for (AlignedVector<double>* each : {&noisy_, &residual_}) each->assign(problem.data.size(), 0.0);
  for (AlignedVector<double>* each : {&hidden_values_, &hidden_errors_}) each->assign(examples_ * problem.hidden, 0.0);
}

double DataDescent::bytes(std::size_t examples, std::size_t dimension, std::size_t hidden) {
  const auto n = static_cast<double>(examples), d = static_cast<double>(dimension), h = static_cast<double>(hidden);
  return 8 * (4 * d * h + 2 * n * d + 2 * n * h);
}

void DataDescent::set(std::span<const double> first, std::span<const double> second) {
  if (first.size() != first_.size() || second.size() != second_.size())
    throw Error("SHAPE", "weights", "Expected weights of as many rows as hidden units and one column a component.");
  std::copy(first.begin(), first.end(), first_.begin());
  std::copy(second.begin(), second.end(), second_.begin());
}

void DataDescent::change(double noise_variance, double weight_decay, double learning_rate) {
  problem_.noise_variance = noise_variance;
  problem_.weight_decay = weight_decay;
  problem_.learning_rate = learning_rate;
}

DataDescent::Rows DataDescent::rows(std::size_t tile) const {
  return {tile * kRows, std::min(kRows, examples_ - tile * kRows)};
}

// Element (row, component) of the step's mask and noise is element row * dimension + component of their streams.
void DataDescent::disturb(std::uint32_t step, Rows at) {
  const std::size_t d = problem_.dimension, first = at.first * d, count = at.count * d;
  const std::span<double> out(noisy_.data() + first, count);
  std::copy_n(problem_.data.data() + first, count, out.data());
  thread_local std::vector<double> drawn;
  drawn.resize(count);
  if (const double keep = problem_.keep_probability; keep < 1) {
    random_uniforms({problem_.seed, problem_.trial, step, kMasks}, first, drawn);
    for (std::size_t i = 0; i < count; ++i) out[i] = drawn[i] < keep ? out[i] / keep : 0.0;
  }
  if (problem_.noise_variance == 0) return;
  const Stream stream{problem_.seed, problem_.trial, step, kNoise};
  const double scale = std::sqrt(problem_.noise_variance), width = std::sqrt(12.0) * scale;
  if (problem_.noise == NoiseKind::kGaussian)
    random_normals(stream, first, drawn);
  else
    random_uniforms(stream, first, drawn);
  switch (problem_.noise) {
    case NoiseKind::kGaussian:
      for (std::size_t i = 0; i < count; ++i) out[i] += scale * drawn[i];
      break;
    case NoiseKind::kUniform:
      for (std::size_t i = 0; i < count; ++i) out[i] += width * (drawn[i] - 0.5);
      break;
    case NoiseKind::kSign:
      for (std::size_t i = 0; i < count; ++i) out[i] += drawn[i] < 0.5 ? -scale : scale;
  }
}

void DataDescent::forward(Rows at) {
  const std::size_t d = problem_.dimension, n = problem_.hidden;
  const double* in = noisy_.data() + at.first * d;
  double* z = hidden_values_.data() + at.first * n;
  double* residual = residual_.data() + at.first * d;
  blas::gemm(false, true, at.count, n, d, 1.0, in, d, first_.data(), d, 0.0, z, n);
  if (problem_.is_rectified)
    for (std::size_t i = 0; i < at.count * n; ++i) z[i] = std::max(z[i], 0.0);
  std::copy_n(problem_.data.data() + at.first * d, at.count * d, residual);
  blas::gemm(false, false, at.count, d, n, 1.0, z, n, second_.data(), d, -1.0, residual, d);
}

double DataDescent::pass(const std::uint32_t* step) {
  const std::size_t d = problem_.dimension;
  const bool is_noisy = step != nullptr && (problem_.noise_variance > 0 || problem_.keep_probability < 1);
  auto body = [&](std::size_t tile, int) {
    const Rows at = rows(tile);
    if (is_noisy)
      disturb(*step, at);
    else
      std::copy_n(problem_.data.data() + at.first * d, at.count * d, noisy_.data() + at.first * d);
    forward(at);
    tile_loss_[tile] = sum_of_squares(residual_.data() + at.first * d, at.count * d);
  };
  team_.run(row_tiles_, body);
  double sum = 0;
  for (const double part : tile_loss_) sum += part;
  return 0.5 * sum / static_cast<double>(examples_);
}

// After a pass: dE/dW1 = D^T x~ / N with D = (R W2) o phi', dE/dW2^T = h^T R / N, and the decay.
void DataDescent::products(std::span<double> first, std::span<double> second) {
  const std::size_t d = problem_.dimension, n = problem_.hidden;
  auto errors = [&](std::size_t tile, int) {
    const Rows at = rows(tile);
    double* error = hidden_errors_.data() + at.first * n;
    const double* h = hidden_values_.data() + at.first * n;
    blas::gemm(false, true, at.count, n, d, 1.0, residual_.data() + at.first * d, d, second_.data(), d, 0.0, error, n);
    if (problem_.is_rectified)
      for (std::size_t i = 0; i < at.count * n; ++i) error[i] = h[i] > 0 ? error[i] : 0.0;
  };
  team_.run(row_tiles_, errors);
  const double share = 1.0 / static_cast<double>(examples_);
  auto sums = [&](std::size_t tile, int) {
    const std::size_t at = tile * kColumns, count = std::min(kColumns, d - at);
    for (std::size_t k = 0; k < n; ++k)
      for (std::size_t i = at; i < at + count; ++i) {
        first[k * d + i] = problem_.weight_decay * first_[k * d + i];
        second[k * d + i] = problem_.weight_decay * second_[k * d + i];
      }
    blas::gemm(true, false, n, count, examples_, share, hidden_errors_.data(), n, noisy_.data() + at, d, 1.0,
               first.data() + at, d);
    blas::gemm(true, false, n, count, examples_, share, hidden_values_.data(), n, residual_.data() + at, d, 1.0,
               second.data() + at, d);
  };
  team_.run(parts(d, kColumns), sums);
}

void DataDescent::gradients(std::uint32_t step, std::span<double> first, std::span<double> second) {
  pass(&step);
  products(first, second);
}

bool DataDescent::step(std::uint32_t step) {
  if (!std::isfinite(pass(&step))) return false;
  products({first_step_.data(), first_step_.size()}, {second_step_.data(), second_step_.size()});
  const double rate = problem_.learning_rate;
  if (problem_.is_tied) {
    for (std::size_t i = 0; i < first_.size(); ++i) first_[i] -= rate * (first_step_[i] + second_step_[i]);
    second_ = first_;
    return true;
  }
  for (std::size_t i = 0; i < first_.size(); ++i) first_[i] -= rate * first_step_[i];
  for (std::size_t i = 0; i < second_.size(); ++i) second_[i] -= rate * second_step_[i];
  return true;
}

double DataDescent::decay_loss() const {
  return 0.5 * problem_.weight_decay *
         (sum_of_squares(first_.data(), first_.size()) + sum_of_squares(second_.data(), second_.size()));
}

double DataDescent::loss() { return pass(nullptr) + decay_loss(); }

std::vector<double> DataDescent::projections(std::span<const double> directions) {
  const std::size_t d = problem_.dimension, count = directions.size() / d;
  pass(nullptr);
  std::vector<double> result(count, 0.0), clean(examples_ * count), error(examples_ * count);
  const auto project = [&](const double* rows, std::vector<double>& out) {
    blas::gemm(false, true, examples_, count, d, 1.0, rows, d, directions.data(), d, 0.0, out.data(), count);
  };
  project(problem_.data.data(), clean);
  project(residual_.data(), error);
  for (std::size_t row = 0; row < examples_; ++row)
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t at = row * count + k;
      result[k] += (error[at] + clean[at]) * clean[at];
    }
  for (double& value : result) value /= static_cast<double>(examples_);
  return result;
}

}  // namespace mft::autoencoder
