// Rectified units without sampling: expected loss and gradient against a million samples of the noise and against
// differences; without noise against the descent on the data.
#include <cmath>
#include <string>

#include "core/blas.h"
#include "core/random.h"
#include "systems/autoencoder/data_descent.h"
#include "systems/autoencoder/marginal_descent.h"
#include "test/check.h"

using namespace mft;
using namespace mft::autoencoder;

namespace {

using Numbers = std::vector<double>;

Numbers normals(std::size_t count, std::uint32_t trial, double scale) {
  Numbers values(count);
  random_normals(Stream{11, trial, 0, Purpose::kDataset}, 0, std::span<double>(values));
  for (double& value : values) value *= scale;
  return values;
}

// Loss and every entry of both gradients: |z| < 4.5 over 2,000 x 500 = 1e6 noisy examples.
void against_samples(test::Tally& tally) {
  constexpr std::size_t d = 4, n = 5, copies = 500;
  constexpr std::uint32_t draws = 2000;
  const Numbers x = normals(d, 1, 1), first = normals(n * d, 2, 0.7);
  Numbers second = normals(n * d, 3, 0.7), weights = first;
  // Two parallel rows and two opposite ones: correlations of 1 and -1.
  for (std::size_t i = 0; i < d; ++i) {
    weights[d + i] = 1.5 * weights[i];
    weights[3 * d + i] = -weights[2 * d + i];
  }
  DataProblem problem;
  problem.dimension = d;
  problem.hidden = n;
  for (std::size_t row = 0; row < copies; ++row) problem.data.insert(problem.data.end(), x.begin(), x.end());
  problem.is_rectified = true;
  problem.noise_variance = 0.8;
  problem.weight_decay = 0.1;
  problem.seed = 4;
  Team team(1);
  DataDescent sampled(problem, team);
  sampled.set(weights, second);
  const std::size_t size = n * d;
  Numbers sum(2 * size, 0.0), squares(2 * size, 0.0), by_first(size), by_second(size);
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    sampled.gradients(draw, by_first, by_second);
    for (std::size_t i = 0; i < 2 * size; ++i) {
      const double value = i < size ? by_first[i] : by_second[i - size];
      sum[i] += value;
      squares[i] += value * value;
    }
  }
  MarginalDescent exact({d, n, 0.8, 0.1, 0.1}, team);
  exact.set(weights, second);
  exact.gradients(x, by_first, by_second);
  double worst = 0;
  for (std::size_t i = 0; i < 2 * size; ++i) {
    const double mean = sum[i] / draws, variance = squares[i] / draws - mean * mean;
    const double expected = i < size ? by_first[i] : by_second[i - size];
    worst = std::max(worst, std::abs(mean - expected) / std::sqrt(variance / draws));
  }
  tally.within(worst, 0.5, 4.5, "marginal against sampled gradients");
}

void against_differences(test::Tally& tally, double noise_variance) {
  constexpr std::size_t d = 5, n = 4, count = 9;
  const Numbers x = normals(count * d, 5, 1), first = normals(n * d, 6, 0.6), second = normals(n * d, 7, 0.6);
  Team team(1);
  MarginalDescent descent({d, n, noise_variance, 0.2, 0.1}, team);
  Numbers by_first(n * d), by_second(n * d);
  descent.set(first, second);
  descent.gradients(x, by_first, by_second);
  const double step = 1e-5;
  for (std::size_t i = 0; i < 2 * n * d; ++i) {
    double losses[2];
    for (const int side : {0, 1}) {
      Numbers a = first, b = second;
      (i < n * d ? a[i] : b[i - n * d]) += side == 0 ? -step : step;
      descent.set(a, b);
      losses[side] = descent.loss(x);
    }
    const double gradient = i < n * d ? by_first[i] : by_second[i - n * d];
    tally.within(gradient - (losses[1] - losses[0]) / (2 * step), -1e-8, 1e-8, "marginal gradient by differences");
  }
}

// Without noise it is the descent on the data; the bits are those of any number of threads.
void without_noise(test::Tally& tally) {
  constexpr std::size_t d = 6, n = 7, count = 30;
  DataProblem problem;
  problem.dimension = d;
  problem.hidden = n;
  problem.data = normals(count * d, 8, 1);
  problem.is_rectified = true;
  problem.weight_decay = 0.05;
  problem.learning_rate = 0.1;
  const Numbers first = normals(n * d, 9, 0.4), second = normals(n * d, 10, 0.4);
  Team team(1), three(3);
  DataDescent data(problem, team);
  MarginalDescent one({d, n, 0, 0.05, 0.1}, team), noisy({d, n, 0.3, 0.05, 0.1}, team),
      threads({d, n, 0.3, 0.05, 0.1}, three);
  data.set(first, second);
  for (MarginalDescent* each : {&one, &noisy, &threads}) each->set(first, second);
  double loss = 0;
  for (std::uint32_t step = 0; step < 20; ++step) {
    data.step(step);
    for (MarginalDescent* each : {&one, &noisy, &threads}) each->step(problem.data, loss);
  }
  double worst = 0, same = 0;
  for (std::size_t i = 0; i < n * d; ++i) {
    worst = std::max(worst, std::abs(one.first()[i] - data.first()[i]));
    same = std::max(same, std::abs(noisy.second()[i] - threads.second()[i]));
  }
  tally.within(worst, 0, 1e-13, "twenty steps without noise");
  tally.check(same == 0, "the same bits on threads");
  tally.within(data.loss() - one.loss(problem.data), -1e-13, 1e-13, "loss without noise");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  against_samples(tally);
  against_differences(tally, 0.5);
  against_differences(tally, 0.01);
  without_noise(tally);
  return tally.finish();
}
