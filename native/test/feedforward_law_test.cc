// System feedforward, in distribution: the engines against each other by two-sample tests on the joint layerwise
// metrics, and planted faults that these tests must notice.
//
// A comparison takes every finite metric of every layer: Kolmogorov-Smirnov on each metric and on random projections of
// the standardised metrics, z-tests of means and of products of pairs of metrics. Its p-value is the smallest of the
// four families, each corrected for the number of its members, times four. Seeds are fixed.
#include <algorithm>
#include <numeric>

#include "core/blas.h"
#include "core/random.h"
#include "systems/feedforward/weights.h"
#include "test/check.h"
#include "test/feedforward_cases.h"

namespace {

using namespace mft;
using namespace mft::feedforward;
using namespace mft::test;

Tally tally;
constexpr double kAccepted = 1e-4;
constexpr double kRejected = 1e-10;

using Sample = std::vector<double>;  // one metric over all trials

double kolmogorov_smirnov_p(Sample x, Sample y) {
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  double largest = 0.0;
  std::size_t i = 0, j = 0;
  const double nx = static_cast<double>(x.size()), ny = static_cast<double>(y.size());
  while (i < x.size() && j < y.size()) {
    const double value = std::min(x[i], y[j]);
    while (i < x.size() && x[i] == value) ++i;
    while (j < y.size() && y[j] == value) ++j;
    largest = std::max(largest, std::abs(static_cast<double>(i) / nx - static_cast<double>(j) / ny));
  }
  const double effective = std::sqrt(nx * ny / (nx + ny)), lambda = (effective + 0.12 + 0.11 / effective) * largest;
  if (lambda < 0.3) return 1.0;
  double p = 0.0;
  for (int k = 1; k <= 100; ++k) p += (k % 2 == 1 ? 2.0 : -2.0) * std::exp(-2.0 * k * k * lambda * lambda);
  return std::clamp(p, 0.0, 1.0);
}

double mean_p(const Sample& x, const Sample& y) {
  const auto moments = [](const Sample& v) {
    const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
    double square = 0.0;
    for (const double value : v) square += (value - mean) * (value - mean);
    return std::pair(mean, square / static_cast<double>(v.size()) / static_cast<double>(v.size() - 1));
  };
  const auto [mean_x, error_x] = moments(x);
  const auto [mean_y, error_y] = moments(y);
  if (error_x + error_y == 0.0) return mean_x == mean_y ? 1.0 : 0.0;
  return std::erfc(std::abs(mean_x - mean_y) / std::sqrt(error_x + error_y) / std::sqrt(2.0));
}

// Metrics by column. Sign and magnitude of g_ab become one number; infinite logarithms a large finite one.
std::vector<Sample> metrics_of(const EngineRun& p) {
  const std::vector<double> rows = rows_of(p);
  const Layout layout = layout_of(p);
  std::vector<Sample> metrics;
  for (std::size_t l = 0; l < layout.layers; ++l)
    for (std::size_t k = 0; k < layout.layer_stride; ++k) {
      if (k >= layout.correlation_defined && k < layout.log_error_squared_norm) continue;
      if (k >= layout.error_cosine_defined && k < layout.log_gradient_single) continue;
      if (k >= layout.log_gradient_pair && k < layout.log_gradient_pair_absolute) continue;
      Sample sample(p.range.count);
      for (std::uint32_t t = 0; t < p.range.count; ++t)
        sample[t] = std::max(-200.0, rows[t * layout.row_length + l * layout.layer_stride + k]);
      metrics.push_back(std::move(sample));
    }
  return metrics;
}

// Both samples on the pooled scale; metrics that do not vary are compared as they are and then dropped.
bool standardise(Sample& x, Sample& y) {
  double mean = 0.0, square = 0.0;
  for (const Sample* s : {&x, &y}) mean += std::accumulate(s->begin(), s->end(), 0.0);
  mean /= static_cast<double>(x.size() + y.size());
  for (const Sample* s : {&x, &y})
    for (const double value : *s) square += (value - mean) * (value - mean);
  const double deviation = std::sqrt(square / static_cast<double>(x.size() + y.size()));
  if (deviation < 1e-9 * std::abs(mean) || deviation == 0.0) return false;
  for (Sample* s : {&x, &y})
    for (double& value : *s) value = (value - mean) / deviation;
  return true;
}

double comparison_p(const EngineRun& first, const EngineRun& second) {
  std::vector<Sample> x = metrics_of(first), y = metrics_of(second);
  double each = 1.0, means = 1.0, projections = 1.0, products = 1.0;
  std::size_t kept = 0;
  for (std::size_t k = 0; k < x.size(); ++k) {
    if (!standardise(x[k], y[k])) continue;
    each = std::min(each, kolmogorov_smirnov_p(x[k], y[k]));
    means = std::min(means, mean_p(x[k], y[k]));
    x[kept] = x[k];
    y[kept++] = y[k];
  }
  const auto count = static_cast<double>(kept);
  constexpr std::uint32_t kProjections = 40;
  for (std::uint32_t k = 0; k < kProjections; ++k) {
    std::vector<double> weights(kept);
    random_normals({99, k, 0, Purpose{17}}, 0, std::span<double>(weights));
    Sample px(x[0].size(), 0.0), py(y[0].size(), 0.0);
    for (std::size_t m = 0; m < kept; ++m) {
      for (std::size_t t = 0; t < px.size(); ++t) px[t] += weights[m] * x[m][t];
      for (std::size_t t = 0; t < py.size(); ++t) py[t] += weights[m] * y[m][t];
    }
    projections = std::min(projections, kolmogorov_smirnov_p(px, py));
  }
  constexpr std::uint32_t kProducts = 300;
  std::vector<std::uint32_t> words(2 * kProducts);
  random_words({98, 0, 0, Purpose{17}}, 0, words);
  for (std::uint32_t k = 0; k < kProducts; ++k) {
    const Sample &xa = x[words[2 * k] % kept], &xb = x[words[2 * k + 1] % kept];
    const Sample &ya = y[words[2 * k] % kept], &yb = y[words[2 * k + 1] % kept];
    Sample px(xa.size()), py(ya.size());
    // Clipped: products of heavy-tailed metrics have no useful variance.
    for (std::size_t t = 0; t < px.size(); ++t) px[t] = std::clamp(xa[t], -4.0, 4.0) * std::clamp(xb[t], -4.0, 4.0);
    for (std::size_t t = 0; t < py.size(); ++t) py[t] = std::clamp(ya[t], -4.0, 4.0) * std::clamp(yb[t], -4.0, 4.0);
    products = std::min(products, mean_p(px, py));
  }
  return std::min(1.0, 4.0 * std::min({each * count, means * count, projections * kProjections, products * kProducts}));
}

Parameters dense(Parameters p) {
  p.engine = Engine::kDense;
  p.seed += 1000;
  return p;
}

void agree(const std::string& name, const EngineRun& first, const EngineRun& second) {
  const double p = comparison_p(first, second);
  std::printf("%-52s p = %.3g\n", name.c_str(), p);
  tally.check(p > kAccepted, name + " agree, p = " + std::to_string(p));
}

void differ(const std::string& name, const EngineRun& first, const EngineRun& second) {
  const double p = comparison_p(first, second);
  std::printf("%-52s p = %.3g (must differ)\n", name.c_str(), p);
  tally.check(p < kRejected, name + " differ, p = " + std::to_string(p));
}

void conditioned_is_dense() {
  for (const double keep : {0.7, 1.0})
    for (const ActivationKind kind : {ActivationKind::kTanh, ActivationKind::kRelu}) {
      Parameters p = network(kind, 32, kind == ActivationKind::kTanh ? 30 : 12);
      set_keep(p, keep);
      p.range.count = 4000;
      p.output_error = kind == ActivationKind::kTanh ? OutputError::kPostactivation : OutputError::kPreactivation;
      const std::string name =
          std::string(kind == ActivationKind::kTanh ? "tanh" : "relu") + ", keep " + (keep < 1.0 ? "0.7" : "1");
      agree(name, p, dense(p));
    }
  Parameters p = network(ActivationKind::kGelu, 40, 6);
  p.widths = {5, 40, 64, 24, 40, 80, 12};
  p.range.count = 4000;
  p.input_keep_probability = 0.8;
  p.output_error = OutputError::kRandomReadout;
  p.mask_sharing = MaskSharing::kShared;
  agree("gelu, uneven widths, shared masks, input mask", p, dense(p));
  p.output_error = OutputError::kSharedRandomReadout;
  p.inputs = p.paired_inputs = 1;
  p.input_variance = {2.0};
  p.input_correlation = {1.0};
  agree("one input", p, dense(p));
  p = network(ActivationKind::kTanh, 32, 8);
  p.range.count = 6000;
  p.widths[0] = 1;
  p.input_correlation = {1.0, -1.0, -1.0, 1.0};
  agree("width one at the input, opposite inputs", p, dense(p));
  p = network(ActivationKind::kTanh, 3, 6);
  p.range.count = 6000;
  agree("width three", p, dense(p));
}

void block_engine_is_dense() {
  EngineRun p = network(ActivationKind::kTanh, 32, 8);
  p.range.count = 4000;
  p.is_block = true;
  agree("block engine, two inputs", p, dense(p));
  p = network(ActivationKind::kRelu, 24, 6, 5);
  p.range.count = 4000;
  agree("five inputs", p, dense(p));
  p.widths.assign(7, 4);
  p.widths[0] = 7;
  agree("five inputs through width four", p, dense(p));
  p = network(ActivationKind::kTanh, 24, 6, 3);
  p.range.count = 4000;
  p.weight_law = WeightLaw::kOrthogonal;
  agree("orthogonal", p, dense(p));
  p.widths.assign(7, 4);
  agree("orthogonal, three inputs through width four", p, dense(p));
}

// Layers of several kinds, biases with a mean and dropped units with a value; orthogonal layers of any shape.
void layers_differ() {
  for (const std::size_t inputs : {1, 2, 3}) {
    Parameters p = network(ActivationKind::kTanh, 12, 4, inputs);
    of_many_kinds(p);
    p.range.count = 4000;
    agree("layers of several kinds, inputs " + std::to_string(inputs), p, dense(p));
    p.mask_sharing = MaskSharing::kShared;
    agree("layers of several kinds, shared masks, inputs " + std::to_string(inputs), p, dense(p));
  }
  for (const BackwardWeights backward : {BackwardWeights::kShared, BackwardWeights::kIndependent}) {
    Parameters p = network(ActivationKind::kTanh, 8, 4, 2);
    p.weight_law = WeightLaw::kOrthogonal;
    p.widths = {6, 11, 5, 5, 9};
    p.backward_weights = backward;
    p.range.count = 4000;
    agree("rectangular orthogonal, " + std::to_string(static_cast<int>(backward)), p, dense(p));
  }
}

void nearly_parallel() {
  for (const bool is_block : {false, true}) {
    EngineRun p = network(ActivationKind::kTanh, 24, 6);
    set_keep(p, 1.0);
    p.range.count = 4000;
    p.is_block = is_block;
    p.input_correlation[1] = p.input_correlation[2] = 1.0 - 1e-9;
    agree(is_block ? "1 - c = 1e-9, block engine" : "1 - c = 1e-9", p, dense(p));
  }
}

void single_precision() {
  Parameters p = network(ActivationKind::kTanh, 32, 8);
  p.range.count = 4000;
  Parameters single = p;
  single.precision = Precision::kFloat32;
  single.seed = 77;
  agree("conditioned float32 against float64", single, p);
  agree("dense float32 against float64", dense(single), p);
}

void backward_weights() {
  Parameters p = network(ActivationKind::kRelu, 32, 10);
  p.range.count = 3000;
  p.output_error = OutputError::kPreactivation;
  set_keep(p, 0.9);
  EngineRun independent = p;
  independent.backward_weights = BackwardWeights::kIndependent;
  differ("shared against independent backward weights", p, dense(independent));
  agree("independent backward weights", independent, dense(independent));
  independent.is_block = true;
  agree("independent backward weights, block engine", independent, dense(independent));
}

void planted_faults() {
  for (const bool is_block : {false, true})
    for (const WeightLaw law : {WeightLaw::kGaussian, WeightLaw::kOrthogonal}) {
      if (!is_block && law == WeightLaw::kOrthogonal) continue;
      const std::string name = std::string(is_block ? "block engine" : "pair engine") +
                               (law == WeightLaw::kOrthogonal ? ", orthogonal" : "");
      EngineRun p = network(ActivationKind::kTanh, 24, 10);
      p.range.count = 3000;
      p.is_block = is_block;
      p.weight_law = law;
      EngineRun faulty = p;
      faulty.fault = ConditioningFault::kNoProjector;
      differ(name + " without the projector", faulty, dense(p));
      faulty.fault = ConditioningFault::kNoReturnTerm;
      differ(name + " without Q G^T D", faulty, dense(p));
    }
}

// Mean 0, variance 1 and the fourth moment of each law, by z-test.
void weight_laws() {
  struct Law {
    WeightLaw law;
    double parameter, fourth, eighth;
    const char* name;
  };
  for (const Law& law :
       {Law{WeightLaw::kGaussian, 0.0, 3.0, 105.0, "gaussian"}, Law{WeightLaw::kUniform, 0.0, 1.8, 9.0, "uniform"},
        Law{WeightLaw::kRademacher, 0.0, 1.0, 1.0, "rademacher"},
        Law{WeightLaw::kStudentT, 12.0, 3.75, 0.0, "studentT"},
        Law{WeightLaw::kSparse, 0.25, 12.0, 105.0 * 64.0, "sparse"}}) {
    Parameters p = network(ActivationKind::kTanh, 100, 2);
    p.weight_law = law.law;
    p.law_parameter = law.parameter;
    WeightSource<double> source(p);
    constexpr std::size_t kCount = 400000;
    std::vector<double> w(kCount);
    source.draw(0, 1, false, 3, w.data(), kCount);
    // E t^8 of the scaled law, nu = 12: 105 nu^4 / ((nu-2)(nu-4)(nu-6)(nu-8)) times ((nu-2)/nu)^4.
    const double eighth = law.law == WeightLaw::kStudentT ? 105.0 * 1000.0 / (8.0 * 6.0 * 4.0) : law.eighth;
    double mean = 0.0, square = 0.0, fourth = 0.0;
    for (const double value : w) {
      mean += value / kCount;
      square += value * value / kCount;
      fourth += value * value * value * value / kCount;
    }
    const double root = std::sqrt(static_cast<double>(kCount));
    tally.within(mean * root, -5.0, 5.0, std::string(law.name) + ": z of the mean");
    tally.within((square - 1.0) * root / std::sqrt(std::max(1e-12, law.fourth - 1.0)), -5.0, 5.0,
                 std::string(law.name) + ": z of the variance");
    tally.within((fourth - law.fourth) * root / std::sqrt(std::max(1e-12, eighth - law.fourth * law.fourth)), -5.0, 5.0,
                 std::string(law.name) + ": z of the fourth moment");
  }
}

}  // namespace

int main() {
  blas::prepare();
  conditioned_is_dense();
  block_engine_is_dense();
  layers_differ();
  nearly_parallel();
  single_precision();
  backward_weights();
  planted_faults();
  weight_laws();
  return tally.finish();
}
