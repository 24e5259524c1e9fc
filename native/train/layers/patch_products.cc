// Products of kernels with patches, band of rows by band of rows: a band's patches stay in the cache.
#include <algorithm>

#include "core/product.h"
#include "train/buffer.h"
#include "train/elementwise.h"
#include "train/layers/convolution_products.h"

namespace mft::train {
namespace {

using convolution::Convolution;

// Numbers of a band's patches: they stay in the L2 cache. Channels of a tile of the update. Both are part of the bits.
constexpr std::size_t kBandNumbers = 65536, kTileChannels = 32;

// Grows once.
template <typename T>
T* band_scratch(std::size_t count) {
  thread_local Buffer<T> scratch;
  if (scratch.size() < count) scratch.resize(count);
  return scratch.data();
}

template <typename T>
class PatchProducts final : public ConvolutionProducts<T> {
 public:
  PatchProducts(const Convolution& maps, bool has_biases) : maps_(maps), has_biases_(has_biases) {
    const std::size_t row = patch() * width();
    band_rows_ = std::clamp<std::size_t>(kBandNumbers / row, 1, maps_.before_pool().height);
  }
  std::size_t tiles() const override { return (channels() + kTileChannels - 1) / kTileChannels; }
  KernelPart part(std::size_t tile) const override {
    const std::size_t first = tile * kTileChannels;
    return {first, std::min(kTileChannels, channels() - first), 0, patch(), has_biases_};
  }
  std::size_t scratch() const override {
    const std::size_t count = std::min(kTileChannels, channels());
    return count * (patch() + 1) + std::max(patch() * band_rows_ * width(), count * places());
  }
  void forward(const Kernels<T>& kernels, std::size_t rows, const T* images, T* z) const override;
  void backward(const Kernels<T>& kernels, std::size_t rows, T* deltas, T* input_errors) const override;
  KernelPart gradient(std::size_t tile, T multiplier, std::size_t rows, const T* images, const T* deltas,
                      T* scratch) const override;

 private:
  using Band = Convolution::Band;
  std::size_t patch() const { return maps_.patch(); }
  std::size_t width() const { return maps_.before_pool().width; }
  std::size_t places() const { return maps_.before_pool().positions(); }
  std::size_t channels() const { return maps_.layer().channels; }
  template <typename Body>
  void for_bands(Body body) const {
    const std::size_t height = maps_.before_pool().height;
    for (std::size_t row = 0; row < height; row += band_rows_) body(Band{row, std::min(band_rows_, height - row)});
  }

  Convolution maps_;
  bool has_biases_;
  std::size_t band_rows_ = 1;
};

template <typename T>
void PatchProducts<T>::forward(const Kernels<T>& kernels, std::size_t rows, const T* images, T* z) const {
  T* const patches = band_scratch<T>(patch() * band_rows_ * width());
  for (std::size_t row = 0; row < rows; ++row, images += maps_.input().size(), z += maps_.before_pool().size()) {
    if (kernels.biases != nullptr)
      for (std::size_t c = 0; c < channels(); ++c) std::fill_n(z + c * places(), places(), kernels.biases[c]);
    for_bands([&](Band band) {
      const std::size_t count = band.count * width();
      maps_.gather(images, band, patches);
      matrix_product(false, false, channels(), count, patch(), kernels.multiplier, kernels.weights, patch(), patches,
                     count, kernels.biases != nullptr ? T(1) : T(0), z + band.first * width(), places());
    });
  }
}

template <typename T>
void PatchProducts<T>::backward(const Kernels<T>& kernels, std::size_t rows, T* deltas, T* input_errors) const {
  if (input_errors == nullptr) return;
  T* const patches = band_scratch<T>(patch() * band_rows_ * width());
  std::fill_n(input_errors, rows * maps_.input().size(), T(0));
  for (std::size_t row = 0; row < rows; ++row) {
    for_bands([&](Band band) {
      const std::size_t count = band.count * width();
      matrix_product(true, false, patch(), count, channels(), kernels.multiplier, kernels.weights, patch(),
                     deltas + band.first * width(), places(), T(0), patches, count);
      maps_.scatter(patches, band, input_errors);
    });
    deltas += maps_.before_pool().size();
    input_errors += maps_.input().size();
  }
}

template <typename T>
KernelPart PatchProducts<T>::gradient(std::size_t tile, T multiplier, std::size_t rows, const T* images,
                                      const T* deltas, T* scratch) const {
  const KernelPart own = part(tile);
  const std::size_t size = maps_.before_pool().size();
  T* const sums = scratch + own.count * patch();
  T* const work = sums + own.count;
  const T* const own_deltas = deltas + own.first * places();
  if (has_biases_) {
    // Over the batch place by place, then over the places.
    std::fill_n(work, own.count * places(), T(0));
    for (std::size_t row = 0; row < rows; ++row)
      elementwise<T>().add(own_deltas + row * size, work, own.count * places());
    for (std::size_t c = 0; c < own.count; ++c) {
      T sum = 0;
      for (std::size_t place = 0; place < places(); ++place) sum += work[c * places() + place];
      sums[c] = sum;
    }
  }
  T beta = 0;
  for (std::size_t row = 0; row < rows; ++row)
    for_bands([&](Band band) {
      const std::size_t count = band.count * width();
      maps_.gather(images + row * maps_.input().size(), band, work);
      matrix_product(false, true, own.count, patch(), count, multiplier, own_deltas + row * size + band.first * width(),
                     places(), work, count, beta, scratch, patch());
      beta = 1;
    });
  return own;
}

}  // namespace

template <typename T>
std::unique_ptr<ConvolutionProducts<T>> patch_products(const Convolution& maps, bool has_biases) {
  return std::make_unique<PatchProducts<T>>(maps, has_biases);
}
template std::unique_ptr<ConvolutionProducts<float>> patch_products(const Convolution&, bool);
template std::unique_ptr<ConvolutionProducts<double>> patch_products(const Convolution&, bool);

}  // namespace mft::train
