// Descent of autoencoders: moment form against data form, gradients against differences, sampled noise against expected
// noise, the optimum, the limit of stability.
#include <cmath>
#include <string>

#include "core/blas.h"
#include "core/random.h"
#include "systems/autoencoder/data_descent.h"
#include "systems/autoencoder/linear_descent.h"
#include "systems/autoencoder/spectrum.h"
#include "test/check.h"

using namespace mft;
using namespace mft::autoencoder;

namespace {

using Numbers = std::vector<double>;

Numbers normals(std::size_t count, std::uint32_t trial, double scale = 1) {
  Numbers values(count);
  random_normals(Stream{7, trial, 0, Purpose::kDataset}, 0, std::span<double>(values));
  for (double& value : values) value *= scale;
  return values;
}

// Examples with a spectrum that falls by a factor of about 30.
Numbers examples(std::size_t count, std::size_t dimension) {
  Numbers data = normals(count * dimension, 1);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t i = 0; i < dimension; ++i)
      data[n * dimension + i] /= 1 + 5 * static_cast<double>(i) / static_cast<double>(dimension);
  return data;
}

SecondMoment moment_of(const Numbers& data, std::size_t dimension) {
  ExampleSet set;
  set.doubles = data.data();
  set.count = data.size() / dimension;
  set.dimension = dimension;
  return second_moment(set, 1, Control());
}

struct Case {
  std::size_t count, dimension, hidden;
  double noise_variance, weight_decay;
};

DataProblem data_problem(const Case& c) {
  DataProblem problem;
  problem.dimension = c.dimension;
  problem.hidden = c.hidden;
  problem.data = examples(c.count, c.dimension);
  problem.weight_decay = c.weight_decay;
  problem.learning_rate = 0.05;
  problem.seed = 3;
  return problem;
}

// The network of a case in the eigenbasis of its data.
LinearProblem linear_problem(const Case& c, const SecondMoment& moment) {
  LinearProblem problem{moment.variances, {}, c.hidden, c.weight_decay, 0.05};
  for (double& nu : problem.variances) nu = std::max(nu, 0.0);
  if (c.noise_variance > 0) problem.penalty.assign(c.dimension, c.noise_variance);
  return problem;
}

Numbers rotate(const Numbers& weights, std::size_t hidden, const Numbers& directions, bool is_back) {
  const std::size_t d = weights.size() / hidden;
  Numbers result(weights.size());
  blas::gemm(false, !is_back, hidden, d, d, 1.0, weights.data(), d, directions.data(), d, 0.0, result.data(), d);
  return result;
}

double largest(std::span<const double> x) {
  double result = 0;
  for (const double value : x) result = std::max(result, std::abs(value));
  return result;
}

double difference(std::span<const double> x, std::span<const double> y) {
  double result = 0;
  for (std::size_t i = 0; i < x.size(); ++i) result = std::max(result, std::abs(x[i] - y[i]));
  return result / largest(y);
}

// Thirty steps of both forms from the same weights, without noise, and their losses.
void same_descent(test::Tally& tally, const Case& c) {
  const std::string name = std::to_string(c.dimension) + " x " + std::to_string(c.hidden);
  Team team(1);
  DataDescent of_data(data_problem(c), team);
  const SecondMoment moment = moment_of(data_problem(c).data, c.dimension);
  LinearDescent of_moments(linear_problem(c, moment), team);
  const Numbers first = normals(c.hidden * c.dimension, 2, 0.1), second = normals(c.hidden * c.dimension, 3, 0.1);
  of_data.set(first, second);
  of_moments.set(rotate(first, c.hidden, moment.directions, false), rotate(second, c.hidden, moment.directions, false));
  tally.within(of_moments.measure().loss / of_data.loss() - 1, -1e-12, 1e-12, "loss of both forms, " + name);
  Numbers by_first(first.size()), by_second(first.size());
  of_data.gradients(0, by_first, by_second);
  const auto norms = of_moments.gradient_norms();
  const auto norm = [](const Numbers& x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum);
  };
  tally.within(norms.first / norm(by_first) - 1, -1e-12, 1e-12, "gradient of W1 in both forms, " + name);
  tally.within(norms.second / norm(by_second) - 1, -1e-12, 1e-12, "gradient of W2 in both forms, " + name);
  for (std::uint32_t step = 0; step < 30; ++step) {
    of_data.step(step);
    of_moments.step();
  }
  const Numbers back =
      rotate({of_moments.first().begin(), of_moments.first().end()}, c.hidden, moment.directions, true);
  tally.within(difference(back, of_data.first()), 0, 1e-12, "W1 after 30 steps, " + name);
  const Numbers projected = of_data.projections(moment.directions), mapping = of_moments.measure().mapping;
  for (std::size_t i = 0; i < std::min<std::size_t>(moment.rank, 5); ++i)
    tally.within(projected[i] / moment.variances[i] - mapping[i], -1e-11, 1e-11, "mapping of both forms, " + name);
}

// The same bits on any number of threads, tied or not, with a full penalty or not.
void threads_change_nothing(test::Tally& tally) {
  constexpr std::size_t d = 300, h = 140;
  for (const bool is_tied : {false, true})
    for (const bool is_full : {false, true}) {
      LinearProblem problem{Numbers(d), Numbers(is_full ? d * d : d, 0.0), h, 0.01, 0.02, is_tied};
      for (std::size_t i = 0; i < d; ++i) {
        problem.variances[i] = 5 / (1.0 + static_cast<double>(i));
        problem.penalty[is_full ? i * d + i : i] = 0.3;
      }
      const Numbers first = normals(h * d, 4, 0.05), second = is_tied ? Numbers{} : normals(h * d, 5, 0.05);
      std::vector<Numbers> found;
      for (const int threads : {1, 3}) {
        Team team(threads);
        LinearDescent descent(problem, team);
        descent.set(first, second);
        for (int step = 0; step < 5; ++step) descent.step();
        found.emplace_back(descent.second().begin(), descent.second().end());
        found.push_back(descent.singular_values());
      }
      tally.check(found[0] == found[2] && found[1] == found[3], "the same bits on one and three threads");
      // A diagonal penalty given as a matrix is the same network.
      static Numbers diagonal;
      if (!is_full)
        diagonal = found[0];
      else
        tally.within(difference(found[0], diagonal), 0, 1e-13, "a full penalty that is diagonal");
    }
}

// dE = sum of gradient times dW, for the loss with noise of either kind of penalty, tied or not.
void gradient_against_differences(test::Tally& tally) {
  constexpr std::size_t d = 6, h = 4;
  for (const bool is_tied : {false, true}) {
    LinearProblem problem{{3, 2, 1, 0.5, 0.2, 0}, Numbers(d * d, 0.0), h, 0.3, 1, is_tied};
    const Numbers root = normals(d * d, 6, 0.5);
    blas::gram(d, d, root.data(), d, problem.penalty.data());
    Team team(1);
    LinearDescent descent(problem, team);
    const Numbers first = normals(h * d, 7), second = is_tied ? Numbers{} : normals(h * d, 8);
    const double step = 1e-5;
    double square = 0;
    for (std::size_t i = 0; i < h * d; ++i) {
      double values[2];
      for (const int side : {0, 1}) {
        Numbers moved = first;
        moved[i] += side == 0 ? -step : step;
        descent.set(moved, second);
        values[side] = descent.measure().loss;
      }
      square += std::pow((values[1] - values[0]) / (2 * step), 2);
    }
    descent.set(first, second);
    tally.within(descent.gradient_norms().first / std::sqrt(square) - 1, -1e-8, 1e-8, "gradient against differences");
  }
}

// `keep` < 1 masks too, with a penalty of (1 - p)/p diag(S). Without noise it is masking alone.
// Means of sampled gradients against the gradient of the expected loss, entry by entry: |z| < 4.5.
void sampled_noise(test::Tally& tally, NoiseKind kind, double variance, double keep, const char* name) {
  constexpr std::uint32_t draws = 4000;
  const Case c{9, 5, 3, variance, 0.1};
  DataProblem problem = data_problem(c);
  problem.noise = kind;
  problem.noise_variance = c.noise_variance;
  problem.keep_probability = keep;
  Team team(1);
  DataDescent sampled(problem, team);
  const std::size_t size = c.hidden * c.dimension, d = c.dimension;
  const Numbers first = normals(size, 9, 0.5), second = normals(size, 10, 0.5);
  sampled.set(first, second);
  Numbers sum(2 * size, 0.0), squares(2 * size, 0.0), by_first(size), by_second(size);
  for (std::uint32_t draw = 0; draw < draws; ++draw) {
    sampled.gradients(draw, by_first, by_second);
    for (std::size_t i = 0; i < 2 * size; ++i) {
      const double value = i < size ? by_first[i] : by_second[i - size];
      sum[i] += value;
      squares[i] += value * value;
    }
  }
  // Expected: S and P in the basis of the components; the penalty of masking is (1 - p)/p diag(S).
  Numbers s(d * d), weighted(d * d), expected(2 * size);
  const Numbers& x = problem.data;
  blas::gemm(true, false, d, d, c.count, 1.0 / static_cast<double>(c.count), x.data(), d, x.data(), d, 0.0, s.data(),
             d);
  weighted = s;
  for (std::size_t i = 0; i < d; ++i) weighted[i * d + i] += (1 - keep) / keep * s[i * d + i] + c.noise_variance;
  // G = W (S + P) - S with W = W2 W1; dE/dW1 = W2^T G + g W1, dE/dW2^T = W1 G^T + g W2^T.
  Numbers w(d * d), g = s;
  blas::gemm(true, false, d, d, c.hidden, 1.0, second.data(), d, first.data(), d, 0.0, w.data(), d);
  blas::gemm(false, false, d, d, d, 1.0, w.data(), d, weighted.data(), d, -1.0, g.data(), d);
  blas::gemm(false, false, c.hidden, d, d, 1.0, second.data(), d, g.data(), d, 0.0, expected.data(), d);
  blas::gemm(false, true, c.hidden, d, d, 1.0, first.data(), d, g.data(), d, 0.0, expected.data() + size, d);
  double worst = 0;
  for (std::size_t i = 0; i < 2 * size; ++i) {
    expected[i] += c.weight_decay * (i < size ? first[i] : second[i - size]);
    const double mean = sum[i] / draws, variance = squares[i] / draws - mean * mean;
    worst = std::max(worst, std::abs(mean - expected[i]) / std::sqrt(variance / draws));
  }
  tally.within(worst, 0.5, 4.5, std::string("sampled against expected gradients, ") + name);
}

// The top H modes at w*, the others at 0, and the loss of the formula.
void optimum(test::Tally& tally) {
  const Numbers nu = {4, 2.5, 1.6, 0.9, 0.5, 0.1};
  constexpr std::size_t h = 4;
  constexpr double s2 = 0.4, g = 0.6;
  LinearProblem problem{nu, Numbers(nu.size(), s2), h, g, 0.15};
  Team team(1);
  LinearDescent descent(problem, team);
  descent.set(normals(h * nu.size(), 11, 0.3), normals(h * nu.size(), 12, 0.3));
  for (int step = 0; step < 20000; ++step) descent.step();
  const Measured measured = descent.measure();
  double loss = 0;
  for (std::size_t i = 0; i < nu.size(); ++i) {
    const double w = i < h ? std::max(0.0, (nu[i] - g) / (nu[i] + s2)) : 0;
    tally.within(measured.mapping[i] - w, -1e-10, 1e-10, "mapping at the optimum");
    loss += 0.5 * (nu[i] * (1 - w) * (1 - w) + s2 * w * w) + g * w;
  }
  tally.within(measured.loss - loss, -1e-10, 1e-10, "loss of the optimum");
  tally.within(descent.gradient_norms().first, 0, 1e-10, "gradient at the optimum");
}

// Near the optimum the loss never rises at 0.95 of the limit 1/nu_1 and rises at 1.1 of it.
void stability(test::Tally& tally) {
  for (const double factor : {0.95, 1.1}) {
    const Numbers nu = {3, 1, 0.4};
    LinearProblem problem{nu, Numbers(3, 0.5), 3, 0, factor / nu[0]};
    Team team(1);
    LinearDescent descent(problem, team);
    Numbers first(9, 0.0);
    for (std::size_t i = 0; i < 3; ++i) first[4 * i] = std::sqrt(nu[i] / (nu[i] + 0.5)) + 1e-3;
    descent.set(first, first);
    bool has_risen = false;
    double before = descent.measure().loss;
    for (int step = 0; step < 200; ++step) {
      descent.step();
      const double after = descent.measure().loss;
      has_risen = has_risen || after > before + 1e-14;
      before = after;
    }
    tally.check(has_risen == (factor > 1), "the loss rises above the limit only: " + std::to_string(factor));
  }
}

// What blows up stops, with the weights of the step before.
void overflow(test::Tally& tally) {
  LinearProblem problem{{1}, {}, 1, 0, 1e6};
  Team team(1);
  LinearDescent descent(problem, team);
  descent.set(Numbers{2.0}, Numbers{2.0});
  int steps = 0;
  while (steps < 100 && descent.step()) ++steps;
  tally.within(steps, 2, 20, "steps until the loss is not finite");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  same_descent(tally, {40, 12, 5, 0, 0.1});
  same_descent(tally, {150, 7, 9, 0, 0});
  same_descent(tally, {20, 300, 140, 0, 0.05});
  threads_change_nothing(tally);
  gradient_against_differences(tally);
  sampled_noise(tally, NoiseKind::kGaussian, 0.4, 1, "Gaussian");
  sampled_noise(tally, NoiseKind::kUniform, 0.4, 1, "uniform");
  sampled_noise(tally, NoiseKind::kSign, 0.4, 1, "sign");
  sampled_noise(tally, NoiseKind::kGaussian, 0, 0.7, "masking");
  sampled_noise(tally, NoiseKind::kSign, 0.4, 0.7, "masking with signs");
  optimum(tally);
  stability(tally);
  overflow(tally);
  return tally.finish();
}
