// Gradients of a training step against central differences of the loss (double), and the forward pass against its naive
// twin: every activation x loss x dropout, at points away from kinks.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "core/random.h"
#include "train/step.h"

using namespace mft;
using namespace mft::train;

namespace {

struct Case {
  std::string name;
  Activation activation;
  std::vector<double> kinks;
};

std::vector<Case> catalogue() {
  using K = ActivationKind;
  return {{"linear", {K::kLinear, {}, {}}, {}},
          {"tanh", {K::kTanh, {}, {}}, {}},
          {"erf", {K::kErf, {}, {}}, {}},
          {"erfUnitSlope", {K::kErfUnitSlope, {}, {}}, {}},
          {"relu", {K::kRelu, {}, {}}, {0}},
          {"leakyRelu", {K::kLeakyRelu, {0.1, 0}, {}}, {0}},
          {"hardTanh", {K::kHardTanh, {}, {}}, {-1, 1}},
          {"sigmoid", {K::kSigmoid, {}, {}}, {}},
          {"softplus", {K::kSoftplus, {}, {}}, {}},
          {"gelu", {K::kGelu, {}, {}}, {}},
          {"silu", {K::kSilu, {}, {}}, {}},
          {"elu", {K::kElu, {0.7, 0}, {}}, {0}},
          {"selu", {K::kSelu, {}, {}}, {0}},
          {"sin", {K::kSin, {}, {}}, {}},
          {"alphaRelu", {K::kAlphaRelu, {1.5, 0}, {}}, {0}},
          {"abRelu", {K::kAbRelu, {-0.4, 1.2}, {}}, {0}},
          {"abs", {K::kAbs, {}, {}}, {0}},
          {"step", {K::kStep, {}, {}}, {0}},
          {"sign", {K::kSign, {}, {}}, {0}},
          {"cos", {K::kCos, {}, {}}, {}},
          {"rectifiedMonomial", {K::kRectifiedMonomial, {2, 0}, {}}, {0}}};
}

constexpr std::size_t kBatch = 5, kDimension = 6, kClasses = 3;
constexpr double kStep = 2e-3;

struct Problem {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
  std::vector<std::uint32_t> indices;
  Images images() const { return {nullptr, values.data(), labels.data(), kBatch}; }
};

Problem make_problem(std::uint64_t seed) {
  Problem p;
  p.values.resize(kBatch * kDimension);
  random_normals({seed, 0, 0, Purpose::kInputs}, 0, std::span<float>(p.values));
  for (std::size_t i = 0; i < kBatch; ++i) {
    p.labels.push_back(static_cast<std::uint8_t>(i % kClasses));
    p.indices.push_back(static_cast<std::uint32_t>(i));
  }
  return p;
}

TrainingOptions make_options(const Activation& activation, LossKind loss, bool with_dropout, bool has_bias, std::uint64_t seed) {
  TrainingOptions o;
  o.dimension = kDimension;
  o.widths = {7, 4, kClasses};
  o.activation = activation;
  o.has_bias = has_bias;
  o.weight_variance = {1.3, 0.9, 1.1};
  o.bias_variance = {0.2, 0.1, 0.3};
  o.keep_probability = with_dropout ? std::vector<double>{0.8, 0.7, 0.6} : std::vector<double>{1, 1, 1};
  o.input_scale.assign(kDimension, 0.9);
  o.input_shift.assign(kDimension, 0.1);
  o.loss = loss;
  o.optimiser.kind = OptimiserKind::kMomentum;  // after one step the velocity is the gradient
  o.rates = {0.0, 0.0, 0.0, 0.0};
  o.batch = kBatch;
  o.seed = seed;
  o.is_double = true;
  o.statistics_every = 1;
  return o;
}

// The same network in plain loops: the mean loss, and how near a pre-activation comes to a kink.
struct Naive {
  double loss = 0;
  double distance = INFINITY;
};

Naive naive_pass(const TrainingOptions& o, const std::vector<double>& parameters, const Problem& p, std::uint64_t step,
                 const std::vector<double>& kinks) {
  BernoulliMasks masks(o.seed, o.keep_probability, o.has_shared_masks);
  masks.begin_step(step, kBatch);
  const auto masked = [&](std::size_t layer, std::size_t row, std::vector<double>& u) {
    if (!masks.masks(layer)) return;
    std::vector<std::uint64_t> bits(words_for(u.size()));
    masks.draw(layer, row, 1, u.size(), bits);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] *= ((bits[i / 64] >> (i % 64)) & 1) != 0 ? masks.scale(layer) : 0.0;
  };
  Naive result;
  for (std::size_t row = 0; row < kBatch; ++row) {
    std::vector<double> u(kDimension);
    for (std::size_t i = 0; i < kDimension; ++i) u[i] = p.values[row * kDimension + i] * o.input_scale[i] + o.input_shift[i];
    masked(0, row, u);
    const double* at = parameters.data();
    for (std::size_t l = 0; l < o.widths.size(); ++l) {
      std::vector<double> z(o.widths[l]);
      for (std::size_t i = 0; i < z.size(); ++i)
        for (std::size_t j = 0; j < u.size(); ++j) z[i] += at[i * u.size() + j] * u[j];
      at += z.size() * u.size();
      if (o.has_bias)
        for (double& x : z) x += *at++;
      if (l + 1 < o.widths.size()) {
        for (const double x : z)
          for (const double kink : kinks) result.distance = std::min(result.distance, std::abs(x - kink));
        u.resize(z.size());
        activate(o.activation, std::span<const double>(z), std::span<double>(u));
        masked(l + 1, row, u);
      } else {
        u = z;
      }
    }
    const std::size_t label = p.labels[row];
    double sum = 0;
    for (std::size_t k = 0; k < kClasses; ++k)
      sum += o.loss == LossKind::kCrossEntropy ? std::exp(u[k]) : 0.5 * std::pow(u[k] - (k == label ? 1 : 0), 2);
    result.loss += (o.loss == LossKind::kCrossEntropy ? std::log(sum) - u[label] : sum) / kBatch;
  }
  return result;
}

// Largest difference of analytic and numeric gradient relative to the numeric one (entries below a thousandth of the
// largest are held against that).
double worst_error(const std::vector<double>& analytic, const std::vector<double>& numeric) {
  double largest = 0, worst = 0;
  for (const double g : numeric) largest = std::max(largest, std::abs(g));
  for (std::size_t i = 0; i < numeric.size(); ++i)
    worst = std::max(worst, std::abs(analytic[i] - numeric[i]) / std::max(std::abs(numeric[i]), 1e-3 * largest));
  return worst;
}

void check_case(test::Tally& tally, const Case& c, LossKind loss, bool with_dropout, bool has_bias) {
  const std::string name = c.name + (loss == LossKind::kSquared ? ", squared" : ", cross-entropy") + (with_dropout ? ", dropout" : "") +
                           (has_bias ? "" : ", no biases");
  std::uint64_t seed = 1;
  TrainingOptions o;
  Problem p;
  std::vector<double> parameters;
  for (;; ++seed) {  // the first seed whose pre-activations stay away from kinks
    o = make_options(c.activation, loss, with_dropout, has_bias, seed);
    p = make_problem(seed);
    Network<double> network(o);
    parameters.assign(network.values().begin(), network.values().end());
    if (naive_pass(o, parameters, p, 2, c.kinks).distance > 8 * kStep) break;
  }
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  const BatchSums sums = stepper.forward(p.images(), p.indices, 2, false);
  stepper.backward();
  tally.check(std::abs(sums.loss / kBatch - naive_pass(o, parameters, p, 2, {}).loss) < 1e-12, name + ": forward against the naive twin");
  stepper.update(2);
  const std::vector<double> analytic(network.first().begin(), network.first().end());
  std::vector<double> numeric(analytic.size());
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    const auto loss_at = [&](double shift) {
      std::vector<double> moved = parameters;
      moved[i] += shift;
      return naive_pass(o, moved, p, 2, {}).loss;
    };
    // Central differences of fourth order.
    numeric[i] = (8 * (loss_at(kStep) - loss_at(-kStep)) - (loss_at(2 * kStep) - loss_at(-2 * kStep))) / (12 * kStep);
  }
  const double error = worst_error(analytic, numeric);
  tally.check(error < 1e-6, name + ": relative error " + std::to_string(error * 1e6) + "e-6");
  // Power: an error of one part in 10^5 in the largest entry would be seen.
  std::vector<double> planted = analytic;
  *std::max_element(planted.begin(), planted.end()) *= 1 + 1e-5;
  tally.check(worst_error(planted, numeric) > 1e-6, name + ": a planted error is found");
}

}  // namespace

int main() {
  blas::use_one_thread();
  test::Tally tally;
  for (const Case& c : catalogue())
    for (const LossKind loss : {LossKind::kCrossEntropy, LossKind::kSquared})
      for (const bool with_dropout : {false, true}) check_case(tally, c, loss, with_dropout, true);
  check_case(tally, catalogue()[1], LossKind::kCrossEntropy, true, false);
  return tally.finish();
}
