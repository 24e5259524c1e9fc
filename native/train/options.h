// What a training run is told, and what it returns: plain data.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "train/layers/kinds.h"
#include "train/loss.h"
#include "train/optimizer.h"

namespace mft::train {

// Examples, read only and shared by all networks of a call: row-major count x dimension, bytes, floats or whole
// numbers; labels of rows or of positions, where the target asks for them.
struct Images {
  const std::uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  const std::uint8_t* labels = nullptr;
  std::size_t count = 0;
  const std::int32_t* wholes = nullptr;
  const std::int32_t* long_labels = nullptr;
  std::uint32_t label(std::size_t at) const {
    return long_labels != nullptr ? static_cast<std::uint32_t>(long_labels[at]) : labels[at];
  }
};

// What the outputs are held against.
enum class Target : std::uint32_t {
  kLabels = 0,    // one label of a row
  kInputs = 1,    // the row itself, before noise and masks
  kSequence = 2,  // one label of each position of a row
};

// What is added to every component of an input in every step, independently: N(0, variance), a uniform number or +-,
// all of that variance. Masking is input_keep_probability.
enum class NoiseKind : std::uint32_t { kNone = 0, kGaussian = 1, kUniform = 2, kSign = 3 };

struct TrainingOptions {
  std::size_t dimension = 0;  // numbers of a row of the data
  std::vector<LayerFields> layers;
  std::vector<double> rate_multipliers;  // per tensor, in the order of the layers; empty: 1
  Target target = Target::kLabels;
  std::size_t positions = 1;  // of a row, for sequences
  // Rows are stretches of longer sequences: the data are cut into one stream per row of the batch, each in its order,
  // and a row begins with the states its layers left in the step before; with zeros at the start of an epoch.
  bool carries_state = false;
  double input_keep_probability = 1;
  NoiseKind noise = NoiseKind::kNone;
  double noise_variance = 0;
  bool has_shared_masks = false;
  bool has_path_masks = false;  // masks given that a path survives (train/path_masks.h)
  bool counts_paths = false;    // fill TrainingResult::paths (train/path_count.h)
  // The input component i is value * input_scale[i] + input_shift[i].
  std::vector<double> input_scale;
  std::vector<double> input_shift;

  LossKind loss = LossKind::kCrossEntropy;
  Optimizer optimizer;
  std::vector<double> rates;  // learning rate of every step: their number is the number of steps
  std::size_t batch = 0;
  bool is_shuffled = true;
  std::uint64_t seed = 0;
  bool is_double = false;
  int threads = 1;

  std::size_t report_every = 0;      // steps; 0: only at the end
  std::size_t statistics_every = 0;  // steps; 0: never
  std::size_t train_evaluation = 0;  // training images to evaluate at the end, without masks
  // Directions v of the inputs (rows of `dimension`) for which the mean of (v . output)(v . input) over all training
  // examples is recorded, without noise and masks, before every so many steps and at the end. Inputs as target only.
  std::vector<double> directions;
  std::size_t directions_every = 0;
  // Beside the projections the leading singular values of the product of two weight matrices without biases.
  bool has_singular_values = false;

  std::string checkpoint;            // file, or empty
  std::size_t checkpoint_every = 0;  // steps
  std::string key;                   // what the checkpoint must have been made with

  std::vector<double> initial_parameters;  // empty: drawn; else all parameters, and then, or not, all that is fixed
  std::vector<std::uint8_t> given_masks;   // empty: drawn
  bool returns_parameters = false;
};

// Means over the minibatches since the report before, and the test set without masks.
struct Report {
  std::uint64_t step = 0;
  double train_loss = 0;
  double train_accuracy = 0;
  double test_loss = 0;
  double test_accuracy = 0;
};

struct Evaluation {
  double loss = 0;
  double accuracy = 0;
  std::size_t count = 0;
};

// Masks without a path and gradients of exactly zero, over all steps.
struct PathCounts {
  std::uint64_t steps = 0;
  std::uint64_t masks_per_step = 0;
  std::uint64_t blocked_masks = 0;
  std::uint64_t lost_steps = 0;           // all masks of the step are blocked
  std::uint64_t zero_gradient_steps = 0;  // every component of the gradient of the loss is 0.0
  std::uint64_t differing_steps = 0;      // lost with a gradient, or not lost without one
};

// What layers have counted (Layer::counters), summed over rows and steps: "layer2.iterations".
struct LayerCount {
  std::string name;
  double total = 0;
};

// Why a run ended before its last step.
struct Stop {
  bool has_stopped = false;
  std::uint64_t step = 0;
  std::size_t layer = 0;  // counted from 1
  std::string where;      // "weights", "activations" or "loss"
};

struct TrainingResult {
  std::uint64_t steps = 0;         // done in all
  std::uint64_t resumed_from = 0;  // step of the checkpoint, 0 without
  std::vector<Report> reports;
  Evaluation train;
  Evaluation test;
  Stop stop;
  PathCounts paths;
  std::vector<LayerCount> counts;
  // Row-major record x layer. correlation is NaN where no pair of examples has a correlation.
  std::vector<double> statistics_steps, variance, correlation, error_square, gradient_square;
  // Row-major record x direction; behind those of a record as many singular values, where they are wanted.
  std::vector<double> projections_steps, projections;
  std::uint64_t checksum = 0;      // of the parameters
  std::vector<double> parameters;  // when wanted: all parameters, then all that is fixed
  std::size_t planned_bytes = 0;
};

// A named array of a network: "layer1.weight"; what is fixed is drawn once and not trained.
struct NetworkTensor {
  Tensor tensor;
  bool is_fixed = false;
};

// The arrays of a network in the order of TrainingResult::parameters.
std::vector<NetworkTensor> network_tensors(const TrainingOptions& options);

// Bytes the run of one network allocates for its steps; images not counted.
std::size_t planned_bytes(const TrainingOptions& options);

}  // namespace mft::train
