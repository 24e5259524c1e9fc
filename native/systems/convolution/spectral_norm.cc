#include "systems/convolution/spectral_norm.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/lapack.h"
#include "core/linear_algebra.h"
#include "core/random.h"
#include "systems/convolution/purposes.h"

namespace mft::convolution {
namespace {

constexpr std::size_t kMostSteps = 1500;
constexpr double kTolerance = 1e-13;

class Gram {
 public:
  explicit Gram(const Operator& op)
      : weights_(op.weights),
        layer_({op.kernel, op.stride, op.out, 1}, {op.in, op.height, op.width}, op.padding),
        patches_(layer_.patch() * layer_.before_pool().positions()),
        image_(layer_.input().size()),
        map_(layer_.before_pool().size()) {}
  bool is_inner() const { return image_.size() <= map_.size(); }
  std::size_t size() const { return std::min(image_.size(), map_.size()); }

  // y = A^T A x on images, or A A^T x on maps.
  void apply(const std::vector<double>& x, std::vector<double>& y) {
    if (is_inner()) {
      forward(x, map_);
      backward(map_, y);
    } else {
      backward(x, image_);
      forward(image_, y);
    }
  }

 private:
  void forward(const std::vector<double>& image, std::vector<double>& map) {
    const std::size_t positions = layer_.before_pool().positions();
    layer_.gather(image.data(), layer_.whole(), patches_.data());
    blas::gemm(false, false, layer_.layer().channels, positions, layer_.patch(), 1.0, weights_.data(), layer_.patch(),
               patches_.data(), positions, 0.0, map.data(), positions);
  }
  void backward(const std::vector<double>& map, std::vector<double>& image) {
    const std::size_t positions = layer_.before_pool().positions();
    blas::gemm(true, false, layer_.patch(), positions, layer_.layer().channels, 1.0, weights_.data(), layer_.patch(),
               map.data(), positions, 0.0, patches_.data(), positions);
    std::fill(image.begin(), image.end(), 0.0);
    layer_.scatter(patches_.data(), layer_.whole(), image.data());
  }

  const std::vector<double>& weights_;
  const Convolution layer_;
  std::vector<double> patches_, image_, map_;
};

struct Ritz {
  double value, residual;
};

// The largest eigenvalue of the tridiagonal matrix, and how far it may be from one of the operator.
Ritz largest_ritz(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const std::size_t n = diagonal.size();
  std::vector<double> matrix(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * n + i] = diagonal[i];
    if (i + 1 < n) matrix[i * n + i + 1] = matrix[(i + 1) * n + i] = beside[i];
  }
  const std::vector<double> values = lapack::symmetric_eigen(n, matrix.data());
  return {values[0], std::abs(beside[n - 1] * matrix[n - 1])};
}

double lanczos(Gram& gram, std::uint32_t start, const Control& control) {
  const std::size_t n = gram.size();
  std::vector<std::vector<double>> basis;
  std::vector<double> diagonal, beside, next(n), vector(n);
  random_normals({0, start, 0, purpose::kOutput}, 0, vector);
  const auto normalise = [&](std::vector<double>& v) {
    const double norm = std::sqrt(dot_product(v.data(), v.data(), n));
    if (norm > 0)
      for (double& value : v) value /= norm;
    return norm;
  };
  normalise(vector);
  std::size_t next_check = 4;
  for (std::size_t step = 1; step <= std::min(n, kMostSteps); ++step) {
    control.throw_if_cancelled();
    basis.push_back(vector);
    gram.apply(vector, next);
    diagonal.push_back(dot_product(vector.data(), next.data(), n));
    for (int round = 0; round < 2; ++round)
      for (const std::vector<double>& each : basis) {
        const double share = dot_product(each.data(), next.data(), n);
        for (std::size_t i = 0; i < n; ++i) next[i] -= share * each[i];
      }
    vector = next;
    beside.push_back(normalise(vector));
    const bool is_last = step == n || beside.back() == 0;
    if (!is_last && step < next_check && step < kMostSteps) continue;
    next_check = step + std::max<std::size_t>(4, step / 4);
    const Ritz ritz = largest_ritz(diagonal, beside);
    if (is_last || ritz.residual <= kTolerance * ritz.value) return ritz.value;
  }
  throw Error("NO_CONVERGENCE", "kernel", "The largest singular value did not settle within 1500 steps.");
}

}  // namespace

double spectral_norm(const Operator& op, const Control& control) {
  if (op.weights.size() != op.out * op.in * op.kernel * op.kernel)
    throw Error("SHAPE", "weights", "Expected `weights` to have out x in x kernel x kernel entries.");
  Gram gram(op);
  return std::sqrt(std::max({0.0, lanczos(gram, 0, control), lanczos(gram, 1, control)}));
}

}  // namespace mft::convolution
