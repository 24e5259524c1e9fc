// Networks the feedforward tests share, and running them.
#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "systems/feedforward/parts.h"

namespace mft::test {

inline feedforward::Parameters network(ActivationKind kind, std::size_t width, std::size_t depth,
                                       std::size_t inputs = 2) {
  feedforward::Parameters p;
  p.activations[0].kind = kind;
  p.widths.assign(depth + 1, width);
  p.weight_variance.assign(depth, 1.8);
  p.bias_variance.assign(depth, 0.05);
  p.keep_probability.assign(depth - 1, 0.7);
  p.inputs = p.paired_inputs = inputs;
  p.input_variance.assign(inputs, 1.0);
  p.input_correlation.assign(inputs * inputs, 0.6);
  for (std::size_t a = 0; a < inputs; ++a) p.input_correlation[a * inputs + a] = 1.0;
  p.seed = 11;
  return p;
}

// Another activation in every layer, biases with a mean, and dropped units that are not 0.
inline void of_many_kinds(feedforward::Parameters& p) {
  const ActivationKind kinds[] = {ActivationKind::kTanh, ActivationKind::kRelu, ActivationKind::kGelu};
  const std::size_t depth = p.widths.size() - 1;
  p.activations.resize(depth);
  p.bias_mean.resize(depth);
  p.dropped_value.assign(depth - 1, -0.4);
  for (std::size_t l = 0; l < depth; ++l) {
    p.activations[l].kind = kinds[l % 3];
    p.bias_mean[l] = 0.2 * static_cast<double>(l) - 0.3;
  }
  p.activations[0].scale = 0.8;
  p.activations[0].offset = 0.15;
}

inline void set_keep(feedforward::Parameters& p, double keep) { p.keep_probability.assign(p.widths.size() - 2, keep); }

// A run on an engine that the system would not choose itself, or with a planted fault.
struct EngineRun : feedforward::Parameters {
  EngineRun(const feedforward::Parameters& p) : feedforward::Parameters(p) {}
  bool is_block = false;
  ConditioningFault fault = ConditioningFault::kNone;
};

inline std::vector<double> rows_of(const EngineRun& r) {
  const std::size_t length = feedforward::layout_of(r).row_length;
  std::vector<double> rows(length * r.range.count);
  if (!r.is_block && r.fault == ConditioningFault::kNone) {
    feedforward::simulate(r, Control(), rows);
    return rows;
  }
  const double budget = r.memory_budget / r.range.workers();
  const auto make = r.is_block ? feedforward::make_block_engine : feedforward::make_pair_engine;
  run_trials(r.range, length, Control(), rows, [&] { return make(r, budget, r.fault); });
  return rows;
}

inline bool has_nan(const std::vector<double>& values) {
  for (const double value : values)
    if (std::isnan(value)) return true;
  return false;
}

}  // namespace mft::test
