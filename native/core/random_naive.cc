#include "core/random_naive.h"

#include <cmath>
#include <numbers>

namespace mft {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> c, std::array<std::uint32_t, 2> k) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57u} * c[2];
    c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k[0], static_cast<std::uint32_t>(p1),
         static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k[1], static_cast<std::uint32_t>(p0)};
    k[0] += 0x9E3779B9u;
    k[1] += 0xBB67AE85u;
  }
  return c;
}

namespace naive {
namespace {

// u on (0, 1], y on (-1, 1). Bit 0 of the direction exchanges cosine and sine, bit 1 is the sign of the cosine.
long double box_muller(long double u, long double y, std::uint64_t direction, bool second) {
  const bool exchange = (direction & 1) != 0, negative = (direction & 2) != 0;
  const long double angle = std::numbers::pi_v<long double> / 4 * y;
  const long double radius = std::sqrt(-2 * std::log(u));
  if (second != exchange) return radius * std::sin(angle);
  return negative ? -radius * std::cos(angle) : radius * std::cos(angle);
}

double uniform_of(std::uint64_t word) { return (static_cast<double>(word >> 12) + 0.5) * 0x1p-52; }

}  // namespace

std::uint32_t random_word(const Stream& s, std::uint64_t i) {
  const std::uint64_t group = i / 32, half = i / 16 % 2, lane = i / 2 % 8, side = i % 2;
  const std::uint64_t block = 8 * group + lane;
  const auto outputs =
      philox4x32({static_cast<std::uint32_t>(block), s.trial, s.layer,
                  static_cast<std::uint32_t>(s.purpose) + static_cast<std::uint32_t>(block >> 32 << 8)},
                 {static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32)});
  return outputs[2 * half + side];
}

std::uint64_t random_word64(const Stream& s, std::uint64_t i) {
  return random_word(s, 2 * i) | std::uint64_t{random_word(s, 2 * i + 1)} << 32;
}

double random_uniform(const Stream& s, std::uint64_t i) { return uniform_of(random_word64(s, i)); }

long double box_muller_float(std::uint32_t radius, std::uint32_t direction, bool second) {
  // u and y are floats, rounded here as in the fast loops: near u = 1 the rounding shows in the radius.
  const float u = (static_cast<float>(radius) + 0.5f) * 0x1p-32f;
  const float y = static_cast<float>(static_cast<std::int32_t>(direction)) * 0x1p-31f;
  return box_muller(u, y, direction, second);
}

long double box_muller_double(std::uint64_t radius, std::uint64_t direction, bool second) {
  return box_muller(uniform_of(radius), (static_cast<long double>(direction >> 12) + 0.5L) * 0x1p-51L - 1, direction,
                    second);
}

long double random_normal_float(const Stream& s, std::uint64_t i) {
  const std::uint64_t first = i / 32 * 32 + i % 16;
  return box_muller_float(random_word(s, first), random_word(s, first + 16), i % 32 >= 16);
}

long double random_normal_double(const Stream& s, std::uint64_t i) {
  const std::uint64_t first = i / 16 * 16 + i % 8;
  return box_muller_double(random_word64(s, first), random_word64(s, first + 8), i % 16 >= 8);
}

bool random_bernoulli(const Stream& s, std::uint64_t i, double p) {
  double rest = p;  // the binary digits of p not yet compared; doubling is exact
  for (std::uint64_t level = 0; rest > 0; ++level) {
    if (rest >= 1) return true;  // p = 1
    rest *= 2;
    const bool digit_of_p = rest >= 1;
    const bool digit_of_u = (random_word64(s, i / 64 + (level << 41)) >> (i % 64) & 1) != 0;
    if (digit_of_p != digit_of_u) return digit_of_p;
    if (digit_of_p) rest -= 1;
  }
  return false;
}

}  // namespace naive
}  // namespace mft
