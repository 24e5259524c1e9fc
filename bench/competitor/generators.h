// Normals for the C++ competitors: the standard library's, and what a good programmer writes in an hour (a counter hash
// and Box-Muller in a loop that the compiler vectorises with libmvec).
#pragma once
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace bench {

// A 32-bit integer hash with full avalanche (two multiplications, three shifts).
inline std::uint32_t hashed(std::uint32_t x) {
  x ^= x >> 16;
  x *= 0x7feb352dU;
  x ^= x >> 15;
  x *= 0x846ca68bU;
  x ^= x >> 16;
  return x;
}

inline void hashed_normals(std::uint64_t seed, float scale, std::span<float> out) {
  const std::uint32_t key =
      hashed(static_cast<std::uint32_t>(seed) ^ hashed(static_cast<std::uint32_t>(seed >> 32) + 0x9e3779b9U));
  const std::uint32_t other = hashed(key + 0x85ebca6bU);
  const std::size_t half = out.size() / 2;
  float* first = out.data();
  float* second = out.data() + half;
#pragma GCC ivdep
  for (std::size_t i = 0; i < half; ++i) {
    const auto counter = static_cast<std::uint32_t>(i);
    const std::uint32_t a = hashed(hashed(counter ^ key) + other);
    const std::uint32_t b = hashed(hashed(counter + other) ^ key);
    const float uniform = (static_cast<float>(static_cast<std::int32_t>(a >> 8)) + 0.5F) * 0x1p-24F;
    const float angle = static_cast<float>(static_cast<std::int32_t>(b >> 8)) * (6.2831853F * 0x1p-24F);
    const float radius = scale * std::sqrt(-2.0F * std::log(uniform));
    first[i] = radius * std::cos(angle);
    second[i] = radius * std::cos(angle - 1.5707963F);  // not sin: the compiler would join the two into one scalar call
  }
  if (out.size() % 2 == 1) out.back() = out.size() > 1 ? -out.front() : 0.0F;
}

inline void standard_normals(std::uint64_t seed, float scale, std::span<float> out) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  for (float& value : out) value = normal(engine);
}

// Fills `out` on `threads` threads, each part from its own seed.
inline void normals(const std::string& generator, std::uint64_t seed, float scale, std::span<float> out, int threads) {
  const auto fill = [&](std::size_t part, std::size_t parts) {
    const std::size_t begin = out.size() * part / parts, end = out.size() * (part + 1) / parts;
    const std::uint64_t own = seed * 1000003U + part;
    if (generator == "standard")
      standard_normals(own, scale, out.subspan(begin, end - begin));
    else
      hashed_normals(own, scale, out.subspan(begin, end - begin));
  };
  std::vector<std::thread> team;
  const auto parts = static_cast<std::size_t>(threads);
  for (std::size_t part = 1; part < parts; ++part) team.emplace_back(fill, part, parts);
  fill(0, parts);
  for (auto& member : team) member.join();
}

}  // namespace bench
