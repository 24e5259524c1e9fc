// System `feedforward`: exact simulation of random fully connected networks with dropout.
//
//   z^1 = W^1 x + b^1,   u^l = (m^l / rho_l) phi(z^l) for l = 1..L-1,   z^{l+1} = W^{l+1} u^l + b^{l+1},   u^0 = input
//
// L = depth = number of weight matrices. Weights have mean 0 and variance sigma_w^2 / fan-in, biases are
// N(0, sigma_b^2), m^l ~ Bernoulli(rho_l) per unit; u^0 is the input, with its own mask when
// inputKeepProbability < 1. There is no mask after the last layer. Errors delta_a^l = dE_a / dz_a^l are propagated back
// through the same weights and masks.
//
// Engines (same observables, same law for Gaussian and orthogonal weights):
//   conditioned  never forms a weight matrix: O(width n^2) per layer, see core/conditioning.h;
//   dense        draws every weight; few inputs: in tiles that are used while in cache and drawn again for the
//                backward pass (memory O(width)), many inputs: in tiles multiplied through BLAS.
//
// Every number drawn is a function of (seed, trial, layer, purpose): a trial's row does not depend on threads, on how
// trials are split over calls, nor on the memory budget.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/activation.h"
#include "core/conditioning.h"
#include "core/control.h"
#include "core/trials.h"

namespace mft::feedforward {

// The order of these enumerations is that of their words in node/feedforward.cc.
enum class Engine : int { kConditioned = 0, kDense = 1 };
enum class Precision : int { kFloat64 = 0, kFloat32 = 1 };
enum class MaskSharing : int { kIndependent = 0, kShared = 1 };
enum class BackwardWeights : int { kShared = 0, kIndependent = 1 };
enum class WeightLaw : int {
  kGaussian = 0,
  kUniform = 1,
  kRademacher = 2,
  kStudentT = 3,    // lawParameter: degrees of freedom > 2, scaled to the stated variance
  kSparse = 4,      // lawParameter: density in (0, 1]; N(0, variance / density) with that probability, else 0
  kOrthogonal = 5,  // rows or columns (whichever are fewer) of a Haar matrix times sigma_w sqrt(max(1, fan-out/fan-in))
};
enum class OutputError : int {
  kPreactivation = 0,        // E = sum z^2
  kPostactivation = 1,       // E = sum phi(z)^2
  kRandomReadout = 2,        // delta^L ~ N(0, 1), independent of the weights and between inputs
  kSharedRandomReadout = 3,  // the same vector for every input
};

struct Parameters {
  std::vector<Activation> activations = std::vector<Activation>(1);  // one for all layers, or [L], entry l-1 of layer l
  std::vector<std::size_t> widths;                                   // [0..L], widths[0] = input dimension; each >= 1
  std::vector<double> weight_variance;                               // [L], entry l-1 is sigma_w^2 of W^l; >= 0
  std::vector<double> bias_variance;                                 // [L]; >= 0
  std::vector<double> keep_probability;                              // [L-1], entry l-1 is rho_l; in (0, 1]
  double input_keep_probability = 1.0;                               // in (0, 1]
  std::vector<double> bias_mean;                                     // [L], or empty: 0
  std::vector<double> dropped_value;                                 // [L-1], what u of a masked unit is; or empty: 0
  MaskSharing mask_sharing = MaskSharing::kIndependent;

  // n inputs. Either input_vectors (n x widths[0], row-major; the same in every trial) or, when that is empty, vectors
  // with exactly the given Gram matrix in a uniformly random direction per trial: |x_a|^2 = widths[0]
  // input_variance[a], x_a . x_b = |x_a| |x_b| input_correlation[a n + b] (n x n, symmetric, positive semidefinite,
  // unit diagonal).
  std::size_t inputs = 2;
  std::vector<double> input_variance;
  std::vector<double> input_correlation;
  std::vector<double> input_vectors;

  OutputError output_error = OutputError::kPostactivation;
  WeightLaw weight_law = WeightLaw::kGaussian;
  double law_parameter = 0.0;
  BackwardWeights backward_weights = BackwardWeights::kShared;

  // The run.
  Engine engine = Engine::kConditioned;
  Precision precision = Precision::kFloat64;  // float32: normals and vectors in single, sums in double precision;
                                              // conditioned with more than two inputs: only the normals
  std::size_t paired_inputs = 2;              // pair observables are reported for a < b < paired_inputs <= n
  double rank_tolerance = 1e-12;  // conditioned: what remains below this part of a vector is no direction of its own
  double memory_budget = 1e9;     // bytes, all workers together, for what the backward pass would otherwise draw again
  std::uint64_t seed = 0;
  TrialRange range;

  const Activation& activation_of(std::size_t layer) const {
    return activations[activations.size() == 1 ? 0 : layer - 1];
  }
  double bias_mean_of(std::size_t layer) const { return bias_mean.empty() ? 0.0 : bias_mean[layer - 1]; }
};

// A raw row holds one trial: layers l = 1..L one after the other, each `layer_stride` doubles. Within a layer, in this
// order (n = inputs, p = pairs; pairs ordered (0,1), (0,2), .., (1,2), ..):
//
//   variance               n  q_aa = |z_a|^2 / N_l
//   covariance             p  q_ab = z_a . z_b / N_l (without centring)
//   correlation            p  q_ab / sqrt(q_aa q_bb); 0 where undefined
//   oneMinusCorrelation    p  1 - correlation without cancellation; 0 where undefined
//   correlationDefined     p  1, or 0 when q_aa or q_bb is 0
//   logErrorSquaredNorm    n  log sum_i delta_ai^2; -Infinity for a zero error
//   errorCosine            p  delta_a . delta_b / (|delta_a| |delta_b|); 0 where undefined
//   errorCosineDefined     p  1, or 0 when either error is 0
//   logGradientSingle      n  log g_aa,  g_aa = |delta_a|^2 |u_a|^2 / (N_l N_{l-1}), u = u^{l-1}
//   gradientPairSign       p  sign of g_ab = (delta_a . delta_b)(u_a . u_b) / (N_l N_{l-1}): -1, 0, 1
//   logGradientPair        p  log |g_ab|; -Infinity with sign 0
//   logGradientPairAbsolute p log of the mean of |dE_a/dW_ij dE_b/dW_ij|
//
// Nothing is ever NaN; logarithms of zero are -Infinity.
struct Layout {
  std::size_t layers = 0, inputs = 0, paired_inputs = 0, pairs = 0;
  std::size_t variance = 0, covariance = 0, correlation = 0, one_minus_correlation = 0, correlation_defined = 0;
  std::size_t log_error_squared_norm = 0, error_cosine = 0, error_cosine_defined = 0;
  std::size_t log_gradient_single = 0, gradient_pair_sign = 0, log_gradient_pair = 0, log_gradient_pair_absolute = 0;
  std::size_t layer_stride = 0;
  std::size_t row_length = 0;  // layers * layer_stride
};
Layout layout_of(const Parameters& parameters);

// The same as a table for whoever reads the rows.
RowTable row_table(const Parameters& parameters);

// Throws Error (INVALID_ARGUMENT, OUT_OF_RANGE, SHAPE) naming the parameter.
void validate(const Parameters& parameters);

// Bytes the call will hold at most, rows and all workers included. Call validate first.
double memory_estimate(const Parameters& parameters);

// Progress units of one trial: a forward and a backward pass through every layer.
std::uint32_t progress_units(const Parameters& parameters);

// rows: trials * row_length doubles, trial t at row t - range.first. Throws Error (also NOT_FINITE, naming layer and
// trial) and Cancelled. Validates first.
void simulate(const Parameters& parameters, const Control& control, std::span<double> rows);

// The dense engine written out: one trial with whole matrices and the explicit gradient (tests; small networks).
void simulate_naive(const Parameters& parameters, std::uint32_t trial, std::span<double> row);

}  // namespace mft::feedforward
