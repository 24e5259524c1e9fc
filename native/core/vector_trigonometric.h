// sin, cos and atan on vectors of doubles. See vector_types.h.
//
// The argument is reduced by pi/2 in three parts of 33 bits and a tail (products with k < 2^20 are exact, every
// rounding is carried along); beyond 2^20 by the leading bits of 2/pi that matter (Payne and Hanek), in integer
// arithmetic.
#pragma once
#include "core/vector_types.h"

namespace mft {
namespace {

constexpr double kLargestVectorAngle = 0x1p20;

// Bits of 2/pi after the binary point, with one word of zeros before.
constexpr std::uint64_t kTwoOverPi[] = {0,
                                        0xa2f9836e4e441529,
                                        0xfc2757d1f534ddc0,
                                        0xdb6295993c439041,
                                        0xfe5163abdebbc561,
                                        0xb7246e3a424dd2e0,
                                        0x06492eea09d1921c,
                                        0xfe1deb1cb129a73e,
                                        0xe88235f52ebb4484,
                                        0xe99c7026b45f7e41,
                                        0x3991d639835339f4,
                                        0x9c845f8bbdf9283b,
                                        0x1ff897ffde05980f,
                                        0xef2f118b5a0a6d1f,
                                        0x6d367ecf27cb09b7,
                                        0x4f463f669e5fea2d,
                                        0x7527bac7ebe5f17b,
                                        0x3d0739f78a5292ea,
                                        0x6bfb5fb11f8d5d08,
                                        0x56033046fc7b6bab,
                                        0xf0cfbc209af4361d,
                                        0xa9e391615ee61b08};

// One angle = quadrant pi/2 + high + low, |high| <= pi/4 (and a little).
struct ReducedAngle {
  double high;
  double low;
  std::int64_t quadrant;
};

// |x| >= 2^20, finite.
inline ReducedAngle reduce_large_angle(double x) {
  __extension__ typedef unsigned __int128 DoubleWord;
  const std::uint64_t bits = __builtin_bit_cast(std::uint64_t, x);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1075;  // |x| = mantissa 2^exponent
  const std::uint64_t mantissa = (bits & 0xfffffffffffffu) | 0x10000000000000u;
  // Bits of 2/pi above 2^(1 - exponent) give multiples of 4: take 256 bits from there.
  const int first = exponent - 2 + 64;
  const int word = first / 64;
  const int shift = first % 64;
  std::uint64_t window[4];
  for (int i = 0; i < 4; ++i)
    window[i] = shift == 0 ? kTwoOverPi[word + i]
                           : (kTwoOverPi[word + i] << shift) | (kTwoOverPi[word + i + 1] >> (64 - shift));
  // product = mantissa window mod 2^256, most significant word first; its top two bits are the quadrant.
  std::uint64_t product[4];
  DoubleWord carry = 0;
  for (int i = 3; i >= 0; --i) {
    carry += static_cast<DoubleWord>(mantissa) * window[i];
    product[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  std::int64_t quadrant = static_cast<std::int64_t>(product[0] >> 62);
  for (int i = 0; i < 3; ++i) product[i] = (product[i] << 2) | (product[i + 1] >> 62);
  bool negative = (product[0] >> 63) != 0;
  if (negative) {  // nearest multiple: the fraction becomes fraction - 1
    ++quadrant;
    for (int i = 0; i < 3; ++i) product[i] = ~product[i];
  }
  // Leading 64 + 53 bits of the fraction.
  int zeros = 0;
  while (product[0] == 0 && zeros < 128) {
    product[0] = product[1];
    product[1] = product[2];
    product[2] = 0;
    zeros += 64;
  }
  const int lead = product[0] == 0 ? 0 : __builtin_clzll(product[0]);
  if (lead > 0) {
    product[0] = (product[0] << lead) | (product[1] >> (64 - lead));
    product[1] = (product[1] << lead) | (product[2] >> (64 - lead));
  }
  const double unit = __builtin_bit_cast(double, static_cast<std::uint64_t>(1023 - 64 - zeros - lead) << 52);
  const double head = static_cast<double>(product[0] >> 11) * 0x1p11 * unit;
  const std::uint64_t rest = (product[0] << 53) | (product[1] >> 11);
  const double tail = static_cast<double>(rest >> 11) * 0x1p-42 * unit;
  // (head + tail) pi/2, with a split product.
  constexpr double kHigh = 0x1.921fb54442d18p+0;
  constexpr double kLow = 0x1.1a62633145c07p-54;
  const auto upper = [](double v) {
    return __builtin_bit_cast(double, __builtin_bit_cast(std::uint64_t, v) & ~std::uint64_t{0x7ffffff});
  };
  const double high = head * kHigh;
  const double a1 = upper(head), a2 = head - a1, b1 = upper(kHigh), b2 = kHigh - b1;
  const double low = ((((a1 * b1 - high) + a1 * b2) + a2 * b1) + a2 * b2) + (head * kLow + tail * kHigh);
  const bool flip = negative != (x < 0);
  return {flip ? -high : high, flip ? -low : low, x < 0 ? -quadrant : quadrant};
}

struct ReducedAngles {
  Doubles high;
  Doubles low;
  LongWords quadrant;  // modulo 2^64
};

MFT_INLINE ReducedAngles reduce_angles(Doubles x) {
  constexpr double kTwoOverPiNumber = 0x1.45f306dc9c883p-1;
  constexpr double kPart1 = 0x1.921fb544p+0, kPart2 = 0x1.0b4611a6p-34, kPart3 = 0x1.3198a2ep-69,
                   kTail = 0x1.b839a252049c1p-104;
  const Doubles rounder = broadcast<Doubles>(Traits<Doubles>::kRounder);
  const Doubles shifted = x * kTwoOverPiNumber + rounder;
  const Doubles k = shifted - rounder;
  const Doubles first = x - k * kPart1;  // exact
  const Pair<Doubles> second = two_sum<Doubles>(first, -(k * kPart2));
  const Pair<Doubles> third = two_sum<Doubles>(second.high, -(k * kPart3));
  const Doubles rest = (second.low + third.low) - k * kTail;
  const Doubles high = third.high + rest;
  ReducedAngles angles = {high, (third.high - high) + rest, bits_of(shifted) - bits_of(rounder)};
  bool any_large = false;
  const LongIntegers large = absolute(x) > kLargestVectorAngle;
  for (std::size_t i = 0; i < kLanes<Doubles>; ++i) any_large |= large[i] != 0;
  if (__builtin_expect(any_large, false)) {
    for (std::size_t i = 0; i < kLanes<Doubles>; ++i) {
      if (large[i] == 0) continue;
      // inf - inf: the sine and cosine of an infinite angle are NaN.
      const ReducedAngle one = x[i] - x[i] == 0 ? reduce_large_angle(x[i]) : ReducedAngle{x[i] - x[i], 0, 0};
      angles.high[i] = one.high;
      angles.low[i] = one.low;
      angles.quadrant[i] = static_cast<std::uint64_t>(one.quadrant);
    }
  }
  return angles;
}

// sin of (angle + turns pi/2).
MFT_INLINE Doubles sine_of(const ReducedAngles& a, std::uint64_t turns) {
  static constexpr double kSine[] = {0x1.1111111111110p-7,   -0x1.a01a01a019936p-13, 0x1.71de3a54605eep-19,
                                     -0x1.ae6454126638cp-26, 0x1.61217ec01840fp-33,  -0x1.ab17a792c9454p-41};
  static constexpr double kCosine[] = {0x1.5555555555555p-5,   -0x1.6c16c16c16c16p-10, 0x1.a01a01a019d0ap-16,
                                       -0x1.27e4fb7712bdfp-22, 0x1.1eed8deb6d56ap-29,  -0x1.9394b9c9c2e61p-37,
                                       0x1.ab78337717bb6p-45};
  const Doubles z = a.high * a.high;
  const Doubles cube = z * a.high;
  const Doubles sine =
      a.high - ((z * (0.5 * a.low - cube * polynomial(z, kSine)) - a.low) + cube * 0x1.5555555555555p-3);
  const Doubles half = 0.5 * z;
  const Doubles w = 1 - half;
  const Doubles cosine = w + (((1 - w) - half) + (z * (z * polynomial(z, kCosine)) - a.high * a.low));
  const LongWords quadrant = a.quadrant + turns;
  const Doubles chosen = (quadrant & 1) == 0 ? sine : cosine;
  return from_bits<Doubles>(bits_of(chosen) ^ ((quadrant & 2) << 62));
}

MFT_INLINE Doubles sine(Doubles x) {
  const Doubles result = sine_of(reduce_angles(x), 0);
  return absolute(x) < 0x1p-27 ? x : result;
}
MFT_INLINE Doubles cosine(Doubles x) { return sine_of(reduce_angles(x), 1); }

// atan(numerator / denominator) in [0, pi/2] for numerators >= 0, denominators > 0, with one division; side by side.
template <std::size_t kCount>
MFT_INLINE void arc_tangents_of_ratios(const Doubles (&numerator)[kCount], const Doubles (&denominator)[kCount],
                                       Doubles (&result)[kCount]) {
  static constexpr double kArc[] = {-0x1.5555555555555p-2, 0x1.9999999999349p-3,  -0x1.2492492435f94p-3,
                                    0x1.c71c71852517ep-4,  -0x1.745d0b24c8584p-4, 0x1.3b1262ac56c6bp-4,
                                    -0x1.10fa72be70e23p-4, 0x1.dfe5f38033a0cp-5,  -0x1.a097da6da6daep-5,
                                    0x1.415dac62703f9p-5,  -0x1.3a2542728045dp-6};
  constexpr double kTan1 = 0.41421356237309503, kTan3 = 2.414213562373095;  // tan(pi/8), tan(3 pi/8)
#define MFT_EACH _Pragma("GCC unroll 8") for (std::size_t j = 0; j < kCount; ++j)
  Doubles r[kCount], z[kCount], sum[kCount], base[kCount];
  MFT_EACH {
    const Doubles n = numerator[j], d = denominator[j];
    const LongIntegers far = n > kTan3 * d, near_one = n > kTan1 * d;
    const Doubles above = far ? -d : (near_one ? n - d : n);
    const Doubles below = far ? n : (near_one ? n + d : d);
    r[j] = above / below;
    // pi/2 and pi/4 in two parts.
    base[j] = far ? broadcast<Doubles>(0x1.921fb54442d18p+0)
                  : (near_one ? broadcast<Doubles>(0x1.921fb54442d18p-1) : Doubles{});
  }
  MFT_EACH z[j] = r[j] * r[j];
  polynomials(z, kArc, sum);
  MFT_EACH result[j] = base[j] + (((r[j] * z[j]) * sum[j] + base[j] * 0x1.678afae35cdd1p-55) + r[j]);
#undef MFT_EACH
}

MFT_INLINE Doubles arc_tangent(Doubles x) {
  const Doubles size[1] = {at_most(absolute(x), 0x1p60)}, one[1] = {broadcast<Doubles>(1.0)};
  Doubles result[1];
  arc_tangents_of_ratios(size, one, result);
  return with_sign_of(result[0], x);
}

}  // namespace
}  // namespace mft
