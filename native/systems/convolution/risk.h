// Risk of a network on a sample: its gradient, and the curvature there, as stationary points are looked for with.
#pragma once
#include <cstddef>
#include <vector>

#include "core/control.h"
#include "systems/convolution/network.h"

namespace mft::convolution {

// Q(w) = sum_i share_i f_i(w) / sum_i share_i + decay |w|^2 / 2. `network` has the sizes and the weights; its input and
// label are not used.
struct Sample {
  Network network;
  std::vector<double> images;       // image after image
  std::vector<std::size_t> labels;  // of every image
  std::vector<double> shares;       // how often an image counts
  double decay = 0;
  bool has_curvature = false;
  int threads = 1;
};

struct Risk {
  double value = 0;
  std::vector<double> gradient;
  // With has_curvature: the Hessian by central differences of the gradient, decreasing eigenvalues and their vectors
  // (rows), and for every vector v the variance of v . grad f over the images.
  std::vector<double> eigenvalues, eigenvectors, spread;
};

Risk risk(const Sample& sample, const Control& control);

}  // namespace mft::convolution
