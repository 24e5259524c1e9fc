// Gradients of residual networks against central differences of the loss (double), and the forward pass against its
// naive twin: every kind of block, projections where the width changes; and evaluation against the training pass.
#include "core/blas.h"
#include "train_cases.h"

using namespace mft;
using namespace mft::train;

namespace {

struct Case {
  std::string name;
  Activation activation;
  std::vector<std::size_t> widths;  // N_0 .. N_L
  std::vector<BlockCase> blocks;
  bool has_bias = true;
};

std::vector<Case> cases() {
  using K = ActivationKind;
  const Activation tanh{K::kTanh, {}, {}}, relu{K::kRelu, {}, {}}, gelu{K::kGelu, {}, {}}, sin{K::kSin, {}, {}};
  const auto block = [](std::size_t hidden, double skip) { return BlockCase{hidden, true, skip, 1.3, 0.2, 0.8, 0.1}; };
  return {{"full, tanh", tanh, {5, 5, 5}, {block(7, 1), block(4, 1)}},
          {"full, relu", relu, {5, 5, 5}, {block(6, 1), block(6, 1)}},
          {"full, gelu, without biases", gelu, {5, 5}, {block(6, 1)}, false},
          {"projections, tanh", tanh, {8, 4, 6}, {block(5, 1), block(7, 1)}},
          {"projections, relu", relu, {6, 3, 3}, {block(5, 1), block(4, 1)}},
          {"generalised, sin", sin, {5, 5}, {block(6, 0.6)}},
          {"generalised without shortcut, tanh", tanh, {5, 5}, {block(6, 0)}},
          {"reduced, tanh", tanh, {6, 6, 6}, {{6, false, 1, 1.1, 0.1, 0, 0}, {6, false, 1, 0.7, 0.2, 0, 0}}},
          {"reduced, relu", relu, {6, 6}, {{6, false, 1, 1.1, 0.1, 0, 0}}}};
}

CaseOptions make_options(const Case& c, std::uint64_t seed) {
  CaseOptions o;
  o.dimension = kDimension;
  o.widths = c.widths;
  o.widths.push_back(kClasses);
  o.blocks = c.blocks;
  o.activation = c.activation;
  o.has_bias = c.has_bias;
  o.weight_variance.assign(o.widths.size(), 1.0);
  o.bias_variance.assign(o.widths.size(), 0.1);
  o.keep_probability.assign(o.widths.size(), 1.0);
  o.input_scale.assign(kDimension, 0.9);
  o.input_shift.assign(kDimension, 0.1);
  o.optimizer.kind = OptimizerKind::kMomentum;
  o.rates = {0.0, 0.0, 0.0, 0.0};
  o.batch = kBatch;
  o.seed = seed;
  o.is_double = true;
  o.statistics_every = 1;
  o.plan();
  return o;
}

// W x + b from the parameters at `at`, which moves on.
std::vector<double> affine(const double*& at, const std::vector<double>& x, std::size_t outputs, bool has_bias) {
  std::vector<double> z(outputs);
  for (double& sum : z)
    for (const double u : x) sum += *at++ * u;
  if (has_bias)
    for (double& sum : z) sum += *at++;
  return z;
}

struct Naive {
  double loss = 0;
  double distance = INFINITY;  // of a pre-activation from zero
};

// The same network in plain loops. The projections are not parameters: they are drawn again from their streams.
Naive naive_pass(const CaseOptions& o, const std::vector<double>& parameters, const Problem& p) {
  Naive result;
  for (std::size_t row = 0; row < kBatch; ++row) {
    std::vector<double> x(kDimension);
    for (std::size_t i = 0; i < kDimension; ++i)
      x[i] = p.values[row * kDimension + i] * o.input_scale[i] + o.input_shift[i];
    const double* at = parameters.data();
    x = affine(at, x, o.widths[0], o.has_bias);
    for (std::size_t l = 0; l < o.blocks.size(); ++l) {
      const BlockCase& block = o.blocks[l];
      const std::size_t outputs = o.widths[l + 1];
      std::vector<double> h = affine(at, x, block.hidden, o.has_bias), phi(h.size());
      for (const double z : h) result.distance = std::min(result.distance, std::abs(z));
      activate(o.activation, std::span<const double>(h), std::span<double>(phi));
      std::vector<double> next = block.has_outer ? affine(at, phi, outputs, o.has_bias) : phi;
      if (outputs == x.size()) {
        for (std::size_t i = 0; i < outputs; ++i) next[i] += block.skip * x[i];
      } else {
        std::vector<double> projection(outputs * x.size());
        random_normals(
            {o.seed, 0, static_cast<std::uint32_t>(l + 2 + (std::size_t{1} << 29)), Purpose::kInitialisation}, 0,
            std::span<double>(projection));
        for (std::size_t i = 0; i < outputs; ++i)
          for (std::size_t j = 0; j < x.size(); ++j)
            next[i] += projection[i * x.size() + j] / std::sqrt(static_cast<double>(x.size())) * x[j];
      }
      x = next;
    }
    result.loss += naive_loss(o.loss, affine(at, x, kClasses, o.has_bias), p.labels[row]) / kBatch;
  }
  return result;
}

void check_case(test::Tally& tally, const Case& c) {
  CaseOptions o;
  Problem p;
  std::vector<double> parameters;
  for (std::uint64_t seed = 1;; ++seed) {  // the first seed whose pre-activations stay away from kinks
    o = make_options(c, seed);
    p = make_problem(seed);
    Network<double> network(o);
    parameters.assign(network.values().begin(), network.values().end());
    if (naive_pass(o, parameters, p).distance > 8 * kStep) break;
  }
  check_gradients(tally, c.name, o, p, parameters,
                  [&](const std::vector<double>& moved) { return naive_pass(o, moved, p).loss; });
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  tally.check(std::abs(stepper.evaluate(p.images(), kBatch).loss / kBatch - naive_pass(o, parameters, p).loss) < 1e-12,
              c.name + ": evaluation against the naive twin");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  for (const Case& c : cases()) check_case(tally, c);
  return tally.finish();
}
