// The products of a convolution layer: its kernels with the patches of images, and what errors become on the way back.
// There are two: by patches (any stride, any processor) and direct (stride 1 on AVX2 and AVX-512).
#pragma once
#include <cstddef>
#include <memory>

#include "core/convolution_maps.h"

namespace mft::train {

// Kernels (channels x patch), biases (null: none), and what the products are multiplied by.
template <typename T>
struct Kernels {
  const T* weights;
  const T* biases;
  T multiplier;
};

// Parameters of a tile of the update: of kernels [first, first + count) the numbers [begin, begin + length), and their
// biases.
struct KernelPart {
  std::size_t first, count, begin, length;
  bool has_biases;
  std::size_t size() const { return count * (length + (has_biases ? 1 : 0)); }
};

template <typename T>
class ConvolutionProducts {
 public:
  virtual ~ConvolutionProducts() = default;
  virtual std::size_t tiles() const = 0;
  virtual KernelPart part(std::size_t tile) const = 0;
  // Numbers that gradient() needs.
  virtual std::size_t scratch() const = 0;

  // Of `rows` images: z = multiplier W * image + b, channel by channel.
  virtual void forward(const Kernels<T>& kernels, std::size_t rows, const T* images, T* z) const = 0;
  // input_errors = multiplier W^T * deltas (null: not wanted). Deltas come channel by channel and are left as
  // gradient() wants them.
  virtual void backward(const Kernels<T>& kernels, std::size_t rows, T* deltas, T* input_errors) const = 0;
  // dE/dW of the part (count x length), then dE/db, summed over the images; the first numbers of scratch.
  virtual KernelPart gradient(std::size_t tile, T multiplier, std::size_t rows, const T* images, const T* deltas,
                              T* scratch) const = 0;
};

template <typename T>
std::unique_ptr<ConvolutionProducts<T>> patch_products(const convolution::Convolution& maps, bool has_biases);
template <typename T>
std::unique_ptr<ConvolutionProducts<T>> direct_products(const convolution::Convolution& maps,
                                                        convolution::Padding padding, bool has_biases);

}  // namespace mft::train
