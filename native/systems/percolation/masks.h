// System `percolation`, simulation with explicit masks: 1024 trials at a time, one bit each ("lane"), layer by layer
// and strictly forward (an undirected search would call zig-zags paths). A layer is `positions` x `channels` nodes; a
// node is fed by all channels of its parent positions. Fully connected layers are one position with `width` channels.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/trials.h"

namespace mft::percolation {

// Parents of each position: sources[offsets[x]] .. sources[offsets[x + 1] - 1].
struct Connections {
  std::vector<std::uint32_t> offsets, sources;
};

struct MaskLayer {
  std::uint32_t positions = 1, channels = 1;
  double keep_probability = 1, edge_keep_probability = 1;  // edge_keep_probability: edges into this layer
  std::uint32_t connections = 0;                           // index into MaskNetwork::connections
  bool residual = false;  // a reached node of the layer before reaches its namesake here whatever is dropped
};

struct MaskNetwork {
  std::vector<Connections> connections;
  std::vector<MaskLayer> layers;  // the input (connections unused), hidden layers, output
};

constexpr std::uint32_t kLanes = 1024;  // trials of a block; the block is the unit of the random streams
constexpr std::uint32_t kLaneWords = kLanes / 64;

struct MaskRun {
  std::uint64_t seed = 1;
  std::uint64_t first_trial = 0, trials = 1;
  int threads = 1;
  bool backward = true;       // also nodes that still reach the output, and edges on surviving paths
  bool death_layers = false;  // also, of every trial, the layer that was not reached
};

// Sums over trials, exact whole numbers: they do not depend on threads and add up over ranges of trials.
struct MaskCounts {
  std::vector<double> alive;                     // trials in which the layer is reached, per layer
  std::vector<double> reached, reached_squares;  // nodes reached, and its square
  std::vector<double> leading, leading_squares;  // nodes that reach the output
  std::vector<double> leading_alive;             // trials in which some node of the layer reaches the output
  std::vector<double> participating, participating_squares;  // edges on a surviving path, per weight layer
  std::vector<double> death_layer;  // per trial: first layer not reached, or the number of layers
  double decisions = 0;             // node and edge masks that were drawn
};

MaskCounts count_paths(const MaskNetwork& network, const MaskRun& run, const Control& control);

// Importance splitting: a block of 1024 particles walks through the layers; when half of them have died, the places of
// the dead are taken by survivors drawn at random. Blocks are independent; the product of the surviving shares is an
// unbiased estimate of the path probability of each layer, whatever its size.
struct SplittingEstimates {
  std::size_t layers = 0;
  std::vector<double> log_estimates;  // a row of `row_table` per block; -infinity where all particles died
  double decisions = 0;
};
RowTable row_table(const MaskNetwork& network);
SplittingEstimates split_paths(const MaskNetwork& network, const MaskRun& run, const Control& control);

// One trial, node by node and edge by edge: first layer not reached, or the number of layers. The naive twin.
std::uint32_t first_unreached_layer_naive(const MaskNetwork& network, std::uint64_t seed, std::uint64_t trial);

}  // namespace mft::percolation
