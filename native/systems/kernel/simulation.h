// System `kernel`: finite random networks with weights of any law, and the kernels of each.
//
// Of one network with hidden vectors h_l (m inputs, N_l units) the covariance of the next pre-activations, given all
// weights before, is sigma_w^2/N_l h_l . h_l' + sigma_b^2: less noise than the products of pre-activations, and the
// same mean. The tangent kernel is a sum over layers of products of two such Gram matrices, of the h and of the
// gradients of one output; no Jacobian is formed. Weights are drawn in tiles of rows, twice when the tangent kernel is
// wanted.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/activation.h"
#include "core/control.h"
#include "core/trials.h"
#include "systems/kernel/weights.h"

namespace mft::kernel {

struct Simulation {
  Activation activation;
  std::size_t input_width = 1;
  std::vector<double> widths;            // of the hidden layers
  std::vector<double> weight_variance;   // one more than hidden layers
  std::vector<double> bias_variance;     // the same
  std::vector<double> keep_probability;  // one per hidden layer
  double input_keep_probability = 1;
  bool shares_masks = false;
  bool scales_inputs = true;
  bool is_standard = false;  // learning acts on the weights themselves
  bool has_tangent = true;
  // Covariances of every layer are means over its weights, given what enters it (conditional.h).
  bool is_conditional = false;
  Law law = Law::kGaussian;
  double law_parameter = 1;

  std::size_t inputs = 2;
  // Vectors (inputs x input_width), the same in every trial; or a drawn pair of directions.
  std::vector<double> vectors;
  double second_moment = 1;
  double one_minus_correlation = 0.5;

  std::uint64_t seed = 0;
  TrialRange range;

  std::size_t depth() const { return widths.size(); }
};

// Pairs are reported layer by layer among the first inputs only.
constexpr std::size_t kMostPaired = 32;

// Places: nngp and ntk (inputs x inputs), then of layers 1 .. depth + 1 variance (of every input), covariance and
// cosine (of every pair of the first 32); a cosine of a zero variance is NaN.
RowTable row_table(const Simulation& simulation);

// Throws Error naming the field.
void validate(const Simulation& simulation);

// Bytes of the workspace of all workers.
double memory_estimate(const Simulation& simulation);

// rows: trials * row_length. One progress unit a layer.
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::kernel
