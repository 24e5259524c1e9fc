// What core/convolution_direct.cc and the kernels of each instruction set share. See convolution_kernels.h.
#pragma once
#include <cstddef>

namespace mft::convolution {

// out[r][y][x] = alpha sum_{c, i, j} kernel[r][c][i][j] in[c][y + i][x + j] + bias[r], over maps of height x width.
// Kernels are packed: of tile t (part_at of `rows`, at most most_rows() of them) row r and number p of a patch at
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

// sums[r][k] += sum_{y, x} rows[r][y pitch + x] delta[(y width + x) stride + k] for k < columns.
template <typename T>
struct Weighing {
  std::size_t height, width, pitch;
  const T* const* rows;
  std::size_t row_count;
  const T* delta;
  std::size_t stride, columns;  // columns <= kWeighed<T>
  T* sums;                      // r kWeighed<T> + k
};

inline constexpr std::size_t kSlack = 64;
// Columns that are weighed together: two vectors of the widest kind.
template <typename T>
inline constexpr std::size_t kWeighed = 128 / sizeof(T);

template <typename T>
struct ConvolutionKernels {
  std::size_t most_rows;
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
