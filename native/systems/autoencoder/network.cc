#include "systems/autoencoder/network.h"

#include <algorithm>
#include <cmath>

#include "core/blas.h"
#include "core/error.h"
#include "systems/autoencoder/data_descent.h"
#include "systems/autoencoder/linear_descent.h"
#include "systems/autoencoder/spectrum.h"

namespace mft::autoencoder {
namespace {

std::vector<double> rotated(const std::vector<double>& weights, std::size_t hidden, const SecondMoment& moment) {
  const std::size_t d = moment.variances.size();
  std::vector<double> result(weights.size());
  blas::gemm(false, true, hidden, d, d, 1.0, weights.data(), d, moment.directions.data(), d, 0.0, result.data(), d);
  return result;
}

// `step(k)` until it fails.
template <typename Step>
void descend(const NetworkRun& run, const Control& control, NetworkState& state, Step step) {
  for (; state.step < run.steps; ++state.step) {
    control.throw_if_cancelled();
    if (!step(static_cast<std::uint32_t>(state.step))) {
      state.has_stopped = true;
      return;
    }
    control.advance(1);
  }
}

void run_linear(const NetworkRun& run, const SecondMoment& moment, Team& team, const Control& control,
                NetworkState& state) {
  LinearProblem problem{moment.variances, {}, run.hidden, run.weight_decay, run.learning_rate};
  // Rounding has left small negative numbers where S has no variance.
  for (double& nu : problem.variances) nu = std::max(nu, 0.0);
  if (run.keep_probability < 1)
    problem.penalty = masking_penalty(moment.directions, moment.diagonal, run.keep_probability);
  const std::size_t d = run.dimension;
  if (problem.penalty.empty()) problem.penalty.assign(d, 0.0);
  const std::size_t stride = problem.penalty.size() == d ? 1 : d + 1;
  for (std::size_t i = 0; i < d; ++i) problem.penalty[i * stride] += run.noise_variance;
  LinearDescent descent(problem, team);
  descent.set(rotated(run.first, run.hidden, moment), rotated(run.second, run.hidden, moment));
  descend(run, control, state, [&](std::uint32_t) { return descent.step(); });
  const Measured measured = descent.measure();
  const LinearDescent::GradientNorms norms = descent.gradient_norms();
  state.loss = measured.loss;
  state.first_gradient = norms.first;
  state.second_gradient = norms.second;
  state.mapping = measured.mapping;
  if (!state.has_stopped) state.singular_values = descent.singular_values();
}

void run_rectified(const NetworkRun& run, const SecondMoment& moment, Team& team, const Control& control,
                   NetworkState& state) {
  if (run.noise_variance > 0 || run.keep_probability < 1)
    throw Error("UNSUPPORTED", "noiseVariance",
                "Expected no noise: the expected loss of a network of rectified units is not one of its moments.");
  DataProblem problem;
  problem.dimension = run.dimension;
  problem.hidden = run.hidden;
  problem.data = run.data;
  problem.is_rectified = true;
  problem.weight_decay = run.weight_decay;
  problem.learning_rate = run.learning_rate;
  DataDescent descent(problem, team);
  descent.set(run.first, run.second);
  descend(run, control, state, [&](std::uint32_t step) { return descent.step(step); });
  state.loss = descent.loss();
  state.mapping = descent.projections(moment.directions);
  for (std::size_t i = 0; i < moment.rank; ++i) state.mapping[i] /= moment.variances[i];
  std::vector<double> first(run.first.size()), second(run.first.size());
  descent.gradients(0, first, second);
  const auto norm = [](const std::vector<double>& x) {
    double sum = 0;
    for (const double value : x) sum += value * value;
    return std::sqrt(sum);
  };
  state.first_gradient = norm(first);
  state.second_gradient = norm(second);
}

}  // namespace

NetworkState run_network(const NetworkRun& run, const Control& control) {
  const std::size_t size = run.hidden * run.dimension;
  if (run.data.empty() || run.data.size() % run.dimension != 0)
    throw Error("SHAPE", "data", "Expected whole rows of `dimension` numbers, at least one.");
  if (run.first.size() != size || run.second.size() != size)
    throw Error("SHAPE", "weights", "Expected weights of `hidden` rows of `dimension` numbers.");
  Team team(run.threads);
  ExampleSet examples;
  examples.doubles = run.data.data();
  examples.count = run.data.size() / run.dimension;
  examples.dimension = run.dimension;
  const SecondMoment moment = second_moment(examples, run.threads, Control());
  NetworkState state;
  state.variances = moment.variances;
  state.rank = moment.rank;
  if (run.is_rectified)
    run_rectified(run, moment, team, control, state);
  else
    run_linear(run, moment, team, control, state);
  std::fill(state.mapping.begin() + static_cast<std::ptrdiff_t>(state.rank), state.mapping.end(), 0.0);
  return state;
}

}  // namespace mft::autoencoder
