// Training on the expected loss over the noise, without sampling it: linear networks in moment form (any noise and
// masking), rectified ones by the moments of rectified pairs (Gaussian noise; systems/autoencoder/marginal_descent.h).
#pragma once
#include <cstddef>
#include <vector>

#include "core/control.h"
#include "systems/autoencoder/spectrum.h"

namespace mft::autoencoder {

struct ExpectedTraining {
  ExampleSet examples;
  std::size_t hidden = 1;
  std::vector<double> first, second;  // W1 and W2^T, hidden x dimension
  // Eigenvalues and eigenvectors (rows) of the second moment of the examples, and its diagonal; all of them.
  std::vector<double> variances, directions, diagonal;
  bool is_rectified = false;
  bool is_tied = false;  // W2 = W1^T throughout; linear networks only
  double noise_variance = 0;
  double keep_probability = 1;
  double weight_decay = 0;
  std::vector<double> rates;  // of every step
  std::size_t batch = 0;      // examples of a step, in their order, over and over; linear networks take all
  std::size_t modes = 0;      // leading modes that are recorded
  std::size_t every = 1;      // steps between two records; the start and the end are recorded
  int threads = 1;
};

struct ExpectedResult {
  std::size_t steps = 0;
  bool has_stopped = false;     // the loss was not finite at step `steps`
  std::vector<double> records;  // steps
  std::vector<double>
      losses;  // expected, decay included: mean over the steps since the record before (of the start: its own)
  std::vector<double> projections;      // record x mode: v^T C v without noise
  std::vector<double> singular_values;  // record x mode, of W2 W1, zeros beyond the hidden units; linear units only
  std::vector<double> first, second;
};

// Throws SHAPE, UNSUPPORTED (masks with rectified units), Cancelled. One progress unit a step.
ExpectedResult train_expected(const ExpectedTraining& training, const Control& control);

}  // namespace mft::autoencoder
