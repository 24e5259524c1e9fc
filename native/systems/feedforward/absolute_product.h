// E|delta_a delta_b| of a layer whose errors are coherent with its activities.
#pragma once
#include <vector>

#include "core/activation.h"

namespace mft::feedforward {

// delta = (m/rho) phi'(z) (kappa u + e), u = (m/rho) phi(z); e is Gaussian and independent of z.
struct AbsoluteProduct {
  Activation activation;
  std::vector<double> kinks;  // where phi' jumps
  double variance_a = 0, variance_b = 0, one_minus_correlation = 0;
  double coupling_a = 0, coupling_b = 0;            // kappa/rho
  double noise_a = 0, noise_b = 0, noise_pair = 0;  // the covariance of e
};

// E|phi'(z_a) phi'(z_b)| |coupling_a phi(z_a) + e_a| |coupling_b phi(z_b) + e_b|.
double absolute_product(const AbsoluteProduct& question);

}  // namespace mft::feedforward
