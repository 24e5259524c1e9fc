#include <algorithm>
#include <cmath>
#include <limits>

#include "core/parallel.h"
#include "systems/percolation/block_masks.h"
#include "systems/percolation/purposes.h"

// Importance splitting (masks.h): particles walk from layer to layer, and survivors take the places of the dead.
namespace mft::percolation {
namespace {

// Gives the lanes of the dead to survivors drawn uniformly; which lane copies which, in every node.
void replace_dead(std::vector<Lanes>& nodes, const Lanes& alive, const Stream& stream) {
  std::vector<std::uint32_t> living, dead;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane)
    ((alive[lane / 64] >> (lane % 64)) & 1 ? living : dead).push_back(lane);
  std::vector<double> uniforms(dead.size());
  random_uniforms(stream, 0, uniforms);
  std::vector<std::uint32_t> source(dead.size());
  for (std::size_t d = 0; d < dead.size(); ++d)
    source[d] = living[static_cast<std::size_t>(uniforms[d] * static_cast<double>(living.size()))];
  for (Lanes& node : nodes)
    for (std::size_t d = 0; d < dead.size(); ++d)
      node[dead[d] / 64] |= ((node[source[d] / 64] >> (source[d] % 64)) & 1) << (dead[d] % 64);
}

double split_block(const MaskNetwork& network, const MaskRun& run, std::uint64_t block, double* log_estimates,
                   const Control& control) {
  const std::size_t layers = network.layers.size();
  Masks masks(network, run.seed, static_cast<std::uint32_t>(block));
  Lanes alive;
  alive.fill(~Word{0});
  std::vector<Lanes> kept, before, reached;
  double log_weight = 0;
  std::fill(log_estimates, log_estimates + layers, -std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < layers; ++i) {
    control.throw_if_cancelled();
    masks.nodes(i, kept);
    if (i == 0)
      reached = kept;
    else
      advance(network, i, masks, alive, before, kept, reached);
    alive = union_of(reached);
    const std::uint32_t living = population(alive);
    if (living == 0) break;
    const double log_share = std::log(static_cast<double>(living) / kLanes);
    log_estimates[i] = log_weight + log_share;
    if (2 * living <= kLanes) {
      replace_dead(
          reached, alive,
          Stream{run.seed, static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(i), purpose::kSplitting});
      log_weight += log_share;
      alive.fill(~Word{0});
    }
    before.swap(reached);
  }
  return masks.decisions();
}

}  // namespace

RowTable row_table(const MaskNetwork& network) {
  const std::size_t layers = network.layers.size();
  return {layers, {{"logEstimate", RowScale::kLog, 0, 1, {"layer", layers, 0}, {"block", 1, 0}}}};
}

SplittingEstimates split_paths(const MaskNetwork& network, const MaskRun& run, const Control& control) {
  check(network, run);
  const std::uint64_t first = run.first_trial / kLanes, blocks = (run.trials + kLanes - 1) / kLanes;
  SplittingEstimates result;
  result.layers = network.layers.size();
  result.log_estimates.resize(static_cast<std::size_t>(blocks) * result.layers);
  std::vector<double> decisions(static_cast<std::size_t>(blocks));
  parallel_for(static_cast<std::size_t>(blocks), run.threads, [&](std::size_t unit, int) {
    decisions[unit] =
        split_block(network, run, first + unit, result.log_estimates.data() + unit * result.layers, control);
    control.advance(1);
  });
  for (const double d : decisions) result.decisions += d;
  return result;
}

}  // namespace mft::percolation
