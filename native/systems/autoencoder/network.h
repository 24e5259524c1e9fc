// One network on given examples from given weights: loss, gradients, and the descent of its modes.
#pragma once
#include <cstddef>
#include <vector>

#include "core/control.h"

namespace mft::autoencoder {

struct NetworkRun {
  std::size_t dimension = 1, hidden = 1;
  std::vector<double> data;           // examples x dimension
  std::vector<double> first, second;  // W1 and W2^T, hidden x dimension each
  double noise_variance = 0;
  double keep_probability = 1;  // of masking noise, scaled by its inverse
  double weight_decay = 0;
  double learning_rate = 0;
  std::size_t steps = 0;
  bool is_rectified = false;  // hidden units max(0, .); the noise must be 0 then
  int threads = 1;
};

struct NetworkState {
  std::vector<double> variances;                   // eigenvalues of S = (1/N) sum x x^T, decreasing
  double loss = 0;                                 // expected over the noise, decay included
  double first_gradient = 0, second_gradient = 0;  // Frobenius norms
  std::vector<double> mapping;                     // (a) v_i^T C v_i / nu_i by mode; 0 beyond `rank`
  std::vector<double> singular_values;             // (b) of W2 W1; none of a rectified network
  std::size_t rank = 0;                            // modes with a variance above 64 eps of the largest
  bool has_stopped = false;                        // the loss was not finite at `step`
  std::size_t step = 0;                            // steps done
};

// Throws SHAPE, OUT_OF_RANGE, NOT_FINITE, Cancelled. One progress unit a step.
NetworkState run_network(const NetworkRun& run, const Control& control);

}  // namespace mft::autoencoder
