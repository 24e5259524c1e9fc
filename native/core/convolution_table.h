// What core/convolution_direct.cc and the kernels of each instruction set share. See convolution_kernels.h.
#pragma once
#include <cstddef>

namespace mft::convolution {

// out[r][y][x] = alpha sum_{c, i, j} kernel[r][c][i][j] in[c][y + i][x + j] + bias[r], over maps of height x width.
// Kernels are packed: of tile t (part_at of `rows`, at most most_rows of them) row r and number p of a patch at
// first taps + p count + r.
template <typename T>
struct Correlation {
  std::size_t rows, channels, kernel, height, width;
  const T* packed;
  const T* input;  // c plane + y pitch + x; up to kSlack numbers beyond its end are read and not used
  std::size_t pitch, plane;
  T alpha;
  const T* bias;  // null: none
  T* output;      // r height width + y width + x
};

// sums[r][k] += sum_{y, x} line_r[y pitch + x] delta[(y width + x) stride + k] for k < columns. Line r begins at
// input + c plane + i pitch + j, r = (c kernel + i) kernel + j; after these lines stands `ones`, if there is one.
template <typename T>
struct Weighing {
  std::size_t channels, kernel, height, width;
  const T* input;
  std::size_t pitch, plane;
  const T* ones;  // null: none
  const T* delta;
  std::size_t stride, columns;  // columns <= kWeighed<T>
  T* sums;                      // r kWeighed<T> + k
  T* chains;                    // as many numbers, for sums that are not complete
};
template <typename T>
std::size_t lines_of(const Weighing<T>& q) {
  return q.channels * q.kernel * q.kernel + (q.ones == nullptr ? 0 : 1);
}
template <typename T>
const T* line_of(const Weighing<T>& q, std::size_t r) {
  const std::size_t square = q.kernel * q.kernel;
  if (r == q.channels * square) return q.ones;
  return q.input + r / square * q.plane + r % square / q.kernel * q.pitch + r % q.kernel;
}

inline constexpr std::size_t kSlack = 64;
// Columns that are weighed together: two vectors of the widest kind.
template <typename T>
inline constexpr std::size_t kWeighed = 128 / sizeof(T);

template <typename T>
struct ConvolutionKernels {
  std::size_t most_rows;  // kernels of a tile of `correlate`
  void (*correlate)(const Correlation<T>&);
  void (*weigh)(const Weighing<T>&);
  // to[y to_pitch + x] = from[y from_pitch + x]
  void (*copy)(std::size_t height, std::size_t width, const T* from, std::size_t from_pitch, T* to,
               std::size_t to_pitch);
  // to[x channels + c] = from[c plane + x] for x < width
  void (*turn)(std::size_t channels, std::size_t width, const T* from, std::size_t plane, T* to);
};

struct AllConvolutionKernels {
  ConvolutionKernels<float> of_floats;
  ConvolutionKernels<double> of_doubles;
};
const AllConvolutionKernels& convolution_avx2();
const AllConvolutionKernels& convolution_avx512();

}  // namespace mft::convolution
