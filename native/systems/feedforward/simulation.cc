#include "systems/feedforward/simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "core/error.h"
#include "systems/feedforward/parts.h"

namespace mft::feedforward {
namespace {

std::string text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::string digits = std::to_string(value);
  while (digits.find('.') != std::string::npos && (digits.back() == '0' || digits.back() == '.')) {
    const bool was_point = digits.back() == '.';
    digits.pop_back();
    if (was_point) break;
  }
  return digits;
}

[[noreturn]] void fail(const char* code, const std::string& parameter, const std::string& expected,
                       const std::string& received) {
  throw Error(code, parameter, "Expected `" + parameter + "` to be " + expected + ", received " + received + ".");
}

void check_length(const std::string& parameter, std::size_t length, std::size_t expected) {
  if (length != expected)
    fail("SHAPE", parameter, "an array of length " + std::to_string(expected), "length " + std::to_string(length));
}

void check_variances(const std::string& parameter, const std::vector<double>& values) {
  for (const double value : values)
    if (!(value >= 0.0) || std::isinf(value)) fail("OUT_OF_RANGE", parameter, "a number >= 0", text(value));
}

void check_finite(const std::string& parameter, const std::vector<double>& values) {
  for (const double value : values)
    if (!std::isfinite(value)) fail("NOT_FINITE", parameter, "a finite number", text(value));
}

void check_probability(const std::string& parameter, double value) {
  if (!(value > 0.0 && value <= 1.0)) fail("OUT_OF_RANGE", parameter, "a number in (0, 1]", text(value));
}

void check_inputs(const Parameters& p) {
  const std::size_t n = p.inputs;
  if (n < 1 || n > 65536) fail("OUT_OF_RANGE", "inputs", "an integer in [1, 65536]", std::to_string(n));
  if (p.paired_inputs > n)
    fail("OUT_OF_RANGE", "pairedInputs", "at most the number of inputs (" + std::to_string(n) + ")",
         std::to_string(p.paired_inputs));
  if (!p.input_vectors.empty()) {
    check_length("inputVectors", p.input_vectors.size(), n * p.widths[0]);
    for (const double value : p.input_vectors)
      if (!std::isfinite(value)) fail("NOT_FINITE", "inputVectors", "finite numbers", text(value));
    return;
  }
  check_length("inputVariance", p.input_variance.size(), n);
  check_variances("inputVariance", p.input_variance);
  check_length("inputCorrelation", p.input_correlation.size(), n * n);
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t b = 0; b < n; ++b) {
      const double value = p.input_correlation[a * n + b];
      if (!(std::abs(value) <= 1.0)) fail("OUT_OF_RANGE", "inputCorrelation", "numbers in [-1, 1]", text(value));
      if (value != p.input_correlation[b * n + a] || (a == b && value != 1.0))
        fail("INVALID_ARGUMENT", "inputCorrelation", "a symmetric matrix with unit diagonal", "another matrix");
    }
}

void check_weight_law(const Parameters& p) {
  const std::size_t depth = p.widths.size() - 1;
  if (p.weight_law == WeightLaw::kStudentT && !(p.law_parameter > 2.0 && std::isfinite(p.law_parameter)))
    fail("OUT_OF_RANGE", "weightLaw.degreesOfFreedom", "a number > 2", text(p.law_parameter));
  if (p.weight_law == WeightLaw::kSparse) check_probability("weightLaw.density", p.law_parameter);
  if (p.engine == Engine::kConditioned) {
    if (p.weight_law != WeightLaw::kGaussian && p.weight_law != WeightLaw::kOrthogonal)
      fail("INVALID_ARGUMENT", "weightLaw", "gaussian or orthogonal for the conditioned engine", "another law");
    return;
  }
  // Positions in a stream stay below 2^56; a weight takes at most four words.
  constexpr double kMostWeights = 4503599627370496.0;
  constexpr std::size_t kWidestOrthogonal = 4096;
  for (std::size_t l = 1; l <= depth; ++l) {
    if (static_cast<double>(p.widths[l]) * static_cast<double>(p.widths[l - 1]) > kMostWeights)
      fail("OUT_OF_RANGE", "widths", "of at most 2^52 weights per layer for the dense engine",
           std::to_string(p.widths[l - 1]) + " x " + std::to_string(p.widths[l]));
    const std::size_t wider = std::max(p.widths[l], p.widths[l - 1]);
    if (p.weight_law == WeightLaw::kOrthogonal && wider > kWidestOrthogonal)
      fail("OUT_OF_RANGE", "widths", "at most 4096 for dense orthogonal weights", std::to_string(wider));
  }
}

bool has_pair_engine(const Parameters& p) { return p.weight_law == WeightLaw::kGaussian && p.inputs <= 2; }

std::unique_ptr<TrialEngine> make_engine(const Parameters& p, double budget, int threads) {
  if (p.engine == Engine::kDense) return make_dense_engine(p, budget, threads);
  return has_pair_engine(p) ? make_pair_engine(p, budget) : make_block_engine(p, budget);
}

}  // namespace

Layout layout_of(const Parameters& p) {
  Layout layout;
  layout.layers = p.widths.size() - 1;
  layout.inputs = p.inputs;
  layout.paired_inputs = p.paired_inputs;
  layout.pairs = p.paired_inputs < 2 ? 0 : p.paired_inputs * (p.paired_inputs - 1) / 2;
  std::size_t next = 0;
  const auto take = [&](std::size_t count) { return std::exchange(next, next + count); };
  layout.variance = take(layout.inputs);
  layout.covariance = take(layout.pairs);
  layout.correlation = take(layout.pairs);
  layout.one_minus_correlation = take(layout.pairs);
  layout.correlation_defined = take(layout.pairs);
  layout.log_error_squared_norm = take(layout.inputs);
  layout.error_cosine = take(layout.pairs);
  layout.error_cosine_defined = take(layout.pairs);
  layout.log_gradient_single = take(layout.inputs);
  layout.gradient_pair_sign = take(layout.pairs);
  layout.log_gradient_pair = take(layout.pairs);
  layout.log_gradient_pair_absolute = take(layout.pairs);
  layout.layer_stride = next;
  layout.row_length = layout.layers * next;
  return layout;
}

RowTable row_table(const Parameters& p) {
  const Layout at = layout_of(p);
  const RowAxis layers{"layer", at.layers, 1}, inputs{"input", at.inputs, 0}, pairs{"pair", at.pairs, 0};
  const auto place = [&](const char* name, RowScale scale, std::size_t offset, const RowAxis& inner) {
    return RowPlace{name, scale, offset, at.layer_stride, layers, inner};
  };
  using enum RowScale;
  return {at.row_length,
          {place("variance", kLinear, at.variance, inputs), place("covariance", kLinear, at.covariance, pairs),
           place("correlation", kLinear, at.correlation, pairs),
           place("oneMinusCorrelation", kLinear, at.one_minus_correlation, pairs),
           place("correlationDefined", kDefined, at.correlation_defined, pairs),
           place("logErrorSquaredNorm", kLog, at.log_error_squared_norm, inputs),
           place("errorCosine", kLinear, at.error_cosine, pairs),
           place("errorCosineDefined", kDefined, at.error_cosine_defined, pairs),
           place("logGradientSingle", kLog, at.log_gradient_single, inputs),
           place("gradientPairSign", kSign, at.gradient_pair_sign, pairs),
           place("logGradientPair", kLog, at.log_gradient_pair, pairs),
           place("logGradientPairAbsolute", kLog, at.log_gradient_pair_absolute, pairs)}};
}

void validate(const Parameters& p) {
  if (p.widths.size() < 2)
    fail("OUT_OF_RANGE", "depth", "an integer >= 1", std::to_string(p.widths.size()) + " widths");
  const std::size_t depth = p.widths.size() - 1;
  if (depth > 1000000) fail("OUT_OF_RANGE", "depth", "an integer in [1, 1000000]", std::to_string(depth));
  constexpr std::size_t kWidest = std::size_t{1} << 31;
  for (const std::size_t width : p.widths)
    if (width < 1 || width > kWidest)
      fail("OUT_OF_RANGE", "widths", "integers in [1, 2147483648]", std::to_string(width));
  check_length("weightVariance", p.weight_variance.size(), depth);
  check_length("biasVariance", p.bias_variance.size(), depth);
  check_length("keepProbability", p.keep_probability.size(), depth - 1);
  if (p.activations.size() != 1) check_length("activations", p.activations.size(), depth);
  if (!p.bias_mean.empty()) check_length("biasMean", p.bias_mean.size(), depth);
  if (!p.dropped_value.empty()) check_length("droppedValue", p.dropped_value.size(), depth - 1);
  check_finite("biasMean", p.bias_mean);
  check_finite("droppedValue", p.dropped_value);
  check_variances("weightVariance", p.weight_variance);
  check_variances("biasVariance", p.bias_variance);
  for (const double keep : p.keep_probability) check_probability("keepProbability", keep);
  check_probability("inputKeepProbability", p.input_keep_probability);
  check_inputs(p);
  check_weight_law(p);
  if (!(p.rank_tolerance > 0.0 && p.rank_tolerance < 1e-2))
    fail("OUT_OF_RANGE", "rankTolerance", "a number in (0, 0.01)", text(p.rank_tolerance));
  if (!(p.memory_budget >= 0.0)) fail("OUT_OF_RANGE", "memoryBudget", "a number >= 0", text(p.memory_budget));
  if (p.range.threads < 1 || p.range.threads > 1024)
    fail("OUT_OF_RANGE", "threads", "an integer in [1, 1024]", std::to_string(p.range.threads));
  if (p.range.count < 1 || std::uint64_t{p.range.first} + p.range.count > (std::uint64_t{1} << 32))
    fail("OUT_OF_RANGE", "trials", "at least 1 with the last trial below 2^32", std::to_string(p.range.count));
}

double memory_estimate(const Parameters& p) {
  const TrialRange range = p.range;
  const int workers = range.workers();
  const double budget = p.memory_budget / workers;
  const double rows = 8.0 * static_cast<double>(layout_of(p).row_length) * p.range.count;
  const double engine = p.engine == Engine::kDense ? dense_engine_memory(p, budget, range.threads_inside())
                        : has_pair_engine(p)       ? pair_engine_memory(p, budget)
                                                   : block_engine_memory(p, budget);
  return rows + 8.0 * static_cast<double>(p.input_vectors.size()) + workers * (engine + InputVectors::memory(p));
}

std::uint32_t progress_units(const Parameters& p) { return static_cast<std::uint32_t>(2 * (p.widths.size() - 1)); }

void simulate(const Parameters& p, const Control& control, std::span<double> rows) {
  validate(p);
  const TrialRange range = p.range;
  run_trials(range, layout_of(p).row_length, control, rows,
             [&] { return make_engine(p, p.memory_budget / range.workers(), range.threads_inside()); });
}

}  // namespace mft::feedforward
