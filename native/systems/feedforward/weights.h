// Real weights of the dense engine: unit-variance entries of every law, drawn from a stream by position.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/linear_algebra.h"
#include "core/random.h"
#include "core/unit_weights.h"
#include "systems/feedforward/simulation.h"

namespace mft::feedforward {

// Entry (i, j) of a layer's matrix is element i * fan_in + j of its stream, whatever engine or tile asks for it.
template <typename Real>
class WeightSource {
 public:
  explicit WeightSource(const Parameters& parameters) : p_(parameters) {}
  // Elements [first, first + count) of mean 0 and variance 1. Not for orthogonal weights.
  void draw(std::uint32_t trial, std::size_t layer, bool is_backward, std::uint64_t first, Real* out,
            std::size_t count);
  // fan-out x fan-in, row-major, all at once: a Haar matrix, or as many rows or columns of one as there are.
  void draw_orthogonal(std::uint32_t trial, std::size_t layer, bool is_backward, Real* out);
  // sigma_w / sqrt(fan-in), or sigma_w sqrt(max(1, fan-out / fan-in)) for orthogonal weights, whose entries then have
  // the variance sigma_w^2 / fan-in too: what the entries above are multiplied by.
  double scale(std::size_t layer) const;
  // Doubles the laws other than the Gaussian need for themselves.
  static double scratch() { return 4.0 * kChunk; }

 private:
  static constexpr std::size_t kChunk = 8192;  // drawn at once by those laws
  const Parameters& p_;
  UnitWeights<Real> units_;
  std::vector<double> frame_vectors_;
  OrthonormalFrame frame_;
};

}  // namespace mft::feedforward
