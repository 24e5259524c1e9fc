#include "systems/percolation/masks.h"

#include <algorithm>
#include <array>

#include "core/parallel.h"
#include "systems/percolation/block_masks.h"

namespace mft::percolation {
namespace {

constexpr std::size_t kWave = 64;  // blocks between two sums in fixed order

Lanes lanes_in_range(std::uint64_t block, const MaskRun& run) {
  Lanes result = kNone;
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t trial = block * kLanes + lane;
    if (trial >= run.first_trial && trial < run.first_trial + run.trials) result[lane / 64] |= Word{1} << (lane % 64);
  }
  return result;
}

void add_count(const std::vector<Lanes>& nodes, double& sum, double& squares) {
  LaneCounter counter;
  for (const Lanes& node : nodes) counter.add(node);
  sum = counter.sum();
  squares = counter.sum_of_squares();
}

void resize(MaskCounts& counts, std::size_t layers) {
  for (auto* list : {&counts.alive, &counts.reached, &counts.reached_squares, &counts.leading, &counts.leading_squares,
                     &counts.leading_alive, &counts.participating, &counts.participating_squares})
    list->assign(layers, 0.0);
}

void add_counts(MaskCounts& total, const MaskCounts& block) {
  const auto add = [](std::vector<double>& to, const std::vector<double>& from) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += from[i];
  };
  add(total.alive, block.alive);
  add(total.reached, block.reached);
  add(total.reached_squares, block.reached_squares);
  add(total.leading, block.leading);
  add(total.leading_squares, block.leading_squares);
  add(total.leading_alive, block.leading_alive);
  add(total.participating, block.participating);
  add(total.participating_squares, block.participating_squares);
  total.decisions += block.decisions;
}

// What a worker keeps between blocks.
struct Workspace {
  std::vector<std::vector<Lanes>> kept, reached;
};

// From the output back: which nodes reach it, and which edges carry a path. Every edge mask is drawn again.
void count_backward(const MaskNetwork& network, Masks& masks, const Lanes& valid, const Workspace& space,
                    MaskCounts& counts, const Control& control) {
  const std::size_t layers = network.layers.size();
  std::vector<Lanes> leading(nodes_of(network.layers.back()), valid), target_leads, before;
  std::array<Lanes, kChunk> kept_edges;
  for (std::size_t i = layers - 1;; --i) {
    control.throw_if_cancelled();
    const bool residual = network.layers[i].residual;
    target_leads.resize(leading.size());
    for (std::size_t node = 0; node < leading.size(); ++node) target_leads[node] = leading[node] & space.kept[i][node];
    const std::vector<Lanes>& counted = residual ? leading : target_leads;
    add_count(counted, counts.leading[i], counts.leading_squares[i]);
    counts.leading_alive[i] = population(union_of(counted));
    if (i == 0) return;
    const EdgeNumbers edges = edges_into(network, i);
    before.assign(nodes_of(network.layers[i - 1]), kNone);
    LaneCounter participating;
    for (std::uint32_t target = 0; target < target_leads.size(); ++target) {
      if (!any(target_leads[target])) continue;
      const std::size_t count = edges.sources(target), first = edges.first_edge(target);
      for (std::size_t k = 0; k < count; k += kChunk) {
        const std::size_t size = std::min(kChunk, count - k);
        masks.edges(i, first + k, size, kept_edges.data());
        for (std::size_t e = 0; e < size; ++e) {
          const std::size_t source = edges.source(target, k + e);
          const Lanes carries = kept_edges[e] & target_leads[target];
          before[source] |= carries;
          participating.add(carries & space.reached[i - 1][source]);
        }
      }
    }
    if (residual)
      for (std::size_t node = 0; node < before.size(); ++node) before[node] |= leading[node];
    counts.participating[i - 1] = participating.sum();
    counts.participating_squares[i - 1] = participating.sum_of_squares();
    leading.swap(before);
  }
}

void run_block(const MaskNetwork& network, const MaskRun& run, std::uint64_t block, Workspace& space,
               MaskCounts& counts, double* death_layer, const Control& control) {
  const std::size_t layers = network.layers.size();
  resize(counts, layers);
  Masks masks(network, run.seed, static_cast<std::uint32_t>(block));
  const Lanes valid = lanes_in_range(block, run);
  Lanes alive = valid;
  space.kept.resize(layers);
  space.reached.resize(layers);
  for (std::size_t i = 0; i < layers; ++i) {
    control.throw_if_cancelled();
    masks.nodes(i, space.kept[i]);
    std::vector<Lanes>& reached = space.reached[i];
    if (i == 0) {
      reached = space.kept[0];
      for (Lanes& node : reached) node = node & valid;
    } else {
      advance(network, i, masks, alive, space.reached[i - 1], space.kept[i], reached);
    }
    const Lanes next = union_of(reached);
    counts.alive[i] = population(next);
    if (run.death_layers)
      for (std::uint32_t lane = 0; lane < kLanes; ++lane)
        if ((alive[lane / 64] & ~next[lane / 64]) >> (lane % 64) & 1)
          death_layer[block * kLanes + lane - run.first_trial] = static_cast<double>(i);
    alive = next;
    add_count(reached, counts.reached[i], counts.reached_squares[i]);
    if (!run.backward && i >= 2) {  // only the layer before is needed
      space.kept[i - 1].clear();
      space.reached[i - 2].clear();
    }
  }
  if (run.backward) count_backward(network, masks, valid, space, counts, control);
  counts.decisions = masks.decisions();
}

}  // namespace

MaskCounts count_paths(const MaskNetwork& network, const MaskRun& run, const Control& control) {
  check(network, run);
  MaskCounts total;
  resize(total, network.layers.size());
  if (run.death_layers) total.death_layer.assign(run.trials, static_cast<double>(network.layers.size()));
  const std::uint64_t first = run.first_trial / kLanes, last = (run.first_trial + run.trials + kLanes - 1) / kLanes;
  std::vector<Workspace> spaces(static_cast<std::size_t>(std::max(1, run.threads)));
  std::vector<MaskCounts> wave(kWave);
  for (std::uint64_t begin = first; begin < last; begin += kWave) {
    const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(kWave, last - begin));
    parallel_for(size, run.threads, [&](std::size_t unit, int worker) {
      run_block(network, run, begin + unit, spaces[static_cast<std::size_t>(worker)], wave[unit],
                total.death_layer.data(), control);
      control.advance(1);
    });
    for (std::size_t unit = 0; unit < size; ++unit) add_counts(total, wave[unit]);
  }
  return total;
}

std::uint32_t first_unreached_layer_naive(const MaskNetwork& network, std::uint64_t seed, std::uint64_t trial) {
  Masks masks(network, seed, static_cast<std::uint32_t>(trial / kLanes));
  const std::size_t lane = trial % kLanes;
  const auto bit = [lane](const Lanes& lanes) { return ((lanes[lane / 64] >> (lane % 64)) & 1) != 0; };
  std::vector<bool> reached;
  std::vector<Lanes> kept;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const MaskLayer& layer = network.layers[i];
    masks.nodes(i, kept);
    std::vector<bool> next(kept.size());
    for (std::uint32_t node = 0; node < next.size(); ++node) {
      bool fed = i == 0;
      if (i > 0) {
        const EdgeNumbers edges = edges_into(network, i);
        std::array<Lanes, kChunk> kept_edges;
        for (std::size_t k = 0; k < edges.sources(node); ++k) {
          if (k % kChunk == 0)
            masks.edges(i, edges.first_edge(node) + k, std::min(kChunk, edges.sources(node) - k), kept_edges.data());
          if (reached[edges.source(node, k)] && bit(kept_edges[k % kChunk])) fed = true;
        }
      }
      next[node] = (bit(kept[node]) && fed) || (layer.residual && reached[node]);
    }
    if (std::find(next.begin(), next.end(), true) == next.end()) return static_cast<std::uint32_t>(i);
    reached = std::move(next);
  }
  return static_cast<std::uint32_t>(network.layers.size());
}

}  // namespace mft::percolation
