// System `percolation`, theory: the number of kept and reached nodes of a layer is a Markov chain,
//   X_0 ~ Bin(N_0, s_0),  X_{i+1} | X_i = m ~ Bin(N_{i+1}, h_m),  h_m = s_{i+1} (1 - (1 - b_{i+1})^m),
// with 0 absorbing. It is carried as the law of X_i given X_i >= 1, in logarithms, together with the hazard
// K_i = -log P(X_i >= 1), a sum of positive terms: log theta = -K and log B = log(1 - e^-K) are then both accurate.
#pragma once
#include <span>
#include <vector>

#include "core/control.h"

namespace mft::percolation {

// `count` equal layers of `width` nodes: nodes kept with `keep_probability`, edges into the layer with
// `edge_keep_probability`.
struct LayerRun {
  double count = 1;
  double width = 1;
  double keep_probability = 1;
  double edge_keep_probability = 1;
};

// Fully connected layers: the input, then the hidden layers and the output as runs.
struct Network {
  double input_width = 1;
  double input_keep_probability = 1;
  std::vector<LayerRun> runs;
};

// Layer i: logarithm of the hazard K_i (-infinity: K = 0, +infinity: no path), E[X_i | X_i >= 1].
struct ReachLaw {
  double log_hazard = 0;
  double mean = 0;
};

// The largest width of a layer behind dropped edges (work is width^2 per layer); dropped nodes alone have no such
// limit.
constexpr double kLargestChainWidth = 32768;

// Laws at the wanted layers (ascending, 0 = input, last = output). Runs of equal layers are followed until the law
// given survival no longer changes, componentwise; from there the hazard grows linearly, so a depth of 1e12 costs no
// more than the relaxation time. Results do not depend on `threads`. Throws OUT_OF_RANGE for a width above
// kLargestChainWidth behind dropped edges, NO_CONVERGENCE, Cancelled.
std::vector<ReachLaw> reach_laws(const Network& network, std::span<const double> layers, int threads,
                                 const Control& control);

// Rectangular networks of infinite depth: hazard per layer (decay rate -log lambda) and the mean of the
// quasi-stationary law.
ReachLaw stationary_law(const LayerRun& layer, int threads, const Control& control);

// log(1 - e^x) for x <= 0, and log(e^x + e^y).
double log_one_minus_exp(double x);
double log_add_exp(double x, double y);

}  // namespace mft::percolation
