#include "core/convolution_maps.h"

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
  for (std::size_t j = 0; j < layer.kernel && layer.stride == 1; ++j) {
    Stretch longest;
    for (std::size_t first = 0; first < before_pool_.width;) {
      const std::ptrdiff_t source = columns_[first * layer.kernel + j];
      std::size_t last = first + 1;
      while (last < before_pool_.width && source >= 0 &&
             columns_[last * layer.kernel + j] == source + static_cast<std::ptrdiff_t>(last - first))
        ++last;
      if (source >= 0 && last - first > longest.last - longest.first)
        longest = {first, last, static_cast<std::size_t>(source)};
      first = last;
    }
    stretches_.push_back(longest);
  }
}

template <typename T>
void Convolution::gather(const T* z, Band band, T* patches) const {
  const std::size_t k = layer_.kernel, width = before_pool_.width;
  T* out = patches;
  for (std::size_t c = 0; c < input_.channels; ++c) {
    const T* map = z + c * input_.positions();
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        const Stretch near = stretches_.empty() ? Stretch{} : stretches_[j];
        for (std::size_t row = band.first; row < band.first + band.count; ++row, out += width) {
          const std::ptrdiff_t from = rows_[row * k + i];
          if (from < 0) {
            std::fill_n(out, width, T(0));
            continue;
          }
          const T* line = map + static_cast<std::size_t>(from) * input_.width;
          const auto one = [&](std::size_t column) {
            const std::ptrdiff_t at = columns_[column * k + j];
            out[column] = at < 0 ? T(0) : line[at];
          };
          for (std::size_t column = 0; column < near.first; ++column) one(column);
          std::copy_n(line + near.source, near.last - near.first, out + near.first);
          for (std::size_t column = near.last; column < width; ++column) one(column);
        }
      }
  }
}

template <typename T>
void Convolution::scatter(const T* patches, Band band, T* z) const {
  const std::size_t k = layer_.kernel, width = before_pool_.width;
  const T* in = patches;
  for (std::size_t c = 0; c < input_.channels; ++c) {
    T* map = z + c * input_.positions();
    for (std::size_t i = 0; i < k; ++i)
      for (std::size_t j = 0; j < k; ++j) {
        const Stretch near = stretches_.empty() ? Stretch{} : stretches_[j];
        for (std::size_t row = band.first; row < band.first + band.count; ++row, in += width) {
          const std::ptrdiff_t to = rows_[row * k + i];
          if (to < 0) continue;
          T* line = map + static_cast<std::size_t>(to) * input_.width;
          const auto one = [&](std::size_t column) {
            const std::ptrdiff_t at = columns_[column * k + j];
            if (at >= 0) line[at] += in[column];
          };
          for (std::size_t column = 0; column < near.first; ++column) one(column);
          T* const target = line + near.source;
          for (std::size_t n = 0; n < near.last - near.first; ++n) target[n] += in[near.first + n];
          for (std::size_t column = near.last; column < width; ++column) one(column);
        }
      }
  }
}

template <typename T>
void Convolution::pool(Pooling pooling, const T* before, T* after) const {
  const std::size_t p = layer_.pool, width = before_pool_.width;
  const T share = T(1) / static_cast<T>(p * p);
  for (std::size_t c = 0, out = 0; c < output_.channels; ++c)
    for (std::size_t row = 0; row < output_.height; ++row)
      for (std::size_t column = 0; column < output_.width; ++column, ++out) {
        const T* block = before + c * before_pool_.positions() + row * p * width + column * p;
        T value = pooling == Pooling::kMax ? block[0] : T(0);
        for (std::size_t i = 0; i < p; ++i)
          for (std::size_t j = 0; j < p; ++j)
            value = pooling == Pooling::kMax ? std::max(value, block[i * width + j]) : value + block[i * width + j];
        after[out] = pooling == Pooling::kMax ? value : share * value;
      }
}

template <typename T>
void Convolution::unpool(Pooling pooling, const T* before, const T* after, T* result) const {
  const std::size_t p = layer_.pool, width = before_pool_.width;
  const T share = T(1) / static_cast<T>(p * p);
  for (std::size_t c = 0, in = 0; c < output_.channels; ++c)
    for (std::size_t row = 0; row < output_.height; ++row)
      for (std::size_t column = 0; column < output_.width; ++column, ++in) {
        const std::size_t first = c * before_pool_.positions() + row * p * width + column * p;
        std::size_t best = first;
        for (std::size_t i = 0; i < p; ++i)
          for (std::size_t j = 0; j < p; ++j) {
            const std::size_t at = first + i * width + j;
            result[at] = pooling == Pooling::kMax ? T(0) : share * after[in];
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

template void Convolution::gather(const float*, Band, float*) const;
template void Convolution::gather(const double*, Band, double*) const;
template void Convolution::scatter(const float*, Band, float*) const;
template void Convolution::scatter(const double*, Band, double*) const;
template void Convolution::pool(Pooling, const float*, float*) const;
template void Convolution::pool(Pooling, const double*, double*) const;
template void Convolution::unpool(Pooling, const float*, const float*, float*) const;
template void Convolution::unpool(Pooling, const double*, const double*, double*) const;

}  // namespace mft::convolution
