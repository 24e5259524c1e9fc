// Exact simulation of system `kernel`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/control.h"

namespace mft::kernel {

struct Simulation {
  double weight_variance = 1;
  std::size_t width = 1;
  std::size_t depth = 1;
  std::uint64_t seed = 0;
  std::uint64_t first_trial = 0;
  std::size_t trials = 1;
  int threads = 1;
};

// One row per trial, keyed by the trial's global index: the mean square of layers 0..depth. Conditioned on |x_{l-1}|,
// W x_{l-1} is a vector of independent normals of variance weight_variance |x_{l-1}|^2 / width, so no matrix is drawn.
std::vector<double> simulate(const Simulation& simulation, const Control& control);

}  // namespace mft::kernel
