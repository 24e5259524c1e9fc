#include "systems/residual/simulation.h"

#include <algorithm>

#include "core/error.h"
#include "systems/residual/engine.h"
#include "systems/residual/matrices.h"

namespace mft::residual {

RowLayout row_layout(const Simulation& simulation) {
  RowLayout layout;
  layout.inputs = simulation.inputs;
  layout.pairs = simulation.inputs - 1;
  layout.depth = simulation.network.depth();
  layout.layer_stride = 2 * layout.inputs + layout.pairs;
  layout.branches = simulation.network.drops_branches() ? layout.inputs : 0;
  layout.block_stride = 3 * layout.inputs + layout.pairs + layout.branches;
  layout.row_length = (layout.depth + 1) * layout.layer_stride + layout.depth * layout.block_stride;
  return layout;
}

RowTable row_table(const Simulation& simulation) {
  const RowLayout at = row_layout(simulation);
  const std::size_t n = at.inputs, blocks = (at.depth + 1) * at.layer_stride;
  const RowAxis inputs{"input", n, 0}, pairs{"pair", at.pairs, 0};
  const auto layer = [&](const char* name, std::size_t offset, const RowAxis& inner) {
    return RowPlace{name, RowScale::kLog, offset, at.layer_stride, {"layer", at.depth + 1, 0}, inner};
  };
  const auto block = [&](const char* name, RowScale scale, std::size_t offset, const RowAxis& inner) {
    return RowPlace{name, scale, blocks + offset, at.block_stride, {"layer", at.depth, 1}, inner};
  };
  using enum RowScale;
  return {at.row_length,
          {layer("logSquaredNorm", 0, inputs), layer("logGradient", n, inputs), layer("logDistance", 2 * n, pairs),
           block("logPreactivation", kLog, 0, inputs), block("logActivation", kLog, n, inputs),
           block("logHidden", kLog, 2 * n, inputs), block("correlation", kLinear, 3 * n, pairs),
           block("logBranch", kLog, 3 * n + at.pairs, {"input", at.branches, 0})}};
}

void validate(const Simulation& simulation) {
  validate(simulation.network);
  if (simulation.inputs < 1 || simulation.inputs > 2)
    throw Error("OUT_OF_RANGE", "inputs", "Expected one or two `inputs`.");
  const double first = simulation.network.widths[0];
  if (!simulation.vectors.empty() &&
      static_cast<double>(simulation.vectors.size()) != first * static_cast<double>(simulation.inputs))
    throw Error("SHAPE", "inputs", "Expected `inputs` to be vectors of the first width.");
  if (simulation.vectors.empty() && simulation.inputs == 2 && first < 2.0 && simulation.angular_deficit > 0.0 &&
      simulation.angular_deficit < 2.0)
    throw Error("OUT_OF_RANGE", "widths",
                "Expected the first of `widths` to be 2 or more for two inputs that are not parallel.");
  if (simulation.network.block == Block::kReduced &&
      simulation.network.hidden_widths != std::vector<double>(simulation.network.depth(), first))
    throw Error("UNSUPPORTED", "hiddenWidths", "Expected `hiddenWidths` to be the width itself in the reduced block.");
}

double memory_estimate(const Simulation& simulation) {
  const Network& net = simulation.network;
  const auto n = static_cast<double>(simulation.inputs);
  double matrices = 0.0, largest = net.widths[0];
  for (std::size_t l = 0; l < net.depth(); ++l) {
    const auto size = [](double x) { return static_cast<std::size_t>(x); };
    const std::size_t before = size(net.widths[l]), after = size(net.widths[l + 1]),
                      hidden = size(net.hidden_widths[l]);
    largest = std::max({largest, net.widths[l + 1], net.hidden_widths[l]});
    matrices += 8.0 * n * net.hidden_widths[l];
    if (simulation.engine == Engine::kDense) continue;
    matrices += conditioned_matrix_memory({hidden, before, simulation.inputs}) +
                conditioned_matrix_memory({after, hidden, simulation.inputs});
    if (before != after) matrices += conditioned_matrix_memory({after, before, simulation.inputs});
  }
  if (net.is_masked()) matrices += 8.0 * (n * static_cast<double>(net.depth()) + largest / 64.0 + 1.0);
  const double scratch =
      8.0 * (6.0 * n + 1.0 + 4.0 * n) * largest + 16.0 * net.widths[0] + 8.0 * std::max(65536.0, largest);
  return static_cast<double>(simulation.range.workers()) * (matrices + scratch) +
         8.0 * static_cast<double>(simulation.range.count) * static_cast<double>(row_layout(simulation).row_length);
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  validate(simulation);
  run_trials(simulation.range, row_layout(simulation).row_length, control, rows,
             [&] { return make_engine(simulation); });
}

}  // namespace mft::residual
