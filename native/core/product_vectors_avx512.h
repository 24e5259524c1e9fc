// Inside of core/product and core/convolution_direct: AVX-512 vectors. Tiles of 14 rows by 2 vectors fill 28 of the 32
// registers, 2 hold the right factor and 1 a number of the left one. What is beyond `count` numbers is neither read nor
// written.
#pragma once
#include <immintrin.h>

#include <cstddef>

#include "core/product_transpose.h"

namespace mft {
namespace {

struct Floats : FloatBlock {
  using Number = float;
  using Vector = __m512;
  static constexpr std::size_t kLanes = 16, kMostRows = 14;
  static __mmask16 first(std::size_t count) { return static_cast<__mmask16>((1u << count) - 1); }
  static Vector zero() { return _mm512_setzero_ps(); }
  static Vector spread(float x) { return _mm512_set1_ps(x); }
  static Vector broadcast(const float* x) { return _mm512_set1_ps(*x); }
  static Vector load(const float* x, std::size_t count) {
    return count == kLanes ? _mm512_loadu_ps(x) : _mm512_maskz_loadu_ps(first(count), x);
  }
  static void store(float* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm512_storeu_ps(x, v);
    else
      _mm512_mask_storeu_ps(x, first(count), v);
  }
  static Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm512_mul_ps(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
};

struct Doubles : DoubleBlock {
  using Number = double;
  using Vector = __m512d;
  static constexpr std::size_t kLanes = 8, kMostRows = 14;
  static __mmask8 first(std::size_t count) { return static_cast<__mmask8>((1u << count) - 1); }
  static Vector zero() { return _mm512_setzero_pd(); }
  static Vector spread(double x) { return _mm512_set1_pd(x); }
  static Vector broadcast(const double* x) { return _mm512_set1_pd(*x); }
  static Vector load(const double* x, std::size_t count) {
    return count == kLanes ? _mm512_loadu_pd(x) : _mm512_maskz_loadu_pd(first(count), x);
  }
  static void store(double* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm512_storeu_pd(x, v);
    else
      _mm512_mask_storeu_pd(x, first(count), v);
  }
  static Vector add(Vector a, Vector b) { return _mm512_add_pd(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm512_mul_pd(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_pd(a, b, c); }
};

}  // namespace
}  // namespace mft
