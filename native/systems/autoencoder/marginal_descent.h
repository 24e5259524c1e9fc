// Descent of an autoencoder of rectified units on the expected loss over Gaussian noise, without sampling it.
//
// Given x the pre-activations W1 (x + e) are normal with means W1 x and covariance s^2 W1 W1^T, the same for all
// examples. With m = E max(0, z) and M = E max(0, z) max(0, z)^T, both closed forms in Gaussian densities and bivariate
// normal probabilities (core/bivariate_normal.h), the loss of an example is
//   (|x|^2 - 2 x^T W2 m + tr(W2^T W2 M))/2,
// and its derivatives by the means and the covariance are further moments of the same pairs. An example costs H^2/2
// pairs: for networks of at most some hundred hidden units.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned.h"
#include "core/team.h"

namespace mft::autoencoder {

struct MarginalProblem {
  std::size_t dimension = 1, hidden = 1;
  double noise_variance = 0;  // per component
  double weight_decay = 0;
  double learning_rate = 0;
};

class MarginalDescent {
 public:
  MarginalDescent(const MarginalProblem& problem, Team& team);

  // first: W1, second: W2^T, both hidden x dimension.
  void set(std::span<const double> first, std::span<const double> second);
  std::span<const double> first() const { return {first_.data(), first_.size()}; }
  std::span<const double> second() const { return {second_.data(), second_.size()}; }

  // Expected loss of examples (rows), decay included; with gradients when there is room for them.
  double loss(std::span<const double> examples);
  double gradients(std::span<const double> examples, std::span<double> first, std::span<double> second);
  // One step on these examples. False, and no change of the weights, when the loss is not finite; `loss` is that
  // before.
  bool step(std::span<const double> examples, double& loss) { return step(examples, problem_.learning_rate, loss); }
  bool step(std::span<const double> examples, double rate, double& loss);

 private:
  struct Group;
  void moments(std::span<const double> examples);
  void add_example(const double* means, const double* targets, Group& group, double* mean, double* slope);
  double decay_loss() const;

  MarginalProblem problem_;
  Team& team_;
  AlignedVector<double> first_, second_, first_step_, second_step_;
  std::vector<double> deviations_, correlations_, complements_, second_gram_;
  std::vector<double> means_, targets_, hidden_means_, slopes_;  // examples x hidden
  std::vector<double> pair_sums_, covariance_sums_;              // sum of M, of dE/dSigma: hidden x hidden
  double loss_ = 0;                                              // sum over the examples
};

}  // namespace mft::autoencoder
