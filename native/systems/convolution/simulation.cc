#include "systems/convolution/simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numbers>

#include "core/blas.h"
#include "core/error.h"
#include "core/math.h"
#include "core/random.h"
#include "systems/convolution/purposes.h"

namespace mft::convolution {
namespace {

// Share of a sum below which a Fourier mode is what rounding left of it: ts/systems/convolution/predict.ts.
constexpr double kRounding = 1e-13;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Layout {
  explicit Layout(std::size_t depth)
      : corner(depth),
        neighbour(2 * depth),
        mode(3 * depth),
        gradient((3 + kModes) * depth),
        size((4 + kModes) * depth) {}
  std::size_t corner, neighbour, mode, gradient, size;
};

double square(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return sum;
}

double finite(double value) { return std::isfinite(value) ? value : kNone; }

class Engine {
 public:
  explicit Engine(const Simulation& simulation)
      : s_(simulation),
        layers_(convolutions(s_.layers(), {s_.input_channels, s_.input_height, s_.input_width}, s_.padding)),
        layout_(layers_.size()),
        weights_(layers_.size()),
        before_(layers_.size()),
        slopes_(layers_.size()) {
    if (s_.image.size() != s_.input_channels * s_.input_height * s_.input_width)
      throw Error("SHAPE", "image", "Expected `image` to have as many entries as the input.");
    std::size_t patches = 0, maps = s_.image.size();
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const Convolution& layer = layers_[l];
      weights_[l].resize(layer.weights());
      before_[l].resize(layer.before_pool().size());
      slopes_[l].resize(layer.before_pool().size());
      patches = std::max(patches, layer.patch() * layer.before_pool().positions());
      maps = std::max({maps, layer.before_pool().size(), layer.input().size()});
    }
    patches_.resize(patches);
    map_.resize(maps);
    other_.resize(maps);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    std::copy(s_.image.begin(), s_.image.end(), map_.begin());
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      control.throw_if_cancelled();
      forward(trial, l, row);
      control.advance(1);
    }
    std::size_t l = layers_.size() - 1;
    const std::size_t last = before_[l].size();
    random_normals({s_.seed, trial, 0, purpose::kOutput}, 0, std::span(other_).first(last));
    const double norm = std::sqrt(square(std::span(other_).first(last)));
    for (std::size_t i = 0; i < last; ++i) other_[i] /= norm;
    row[layout_.gradient + l] = 0;
    for (; l > 0; --l) {
      control.throw_if_cancelled();
      backward(l);
      row[layout_.gradient + l - 1] = log(square(std::span(other_).first(before_[l - 1].size())));
      control.advance(1);
    }
    control.advance(1);
  }

 private:
  // map_: what enters layer l, then what leaves it.
  void forward(std::uint32_t trial, std::size_t l, std::span<double> row) {
    const Convolution& layer = layers_[l];
    const std::size_t patch = layer.patch(), positions = layer.before_pool().positions();
    const std::size_t channels = layer.layer().channels;
    const auto stream = static_cast<std::uint32_t>(l + 1);
    random_normals({s_.seed, trial, stream, purpose::kWeights}, 0, weights_[l]);
    const double scale = std::sqrt(s_.weight_variance / static_cast<double>(patch));
    layer.gather(map_.data(), layer.whole(), patches_.data());
    std::vector<double>& x = before_[l];
    blas::gemm(false, false, channels, positions, patch, scale, weights_[l].data(), patch, patches_.data(), positions,
               0.0, x.data(), positions);
    if (s_.bias_variance > 0) {
      biases_.resize(channels);
      random_normals({s_.seed, trial, stream, purpose::kBiases}, 0, biases_);
      const double deviation = std::sqrt(s_.bias_variance);
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t p = 0; p < positions; ++p) x[c * positions + p] += deviation * biases_[c];
    }
    measure(l, row);
    activate_both(s_.activation, x, std::span(other_).first(x.size()), slopes_[l]);
    // What the maxima of a pool are compared by on the way back: activations.
    std::copy_n(other_.begin(), x.size(), x.begin());
    layer.pool(s_.pooling, x.data(), map_.data());
  }

  void measure(std::size_t l, std::span<double> row) {
    const Map& map = layers_[l].before_pool();
    const std::vector<double>& x = before_[l];
    const auto channels = static_cast<double>(map.channels);
    squares_.assign(map.positions(), 0.0);
    double neighbours = 0;
    const bool wraps = s_.padding == Padding::kCircular;
    for (std::size_t c = 0; c < map.channels; ++c) {
      const double* values = x.data() + c * map.positions();
      for (std::size_t p = 0; p < map.positions(); ++p) squares_[p] += values[p] * values[p];
      for (std::size_t i = 0; i < map.height; ++i) {
        const double* line = values + i * map.width;
        for (std::size_t j = 0; j + 1 < map.width; ++j) neighbours += line[j] * line[j + 1];
        if (wraps && map.width > 1) neighbours += line[map.width - 1] * line[0];
      }
    }
    double sum = 0;
    double modes[kModes] = {};
    for (std::size_t i = 0; i < map.height; ++i)
      for (std::size_t j = 0; j < map.width; ++j) {
        const double q = squares_[i * map.width + j];
        sum += q;
        for (std::size_t k = 0; k < kModes; ++k) {
          const double turns = static_cast<double>((k + 1) * j) / static_cast<double>(map.width);
          modes[k] += q * std::cos(2 * std::numbers::pi * turns);
        }
      }
    const double count = channels * static_cast<double>(map.positions());
    const double pairs = channels * static_cast<double>(map.height * (wraps ? map.width : map.width - 1));
    row[l] = finite(sum / count);
    row[layout_.corner + l] = finite(squares_[0] / channels);
    row[layout_.neighbour + l] = map.width > 1 ? finite(neighbours / pairs) : kNone;
    for (std::size_t k = 0; k < kModes; ++k)
      row[layout_.mode + l * kModes + k] = finite(std::abs(modes[k]) <= kRounding * sum ? 0.0 : modes[k] / count);
  }

  // other_: the gradient at the pre-activations of layer l, then of layer l - 1.
  void backward(std::size_t l) {
    const Convolution& layer = layers_[l];
    const std::size_t patch = layer.patch(), positions = layer.before_pool().positions();
    const double scale = std::sqrt(s_.weight_variance / static_cast<double>(patch));
    blas::gemm(true, false, patch, positions, layer.layer().channels, scale, weights_[l].data(), patch, other_.data(),
               positions, 0.0, patches_.data(), positions);
    std::fill_n(map_.begin(), layer.input().size(), 0.0);
    layer.scatter(patches_.data(), layer.whole(), map_.data());
    layers_[l - 1].unpool(s_.pooling, before_[l - 1].data(), map_.data(), other_.data());
    for (std::size_t i = 0; i < before_[l - 1].size(); ++i) other_[i] *= slopes_[l - 1][i];
  }

  const Simulation& s_;
  const std::vector<Convolution> layers_;
  const Layout layout_;
  std::vector<std::vector<double>> weights_, before_, slopes_;
  std::vector<double> patches_, map_, other_, biases_, squares_;
};

}  // namespace

std::vector<Layer> Simulation::layers() const {
  std::vector<Layer> result;
  if (stride.size() != kernel.size() || channels.size() != kernel.size() || pool.size() != kernel.size())
    throw Error("SHAPE", "kernel", "Expected kernel, stride, channels and pool to have one entry per layer.");
  for (std::size_t l = 0; l < kernel.size(); ++l) result.push_back({kernel[l], stride[l], channels[l], pool[l]});
  return result;
}

RowTable row_table(const Simulation& s) {
  const std::size_t depth = s.kernel.size();
  const Layout at(depth);
  const RowAxis layer{"layer", depth, 1}, value{"value", 1, 0}, mode{"mode", kModes, 0};
  return {at.size,
          {{"variance", RowScale::kLinear, 0, 1, layer, value},
           {"cornerVariance", RowScale::kLinear, at.corner, 1, layer, value},
           {"neighbourCovariance", RowScale::kLinear, at.neighbour, 1, layer, value},
           {"varianceMode", RowScale::kLinear, at.mode, kModes, layer, mode},
           {"gradient", RowScale::kLog, at.gradient, 1, layer, value}}};
}

double engine_bytes(const Simulation& s) {
  double kept = 0, patches = 0, maps = static_cast<double>(s.image.size());
  for (const Convolution& layer :
       convolutions(s.layers(), {s.input_channels, s.input_height, s.input_width}, s.padding)) {
    const auto before = static_cast<double>(layer.before_pool().size());
    kept += static_cast<double>(layer.weights()) + 2 * before;
    patches = std::max(patches, static_cast<double>(layer.patch() * layer.before_pool().positions()));
    maps = std::max({maps, before, static_cast<double>(layer.input().size())});
  }
  return 8 * (kept + patches + 2 * maps);
}

void simulate(const Simulation& s, const Control& control, std::span<double> rows) {
  run_trials(s.range, Layout(s.kernel.size()).size, control, rows, [&] { return std::make_unique<Engine>(s); });
}

}  // namespace mft::convolution
