// Exact simulation of system `autoencoder`: full-batch gradient descent of linear networks on the expected loss, in the
// basis in which the second moment of the data is diagonal.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/trials.h"

namespace mft::autoencoder {

// Start of the weights: independent matrices, the second the transpose of the first, or a hidden unit per direction.
enum class Initial { kGaussian, kBalanced, kAligned };

struct Simulation {
  std::vector<double> spectrum;  // eigenvalues, falling
  std::size_t width = 1;
  double noise_variance = 0;
  double weight_decay = 0;
  double learning_rate = 0.01;
  Initial initial = Initial::kGaussian;
  double initial_variance = 1e-6;
  bool tied = false;
  std::vector<double> records;  // steps at which values are written, rising
  std::uint64_t seed = 0;
  std::uint64_t first_trial = 0;
  std::size_t trials = 1;
  int threads = 1;
};

// Places of a row, by record: the mapping of every mode, the loss, |W1|^2 + |W2|^2.
RowTable row_table(const Simulation& simulation);

// Rows of all trials. Counts trials. Throws NOT_FINITE with the step at which a descent leaves the range of numbers.
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::autoencoder
