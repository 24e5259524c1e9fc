// Gradients of a training step against central differences of the loss (double), and the forward pass against its naive
// twin: every activation x loss x dropout, at points away from kinks.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "train_cases.h"

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

CaseOptions make_options(const Activation& activation, LossKind loss, bool with_dropout, bool has_bias,
                         std::uint64_t seed) {
  CaseOptions o;
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
  o.optimizer.kind = OptimizerKind::kMomentum;  // after one step the velocity is the gradient
  o.rates = {0.0, 0.0, 0.0, 0.0};
  o.batch = kBatch;
  o.seed = seed;
  o.is_double = true;
  o.statistics_every = 1;
  o.plan();
  return o;
}

// The same network in plain loops: the mean loss, and how near a pre-activation comes to a kink.
struct Naive {
  double loss = 0;
  double distance = INFINITY;
};

Naive naive_pass(const CaseOptions& o, const std::vector<double>& parameters, const Problem& p, std::uint64_t step,
                 const std::vector<double>& kinks) {
  BernoulliMasks masks(o.seed, {o.keep_probability}, o.has_shared_masks);
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
    for (std::size_t i = 0; i < kDimension; ++i)
      u[i] = p.values[row * kDimension + i] * o.input_scale[i] + o.input_shift[i];
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
    result.loss += naive_loss(o.loss, u, p.labels[row]) / kBatch;
  }
  return result;
}

void check_case(test::Tally& tally, const Case& c, LossKind loss, bool with_dropout, bool has_bias) {
  const std::string name = c.name +
                           (loss == LossKind::kSquared ? ", squared"
                            : loss == LossKind::kBrier ? ", Brier"
                                                       : ", cross-entropy") +
                           (with_dropout ? ", dropout" : "") + (has_bias ? "" : ", no biases");
  std::uint64_t seed = 1;
  CaseOptions o;
  Problem p;
  std::vector<double> parameters;
  for (;; ++seed) {  // the first seed whose pre-activations stay away from kinks
    o = make_options(c.activation, loss, with_dropout, has_bias, seed);
    p = make_problem(seed);
    Network<double> network(o);
    parameters.assign(network.values().begin(), network.values().end());
    if (naive_pass(o, parameters, p, 2, c.kinks).distance > 8 * kStep) break;
  }
  // The softmax's square bends more: differences of the usual step are 1.4e-6 off, of half the step a sixteenth of
  // that.
  check_gradients(
      tally, name, o, p, parameters,
      [&](const std::vector<double>& moved) { return naive_pass(o, moved, p, 2, {}).loss; }, 1e-6,
      loss == LossKind::kBrier ? kStep / 2 : kStep);
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  for (const Case& c : catalogue())
    for (const LossKind loss : {LossKind::kCrossEntropy, LossKind::kSquared, LossKind::kBrier})
      for (const bool with_dropout : {false, true}) check_case(tally, c, loss, with_dropout, true);
  check_case(tally, catalogue()[1], LossKind::kCrossEntropy, true, false);
  return tally.finish();
}
