// System `residual`: theory of random residual networks, layer by layer.
//
//   full          h_l = w_l x_{l-1} + b_l,  x_l = v_l phi(h_l) + S_l x_{l-1} + a_l
//   reduced       x_l = x_{l-1} + phi(w_l x_{l-1} + b_l)
//   generalised   the full block with skip strength kappa in place of 1
//
// Dropout puts m / rho phi(h) in place of phi(h), m ~ Bernoulli(rho) per hidden unit; stochastic depth puts b / tau in
// front of the branch v phi(h) + a, one b ~ Bernoulli(tau) a block.
//
// S_l is the identity, or a random projection where the width changes. Variances are per block: w ~ N(0, inner /
// N_{l-1}), v ~ N(0, outer / M_l), biases likewise. Everything is kept in logarithms or with a running power of two, so
// that homogeneous activations may grow for ever.
#pragma once
#include <cstddef>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"

namespace mft::residual {

// The order of the enumeration is that of its words in node/residual.cc.
enum class Block : int { kFull = 0, kReduced = 1, kGeneralised = 2 };

struct Network {
  GaussianFunction function;  // the activation with what its integrals need to know
  bool is_odd = false;
  Block block = Block::kFull;
  double skip_strength = 1.0;
  std::vector<double> inner_weight_variance, inner_bias_variance;  // one per block
  std::vector<double> outer_weight_variance, outer_bias_variance;  // one per block; unused by the reduced block
  std::vector<double> widths;                                      // N_0 .. N_L
  std::vector<double> hidden_widths;                               // M_1 .. M_L
  std::vector<double> keep_probability;                            // rho, one per block
  std::vector<double> branch_keep_probability;                     // tau, one per block
  bool has_shared_masks = false;                                   // whether all inputs have the same masks
  std::size_t depth() const { return inner_weight_variance.size(); }
  bool drops_branches() const;
  bool is_masked() const;  // any unit or branch
};

// Throws Error (SHAPE, OUT_OF_RANGE, UNSUPPORTED) naming the parameter.
void validate(const Network& network);

struct RecurrenceOptions {
  double second_moment = 1.0;    // p_0
  double angular_deficit = 0.5;  // 1 - e_0
  bool pair = true;              // follow two inputs
  bool fluctuations = false;     // finite-width variances too
  bool interpolate = true;       // great depth: moments from Chebyshev tables (relative error 1e-13)
  // Start from given values at the first pre-activation instead (plain networks: generalised with skip strength 0).
  bool starts_at_preactivation = false;
  double first_variance = 1.0;
  double first_deficit = 0.5;
};

// Index l counts layers; entries of blocks stand at l - 1. Logarithms are natural; log 0 is -Infinity.
struct Recurrence {
  std::vector<double> log_second_moment;           // log p_l, l = 0..L
  std::vector<double> log_metric_expressivity;     // log s_l, l = 0..L
  std::vector<double> log_preactivation_variance;  // log q_l, l = 1..L
  std::vector<double> preactivation_deficit;       // 1 - lambda_l / q_l, l = 1..L
  std::vector<double> log_activation_moment;       // log V(q_l)/rho, l = 1..L
  std::vector<double> log_derivative_moment;       // log E phi'^2/rho, l = 1..L
  std::vector<double> log_gradient;                // log chi_l / chi_L, l = 0..L, per coordinate
  std::vector<double> second_moment_variance;      // relative variance of |x_l|^2 / N_l over networks, l = 0..L
  std::vector<double> log_gradient_variance;       // variance of log |dE/dx_l|^2 at fixed last gradient, l = 0..L
  // Excess kurtoses over networks of |x_l|^2 / N_l and of log |dE/dx_l|^2, l = 0..L: sizes, not bounds.
  std::vector<double> second_moment_kurtosis, log_gradient_kurtosis;
  // Relative variances of |phi(h_l)|^2 and, given dE/dx_l, of |dE/dh_l|^2 that the block's own hidden units add, l
  // = 1..L.
  std::vector<double> activation_variance, derivative_variance;
  // Under stochastic depth, where means of products over the kept branches are no products of means: log of the mean
  // square gradient of one parameter of block l over that of x_L, l = 1..L. Else empty.
  std::vector<double> log_outer_weight_gradient, log_outer_bias_gradient, log_inner_weight_gradient,
      log_inner_bias_gradient;
  // Relative variances over the kept branches of p_l and chi_l / chi_L (l = 0..L), of q_l and of the gradients of the
  // parameters of block l (l = 1..L), at infinite width. Else empty.
  std::vector<double> size_spread, gradient_spread, preactivation_spread, outer_weight_spread, outer_bias_spread,
      inner_weight_spread, inner_bias_spread;
};

// Theory: (3.2) to (3.4) and, for variances, (3.9) of docs/systems/residual.md. Throws NOT_FINITE naming
// the layer when a second moment leaves the range of doubles, UNSUPPORTED for pairs under stochastic
// depth, Cancelled when asked to stop. Under stochastic depth (3.11): means over the branches that are kept.
Recurrence recurrence(const Network& network, const RecurrenceOptions& options, const Control& control);

}  // namespace mft::residual
