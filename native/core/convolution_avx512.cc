// The convolutions of core/convolution_direct for the instruction set in this file's name.
#include "core/product_vectors_avx512.h"
//
#include "core/convolution_kernels.h"

namespace mft::convolution {
namespace {

// Half as wide, in as many registers.
struct HalfFloats {
  using Number = float;
  using Vector = __m256;
  static constexpr std::size_t kLanes = 8, kMostRows = Floats::kMostRows;
  static __mmask8 first(std::size_t count) { return static_cast<__mmask8>((1u << count) - 1); }
  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector spread(float x) { return _mm256_set1_ps(x); }
  static Vector broadcast(const float* x) { return _mm256_set1_ps(*x); }
  static Vector load(const float* x, std::size_t count) {
    return count == kLanes ? _mm256_loadu_ps(x) : _mm256_maskz_loadu_ps(first(count), x);
  }
  static void store(float* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm256_storeu_ps(x, v);
    else
      _mm256_mask_storeu_ps(x, first(count), v);
  }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
};

struct HalfDoubles {
  using Number = double;
  using Vector = __m256d;
  static constexpr std::size_t kLanes = 4, kMostRows = Doubles::kMostRows;
  static __mmask8 first(std::size_t count) { return static_cast<__mmask8>((1u << count) - 1); }
  static Vector zero() { return _mm256_setzero_pd(); }
  static Vector spread(double x) { return _mm256_set1_pd(x); }
  static Vector broadcast(const double* x) { return _mm256_set1_pd(*x); }
  static Vector load(const double* x, std::size_t count) {
    return count == kLanes ? _mm256_loadu_pd(x) : _mm256_maskz_loadu_pd(first(count), x);
  }
  static void store(double* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm256_storeu_pd(x, v);
    else
      _mm256_mask_storeu_pd(x, first(count), v);
  }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_pd(a, b, c); }
};

}  // namespace

const AllConvolutionKernels& convolution_avx512() {
  static constexpr AllConvolutionKernels kKernels = {
      {kTileKernels<Floats>, correlate_either<Floats, HalfFloats>, weigh<Floats>, copy_rows<Floats>, turn_rows<Floats>},
      {kTileKernels<Doubles>, correlate_either<Doubles, HalfDoubles>, weigh<Doubles>, copy_rows<Doubles>,
       turn_rows<Doubles>}};
  return kKernels;
}

}  // namespace mft::convolution
