// Derivatives of sum_ij W_ij K_ij (or Theta_ij) of a deep kernel by its variances, slope and keep probabilities,
// backward through the layers of every pair: what a likelihood needs of a kernel, for the cost of a few kernels and one
// matrix. Activations without closed forms have sums and differences (series_derivatives.h).
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"
#include "systems/kernel/pair_derivatives.h"

namespace mft::kernel {

struct GradientModel {
  PairFunction phi;
  GaussianFunction function;            // of PairKind::kSeries
  std::vector<double> weights, biases;  // of the dense layers 1 .. L + 1
  std::vector<double> keeps;            // of the hidden layers 1 .. L
  double input_keep = 1.0;
  bool has_shared_masks = false;
  bool is_tangent = false;  // Theta, in the parameterization where K^1 = Theta^1
  int threads = 1;
};

struct KernelGradient {
  std::vector<double> weights, biases;  // by each of them
  double slope = 0;                     // by a
  double keep = 0;                      // by one keep probability of all hidden layers
  double value = 0;                     // the sum itself
};

// gram: x_i . x_j over the input scaling, lower triangle of count x count. adjoint: W, of which the lower triangle is
// read; an entry below the diagonal stands for both.
KernelGradient kernel_gradient(const GradientModel& model, std::span<const double> gram,
                               std::span<const double> adjoint, std::size_t count, const Control& control);

}  // namespace mft::kernel
