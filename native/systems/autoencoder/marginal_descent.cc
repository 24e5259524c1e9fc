#include "systems/autoencoder/marginal_descent.h"

#include <algorithm>
#include <cmath>

#include "core/bivariate_normal.h"
#include "core/blas.h"
#include "core/error.h"

namespace mft::autoencoder {
namespace {

// Groups of examples that threads share, each with its own sums: part of the results' bits.
constexpr std::size_t kGroups = 8;

double sum_of_squares(std::span<const double> x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

}  // namespace

struct MarginalDescent::Group {
  std::vector<double> pairs, covariances, density;
  double loss = 0;
};

MarginalDescent::MarginalDescent(const MarginalProblem& problem, Team& team) : problem_(problem), team_(team) {
  if (problem.dimension == 0 || problem.hidden == 0)
    throw Error("OUT_OF_RANGE", "hidden", "Expected at least one component and one hidden unit.");
  const std::size_t h = problem.hidden, size = h * problem.dimension;
  for (AlignedVector<double>* each : {&first_, &second_, &first_step_, &second_step_}) each->assign(size, 0.0);
  deviations_.assign(h, 0.0);
  for (std::vector<double>* each : {&correlations_, &complements_, &second_gram_, &pair_sums_, &covariance_sums_})
    each->assign(h * h, 0.0);
}

void MarginalDescent::set(std::span<const double> first, std::span<const double> second) {
  if (first.size() != first_.size() || second.size() != second_.size())
    throw Error("SHAPE", "weights", "Expected weights of as many rows as hidden units and one column a component.");
  std::copy(first.begin(), first.end(), first_.begin());
  std::copy(second.begin(), second.end(), second_.begin());
}

// One example: means mu = W1 x and targets W2^T x. Leaves E max(0, z) in `mean` and dE/dmu in `slope`.
void MarginalDescent::add_example(const double* means, const double* targets, Group& group, double* mean,
                                  double* slope) {
  const std::size_t n = problem_.hidden;
  const double* gram = second_gram_.data();
  for (std::size_t a = 0; a < n; ++a) {
    const double deviation = deviations_[a];
    const Rectified one = rectified(means[a], deviation);
    mean[a] = one.mean;
    slope[a] = gram[a * n + a] * one.mean - targets[a] * one.positive;
    group.loss += 0.5 * gram[a * n + a] * one.square - targets[a] * one.mean;
    group.pairs[a * n + a] += one.square;
    group.density[a] = 0;
    // d/d variance of the mean is density/2, of the square P(z > 0).
    group.covariances[a * n + a] += 0.5 * (gram[a * n + a] * one.positive - targets[a] * one.density);
  }
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const std::size_t at = a * n + b;
      const double weight = gram[at];
      if (deviations_[a] == 0 || deviations_[b] == 0) {
        // One of the two is a number: the other alone is random.
        const double product = mean[a] * mean[b];
        group.pairs[at] += product;
        group.loss += weight * product;
        slope[a] += weight * rectified(means[a], deviations_[a]).positive * mean[b];
        slope[b] += weight * rectified(means[b], deviations_[b]).positive * mean[a];
        group.density[a] += weight * rectified(means[a], deviations_[a]).density * mean[b];
        group.density[b] += weight * rectified(means[b], deviations_[b]).density * mean[a];
        continue;
      }
      const RectifiedPair pair =
          rectified_pair(means[a], means[b], deviations_[a], deviations_[b], correlations_[at], complements_[at]);
      group.pairs[at] += pair.product;
      group.loss += weight * pair.product;
      slope[a] += weight * pair.first_slope;
      slope[b] += weight * pair.second_slope;
      group.density[a] += weight * pair.first_density;
      group.density[b] += weight * pair.second_density;
      group.covariances[at] += 0.5 * weight * pair.both;
    }
  for (std::size_t a = 0; a < n; ++a) group.covariances[a * n + a] += 0.5 * group.density[a];
}

void MarginalDescent::moments(std::span<const double> examples) {
  const std::size_t d = problem_.dimension, n = problem_.hidden, count = examples.size() / d;
  if (count == 0 || count * d != examples.size())
    throw Error("SHAPE", "examples", "Expected whole rows of `dimension` numbers, at least one.");
  blas::gram(n, d, second_.data(), d, second_gram_.data());
  blas::gram(n, d, first_.data(), d, correlations_.data());
  for (std::size_t a = 0; a < n; ++a) deviations_[a] = std::sqrt(problem_.noise_variance * correlations_[a * n + a]);
  // Lengths come from the diagonal, which is overwritten last.
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      const double lengths = std::sqrt(correlations_[a * n + a]) * std::sqrt(correlations_[b * n + b]);
      const double r = lengths > 0 ? std::clamp(correlations_[a * n + b] / lengths, -1.0, 1.0) : 0.0;
      correlations_[a * n + b] = r;
      complements_[a * n + b] = std::sqrt((1 - r) * (1 + r));
    }
  for (std::vector<double>* each : {&means_, &targets_, &hidden_means_, &slopes_}) each->assign(count * n, 0.0);
  blas::gemm(false, true, count, n, d, 1.0, examples.data(), d, first_.data(), d, 0.0, means_.data(), n);
  blas::gemm(false, true, count, n, d, 1.0, examples.data(), d, second_.data(), d, 0.0, targets_.data(), n);
  std::vector<Group> groups(kGroups);
  auto body = [&](std::size_t g, int) {
    Group& group = groups[g];
    group.pairs.assign(n * n, 0.0);
    group.covariances.assign(n * n, 0.0);
    group.density.assign(n, 0.0);
    for (std::size_t row = g * count / kGroups; row < (g + 1) * count / kGroups; ++row) {
      const double* x = examples.data() + row * d;
      group.loss += 0.5 * sum_of_squares({x, d});
      add_example(means_.data() + row * n, targets_.data() + row * n, group, hidden_means_.data() + row * n,
                  slopes_.data() + row * n);
    }
  };
  team_.run(kGroups, body);
  std::fill(pair_sums_.begin(), pair_sums_.end(), 0.0);
  std::fill(covariance_sums_.begin(), covariance_sums_.end(), 0.0);
  loss_ = 0;
  for (const Group& group : groups) {
    loss_ += group.loss;
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = 0; b <= a; ++b) {
        pair_sums_[a * n + b] += group.pairs[a * n + b];
        covariance_sums_[a * n + b] += group.covariances[a * n + b];
      }
  }
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < a; ++b) {
      pair_sums_[b * n + a] = pair_sums_[a * n + b];
      covariance_sums_[b * n + a] = covariance_sums_[a * n + b];
    }
}

double MarginalDescent::decay_loss() const {
  return 0.5 * problem_.weight_decay * (sum_of_squares(first()) + sum_of_squares(second()));
}

double MarginalDescent::loss(std::span<const double> examples) {
  moments(examples);
  return loss_ * static_cast<double>(problem_.dimension) / static_cast<double>(examples.size()) + decay_loss();
}

double MarginalDescent::gradients(std::span<const double> examples, std::span<double> first, std::span<double> second) {
  const double result = loss(examples);
  const std::size_t d = problem_.dimension, n = problem_.hidden, count = examples.size() / d;
  const double share = 1.0 / static_cast<double>(count);
  for (std::size_t i = 0; i < first_.size(); ++i) {
    first[i] = problem_.weight_decay * first_[i];
    second[i] = problem_.weight_decay * second_[i];
  }
  // dE/dW1 = slopes^T X / N + 2 s^2 (dE/dSigma) W1; dE/dW2^T = (M W2^T - m^T X) / N.
  blas::gemm(true, false, n, d, count, share, slopes_.data(), n, examples.data(), d, 1.0, first.data(), d);
  blas::gemm(false, false, n, d, n, 2 * problem_.noise_variance * share, covariance_sums_.data(), n, first_.data(), d,
             1.0, first.data(), d);
  blas::gemm(false, false, n, d, n, share, pair_sums_.data(), n, second_.data(), d, 1.0, second.data(), d);
  blas::gemm(true, false, n, d, count, -share, hidden_means_.data(), n, examples.data(), d, 1.0, second.data(), d);
  return result;
}

bool MarginalDescent::step(std::span<const double> examples, double rate, double& loss) {
  loss = gradients(examples, first_step_, second_step_);
  if (!std::isfinite(loss)) return false;
  for (std::size_t i = 0; i < first_.size(); ++i) {
    first_[i] -= rate * first_step_[i];
    second_[i] -= rate * second_step_[i];
  }
  return true;
}

}  // namespace mft::autoencoder
