// Vectors of numbers as the compiler's own vector types, one width per instruction set. Included only by the files that
// compile the kernels of one instruction set (math.cc, *_avx2.cc, *_avx512.cc), which define MFT_VECTOR_BYTES first.
//
// Every function here and in the kernels made of them is a fixed sequence of additions, products, quotients and integer
// operations, without fused multiply-add and without libm: the bits do not depend on the width, the instruction set or
// the position of an element in its block. Everything has internal linkage, so that no code compiled for one
// instruction set is ever called from another.
#pragma once
#include <cstddef>
#include <cstdint>
#ifdef __SSE2__
#include <immintrin.h>
#endif

#ifndef MFT_VECTOR_BYTES
#error "Define MFT_VECTOR_BYTES before including the vector kernels."
#endif
#define MFT_INLINE __attribute__((always_inline)) inline

namespace mft {
namespace {

typedef double Doubles __attribute__((vector_size(MFT_VECTOR_BYTES)));
typedef float Floats __attribute__((vector_size(MFT_VECTOR_BYTES)));
typedef std::int64_t LongIntegers __attribute__((vector_size(MFT_VECTOR_BYTES)));
typedef std::uint64_t LongWords __attribute__((vector_size(MFT_VECTOR_BYTES)));
typedef std::uint32_t Words __attribute__((vector_size(MFT_VECTOR_BYTES)));
typedef float HalfFloats __attribute__((vector_size(MFT_VECTOR_BYTES / 2)));

template <typename V>
struct Traits;

template <>
struct Traits<Doubles> {
  using Scalar = double;
  using Unsigned = LongWords;
  using Bits = std::uint64_t;
  static constexpr int kMantissaBits = 52;
  static constexpr int kBias = 1023;
  static constexpr double kRounder = 0x1.8p52;    // adding and subtracting it rounds to the nearest integer
  static constexpr double kIntegerBits = 0x1p52;  // its low bits hold a small non-negative integer
  static constexpr double kSmallestNormal = 0x1p-1022;
  static constexpr double kInfinity = __builtin_inf();
};

template <>
struct Traits<Floats> {
  using Scalar = float;
  using Unsigned = Words;
  using Bits = std::uint32_t;
  static constexpr int kMantissaBits = 23;
  static constexpr int kBias = 127;
  static constexpr float kRounder = 0x1.8p23f;
  static constexpr float kIntegerBits = 0x1p23f;
  static constexpr float kSmallestNormal = 0x1p-126f;
  static constexpr float kInfinity = __builtin_inff();
};

template <typename V>
using ScalarOf = typename Traits<V>::Scalar;
template <typename V>
using UnsignedOf = typename Traits<V>::Unsigned;

template <typename V>
constexpr std::size_t kLanes = MFT_VECTOR_BYTES / sizeof(ScalarOf<V>);

template <typename V>
MFT_INLINE V broadcast(ScalarOf<V> x) {
  return x - V{};  // x - (+0): keeps the sign of zero
}

template <typename V>
MFT_INLINE UnsignedOf<V> bits_of(V x) {
  return reinterpret_cast<UnsignedOf<V>>(x);
}

template <typename V>
MFT_INLINE V from_bits(UnsignedOf<V> bits) {
  return reinterpret_cast<V>(bits);
}

template <typename V>
constexpr typename Traits<V>::Bits kSignBit = typename Traits<V>::Bits{1} << (8 * sizeof(ScalarOf<V>) - 1);

template <typename V>
MFT_INLINE V absolute(V x) {
  return from_bits<V>(bits_of(x) & ~kSignBit<V>);
}

// magnitude (>= 0) with the sign of x.
template <typename V>
MFT_INLINE V with_sign_of(V magnitude, V x) {
  return from_bits<V>(bits_of(magnitude) | (bits_of(x) & kSignBit<V>));
}

// min and max that let NaN in x through: what the instructions do with their second operand.
#ifdef __SSE2__
#if MFT_VECTOR_BYTES == 64
#define MFT_LIMIT(operation, bound, x, kind) _mm512_##operation##_##kind(bound, x)
#elif MFT_VECTOR_BYTES == 32
#define MFT_LIMIT(operation, bound, x, kind) _mm256_##operation##_##kind(bound, x)
#else
#define MFT_LIMIT(operation, bound, x, kind) _mm_##operation##_##kind(bound, x)
#endif
MFT_INLINE Doubles at_most(Doubles x, double bound) { return MFT_LIMIT(min, broadcast<Doubles>(bound), x, pd); }
MFT_INLINE Floats at_most(Floats x, float bound) { return MFT_LIMIT(min, broadcast<Floats>(bound), x, ps); }
MFT_INLINE Doubles at_least(Doubles x, double bound) { return MFT_LIMIT(max, broadcast<Doubles>(bound), x, pd); }
MFT_INLINE Floats at_least(Floats x, float bound) { return MFT_LIMIT(max, broadcast<Floats>(bound), x, ps); }
#undef MFT_LIMIT
#else
template <typename V>
MFT_INLINE V at_most(V x, ScalarOf<V> bound) {
  return x > bound ? broadcast<V>(bound) : x;
}
template <typename V>
MFT_INLINE V at_least(V x, ScalarOf<V> bound) {
  return x < bound ? broadcast<V>(bound) : x;
}
#endif

// c[0] + c[1] x + ... of several vectors: the even and the odd part by Horner's rule, side by side.
template <typename V, std::size_t kCount, std::size_t N>
MFT_INLINE void polynomials(const V (&x)[kCount], const ScalarOf<V> (&c)[N], V (&result)[kCount]) {
  static_assert(N >= 2);
#define MFT_EACH _Pragma("GCC unroll 8") for (std::size_t j = 0; j < kCount; ++j)
  V x2[kCount], even[kCount], odd[kCount];
  MFT_EACH x2[j] = x[j] * x[j];
  MFT_EACH even[j] = broadcast<V>(c[(N - 1) / 2 * 2]);
  MFT_EACH odd[j] = broadcast<V>(c[(N - 2) / 2 * 2 + 1]);
#pragma GCC unroll 16
  for (std::size_t i = (N - 1) / 2 * 2; i >= 2; i -= 2) MFT_EACH even[j] = even[j] * x2[j] + c[i - 2];
#pragma GCC unroll 16
  for (std::size_t i = (N - 2) / 2 * 2 + 1; i >= 3; i -= 2) MFT_EACH odd[j] = odd[j] * x2[j] + c[i - 2];
  MFT_EACH result[j] = even[j] + x[j] * odd[j];
#undef MFT_EACH
}

template <typename V, std::size_t N>
MFT_INLINE V polynomial(V x, const ScalarOf<V> (&c)[N]) {
  const V all[1] = {x};
  V result[1];
  polynomials<V>(all, c, result);
  return result[0];
}

// An unevaluated sum high + low.
template <typename V>
struct Pair {
  V high;
  V low;
};

// a + b exactly (Knuth).
template <typename V>
MFT_INLINE Pair<V> two_sum(V a, V b) {
  const V sum = a + b;
  const V b_part = sum - a;
  return {sum, (a - (sum - b_part)) + (b - b_part)};
}

// a b exactly, up to underflow (Dekker, splitting by a mask so that nothing overflows).
MFT_INLINE Doubles upper_half(Doubles x) { return from_bits<Doubles>(bits_of(x) & ~std::uint64_t{0x7ffffff}); }

MFT_INLINE Pair<Doubles> two_product(Doubles a, Doubles b) {
  const Doubles product = a * b;
  const Doubles a1 = upper_half(a);
  const Doubles b1 = upper_half(b);
  const Doubles a2 = a - a1;
  const Doubles b2 = b - b1;
  return {product, (((a1 * b1 - product) + a1 * b2) + a2 * b1) + a2 * b2};
}

template <typename V>
MFT_INLINE V load(const ScalarOf<V>* from) {
  V x;
  __builtin_memcpy(&x, from, sizeof x);
  return x;
}
template <typename V>
MFT_INLINE void store(V x, ScalarOf<V>* to) {
  __builtin_memcpy(to, &x, sizeof x);
}

// Floats computed in double precision.
template <typename V>
MFT_INLINE V load(const float* from) requires(sizeof(ScalarOf<V>) == sizeof(double)) {
  HalfFloats x;
  __builtin_memcpy(&x, from, sizeof x);
  return __builtin_convertvector(x, Doubles);
}
template <typename V>
MFT_INLINE void store(V x, float* to) requires(sizeof(ScalarOf<V>) == sizeof(double)) {
  const HalfFloats narrow = __builtin_convertvector(x, HalfFloats);
  __builtin_memcpy(to, &narrow, sizeof narrow);
}

// out[i] = f(in[i]): the last, partial vector goes through a padded copy.
template <typename V, typename T, typename F>
MFT_INLINE void map_elements(const T* in, T* out, std::size_t count, F f) {
  std::size_t i = 0;
  for (; i + kLanes<V> <= count; i += kLanes<V>) store<V>(f(load<V>(in + i)), out + i);
  if (i == count) return;
  T padded[kLanes<V>] = {};
  __builtin_memcpy(padded, in + i, (count - i) * sizeof(T));
  store<V>(f(load<V>(padded)), padded);
  __builtin_memcpy(out + i, padded, (count - i) * sizeof(T));
}

}  // namespace
}  // namespace mft
