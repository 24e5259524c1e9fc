// Convolutions of stride 1 without patches, on AVX2 and AVX-512: kernels meet shifted places of a map that lies with
// its surroundings in memory. Every number is one chain of multiply-adds in the order of its terms (channel, row and
// column of the kernel; or row and column of the map), so with s terms |error| <= ((s + 2) u + O(u^2)) sum |terms|, the
// bits are those of core/convolution_naive.h, and they depend neither on threads nor on which of the two sets computes.
#pragma once
#include <cstddef>

#include "core/convolution_maps.h"
#include "core/convolution_table.h"
#include "core/product_table.h"

namespace mft::convolution {

// Whether this processor has them.
bool has_direct_kernels();
// Those of the active instruction set; only where there are any.
template <typename T>
const ConvolutionKernels<T>& direct_kernels();

// A map with `before` and `after` places around it, of zeros or wrapped around. Channels lie an odd number of cache
// lines apart, so that they do not share few sets of the cache.
class Surroundings {
 public:
  Surroundings() = default;
  Surroundings(Map inside, std::size_t before, std::size_t after, Padding padding, std::size_t size_of_number);
  std::size_t pitch() const { return inside_.width + before_ + after_; }
  std::size_t plane() const { return plane_; }
  // Numbers of so many channels, with what kernels may read beyond the last.
  std::size_t size(std::size_t channels) const { return channels * plane_ + kSlack; }
  std::size_t size() const { return size(inside_.channels); }
  // The first place inside.
  std::size_t origin() const { return before_ * pitch() + before_; }
  // Clears channels, then puts maps into them as often as wanted.
  template <typename T>
  void clear(std::size_t channels, T* to) const;
  template <typename T>
  void put(std::size_t channels, const T* map, T* to) const;

 private:
  Map inside_;
  std::size_t before_ = 0, after_ = 0, plane_ = 0;
  Padding padding_ = Padding::kZero;
};

// Kernels (rows x taps) in the order of the tiles: of row r and number p of its patch at(r, p).
template <typename T, typename At>
void pack_kernels(std::size_t rows, std::size_t taps, T* packed, At at) {
  const std::size_t tiles = parts_of(rows, direct_kernels<T>().most_rows);
  for (std::size_t t = 0; t < tiles; ++t) {
    const Part tile = part_at(t, tiles, rows);
    for (std::size_t p = 0; p < taps; ++p)
      for (std::size_t r = 0; r < tile.count; ++r) *packed++ = at(tile.first + r, p);
  }
}

}  // namespace mft::convolution
