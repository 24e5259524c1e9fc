// Inside of core/product and core/convolution_direct: AVX2 vectors. Tiles of 6 rows by 2 vectors fill 12 of the 16
// registers, 2 hold the right factor and 1 a number of the left one. What is beyond `count` numbers is neither read nor
// written.
#pragma once
#include <immintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/product_transpose.h"

namespace mft {
namespace {

struct Floats : FloatBlock {
  using Number = float;
  using Vector = __m256;
  static constexpr std::size_t kLanes = 8, kMostRows = 6;
  static Vector zero() { return _mm256_setzero_ps(); }
  static Vector spread(float x) { return _mm256_set1_ps(x); }
  static Vector broadcast(const float* x) { return _mm256_set1_ps(*x); }
  static Vector load(const float* x, std::size_t count) {
    return count == kLanes ? _mm256_loadu_ps(x) : from_part(x, count);
  }
  static Vector from_part(const float* x, std::size_t count) {
    alignas(32) static constexpr std::int32_t kMasks[2 * kLanes] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_maskload_ps(x, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks + kLanes - count)));
  }
  static void to_part(float* x, Vector v, std::size_t count) {
    alignas(32) float part[kLanes];
    _mm256_store_ps(part, v);
    std::memcpy(x, part, count * sizeof(float));
  }
  static void store(float* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm256_storeu_ps(x, v);
    else
      to_part(x, v, count);
  }
  static Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_ps(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
};

struct Doubles : DoubleBlock {
  using Number = double;
  using Vector = __m256d;
  static constexpr std::size_t kLanes = 4, kMostRows = 6;
  static Vector zero() { return _mm256_setzero_pd(); }
  static Vector spread(double x) { return _mm256_set1_pd(x); }
  static Vector broadcast(const double* x) { return _mm256_set1_pd(*x); }
  static Vector load(const double* x, std::size_t count) {
    return count == kLanes ? _mm256_loadu_pd(x) : from_part(x, count);
  }
  static Vector from_part(const double* x, std::size_t count) {
    alignas(32) static constexpr std::int64_t kMasks[2 * kLanes] = {-1, -1, -1, -1};
    return _mm256_maskload_pd(x, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(kMasks + kLanes - count)));
  }
  static void to_part(double* x, Vector v, std::size_t count) {
    alignas(32) double part[kLanes];
    _mm256_store_pd(part, v);
    std::memcpy(x, part, count * sizeof(double));
  }
  static void store(double* x, Vector v, std::size_t count) {
    if (count == kLanes)
      _mm256_storeu_pd(x, v);
    else
      to_part(x, v, count);
  }
  static Vector add(Vector a, Vector b) { return _mm256_add_pd(a, b); }
  static Vector multiply(Vector a, Vector b) { return _mm256_mul_pd(a, b); }
  static Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_pd(a, b, c); }
};

}  // namespace
}  // namespace mft
