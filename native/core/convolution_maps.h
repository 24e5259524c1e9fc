// Convolutions and pooling of one image, in simulations and in training: maps are channel by channel, row by row. A
// convolution is a matrix product of its kernels (channels x patch, a patch in the order channel, kernel row, kernel
// column) with the patches of its input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mft::convolution {

enum class Padding : std::uint32_t { kValid = 0, kZero = 1, kCircular = 2 };
enum class Pooling : std::uint32_t { kAverage = 0, kMax = 1 };

struct Layer {
  std::size_t kernel = 1, stride = 1, channels = 1, pool = 1;
};

// What enters a layer.
struct Map {
  std::size_t channels = 1, height = 1, width = 1;
  std::size_t positions() const { return height * width; }
  std::size_t size() const { return channels * positions(); }
};

// A layer at its place in a network. Without padding an output begins at its stride times its place; with padding the
// kernel reaches (kernel - 1) / 2 places before that, and a map has ceil(side / stride) places.
class Convolution {
 public:
  Convolution(const Layer& layer, const Map& input, Padding padding);

  const Layer& layer() const { return layer_; }
  const Map& input() const { return input_; }
  const Map& before_pool() const { return before_pool_; }
  const Map& output() const { return output_; }
  std::size_t patch() const { return input_.channels * layer_.kernel * layer_.kernel; }
  std::size_t weights() const { return patch() * layer_.channels; }

  // Rows [first, first + count) of the map before pooling.
  struct Band {
    std::size_t first, count;
  };
  Band whole() const { return {0, before_pool_.height}; }
  // The patches (patch() x count * width, row-major) of a band, of z.
  template <typename T>
  void gather(const T* z, Band band, T* patches) const;
  // The transpose: adds the patches of a band to the places of z they came from.
  template <typename T>
  void scatter(const T* patches, Band band, T* z) const;

  // Pooling of the map before it, and its transpose at the point `before` (a maximum passes to the first that has it).
  template <typename T>
  void pool(Pooling pooling, const T* before, T* after) const;
  template <typename T>
  void unpool(Pooling pooling, const T* before, const T* after, T* result) const;

 private:
  Layer layer_;
  Map input_, before_pool_, output_;
  // A stretch of places whose sources lie side by side too: [first, last) from `source` on.
  struct Stretch {
    std::size_t first = 0, last = 0, source = 0;
  };
  // Source of (place, kernel index) along each side; -1: outside.
  std::vector<std::ptrdiff_t> rows_, columns_;
  std::vector<Stretch> stretches_;  // of each kernel column; empty where the stride is not 1
};

// The layers of a network; throws Error naming the layer's field where one does not fit.
std::vector<Convolution> convolutions(const std::vector<Layer>& layers, Map input, Padding padding);

}  // namespace mft::convolution
