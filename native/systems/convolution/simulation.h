// Random convolutional networks: what an image becomes layer by layer, and the gradient on its way back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/activation.h"
#include "core/control.h"
#include "core/trials.h"
#include "core/convolution_maps.h"

namespace mft::convolution {

struct Simulation {
  std::vector<double> image;  // channels x height x width, the same in every trial
  std::size_t input_channels = 1, input_height = 1, input_width = 1;
  std::vector<std::size_t> kernel, stride, channels, pool;  // of every layer
  Padding padding = Padding::kValid;
  Pooling pooling = Pooling::kAverage;
  Activation activation;
  double weight_variance = 1;  // of a weight times its fan-in
  double bias_variance = 0;
  std::uint64_t seed = 0;
  TrialRange range;

  std::vector<Layer> layers() const;
};

// Fourier modes of the variance that are reported: 1 .. kModes periods over the width.
constexpr std::size_t kModes = 3;

// Places, of the pre-activations of layers 1 .. depth: variance, cornerVariance, neighbourCovariance (one value each),
// varianceMode (kModes values), gradient (log of the squared norm). NaN: no value.
RowTable row_table(const Simulation& simulation);

// Bytes of the engine of one worker.
double engine_bytes(const Simulation& simulation);

// rows: trials * row_length. One progress unit a layer, forward and backward.
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::convolution
