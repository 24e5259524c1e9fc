// What core/product.cc and the kernels of each instruction set share. See product_kernels.h.
#pragma once
#include <cstddef>
#include <utility>

#include "core/aligned.h"
#include "core/scratch.h"

namespace mft {

inline constexpr std::size_t kLine = kCacheLine;
inline constexpr std::size_t kPage = 4096;

// Fixed, because bits depend on it: an element is the sum of its blocks of the depth, each summed by itself.
template <typename T>
inline constexpr std::size_t kDepthBlock = 2048 / sizeof(T);
// Rows that use a packed panel before it is packed again; no bit depends on it.
inline constexpr std::size_t kRowBlock = 256;

// `whole` cut into parts of at most `most`, nearly equal ones.
inline std::size_t parts_of(std::size_t whole, std::size_t most) { return (whole + most - 1) / most; }
struct Part {
  std::size_t first, count;
};
inline Part part_at(std::size_t index, std::size_t parts, std::size_t whole) {
  const std::size_t first = index * whole / parts;
  return {first, (index + 1) * whole / parts - first};
}

template <typename T>
struct ProductArguments {
  bool transpose_a, transpose_b;
  std::size_t m, n, k;
  T alpha;
  const T* a;
  std::size_t lda;
  const T* b;
  std::size_t ldb;
  T beta;
  T* c;
  std::size_t ldc;
  const T* bias;
};

// Where a tile of sums goes: c = alpha sum + beta c, or alpha sum + bias.
template <typename T>
struct TileOutput {
  T* c;
  std::size_t ldc, columns;
  T alpha, beta;
  const T* bias;
};

// Of a thread: a packed panel of the right factor, and rows of the left one where they would collide in the cache.
template <typename T>
class ProductScratch {
 public:
  T* panel() { return room_of(panel_, kDepthBlock<T> * 32); }
  T* left(std::size_t size) { return room_of(left_, size); }

 private:
  static T* room_of(AlignedVector<T>& storage, std::size_t size) {
    if (storage.size() < size) storage.resize(size);
    return storage.data();
  }
  AlignedVector<T> panel_, left_;
};

void multiply_avx2(const ProductArguments<float>& arguments, ProductScratch<float>& scratch);
void multiply_avx2(const ProductArguments<double>& arguments, ProductScratch<double>& scratch);
void multiply_avx512(const ProductArguments<float>& arguments, ProductScratch<float>& scratch);
void multiply_avx512(const ProductArguments<double>& arguments, ProductScratch<double>& scratch);

}  // namespace mft
