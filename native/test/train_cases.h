// What the tests of training gradients share: a small problem, the naive loss, gradients against central differences.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "check.h"
#include "core/random.h"
#include "train/layers/block.h"
#include "train/step.h"

namespace mft::train {

inline constexpr std::size_t kBatch = 5, kDimension = 6, kClasses = 3;
inline constexpr double kStep = 2e-3;

// A network as the naive twins see it, and the plan of layers made of it: dense layers, all but the last activated and
// masked; with blocks, a linear projection, the blocks, and a linear output.
struct BlockCase {
  std::size_t hidden = 0;
  bool has_outer = true;
  double skip = 1;
  double inner_weight_variance = 1, inner_bias_variance = 0;
  double outer_weight_variance = 1, outer_bias_variance = 0;
};

struct CaseOptions : TrainingOptions {
  std::vector<std::size_t> widths;
  std::vector<BlockCase> blocks;
  Activation activation;
  bool has_bias = true;
  std::vector<double> weight_variance, bias_variance, keep_probability;

  void plan() {
    layers.clear();
    input_keep_probability = keep_probability[0];
    for (std::size_t l = 0; l < widths.size(); ++l) {
      const bool is_last = l + 1 == widths.size();
      LayerFields f;
      f.numbers = {{"units", static_cast<double>(widths[l])}, {"hasBiases", has_bias ? 1.0 : 0.0}};
      if (!blocks.empty() && l > 0 && !is_last) {
        const BlockCase& b = blocks[l - 1];
        f.kind = "block";
        f.numbers.insert({{"hidden", static_cast<double>(b.hidden)},
                          {"hasOuter", b.has_outer ? 1.0 : 0.0},
                          {"skip", b.skip},
                          {"innerWeightVariance", b.inner_weight_variance},
                          {"innerBiasVariance", b.inner_bias_variance},
                          {"outerWeightVariance", b.outer_weight_variance},
                          {"outerBiasVariance", b.outer_bias_variance}});
        f.activations["activation"] = activation;
      } else {
        f.kind = "dense";
        f.words["law"] = "gaussian";
        f.numbers.insert({{"weightVariance", weight_variance[l]},
                          {"biasVariance", bias_variance[l]},
                          {"keepProbability", is_last ? 1.0 : keep_probability[l + 1]}});
        if (!is_last && blocks.empty()) f.activations["activation"] = activation;
      }
      layers.push_back(f);
    }
  }
};

struct Problem {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
  std::vector<std::uint32_t> indices;
  Images images() const { return {nullptr, values.data(), labels.data(), kBatch}; }
};

inline Problem make_problem(std::uint64_t seed, std::size_t dimension = kDimension) {
  Problem p;
  p.values.resize(kBatch * dimension);
  random_normals({seed, 0, 0, Purpose::kInputs}, 0, std::span<float>(p.values));
  for (std::size_t i = 0; i < kBatch; ++i) {
    p.labels.push_back(static_cast<std::uint8_t>(i % kClasses));
    p.indices.push_back(static_cast<std::uint32_t>(i));
  }
  return p;
}

// The loss of one example from its outputs.
inline double naive_loss(LossKind loss, const std::vector<double>& u, std::size_t label) {
  double sum = 0;
  if (loss == LossKind::kBrier) {
    for (const double x : u) sum += std::exp(x);
    double squares = 0;
    for (std::size_t k = 0; k < u.size(); ++k) squares += std::pow(std::exp(u[k]) / sum - (k == label ? 1 : 0), 2);
    return 0.5 * squares;
  }
  for (std::size_t k = 0; k < u.size(); ++k)
    sum += loss == LossKind::kCrossEntropy ? std::exp(u[k]) : 0.5 * std::pow(u[k] - (k == label ? 1 : 0), 2);
  return loss == LossKind::kCrossEntropy ? std::log(sum) - u[label] : sum;
}

// Largest difference of analytic and numeric gradient relative to the numeric one (entries below a thousandth of the
// largest are held against that).
inline double worst_error(const std::vector<double>& analytic, const std::vector<double>& numeric) {
  double largest = 0, worst = 0;
  for (const double g : numeric) largest = std::max(largest, std::abs(g));
  for (std::size_t i = 0; i < numeric.size(); ++i)
    worst = std::max(worst, std::abs(analytic[i] - numeric[i]) / std::max(std::abs(numeric[i]), 1e-3 * largest));
  return worst;
}

// The loss of step 2 and its gradient, by a stepper whose velocity after one step is the gradient, against the mean
// loss `loss_of(parameters)` of the naive twin and its central differences of fourth order.
template <typename Loss>
void check_gradients(test::Tally& tally, const std::string& name, const TrainingOptions& o, const Problem& p,
                     const std::vector<double>& parameters, Loss loss_of, double bound = 1e-6, double step = kStep) {
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  const BatchSums sums = stepper.forward(p.images(), p.indices, 2, false);
  stepper.backward();
  tally.check(std::abs(sums.loss / kBatch - loss_of(parameters)) < 1e-12, name + ": forward against the naive twin");
  stepper.update(2);
  const std::vector<double> analytic(network.first().begin(), network.first().end());
  std::vector<double> numeric(analytic.size());
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    const auto loss_at = [&](double shift) {
      std::vector<double> moved = parameters;
      moved[i] += shift;
      return loss_of(moved);
    };
    numeric[i] = (8 * (loss_at(step) - loss_at(-step)) - (loss_at(2 * step) - loss_at(-2 * step))) / (12 * step);
  }
  const double error = worst_error(analytic, numeric);
  tally.check(error < bound, name + ": relative error " + std::to_string(error * 1e6) + "e-6");
  // Power: an error of one part in 10^5 in the largest entry would be seen.
  std::vector<double> planted = analytic;
  *std::max_element(planted.begin(), planted.end()) *= 1 + 1e-5;
  tally.check(worst_error(planted, numeric) > 1e-6, name + ": a planted error is found");
}

}  // namespace mft::train
