#include "core/random.h"

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

void random_words(const Stream& s, std::uint64_t first, std::span<std::uint32_t> out) {
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(s.seed), static_cast<std::uint32_t>(s.seed >> 32)};
  std::array<std::uint32_t, 4> block{};
  std::uint64_t held = ~std::uint64_t{0};
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t index = first + i;
    if (index / 4 != held) {
      held = index / 4;
      block = philox4x32({static_cast<std::uint32_t>(held), s.trial, s.layer, static_cast<std::uint32_t>(s.purpose)}, key);
    }
    out[i] = block[index % 4];
  }
}

namespace {
double uniform53(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = ((std::uint64_t{high} << 32) | low) >> 11;
  return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}
}  // namespace

void random_uniforms(const Stream& s, std::uint64_t first, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint32_t w[2];
    random_words(s, 2 * (first + i), w);
    out[i] = uniform53(w[0], w[1]);
  }
}

void random_normals(const Stream& s, std::uint64_t first, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t pair = (first + i) / 2;
    std::uint32_t w[4];
    random_words(s, 4 * pair, w);
    const double radius = std::sqrt(-2.0 * std::log(uniform53(w[0], w[1])));
    const double angle = 2.0 * std::numbers::pi * uniform53(w[2], w[3]);
    out[i] = (first + i) % 2 == 0 ? radius * std::cos(angle) : radius * std::sin(angle);
  }
}

void random_normals(const Stream& s, std::uint64_t first, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint64_t pair = (first + i) / 2;
    std::uint32_t w[2];
    random_words(s, 2 * pair, w);
    const double radius = std::sqrt(-2.0 * std::log((w[0] + 0.5) * 0x1p-32));
    const double angle = 2.0 * std::numbers::pi * (w[1] + 0.5) * 0x1p-32;
    out[i] = static_cast<float>((first + i) % 2 == 0 ? radius * std::cos(angle) : radius * std::sin(angle));
  }
}

void random_bernoulli(const Stream& s, std::uint64_t first_word, double p, std::span<std::uint64_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint64_t word = 0;
    for (unsigned j = 0; j < 64; ++j) {
      double u[1];
      random_uniforms(s, 64 * (first_word + i) + j, u);
      if (u[0] < p) word |= std::uint64_t{1} << j;
    }
    out[i] = word;
  }
}

}  // namespace mft
