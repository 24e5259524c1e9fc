#include "systems/autoencoder/coordinates.h"

#include <algorithm>
#include <cmath>

#include "core/blas.h"
#include "core/linear_algebra.h"
#include "systems/autoencoder/purposes.h"

namespace mft::autoencoder {
namespace {

// Rotates columns i and j of a square matrix: (x_i, x_j) <- (c x_i + s x_j, c x_j - s x_i).
void rotate_columns(std::vector<double>& matrix, std::size_t size, std::size_t i, std::size_t j, double c, double s) {
  for (std::size_t row = 0; row < size; ++row) {
    double &x = matrix[row * size + i], &y = matrix[row * size + j];
    const double rotated = c * x + s * y;
    y = c * y - s * x;
    x = rotated;
  }
}

void rotate_rows(std::vector<double>& matrix, std::size_t size, std::size_t i, std::size_t j, double c, double s) {
  for (std::size_t column = 0; column < size; ++column) {
    double &x = matrix[i * size + column], &y = matrix[j * size + column];
    const double rotated = c * x + s * y;
    y = c * y - s * x;
    x = rotated;
  }
}

}  // namespace

std::vector<double> flat_directions(std::span<const double> variances) {
  const std::size_t d = variances.size();
  std::vector<double> moment(d * d, 0.0), directions(d * d, 0.0);
  double mean = 0;
  for (std::size_t i = 0; i < d; ++i) {
    moment[i * d + i] = variances[i];
    directions[i * d + i] = 1;
    mean += variances[i] / static_cast<double>(d);
  }
  const auto diagonal = [&](std::size_t i) { return moment[i * d + i]; };
  // Coordinates before `done` are right; the largest and the smallest of the others lie on both sides of the mean.
  for (std::size_t done = 0; done + 1 < d; ++done) {
    std::size_t low = done, high = done;
    for (std::size_t i = done; i < d; ++i) {
      if (diagonal(i) < diagonal(low)) low = i;
      if (diagonal(i) > diagonal(high)) high = i;
    }
    const double below = diagonal(low) - mean, above = diagonal(high) - mean;
    if (low != high && below < 0 && above > 0) {
      // c^2 M_ll + 2 c s M_lh + s^2 M_hh = mean for t = s/c.
      const double cross = moment[low * d + high];
      const double t = (-cross + std::sqrt(cross * cross - below * above)) / above;
      const double c = 1 / std::sqrt(1 + t * t), s = c * t;
      rotate_columns(moment, d, low, high, c, s);
      rotate_rows(moment, d, low, high, c, s);
      rotate_columns(directions, d, low, high, c, s);
    }
    // The coordinate that is right now goes to the front.
    if (low != done) {
      rotate_columns(moment, d, done, low, 0, 1);
      rotate_rows(moment, d, done, low, 0, 1);
      rotate_columns(directions, d, done, low, 0, 1);
    }
  }
  return directions;
}

std::vector<double> examples_of(std::span<const double> variances, std::span<const double> directions,
                                std::size_t count, std::uint64_t seed, std::uint32_t trial) {
  const std::size_t d = variances.size();
  std::vector<double> frame(d * count), data(count * d);
  random_normals({seed, trial, 0, kExamples}, 0, std::span<double>(frame));
  OrthonormalFrame().orthonormalise(frame.data(), count, d, count);
  for (std::size_t i = 0; i < d; ++i) {
    const double scale = std::sqrt(static_cast<double>(count) * variances[i]);
    for (std::size_t n = 0; n < count; ++n) frame[i * count + n] *= scale;
  }
  blas::gemm(true, false, count, d, d, 1.0, frame.data(), count, directions.data(), d, 0.0, data.data(), d);
  return data;
}

}  // namespace mft::autoencoder
