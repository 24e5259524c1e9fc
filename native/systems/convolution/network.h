// One network with given weights: its loss on one example, and the gradient of that loss.
#pragma once
#include <cstddef>
#include <vector>

#include "core/activation.h"
#include "core/convolution_maps.h"

namespace mft::convolution {

// f = |softmax(u) - y|^2 / 2, u = W vec(Z_l), no biases.
struct Network {
  std::size_t input_channels = 1, input_height = 1, input_width = 1;
  std::vector<std::size_t> kernel, stride, channels, pool;
  Padding padding = Padding::kValid;
  Pooling pooling = Pooling::kAverage;
  Activation activation;
  std::size_t classes = 2;
  std::vector<double> weights;  // block after block: [out][in][row][column], last [class][channel][row][column]
  std::vector<double> input;
  std::size_t label = 0;
};

struct NetworkGradient {
  double loss = 0;
  std::vector<double> output;      // v, the probabilities
  double output_sensitivity2 = 0;  // |grad_u f|^2
  std::vector<double> gradient;    // as the weights
};

NetworkGradient network_gradient(const Network& network);

}  // namespace mft::convolution
