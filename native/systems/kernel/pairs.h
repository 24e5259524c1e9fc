// E phi phi and E phi' phi' of a list of Gaussian pairs of any variances and correlations, of every activation with a
// finite E phi'^2: Hermite sums, near correlations of 1 and -1 what near_pairs.h has. What kernels of few inputs take.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"

namespace mft::kernel {

struct PairCall {
  GaussianFunction function;
  bool has_tangent = true;
  std::vector<double> first, second, gap;  // variances > 0, 1 - correlation; not 0 where the variances are equal
  int threads = 1;
};

// Throws Error naming the field.
void validate(const PairCall& call);

// E phi phi of all pairs, then (with a tangent) E phi' phi'. One progress unit a pair. Throws Error and Cancelled.
void pair_expectations(const PairCall& call, const Control& control, std::span<double> result);

}  // namespace mft::kernel
