#include "core/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/cpu.h"
#include "core/error.h"
#include "core/random_kernels.h"

namespace mft {
namespace {

static_assert(std::endian::native == std::endian::little, "32-bit words are read as 64-bit words");

const RandomKernels& kernels() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return random_kernels_avx512();
    case InstructionSet::kAvx2:
      return random_kernels_avx2();
    default:
      break;
  }
#endif
  return random_kernels_baseline();
}

PhiloxStart start_at(const Stream& s, std::uint64_t group) {
  const std::uint64_t block = group * kBlocksPerGroup;
  return {static_cast<std::uint32_t>(block),
          s.trial,
          s.layer,
          static_cast<std::uint32_t>(s.purpose) + static_cast<std::uint32_t>(block >> 32 << 8),
          static_cast<std::uint32_t>(s.seed),
          static_cast<std::uint32_t>(s.seed >> 32)};
}

// Elements [first, first + out.size()) made group by group: whole groups where they belong, a tile at a time, the ends
// through one group aside. make(group, count, destination) writes whole groups.
template <class T, class Make>
void draw(std::uint64_t first, std::span<T> out, Make make) {
  constexpr std::size_t kPerGroup = kGroupBytes / sizeof(T);
  constexpr std::uint64_t kGroupsPerWrap = (std::uint64_t{1} << 32) / kBlocksPerGroup;
  while (!out.empty()) {
    const std::uint64_t group = first / kPerGroup;
    const std::size_t skip = static_cast<std::size_t>(first % kPerGroup);
    std::size_t taken;
    if (skip != 0 || out.size() < kPerGroup) {
      alignas(64) T whole[kPerGroup];
      make(group, std::size_t{1}, whole);
      taken = std::min(kPerGroup - skip, out.size());
      std::copy_n(whole + skip, taken, out.data());
    } else {
      // A tile ends where the low half of the block number wraps.
      const std::uint64_t before_wrap = kGroupsPerWrap - group % kGroupsPerWrap;
      const std::size_t groups =
          std::min({out.size() / kPerGroup, kGroupsPerTile, static_cast<std::size_t>(before_wrap)});
      make(group, groups, out.data());
      taken = groups * kPerGroup;
    }
    first += taken;
    out = out.subspan(taken);
  }
}

template <class T>
void draw_transformed(const Stream& s, std::uint64_t first, std::span<T> out,
                      void (*RandomKernels::*transform)(std::size_t, const void*, void*)) {
  const RandomKernels& table = kernels();
  alignas(64) unsigned char words[kGroupsPerTile * kGroupBytes];  // aligned, whatever `out` is
  draw(first, out, [&](std::uint64_t group, std::size_t groups, T* to) {
    table.fill_words(start_at(s, group), groups, words);
    (table.*transform)(groups, words, to);
  });
}

// 0 < p < 1.
BinaryFraction binary_fraction(double p) {
  int exponent;
  const double fraction = std::frexp(p, &exponent);  // p = fraction 2^exponent, fraction in [1/2, 1), exponent <= 0
  std::uint64_t mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
  const int trailing = std::countr_zero(mantissa);
  mantissa >>= trailing;
  return {mantissa, static_cast<unsigned>(-exponent), static_cast<unsigned>(53 - trailing)};
}

}  // namespace

void random_words(const Stream& s, std::uint64_t first, std::span<std::uint32_t> out) {
  const RandomKernels& table = kernels();
  draw(first, out, [&](std::uint64_t group, std::size_t groups, std::uint32_t* to) {
    table.fill_words(start_at(s, group), groups, to);
  });
}

void random_uniforms(const Stream& s, std::uint64_t first, std::span<double> out) {
  draw_transformed(s, first, out, &RandomKernels::transform_uniforms);
}

void random_normals(const Stream& s, std::uint64_t first, std::span<double> out) {
  draw_transformed(s, first, out, &RandomKernels::transform_normals_double);
}

void random_normals(const Stream& s, std::uint64_t first, std::span<float> out) {
  draw_transformed(s, first, out, &RandomKernels::transform_normals_float);
}

void random_bernoulli(const Stream& s, std::uint64_t first_word, double p, std::span<std::uint64_t> out) {
  if (!(p >= 0.0 && p <= 1.0))
    throw Error("OUT_OF_RANGE", "probability",
                "Expected `probability` to be a number in [0, 1], received " + std::to_string(p) + ".");
  if (p == 0.0 || p == 1.0) {
    std::fill(out.begin(), out.end(), p == 0.0 ? std::uint64_t{0} : ~std::uint64_t{0});
    return;
  }
  const BinaryFraction fraction = binary_fraction(p);
  const RandomKernels& table = kernels();
  draw(first_word, out, [&](std::uint64_t group, std::size_t groups, std::uint64_t* to) {
    table.fill_bernoulli(start_at(s, group), groups, fraction, to);
  });
}

}  // namespace mft
