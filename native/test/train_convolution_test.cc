// Gradients of convolution layers against central differences of a network in plain loops: paddings, strides, pools,
// the edges of a map and of a band of it.
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "core/cpu.h"
#include "train/row_statistics.h"
#include "train_cases.h"

namespace {

using namespace mft;
using namespace mft::train;

struct Maps {
  std::size_t channels, height, width;
  std::size_t size() const { return channels * height * width; }
};

struct OneLayer {
  std::size_t channels, kernel, stride, pool;
};

struct Network2 {
  std::string name;
  Maps input;
  std::vector<OneLayer> layers;
  std::string padding, pooling;
  Activation activation;
  bool has_bias;
  LossKind loss;
};

std::size_t places(const std::string& padding, std::size_t side, const OneLayer& l) {
  return padding == "valid" ? (side - l.kernel) / l.stride + 1 : (side + l.stride - 1) / l.stride;
}

TrainingOptions options_of(const Network2& n) {
  TrainingOptions o;
  o.dimension = n.input.size();
  Maps maps = n.input;
  for (const OneLayer& l : n.layers) {
    LayerFields f;
    f.kind = "convolution";
    f.numbers = {{"inputChannels", static_cast<double>(maps.channels)},
                 {"height", static_cast<double>(maps.height)},
                 {"width", static_cast<double>(maps.width)},
                 {"channels", static_cast<double>(l.channels)},
                 {"kernel", static_cast<double>(l.kernel)},
                 {"stride", static_cast<double>(l.stride)},
                 {"pool", static_cast<double>(l.pool)},
                 {"hasBiases", n.has_bias ? 1.0 : 0.0},
                 {"weightVariance", 1.7},
                 {"biasVariance", 0.1},
                 {"forwardMultiplier", 1.25}};
    f.words = {{"law", "gaussian"}, {"padding", n.padding}, {"pooling", n.pooling}};
    f.activations["activation"] = n.activation;
    o.layers.push_back(f);
    maps = {l.channels, places(n.padding, maps.height, l) / l.pool, places(n.padding, maps.width, l) / l.pool};
  }
  LayerFields head;
  head.kind = "dense";
  head.numbers = {
      {"units", 3.0}, {"hasBiases", 1.0}, {"weightVariance", 1.0}, {"biasVariance", 0.1}, {"keepProbability", 1.0}};
  head.words = {{"law", "gaussian"}};
  o.layers.push_back(head);
  o.input_scale.assign(o.dimension, 0.9);
  o.input_shift.assign(o.dimension, 0.1);
  o.loss = n.loss;
  o.optimizer.kind = OptimizerKind::kMomentum;
  o.rates = {0.0, 0.0, 0.0, 0.0};
  o.batch = kBatch;
  o.seed = 11;
  o.is_double = true;
  o.statistics_every = 1;
  return o;
}

// Place of the kernel's entry j at output o; -1 outside.
std::ptrdiff_t source(const std::string& padding, std::size_t side, const OneLayer& l, std::size_t o, std::size_t j) {
  auto at = static_cast<std::ptrdiff_t>(o * l.stride + j);
  if (padding == "valid") return at;
  at -= static_cast<std::ptrdiff_t>((l.kernel - 1) / 2);
  const auto n = static_cast<std::ptrdiff_t>(side);
  if (padding == "circular") return (at % n + n) % n;
  return at < 0 || at >= n ? -1 : at;
}

// Differences of this step are right to 1e-9 where no pool changes its maximum.
constexpr double kFineStep = 5e-4;

// The mean loss, and how near the two largest values of a pool come.
struct Naive {
  double loss = 0, distance = INFINITY;
};

Naive naive_pass(const Network2& n, const TrainingOptions& o, const Problem& p, const std::vector<double>& w) {
  double total = 0, distance = INFINITY;
  for (std::size_t row = 0; row < kBatch; ++row) {
    std::vector<double> u(o.dimension);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] = p.values[row * u.size() + i] * 0.9 + 0.1;
    const double* at = w.data();
    Maps maps = n.input;
    for (const OneLayer& l : n.layers) {
      const std::size_t height = places(n.padding, maps.height, l), width = places(n.padding, maps.width, l);
      const double* bias = at + l.channels * maps.channels * l.kernel * l.kernel;
      std::vector<double> z(l.channels * height * width);
      for (std::size_t c = 0; c < l.channels; ++c)
        for (std::size_t y = 0; y < height; ++y)
          for (std::size_t x = 0; x < width; ++x) {
            double sum = 0;
            for (std::size_t d = 0; d < maps.channels; ++d)
              for (std::size_t i = 0; i < l.kernel; ++i)
                for (std::size_t j = 0; j < l.kernel; ++j) {
                  const std::ptrdiff_t r = source(n.padding, maps.height, l, y, i);
                  const std::ptrdiff_t s = source(n.padding, maps.width, l, x, j);
                  if (r < 0 || s < 0) continue;
                  sum += at[((c * maps.channels + d) * l.kernel + i) * l.kernel + j] *
                         u[(d * maps.height + static_cast<std::size_t>(r)) * maps.width + static_cast<std::size_t>(s)];
                }
            z[(c * height + y) * width + x] = 1.25 * sum + (n.has_bias ? bias[c] : 0.0);
          }
      at = bias + (n.has_bias ? l.channels : 0);
      std::vector<double> v(z.size());
      activate(n.activation, std::span<const double>(z), std::span<double>(v));
      const Maps pooled{l.channels, height / l.pool, width / l.pool};
      u.assign(pooled.size(), 0.0);
      for (std::size_t c = 0; c < pooled.channels; ++c)
        for (std::size_t y = 0; y < pooled.height; ++y)
          for (std::size_t x = 0; x < pooled.width; ++x) {
            double sum = 0, largest = -INFINITY, second = -INFINITY;
            for (std::size_t i = 0; i < l.pool; ++i)
              for (std::size_t j = 0; j < l.pool; ++j) {
                const double value = v[(c * height + y * l.pool + i) * width + x * l.pool + j];
                sum += value;
                second = std::max(second, std::min(largest, value));
                largest = std::max(largest, value);
              }
            if (l.pool > 1) distance = std::min(distance, largest - second);
            u[(c * pooled.height + y) * pooled.width + x] =
                n.pooling == "max" ? largest : sum / static_cast<double>(l.pool * l.pool);
          }
      maps = pooled;
    }
    std::vector<double> out(3);
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t i = 0; i < u.size(); ++i) out[k] += at[k * u.size() + i] * u[i];
    for (std::size_t k = 0; k < 3; ++k) out[k] += at[3 * u.size() + k];
    total += naive_loss(n.loss, out, p.labels[row]) / kBatch;
  }
  return {total, n.pooling == "max" ? distance : INFINITY};
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  using K = ActivationKind;
  const Activation tanh{K::kTanh, {}, {}}, sigmoid{K::kSigmoid, {}, {}};
  for (const Network2& n : std::vector<Network2>{
           {"valid, average",
            {2, 8, 6},
            {{3, 3, 1, 2}, {4, 2, 1, 1}},
            "valid",
            "average",
            sigmoid,
            false,
            LossKind::kBrier},
           {"valid, max", {1, 8, 8}, {{2, 3, 1, 3}, {3, 2, 1, 1}}, "valid", "max", tanh, true, LossKind::kCrossEntropy},
           {"valid, stride 2",
            {3, 7, 9},
            {{3, 3, 2, 1}, {2, 2, 1, 1}},
            "valid",
            "average",
            tanh,
            true,
            LossKind::kSquared},
           {"zeros, max", {2, 6, 4}, {{3, 3, 1, 2}, {3, 5, 1, 1}}, "zero", "max", tanh, true, LossKind::kCrossEntropy},
           {"zeros, stride 2, even kernel",
            {1, 7, 5},
            {{3, 4, 2, 1}, {2, 3, 1, 1}},
            "zero",
            "average",
            tanh,
            true,
            LossKind::kCrossEntropy},
           {"circular", {2, 6, 4}, {{3, 3, 1, 2}, {2, 2, 1, 1}}, "circular", "average", tanh, true, LossKind::kBrier},
           {"circular, stride 2",
            {1, 5, 6},
            {{3, 3, 2, 1}, {35, 1, 1, 1}},
            "circular",
            "max",
            tanh,
            false,
            LossKind::kCrossEntropy},
           // Wider than a vector and one that is not full; more channels than are weighed together; several tiles.
           {"many channels",
            {1, 4, 18},
            {{17, 3, 1, 1}, {2, 2, 1, 2}},
            "zero",
            "average",
            tanh,
            true,
            LossKind::kCrossEntropy},
           {"circular, even kernel",
            {2, 6, 6},
            {{4, 4, 1, 1}, {2, 5, 1, 2}},
            "circular",
            "average",
            tanh,
            true,
            LossKind::kBrier},
           {"a kernel as large as its map",
            {2, 7, 7},
            {{4, 7, 1, 1}},
            "valid",
            "average",
            tanh,
            true,
            LossKind::kBrier},
           // 65,536 numbers of patches are a band: the first layer has several, of 27 rows, the last one cut short.
           {"several bands",
            {3, 36, 90},
            {{2, 3, 1, 1}, {2, 9, 9, 2}},
            "zero",
            "average",
            tanh,
            true,
            LossKind::kCrossEntropy}}) {
    TrainingOptions o = options_of(n);
    Problem p;
    std::vector<double> parameters;
    for (;; ++o.seed) {  // the first seed whose pools have a clear maximum
      p = make_problem(o.seed, o.dimension);
      Network<double> network(o);
      parameters.assign(network.values().begin(), network.values().end());
      if (naive_pass(n, o, p, parameters).distance > 8 * kFineStep) break;
    }
    // By patches, and directly where the processor can.
    for (const InstructionSet set : {InstructionSet::kBaseline, best_instruction_set()}) {
      if (set != InstructionSet::kBaseline && n.name == "several bands") continue;
      set_instruction_set(set);
      check_gradients(
          tally, n.name + ", " + instruction_set_name(set), o, p, parameters,
          [&](const std::vector<double>& w) { return naive_pass(n, o, p, w).loss; }, 1e-8, kFineStep);
    }
  }
  return tally.finish();
}
