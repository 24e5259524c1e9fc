#include "systems/percolation/masks.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/math.h"
#include "core/parallel.h"
#include "core/random.h"
#include "systems/percolation/purposes.h"

namespace mft::percolation {
namespace {

using Word = std::uint64_t;
using Lanes = std::array<Word, kLaneWords>;  // one bit per trial of the block

constexpr std::size_t kChunk = 8;  // edges drawn at once, from the first edge of a target on
// Between these rates kept edges are so rare that the distances between them are drawn instead of every edge. (Below
// the lower one the distances would feel the resolution of the uniforms, 2^-52.)
constexpr double kRareKeep = 1.0 / 256, kRarestKeep = 1e-9;
constexpr std::size_t kWave = 64;  // blocks between two sums in fixed order
constexpr Lanes kNone{};

Lanes operator&(const Lanes& a, const Lanes& b) {
  Lanes result;
  for (std::size_t w = 0; w < kLaneWords; ++w) result[w] = a[w] & b[w];
  return result;
}
void operator|=(Lanes& a, const Lanes& b) {
  for (std::size_t w = 0; w < kLaneWords; ++w) a[w] |= b[w];
}
// Lanes of `need` that `have` lacks?
bool lacks(const Lanes& need, const Lanes& have) {
  Word missing = 0;
  for (std::size_t w = 0; w < kLaneWords; ++w) missing |= need[w] & ~have[w];
  return missing != 0;
}
bool any(const Lanes& a) { return lacks(a, kNone); }
std::uint32_t population(const Lanes& a) {
  int sum = 0;
  for (const Word word : a) sum += std::popcount(word);
  return static_cast<std::uint32_t>(sum);
}

std::uint32_t nodes_of(const MaskLayer& layer) { return layer.positions * layer.channels; }

// Edges into a layer, numbered target by target.
struct EdgeNumbers {
  const Connections& connections;
  std::uint32_t channels_before, channels;

  std::size_t sources(std::uint32_t target) const {
    const std::uint32_t x = target / channels;
    return std::size_t{connections.offsets[x + 1] - connections.offsets[x]} * channels_before;
  }
  std::size_t first_edge(std::uint32_t target) const {
    const std::uint32_t x = target / channels;
    return (std::size_t{connections.offsets[x]} * channels +
            (target % channels) * std::size_t{connections.offsets[x + 1] - connections.offsets[x]}) *
           channels_before;
  }
  std::size_t source(std::uint32_t target, std::size_t k) const {
    return std::size_t{connections.sources[connections.offsets[target / channels] + k / channels_before]} *
               channels_before +
           k % channels_before;
  }
};

EdgeNumbers edges_into(const MaskNetwork& network, std::size_t i) {
  const MaskLayer& layer = network.layers[i];
  return {network.connections[layer.connections], network.layers[i - 1].channels, layer.channels};
}

// Masks of a block: pure functions of (seed, block, layer, node or edge).
class Masks {
 public:
  Masks(const MaskNetwork& network, std::uint64_t seed, std::uint32_t block)
      : network_(network), seed_(seed), block_(block) {}

  void nodes(std::size_t layer, std::vector<Lanes>& out) {
    out.resize(nodes_of(network_.layers[layer]));
    draw(Purpose::kMasks, layer, 0, network_.layers[layer].keep_probability, out.data(), out.size());
  }
  // At most kChunk edges: a whole chunk of a target, or its last edges.
  void edges(std::size_t layer, std::size_t first, std::size_t count, Lanes* out) {
    const double keep = network_.layers[layer].edge_keep_probability;
    if (keep < kRareKeep && keep >= kRarestKeep) return rare_edges(layer, first, count, keep, out);
    draw(Purpose::kEdgeMasks, layer, first, keep, out, count);
  }
  double decisions() const { return decisions_; }

 private:
  void draw(Purpose purpose, std::size_t layer, std::size_t first, double keep, Lanes* out, std::size_t count) {
    if (keep <= 0 || keep >= 1) {
      Lanes same;
      same.fill(keep >= 1 ? ~Word{0} : 0);
      std::fill(out, out + count, same);
      return;
    }
    random_bernoulli(Stream{seed_, block_, static_cast<std::uint32_t>(layer), purpose}, first * kLaneWords, keep,
                     std::span<Word>(out->data(), count * kLaneWords));
    decisions_ += static_cast<double>(count) * kLanes;
  }

  // Distances between successes are geometric: floor(log u / log(1 - keep)).
  void rare_edges(std::size_t layer, std::size_t first, std::size_t count, double keep, Lanes* out) {
    std::fill(out, out + count, kNone);
    const Stream stream{seed_, block_, static_cast<std::uint32_t>(layer), purpose::kEdgeGaps};
    const double bits = static_cast<double>(count) * kLanes;
    double log_drop = -keep;
    math::apply(math::Function::kLog1p, {&log_drop, 1}, {&log_drop, 1});
    std::array<double, kGapsAtOnce> gaps;
    std::uint64_t drawn = std::uint64_t{first} * kChunk * kLanes;
    for (double at = -1;;) {
      random_uniforms(stream, drawn, gaps);
      math::apply(math::Function::kLog, gaps, gaps);
      drawn += gaps.size();
      for (const double log_uniform : gaps) {
        at += 1 + std::floor(log_uniform / log_drop);
        if (at >= bits) {
          decisions_ += bits;
          return;
        }
        const auto bit = static_cast<std::size_t>(at);
        out[bit / kLanes][bit % kLanes / 64] |= Word{1} << (bit % 64);
      }
    }
  }

  static constexpr std::size_t kGapsAtOnce = 16;
  const MaskNetwork& network_;
  std::uint64_t seed_;
  std::uint32_t block_;
  double decisions_ = 0;
};

// Adds bits lane by lane: plane k holds bit k of every lane's count.
class LaneCounter {
 public:
  void clear() { planes_.clear(); }
  void add(Lanes carry) {
    for (Lanes& plane : planes_) {
      const Lanes next = plane & carry;
      for (std::size_t w = 0; w < kLaneWords; ++w) plane[w] ^= carry[w];
      carry = next;
      if (!any(carry)) return;
    }
    if (any(carry)) planes_.push_back(carry);
  }
  double sum() const {
    double total = 0;
    for (std::size_t a = 0; a < planes_.size(); ++a) total += std::ldexp(population(planes_[a]), static_cast<int>(a));
    return total;
  }
  double sum_of_squares() const {
    double total = 0;
    for (std::size_t a = 0; a < planes_.size(); ++a)
      for (std::size_t b = 0; b < planes_.size(); ++b)
        total += std::ldexp(population(planes_[a] & planes_[b]), static_cast<int>(a + b));
    return total;
  }

 private:
  std::vector<Lanes> planes_;
};

// Nodes of layer i reached from the nodes of layer i - 1. Edges of a target are drawn until they can change nothing
// more.
void advance(const MaskNetwork& network, std::size_t i, Masks& masks, const Lanes& alive,
             const std::vector<Lanes>& before, const std::vector<Lanes>& kept, std::vector<Lanes>& reached) {
  const MaskLayer& layer = network.layers[i];
  const EdgeNumbers edges = edges_into(network, i);
  reached.resize(nodes_of(layer));
  if (layer.edge_keep_probability >= 1) {
    std::vector<Lanes> position(network.layers[i - 1].positions, kNone);
    for (std::size_t node = 0; node < before.size(); ++node) position[node / edges.channels_before] |= before[node];
    for (std::uint32_t x = 0; x < layer.positions; ++x) {
      Lanes fed = kNone;
      for (std::uint32_t p = edges.connections.offsets[x]; p < edges.connections.offsets[x + 1]; ++p)
        fed |= position[edges.connections.sources[p]];
      for (std::uint32_t c = 0; c < layer.channels; ++c)
        reached[x * layer.channels + c] = fed & kept[x * layer.channels + c];
    }
  } else {
    std::array<Lanes, kChunk> kept_edges;
    for (std::uint32_t target = 0; target < reached.size(); ++target) {
      const Lanes need = kept[target] & alive;
      const std::size_t count = edges.sources(target), first = edges.first_edge(target);
      Lanes fed = kNone;
      for (std::size_t k = 0; k < count && lacks(need, fed); k += kChunk) {
        const std::size_t size = std::min(kChunk, count - k);
        masks.edges(i, first + k, size, kept_edges.data());
        for (std::size_t e = 0; e < size; ++e) fed |= kept_edges[e] & before[edges.source(target, k + e)];
      }
      reached[target] = need & fed;
    }
  }
  if (layer.residual)
    for (std::size_t node = 0; node < reached.size(); ++node) reached[node] |= before[node];
}

Lanes union_of(const std::vector<Lanes>& nodes) {
  Lanes result = kNone;
  for (const Lanes& node : nodes) result |= node;
  return result;
}

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

void check(const MaskNetwork& network, const MaskRun& run) {
  if (network.layers.size() < 2) throw Error("SHAPE", "layers", "Expected at least an input and an output layer.");
  if ((run.first_trial + run.trials) / kLanes >= (std::uint64_t{1} << 32))
    throw Error("OUT_OF_RANGE", "firstTrial", "Expected `firstTrial` + `trials` to be below 2^42.");
  for (std::size_t i = 1; i < network.layers.size(); ++i) {
    const MaskLayer &layer = network.layers[i], &before = network.layers[i - 1];
    if (layer.connections >= network.connections.size())
      throw Error("SHAPE", "connections", "Expected every layer to name its connections.");
    const Connections& connections = network.connections[layer.connections];
    if (connections.offsets.size() != layer.positions + std::size_t{1} || connections.offsets.front() != 0 ||
        connections.offsets.back() != connections.sources.size() ||
        !std::is_sorted(connections.offsets.begin(), connections.offsets.end()))
      throw Error("SHAPE", "connections", "Expected one ascending offset per position and one more.");
    for (const std::uint32_t source : connections.sources)
      if (source >= before.positions)
        throw Error("OUT_OF_RANGE", "connections", "Expected parents to be positions of the layer before.");
    if (layer.residual && nodes_of(layer) != nodes_of(before))
      throw Error("SHAPE", "width", "Expected a residual layer to be as wide as the one before.");
  }
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
