// Exact simulation of system `autoencoder`: full-batch gradient descent of linear networks, on the expected loss in the
// basis in which the second moment of the data is diagonal, or on examples with noise drawn afresh in every step.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/trials.h"
#include "systems/autoencoder/data_descent.h"

namespace mft::autoencoder {

// Start of the weights: independent matrices, the second the transpose of the first, or a hidden unit per direction.
enum class Initial { kGaussian, kBalanced, kAligned };

struct Simulation {
  std::vector<double> spectrum;  // eigenvalues, falling
  std::size_t width = 1;
  double noise_variance = 0;  // per coordinate, of the noise that is added
  NoiseKind noise = NoiseKind::kGaussian;
  double keep_probability = 1;  // of masking, which adds (1 - p)/p times the mean of the spectrum to it
  std::size_t examples = 0;     // with which noise is sampled; 0: its expectation
  double weight_decay = 0;
  double learning_rate = 0.01;
  Initial initial = Initial::kGaussian;
  double initial_variance = 1e-6;
  bool tied = false;
  std::vector<double> records;  // steps at which values are written, rising
  // What holds from a step on, one entry per stage in rising order of its first step; empty: nothing changes.
  std::vector<double> stage_steps, stage_noise_variances, stage_weight_decays, stage_learning_rates;
  std::uint64_t seed = 0;
  TrialRange range;
};

// Places of a row, by record: the mapping of every mode, the expected loss, |W1|^2 + |W2|^2, the singular values of W2
// W1 (as many as modes, decreasing).
RowTable row_table(const Simulation& simulation);

// Bytes of the engine of one worker.
double engine_bytes(const Simulation& simulation);

// Rows of all trials. Counts records. Throws NOT_FINITE with the step at which a descent leaves the range of numbers.
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::autoencoder
