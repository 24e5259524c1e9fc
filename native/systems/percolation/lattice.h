// System `percolation`, theory of one-dimensional convolution: the set of reached positions is a Markov chain on the
// 2^positions subsets. Exact, for at most 16 positions.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "systems/percolation/chain.h"

namespace mft::percolation {

struct Lattice {
  std::size_t positions = 1;
  std::size_t kernel = 1;  // parents of x: x - floor((kernel - 1) / 2) .. x + floor(kernel / 2)
  bool periodic = false;   // otherwise parents outside are missing (same zero padding)
  double input_keep_probability = 1;
  std::vector<LayerRun> runs;  // hidden layers, then the output; `width` is not used
};

constexpr std::size_t kLargestLatticePositions = 16;

// As reach_laws: hazard of "some position is reached" at the wanted layers, and the mean number of reached positions
// given so.
std::vector<ReachLaw> lattice_laws(const Lattice& lattice, std::span<const double> layers, int threads,
                                   const Control& control);

}  // namespace mft::percolation
