// Products of kernels with shifted places of maps, of stride 1 (core/convolution_direct.h): nothing is copied into
// patches, and the way back is the convolution of the errors with turned kernels.
#include <algorithm>

#include "core/convolution_direct.h"
#include "core/aligned.h"
#include "train/layers/convolution_products.h"

namespace mft::train {
namespace {

using convolution::Convolution;
using convolution::Padding;
using convolution::Surroundings;

// Numbers of patches of a tile of the update, about: every tile reads all errors, from memory when a batch is large, so
// that many lines must be worth it; few enough to share a layer among threads.
constexpr std::size_t kPartNumbers = 144;

// Of a thread; both grow once.
template <typename T>
struct Rooms {
  AlignedVector<T> map, packed;
};
template <typename T>
Rooms<T>& rooms() {
  thread_local Rooms<T> own;
  return own;
}
template <typename T>
T* place(AlignedVector<T>& storage, std::size_t size) {
  if (storage.size() < size) storage.resize(size);
  return storage.data();
}

template <typename T>
class DirectProducts final : public ConvolutionProducts<T> {
 public:
  DirectProducts(const Convolution& maps, Padding padding, bool has_biases) : maps_(maps), has_biases_(has_biases) {
    const std::size_t reach = kernel() - 1, before = padding == Padding::kValid ? 0 : reach / 2;
    const std::size_t after = padding == Padding::kValid ? 0 : reach - before;
    const Padding around = padding == Padding::kCircular ? Padding::kCircular : Padding::kZero;
    input_ = {maps.input(), before, after, around, sizeof(T)};
    errors_ = {maps.before_pool(), reach - before, reach - after, around, sizeof(T)};
    const std::size_t wanted = std::max<std::size_t>(1, kPartNumbers / (kernel() * kernel()));
    parts_ = parts_of(maps.input().channels, wanted);
    blocks_ = parts_of(channels(), convolution::kWeighed<T>);
  }
  std::size_t tiles() const override { return blocks_ * parts_; }
  KernelPart part(std::size_t tile) const override {
    const Part block = part_at(tile / parts_, blocks_, channels()), own = input_channels(tile);
    const std::size_t square = kernel() * kernel();
    return {block.first, block.count, own.first * square, own.count * square, has_biases_ && tile % parts_ == 0};
  }
  std::size_t scratch() const override {
    const std::size_t most = parts_of(maps_.input().channels, parts_);  // channels of a part, at most
    const std::size_t rows = most * kernel() * kernel() + 1;
    return rows * (2 * convolution::kWeighed<T> + channels_of_block()) + input_.size(most + 1);
  }
  void forward(const Kernels<T>& kernels, std::size_t rows, const T* images, T* z) const override;
  void backward(const Kernels<T>& kernels, std::size_t rows, T* deltas, T* input_errors) const override;
  KernelPart gradient(std::size_t tile, T multiplier, std::size_t rows, const T* images, const T* deltas,
                      T* scratch) const override;

 private:
  std::size_t kernel() const { return maps_.layer().kernel; }
  std::size_t channels() const { return maps_.layer().channels; }
  std::size_t channels_of_block() const { return parts_of(channels(), blocks_); }
  Part input_channels(std::size_t tile) const { return part_at(tile % parts_, parts_, maps_.input().channels); }

  Convolution maps_;
  bool has_biases_;
  Surroundings input_, errors_;
  std::size_t blocks_ = 1, parts_ = 1;  // of the kernels, of the input's channels: a tile of the update is one of each
};

template <typename T>
void DirectProducts<T>::forward(const Kernels<T>& kernels, std::size_t rows, const T* images, T* z) const {
  const std::size_t patch = maps_.patch();
  T* const packed = place(rooms<T>().packed, maps_.weights());
  convolution::pack_kernels(channels(), patch, packed,
                            [&](std::size_t r, std::size_t p) { return kernels.weights[r * patch + p]; });
  T* const map = place(rooms<T>().map, input_.size());
  input_.clear(maps_.input().channels, map);
  const auto& after = maps_.before_pool();
  for (std::size_t row = 0; row < rows; ++row, images += maps_.input().size(), z += after.size()) {
    input_.put(maps_.input().channels, images, map);
    convolution::direct_kernels<T>().correlate({channels(), maps_.input().channels, kernel(), after.height, after.width,
                                                packed, map, input_.pitch(), input_.plane(), kernels.multiplier,
                                                kernels.biases, z});
  }
}

template <typename T>
void DirectProducts<T>::backward(const Kernels<T>& kernels, std::size_t rows, T* deltas, T* input_errors) const {
  const std::size_t inputs = maps_.input().channels, side = kernel(), square = side * side;
  T* const packed = place(rooms<T>().packed, maps_.weights());
  if (input_errors != nullptr)
    convolution::pack_kernels(inputs, channels() * square, packed, [&](std::size_t c, std::size_t p) {
      return kernels.weights[(p / square * inputs + c) * square + square - 1 - p % square];
    });
  T* const map = place(rooms<T>().map, errors_.size());
  errors_.clear(channels(), map);
  const auto& own = maps_.before_pool();
  const auto& direct = convolution::direct_kernels<T>();
  for (std::size_t row = 0; row < rows; ++row, deltas += own.size()) {
    errors_.put(channels(), deltas, map);
    for (std::size_t b = 0; b < blocks_; ++b) {
      const Part block = part_at(b, blocks_, channels());
      const T* const from = map + errors_.origin() + block.first * errors_.plane();
      T* const to = deltas + block.first * own.positions();
      for (std::size_t y = 0; y < own.height; ++y)
        direct.turn(block.count, own.width, from + y * errors_.pitch(), errors_.plane(),
                    to + y * own.width * block.count);
    }
    if (input_errors == nullptr) continue;
    direct.correlate({inputs, channels(), side, maps_.input().height, maps_.input().width, packed, map, errors_.pitch(),
                      errors_.plane(), kernels.multiplier, nullptr, input_errors});
    input_errors += maps_.input().size();
  }
}

template <typename T>
KernelPart DirectProducts<T>::gradient(std::size_t tile, T multiplier, std::size_t rows, const T* images,
                                       const T* deltas, T* scratch) const {
  constexpr std::size_t kColumns = convolution::kWeighed<T>;
  const KernelPart own = part(tile);
  const Part inputs = input_channels(tile);
  const std::size_t count = own.length + (own.has_biases ? 1 : 0);
  T* const sums = scratch + own.size();
  T* const chains = sums + count * kColumns;
  T* const map = chains + count * kColumns;
  input_.clear(inputs.count, map);
  const T* ones = nullptr;
  if (own.has_biases) {  // a map of ones
    std::fill_n(map + inputs.count * input_.plane(), input_.plane(), T(1));
    ones = map + inputs.count * input_.plane();
  }
  std::fill_n(sums, count * kColumns, T(0));
  const auto& after = maps_.before_pool();
  images += inputs.first * maps_.input().positions();
  for (std::size_t row = 0; row < rows; ++row) {
    input_.put(inputs.count, images + row * maps_.input().size(), map);
    const T* const delta = deltas + row * after.size() + own.first * after.positions();
    convolution::direct_kernels<T>().weigh({inputs.count, kernel(), after.height, after.width, map, input_.pitch(),
                                            input_.plane(), ones, delta, own.count, own.count, sums, chains});
  }
  for (std::size_t c = 0; c < own.count; ++c)
    for (std::size_t p = 0; p < own.length; ++p) scratch[c * own.length + p] = multiplier * sums[p * kColumns + c];
  for (std::size_t c = 0; own.has_biases && c < own.count; ++c)
    scratch[own.count * own.length + c] = sums[own.length * kColumns + c];
  return own;
}

}  // namespace

template <typename T>
std::unique_ptr<ConvolutionProducts<T>> direct_products(const Convolution& maps, Padding padding, bool has_biases) {
  return std::make_unique<DirectProducts<T>>(maps, padding, has_biases);
}
template std::unique_ptr<ConvolutionProducts<float>> direct_products(const Convolution&, Padding, bool);
template std::unique_ptr<ConvolutionProducts<double>> direct_products(const Convolution&, Padding, bool);

}  // namespace mft::train
