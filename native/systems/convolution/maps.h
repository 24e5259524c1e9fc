// Convolutions and pooling of one image: maps are channel by channel, row by row. A convolution is a matrix product of
// its kernels (channels x patch, a patch in the order channel, kernel row, kernel column) with the patches of its
// input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
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

  // patches (patch x positions before pooling) of z.
  void gather(std::span<const double> z, std::span<double> patches) const;
  // Its transpose: adds patches up at the places they came from. z is overwritten.
  void scatter(std::span<const double> patches, std::span<double> z) const;

  // Pooling of the map before it, and its transpose at the point `before` (a maximum passes to the first that has it).
  void pool(Pooling pooling, std::span<const double> before, std::span<double> after) const;
  void unpool(Pooling pooling, std::span<const double> before, std::span<const double> after,
              std::span<double> result) const;

 private:
  Layer layer_;
  Map input_, before_pool_, output_;
  // Source of (place, kernel index) along each side; -1: outside.
  std::vector<std::ptrdiff_t> rows_, columns_;
};

// The layers of a network; throws Error naming the layer's field where one does not fit.
std::vector<Convolution> convolutions(const std::vector<Layer>& layers, Map input, Padding padding);

}  // namespace mft::convolution
