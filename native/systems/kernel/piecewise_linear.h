// Activations made of straight pieces: phi(x) = offset + slope x + sum_k jump_k max(0, x - kink_k).
#pragma once
#include <optional>
#include <vector>

#include "core/gaussian.h"

namespace mft::kernel {

// E phi phi and E phi' phi' of a pair.
struct PairExpectations {
  double product, slope;
};

struct PiecewiseLinear {
  double offset = 0, slope = 0;
  std::vector<double> kinks, jumps;

  // The closed form for variances q1, q2 > 0 and correlation 1 - gap, by rectified pairs.
  PairExpectations pair(double q1, double q2, double gap) const;
  // What rounding may have left of its product: 2e-15 of the terms that it adds.
  double rounding(double q1, double q2) const;
};

// The pieces of an activation; nothing when one of them is bent. The pieces are looked at, not the text: slopes
// between kinks at points all over each must be one number, values one line.
std::optional<PiecewiseLinear> piecewise_linear(const GaussianFunction& function);

}  // namespace mft::kernel
