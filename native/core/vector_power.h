// x^y on vectors of doubles: exp(y log x) with the logarithm and the product carried in two numbers. See
// vector_types.h.
#pragma once
#include "core/vector_exponential.h"

namespace mft {
namespace {

// log x for normal or subnormal x > 0 with about 65 correct bits.
MFT_INLINE Pair<Doubles> two_part_logarithm(Doubles x) {
  // ((log((1+s)/(1-s)) - 2s)/s^3 - 2/3)/s^2 in s^2
  static constexpr double kSeries[] = {0x1.999999999999ap-2, 0x1.2492492492522p-2, 0x1.c71c71c6ea871p-3,
                                       0x1.745d177aad02ap-3, 0x1.3b1395c881220p-3, 0x1.1118c9ee5b8a4p-3,
                                       0x1.df7c5bc7c7563p-4, 0x1.e032e4d8436a1p-4};
  constexpr double kTwoThirds = 0x1.5555555555555p-1, kTwoThirdsLow = 0x1.5555555555555p-55;
  using C = ExponentialConstants<Doubles>;
  const auto small = x < Traits<Doubles>::kSmallestNormal;
  const auto d = decompose<Doubles>(small ? x * 0x1p54 : x);
  const Doubles k = small ? d.k - 54 : d.k;
  const Doubles f = d.m - 1;
  const Doubles denominator = 2 + f;
  const Doubles denominator_low = f - (denominator - 2);
  const Doubles s = f / denominator;
  const Pair<Doubles> back = two_product(s, denominator);
  const Doubles s_low = (((f - back.high) - back.low) - s * denominator_low) / denominator;
  Pair<Doubles> z = two_product(s, s);
  z.low = z.low + 2 * s * s_low;
  Pair<Doubles> cube = two_product(z.high, s);
  cube.low = cube.low + (z.low * s + z.high * s_low);
  Pair<Doubles> cubic = two_product(cube.high, broadcast<Doubles>(kTwoThirds));
  cubic.low = cubic.low + (cube.low * kTwoThirds + cube.high * kTwoThirdsLow);
  const Doubles tail = cube.high * z.high * polynomial(z.high, kSeries);
  const Pair<Doubles> sum1 = two_sum<Doubles>(k * C::kLn2High, 2 * s);
  const Pair<Doubles> sum2 = two_sum<Doubles>(sum1.high, cubic.high);
  const Pair<Doubles> sum3 = two_sum<Doubles>(sum2.high, k * C::kLn2Low);
  const Doubles low = (sum1.low + sum2.low) + (sum3.low + (2 * s_low + (cubic.low + tail)));
  const Doubles high = sum3.high + low;
  return {high, (sum3.high - high) + low};
}

// 0: not an integer, 1: odd, 2: even (every number from 2^53 on).
MFT_INLINE Doubles integer_parity(Doubles y) {
  const auto is_integer = [](Doubles v) {
    const Doubles size = absolute(v);
    const Doubles rounded = (size + 0x1p52) - 0x1p52;
    return (size >= 0x1p52) | (rounded == size);
  };
  const auto odd = is_integer(y) & ~is_integer(0.5 * y);
  const Doubles integer = is_integer(y) ? broadcast<Doubles>(2.0) : Doubles{};
  return odd ? broadcast<Doubles>(1.0) : integer;
}

// x^y. x < 0 needs an integer y, otherwise NaN; x^0 = 1 also for x = 0 and x infinite; NaN propagates.
MFT_INLINE Doubles power(Doubles x, Doubles y) {
  const double infinity = Traits<Doubles>::kInfinity;
  using C = ExponentialConstants<Doubles>;
  const Doubles size = absolute(x);
  const Pair<Doubles> log = two_part_logarithm(size);
  const Pair<Doubles> product = two_product(log.high, y);
  const Doubles high = at_least(at_most(product.high, C::kLargest), C::kSmallest);
  const Doubles low = absolute(product.high) < 800 ? product.low + log.low * y : Doubles{};
  const auto e = split_exponential<Doubles>(high, low);
  Doubles result = scale_by_power<Doubles>(e.p + 1, e.integer_exponent);
  const Doubles parity = integer_parity(y);
  const Doubles all = broadcast<Doubles>(infinity);
  const Doubles one = broadcast<Doubles>(1.0);
  result = size == 0 ? (y > 0 ? Doubles{} : all) : result;
  result = size == infinity ? (y > 0 ? all : Doubles{}) : result;
  result = parity == 1.0 ? with_sign_of(result, x) : result;
  result = (x < 0) & (x > -infinity) & (parity == 0.0) ? all - all : result;
  result = (y == 0) | ((size == 1) & ((x > 0) | (absolute(y) == infinity))) ? one : result;
  return (x != x) | (y != y) ? x + y : result;
}

// x^n for a non-negative integer n <= 8 by repeated products, at most two roundings beyond the last.
template <typename V>
MFT_INLINE V small_power(V x, int n) {
  const V square = x * x;
  const V fourth = square * square;
  switch (n) {
    case 0:
      return x == x ? broadcast<V>(1) : x;
    case 1:
      return x;
    case 2:
      return square;
    case 3:
      return square * x;
    case 4:
      return fourth;
    case 5:
      return fourth * x;
    case 6:
      return fourth * square;
    case 7:
      return fourth * square * x;
    default:
      return fourth * fourth;
  }
}

}  // namespace
}  // namespace mft
