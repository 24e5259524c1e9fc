#include "systems/percolation/block_masks.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/math.h"
#include "systems/percolation/purposes.h"

namespace mft::percolation {
namespace {

// Between these rates kept edges are so rare that the distances between them are drawn instead of every edge. (Below
// the lower one the distances would feel the resolution of the uniforms, 2^-52.)
constexpr double kRareKeep = 1.0 / 256, kRarestKeep = 1e-9;
constexpr std::size_t kGapsAtOnce = 16;

}  // namespace

void Masks::nodes(std::size_t layer, std::vector<Lanes>& out) {
  out.resize(nodes_of(network_.layers[layer]));
  draw(Purpose::kMasks, layer, 0, network_.layers[layer].keep_probability, out.data(), out.size());
}

void Masks::edges(std::size_t layer, std::size_t first, std::size_t count, Lanes* out) {
  const double keep = network_.layers[layer].edge_keep_probability;
  if (keep < kRareKeep && keep >= kRarestKeep) return rare_edges(layer, first, count, keep, out);
  draw(Purpose::kEdgeMasks, layer, first, keep, out, count);
}

void Masks::draw(Purpose purpose, std::size_t layer, std::size_t first, double keep, Lanes* out, std::size_t count) {
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

void Masks::rare_edges(std::size_t layer, std::size_t first, std::size_t count, double keep, Lanes* out) {
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

}  // namespace mft::percolation
