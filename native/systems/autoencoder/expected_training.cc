#include "systems/autoencoder/expected_training.h"

#include <algorithm>
#include <limits>
#include <cmath>
#include <memory>

#include "core/blas.h"
#include "core/error.h"
#include "systems/autoencoder/data_descent.h"
#include "systems/autoencoder/linear_descent.h"
#include "systems/autoencoder/marginal_descent.h"

namespace mft::autoencoder {
namespace {

std::vector<double> components(const ExampleSet& set) {
  const std::size_t d = set.dimension;
  std::vector<double> result(set.count * d);
  for (std::size_t at = 0; at < result.size(); ++at) {
    const double value = set.bytes != nullptr    ? static_cast<double>(set.bytes[at])
                         : set.floats != nullptr ? static_cast<double>(set.floats[at])
                                                 : set.doubles[at];
    result[at] = set.scales.empty() ? value * set.scale : value * set.scales[at % d] + set.shifts[at % d];
  }
  return result;
}

// hidden x dimension by the directions (rows), or back.
std::vector<double> turned(const std::vector<double>& weights, const ExpectedTraining& t, bool is_back) {
  const std::size_t d = t.examples.dimension;
  std::vector<double> result(weights.size());
  blas::gemm(false, !is_back, t.hidden, d, d, 1.0, weights.data(), d, t.directions.data(), d, 0.0, result.data(), d);
  return result;
}

class Network {
 public:
  virtual ~Network() = default;
  virtual double loss() = 0;
  // False, and no change, when the loss is not finite; `loss` is that before the step.
  virtual bool step(std::size_t step, double rate, double& loss) = 0;
  virtual std::vector<double> projections() = 0;
  // Leading ones of W2 W1, as many as modes; none of rectified units.
  virtual std::vector<double> singular_values() { return {}; }
  virtual void weights(std::vector<double>& first, std::vector<double>& second) = 0;
};

class Linear final : public Network {
 public:
  Linear(const ExpectedTraining& t, Team& team) : t_(t), descent_(problem_of(t), team) {
    descent_.set(turned(t.first, t, false), t.is_tied ? std::vector<double>() : turned(t.second, t, false));
  }
  double loss() override { return descent_.measure().loss; }
  bool step(std::size_t, double rate, double& loss) override {
    loss = descent_.measure().loss;
    return std::isfinite(loss) && descent_.step(rate);
  }
  std::vector<double> projections() override {
    std::vector<double> result = descent_.measure().mapping;
    result.resize(t_.modes);
    for (std::size_t i = 0; i < t_.modes; ++i) result[i] *= t_.variances[i];
    return result;
  }
  std::vector<double> singular_values() override {
    // As large weights have a product that is not finite.
    const auto is_finite = [](std::span<const double> values) {
      return std::all_of(values.begin(), values.end(), [](double x) { return std::abs(x) < 1e140; });
    };
    if (!is_finite(descent_.first()) || !is_finite(descent_.second()))
      return std::vector<double>(t_.modes, std::numeric_limits<double>::quiet_NaN());
    std::vector<double> result = descent_.singular_values();
    result.resize(t_.modes);
    return result;
  }
  void weights(std::vector<double>& first, std::vector<double>& second) override {
    first = turned({descent_.first().begin(), descent_.first().end()}, t_, true);
    second = turned({descent_.second().begin(), descent_.second().end()}, t_, true);
  }

 private:
  static LinearProblem problem_of(const ExpectedTraining& t) {
    const std::size_t d = t.examples.dimension;
    LinearProblem problem{t.variances, {}, t.hidden, t.weight_decay, 0, t.is_tied};
    for (double& nu : problem.variances) nu = std::max(nu, 0.0);
    if (t.keep_probability < 1) problem.penalty = masking_penalty(t.directions, t.diagonal, t.keep_probability);
    if (problem.penalty.empty()) problem.penalty.assign(d, 0.0);
    const std::size_t stride = problem.penalty.size() == d ? 1 : d + 1;
    for (std::size_t i = 0; i < d; ++i) problem.penalty[i * stride] += t.noise_variance;
    return problem;
  }

  const ExpectedTraining& t_;
  LinearDescent descent_;
};

class Rectified final : public Network {
 public:
  Rectified(const ExpectedTraining& t, Team& team)
      : t_(t),
        data_(components(t.examples)),
        descent_({t.examples.dimension, t.hidden, t.noise_variance, t.weight_decay, 0}, team),
        clean_(clean_problem(t, data_), team) {
    if (t.keep_probability < 1)
      throw Error("UNSUPPORTED", "inputKeepProbability",
                  "Expected no masks: the expected loss of rectified units is known for Gaussian noise only.");
    descent_.set(t.first, t.second);
  }
  double loss() override { return descent_.loss(rows(0)); }
  bool step(std::size_t step, double rate, double& loss) override { return descent_.step(rows(step), rate, loss); }
  std::vector<double> projections() override {
    clean_.set(descent_.first(), descent_.second());
    return clean_.projections({t_.directions.data(), t_.modes * t_.examples.dimension});
  }
  void weights(std::vector<double>& first, std::vector<double>& second) override {
    first.assign(descent_.first().begin(), descent_.first().end());
    second.assign(descent_.second().begin(), descent_.second().end());
  }

 private:
  static DataProblem clean_problem(const ExpectedTraining& t, const std::vector<double>& data) {
    DataProblem problem;
    problem.dimension = t.examples.dimension;
    problem.hidden = t.hidden;
    problem.data = data;
    problem.is_rectified = true;
    return problem;
  }
  std::span<const double> rows(std::size_t step) const {
    const std::size_t d = t_.examples.dimension, per_epoch = t_.examples.count / t_.batch;
    return {data_.data() + step % per_epoch * t_.batch * d, t_.batch * d};
  }

  const ExpectedTraining& t_;
  std::vector<double> data_;
  MarginalDescent descent_;
  DataDescent clean_;
};

}  // namespace

ExpectedResult train_expected(const ExpectedTraining& t, const Control& control) {
  const std::size_t d = t.examples.dimension;
  if (t.first.size() != t.hidden * d || t.second.size() != t.hidden * d || t.directions.size() != d * d ||
      t.variances.size() != d || t.diagonal.size() != d || t.modes > d)
    throw Error("SHAPE", "training", "Expected weights, variances and directions of the dimension of the examples.");
  if (t.batch == 0 || t.batch > t.examples.count)
    throw Error("SHAPE", "batchSize", "Expected `batchSize` to be between 1 and the number of examples.");
  Team team(t.threads);
  std::unique_ptr<Network> network;
  if (t.is_rectified)
    network = std::make_unique<Rectified>(t, team);
  else
    network = std::make_unique<Linear>(t, team);
  ExpectedResult result;
  double sum = 0;
  std::size_t since = 0;
  const auto record = [&] {
    if (!result.records.empty() && result.records.back() == static_cast<double>(result.steps)) return;
    result.records.push_back(static_cast<double>(result.steps));
    result.losses.push_back(since == 0 ? network->loss() : sum / static_cast<double>(since));
    const std::vector<double> values = network->projections();
    result.projections.insert(result.projections.end(), values.begin(), values.end());
    const std::vector<double> singular = network->singular_values();
    result.singular_values.insert(result.singular_values.end(), singular.begin(), singular.end());
    sum = 0;
    since = 0;
  };
  for (; result.steps < t.rates.size(); ++result.steps) {
    control.throw_if_cancelled();
    if (result.steps % t.every == 0) record();
    double loss = 0;
    if (!network->step(result.steps, t.rates[result.steps], loss)) {
      result.has_stopped = true;
      break;
    }
    sum += loss;
    ++since;
    control.advance(1);
  }
  if (!result.has_stopped) record();
  network->weights(result.first, result.second);
  return result;
}

}  // namespace mft::autoencoder
