// The masks of one block of trials, and the walk from a layer to the next one under them.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "core/random.h"
#include "systems/percolation/lanes.h"
#include "systems/percolation/masks.h"

namespace mft::percolation {

inline constexpr std::size_t kChunk = 8;  // edges drawn at once, from the first edge of a target on

inline std::uint32_t nodes_of(const MaskLayer& layer) { return layer.positions * layer.channels; }

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

inline EdgeNumbers edges_into(const MaskNetwork& network, std::size_t i) {
  const MaskLayer& layer = network.layers[i];
  return {network.connections[layer.connections], network.layers[i - 1].channels, layer.channels};
}

// Masks of a block: pure functions of (seed, block, layer, node or edge).
class Masks {
 public:
  Masks(const MaskNetwork& network, std::uint64_t seed, std::uint32_t block)
      : network_(network), seed_(seed), block_(block) {}

  void nodes(std::size_t layer, std::vector<Lanes>& out);
  // At most kChunk edges: a whole chunk of a target, or its last edges.
  void edges(std::size_t layer, std::size_t first, std::size_t count, Lanes* out);
  double decisions() const { return decisions_; }

 private:
  void draw(Purpose purpose, std::size_t layer, std::size_t first, double keep, Lanes* out, std::size_t count);
  // Distances between successes are geometric: floor(log u / log(1 - keep)).
  void rare_edges(std::size_t layer, std::size_t first, std::size_t count, double keep, Lanes* out);

  const MaskNetwork& network_;
  std::uint64_t seed_;
  std::uint32_t block_;
  double decisions_ = 0;
};

// Nodes of layer i reached from the nodes of layer i - 1. Edges of a target are drawn until they can change nothing
// more.
void advance(const MaskNetwork& network, std::size_t i, Masks& masks, const Lanes& alive,
             const std::vector<Lanes>& before, const std::vector<Lanes>& kept, std::vector<Lanes>& reached);

// Refuses a network whose layers and connections do not fit, or trials beyond the streams.
void check(const MaskNetwork& network, const MaskRun& run);

}  // namespace mft::percolation
