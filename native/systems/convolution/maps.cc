#include "systems/convolution/maps.h"

#include <algorithm>
#include <string>

#include "core/error.h"

namespace mft::convolution {
namespace {

std::size_t places(Padding padding, std::size_t side, std::size_t kernel, std::size_t stride) {
  return padding == Padding::kValid ? (side - kernel) / stride + 1 : (side + stride - 1) / stride;
}

std::vector<std::ptrdiff_t> sources(Padding padding, std::size_t side, std::size_t count, const Layer& layer) {
  std::vector<std::ptrdiff_t> result(count * layer.kernel);
  const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(side);
  const std::ptrdiff_t before = padding == Padding::kValid ? 0 : static_cast<std::ptrdiff_t>((layer.kernel - 1) / 2);
  for (std::size_t o = 0; o < count; ++o)
    for (std::size_t j = 0; j < layer.kernel; ++j) {
      std::ptrdiff_t at = static_cast<std::ptrdiff_t>(o * layer.stride + j) - before;
      if (padding == Padding::kCircular)
        at = ((at % n) + n) % n;
      else if (at < 0 || at >= n)
        at = -1;
      result[o * layer.kernel + j] = at;
    }
  return result;
}

}  // namespace

Convolution::Convolution(const Layer& layer, const Map& input, Padding padding) : layer_(layer), input_(input) {
  before_pool_ = {layer.channels, places(padding, input.height, layer.kernel, layer.stride),
                  places(padding, input.width, layer.kernel, layer.stride)};
  output_ = {layer.channels, before_pool_.height / layer.pool, before_pool_.width / layer.pool};
  rows_ = sources(padding, input.height, before_pool_.height, layer);
  columns_ = sources(padding, input.width, before_pool_.width, layer);
}

void Convolution::gather(std::span<const double> z, std::span<double> patches) const {
  const std::size_t k = layer_.kernel, height = before_pool_.height, width = before_pool_.width;
  double* out = patches.data();
  for (std::size_t c = 0; c < input_.channels; ++c) {
    const double* map = z.data() + c * input_.positions();
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j)
        for (std::size_t row = 0; row < height; ++row, out += width) {
          const std::ptrdiff_t from = rows_[row * k + i];
          if (from < 0) {
            std::fill_n(out, width, 0.0);
            continue;
          }
          const double* line = map + static_cast<std::size_t>(from) * input_.width;
          for (std::size_t column = 0; column < width; ++column) {
            const std::ptrdiff_t at = columns_[column * k + j];
            out[column] = at < 0 ? 0.0 : line[at];
          }
        }
  }
}

void Convolution::scatter(std::span<const double> patches, std::span<double> z) const {
  const std::size_t k = layer_.kernel, height = before_pool_.height, width = before_pool_.width;
  std::fill(z.begin(), z.end(), 0.0);
  const double* in = patches.data();
  for (std::size_t c = 0; c < input_.channels; ++c) {
    double* map = z.data() + c * input_.positions();
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j)
        for (std::size_t row = 0; row < height; ++row, in += width) {
          const std::ptrdiff_t to = rows_[row * k + i];
          if (to < 0) continue;
          double* line = map + static_cast<std::size_t>(to) * input_.width;
          for (std::size_t column = 0; column < width; ++column) {
            const std::ptrdiff_t at = columns_[column * k + j];
            if (at >= 0) line[at] += in[column];
          }
        }
  }
}

void Convolution::pool(Pooling pooling, std::span<const double> before, std::span<double> after) const {
  const std::size_t p = layer_.pool, width = before_pool_.width;
  const double share = 1.0 / static_cast<double>(p * p);
  for (std::size_t c = 0, out = 0; c < output_.channels; ++c)
    for (std::size_t row = 0; row < output_.height; ++row)
      for (std::size_t column = 0; column < output_.width; ++column, ++out) {
        const double* block = before.data() + c * before_pool_.positions() + row * p * width + column * p;
        double value = pooling == Pooling::kMax ? block[0] : 0.0;
        for (std::size_t i = 0; i < p; ++i)
          for (std::size_t j = 0; j < p; ++j)
            value = pooling == Pooling::kMax ? std::max(value, block[i * width + j]) : value + block[i * width + j];
        after[out] = pooling == Pooling::kMax ? value : share * value;
      }
}

void Convolution::unpool(Pooling pooling, std::span<const double> before, std::span<const double> after,
                         std::span<double> result) const {
  const std::size_t p = layer_.pool, width = before_pool_.width;
  const double share = 1.0 / static_cast<double>(p * p);
  for (std::size_t c = 0, in = 0; c < output_.channels; ++c)
    for (std::size_t row = 0; row < output_.height; ++row)
      for (std::size_t column = 0; column < output_.width; ++column, ++in) {
        const std::size_t first = c * before_pool_.positions() + row * p * width + column * p;
        std::size_t best = first;
        for (std::size_t i = 0; i < p; ++i)
          for (std::size_t j = 0; j < p; ++j) {
            const std::size_t at = first + i * width + j;
            result[at] = pooling == Pooling::kMax ? 0.0 : share * after[in];
            if (before[at] > before[best]) best = at;
          }
        if (pooling == Pooling::kMax) result[best] = after[in];
      }
}

std::vector<Convolution> convolutions(const std::vector<Layer>& layers, Map input, Padding padding) {
  std::vector<Convolution> result;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const Layer& layer = layers[l];
    if (padding != Padding::kZero && layer.kernel > std::min(input.height, input.width))
      throw Error("SHAPE", "kernel", "Expected the kernel of layer " + std::to_string(l) + " to fit into its input.");
    result.emplace_back(layer, input, padding);
    const Map& map = result.back().before_pool();
    if (map.height % layer.pool != 0 || map.width % layer.pool != 0)
      throw Error("SHAPE", "pool", "Expected the pool of layer " + std::to_string(l) + " to divide its map.");
    input = result.back().output();
  }
  return result;
}

}  // namespace mft::convolution
