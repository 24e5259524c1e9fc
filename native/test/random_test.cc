// The bits of core/random: published vectors, the naive twin, tiles, instruction sets, accuracy of the transforms,
// frozen values.
#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/cpu.h"
#include "core/error.h"
#include "core/random_kernels.h"
#include "core/random_naive.h"
#include "test/check.h"

namespace {

using namespace mft;

test::Tally tally;
const Stream kStream{0x123456789ABCDEF0u, 7, 3, Purpose::kWeights};

template <class T>
using Draw = void (*)(const Stream&, std::uint64_t, std::span<T>);

void draw_bits(const Stream& s, std::uint64_t first, std::span<std::uint64_t> out) {
  random_bernoulli(s, first, 0.9, out);
}

const Draw<std::uint32_t> kWords = &random_words;
const Draw<double> kUniforms = &random_uniforms;
const Draw<double> kDoubles = &random_normals;
const Draw<float> kFloats = &random_normals;
const Draw<std::uint64_t> kBits = &draw_bits;

template <class T>
std::vector<T> drawn(Draw<T> draw, std::uint64_t first, std::size_t count, const Stream& stream = kStream) {
  std::vector<T> out(count);
  draw(stream, first, out);
  return out;
}

std::vector<InstructionSet> available_sets() {
  std::vector<InstructionSet> sets;
  for (const auto set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512})
    if (set <= best_instruction_set()) sets.push_back(set);
  return sets;
}

// Salmon et al., Random123 distribution, kat_vectors, philox4x32 with 10 rounds.
void known_answers() {
  using Block = std::array<std::uint32_t, 4>;
  const std::uint32_t ones = 0xFFFFFFFFu;
  tally.check(philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u},
              "Philox of zeros");
  tally.check(
      philox4x32({ones, ones, ones, ones}, {ones, ones}) == Block{0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu},
      "Philox of ones");
  tally.check(philox4x32({0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u}, {0xA4093822u, 0x299F31D0u}) ==
                  Block{0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u},
              "Philox of the digits of pi");
  // The same digits through the fast loops: block 0x243F6A88 is the first of its group.
  const Stream pi{0x299F31D0A4093822u, 0x85A308D3u, 0x13198A2Eu, static_cast<Purpose>(0x03707344u)};
  const auto words = drawn(kWords, 0x243F6A88ull / 8 * 32, 32, pi);
  tally.check(
      words[0] == 0xD16CFE09u && words[1] == 0x94FDCCEBu && words[16] == 0x5001E420u && words[17] == 0x24126EA1u,
      "the fast loops on the digits of pi");
}

// Fast words, uniforms and bits are those of the naive twin, also where the 32-bit block number wraps (word 2^34).
void naive_twin(const std::string& set) {
  constexpr std::uint64_t kOne = 1;
  for (const std::uint64_t group : {0 * kOne, 12345 * kOne, (kOne << 29) - 3, kOne << 40}) {
    bool words = true, uniforms = true, bits = true;
    const auto w = drawn(kWords, 32 * group, 200);
    const auto u = drawn(kUniforms, 16 * group, 100);
    for (std::size_t i = 0; i < w.size(); ++i) words = words && w[i] == naive::random_word(kStream, 32 * group + i);
    for (std::size_t i = 0; i < u.size(); ++i)
      uniforms = uniforms && u[i] == naive::random_uniform(kStream, 16 * group + i);
    const std::string where = " of the naive twin, group " + std::to_string(group) + ", " + set;
    tally.check(words, "words" + where);
    tally.check(uniforms, "uniforms" + where);
    if (16 * group >= std::uint64_t{1} << 41) continue;
    for (const double p : {0.9, 1.0 / 3.0, 0.5, 1e-3, 0.123, 1 - 0x1p-53, 0x1p-60, 5e-324}) {
      std::vector<std::uint64_t> b(70);
      random_bernoulli(kStream, 16 * group, p, b);
      for (std::size_t i = 0; i < 64 * b.size(); ++i)
        bits = bits && ((b[i / 64] >> (i % 64) & 1) != 0) == naive::random_bernoulli(kStream, 64 * 16 * group + i, p);
    }
    tally.check(bits, "bits" + where);
  }
}

template <class T>
void tiles_of(Draw<T> draw, const std::string& what) {
  constexpr std::size_t kCount = 20000;
  for (const std::uint64_t origin :
       {std::uint64_t{0}, (std::uint64_t{1} << 33) - 5003, (std::uint64_t{1} << 34) - 777}) {
    const auto whole = drawn(draw, origin, kCount);
    const auto choices = drawn(kWords, 0, 400);
    bool equal = true;
    for (std::size_t k = 0; k < choices.size(); k += 2) {
      const std::size_t first = choices[k] % kCount;
      const std::size_t limit = k % 4 == 0 ? 70 : kCount;
      const std::size_t count = choices[k + 1] % std::min(kCount - first + 1, limit);
      const auto tile = drawn(draw, origin + first, count);
      equal = equal && std::equal(tile.begin(), tile.end(), whole.begin() + static_cast<std::ptrdiff_t>(first));
    }
    tally.check(equal, "tiles equal the whole: " + what);
  }
}

template <class T>
void same_bits_of(Draw<T> draw, const std::string& what) {
  constexpr std::size_t kCount = 1 << 19;
  std::vector<T> reference;
  for (const auto set : available_sets()) {
    set_instruction_set(set);
    auto values = drawn(draw, 3, kCount);
    if (reference.empty()) reference = values;
    tally.check(std::memcmp(values.data(), reference.data(), kCount * sizeof(T)) == 0,
                "same bits: " + what + ", " + instruction_set_name(set));
  }
}

// One group of words chosen by hand through the transform; largest error relative to the exact transform.
double transform_error_float(std::uint32_t radius_from, std::uint32_t radius_step, std::uint32_t direction) {
  alignas(64) std::uint32_t words[32];
  alignas(64) float out[32];
  for (std::uint32_t l = 0; l < 16; ++l) {
    words[l] = radius_from + l * radius_step;
    words[16 + l] = direction * (2 * l + 1);
  }
  random_kernels_baseline().transform_normals_float(1, words, out);
  double worst = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const long double exact = naive::box_muller_float(words[i % 16], words[16 + i % 16], i >= 16);
    if (exact == 0)
      worst = std::max(worst, out[i] == 0.0f ? 0.0 : 1.0);
    else
      worst = std::max(worst, static_cast<double>(std::abs((out[i] - exact) / exact)));
  }
  return worst;
}

double transform_error_double(std::uint64_t radius_from, std::uint64_t radius_step, std::uint64_t direction) {
  alignas(64) std::uint64_t words[16];
  alignas(64) double out[16];
  for (std::uint64_t l = 0; l < 8; ++l) {
    words[l] = radius_from + l * radius_step;
    words[8 + l] = direction * (2 * l + 1);
  }
  random_kernels_baseline().transform_normals_double(1, words, out);
  double worst = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const long double exact = naive::box_muller_double(words[i % 8], words[8 + i % 8], i >= 8);
    worst = std::max(worst, static_cast<double>(std::abs((out[i] - exact) / exact)));
  }
  return worst;
}

// Radius words at both ends and around every power of two and every edge of the logarithm's interval (2/3 2^k), besides
// random ones; directions: all quadrants, both ends of the arc.
void accuracy() {
  double single = 0, twice = 0;
  const auto random = drawn(kWords, 1000, 1 << 18);
  for (std::size_t k = 0; k + 3 < random.size(); k += 4) {
    single = std::max(single, transform_error_float(random[k], random[k + 1], random[k + 2]));
    const std::uint64_t radius = random[k] | std::uint64_t{random[k + 1]} << 32;
    const std::uint64_t step = random[k + 2] | std::uint64_t{random[k + 3]} << 32;
    twice = std::max(twice, transform_error_double(radius, step, random[k] * 0x9E3779B97F4A7C15u));
  }
  for (unsigned shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t numerator : {0xFFFFFFFFFFFFFFFFu, 0x8000000000000000u, 0xAAAAAAAAAAAAAAAAu}) {
      const std::uint64_t radius = numerator >> shift;
      for (const std::uint64_t direction : {0x1u, 0x7FFFFFFFu, 0x80000001u, 0x12345677u}) {
        if (shift < 32) {
          const auto word = static_cast<std::uint32_t>(radius >> 32);
          single = std::max(single, transform_error_float(word - 8, 1, static_cast<std::uint32_t>(direction)));
          single = std::max(single, transform_error_float(word - 800, 100, static_cast<std::uint32_t>(direction)));
        }
        twice = std::max(twice, transform_error_double(radius - (4 << 12), 1 << 12, direction << 32 | direction));
      }
    }
  }
  std::printf("largest relative error: float %.2f 2^-24, double %.2f 2^-53\n", single * 0x1p24, twice * 0x1p53);
  tally.within(single, 0, 0x1p-21, "relative error of float normals");
  tally.within(twice, 0, 0x1p-50, "relative error of double normals");
}

// Every level of the comparison decides: p is the first 53 digits of element i's own u, then one unit above it.
void bernoulli_is_exact() {
  bool below = true, above = true;
  for (std::uint64_t i = 0; i < 64; ++i) {
    double u = 0;
    for (std::uint64_t level = 0; level < 53; ++level)
      if ((naive::random_word64(kStream, 5 + (level << 41)) >> i & 1) != 0)
        u += std::ldexp(1.0, -static_cast<int>(level) - 1);
    std::uint64_t word[1];
    random_bernoulli(kStream, 5, u, word);
    below = below && (word[0] >> i & 1) == 0;
    random_bernoulli(kStream, 5, u + 0x1p-53, word);
    above = above && (word[0] >> i & 1) == 1;
  }
  tally.check(below, "u < p is false for p = u to 53 digits");
  tally.check(above, "u < p is true for p one unit above u");

  std::vector<std::uint64_t> out(100, 0x5555);
  random_bernoulli(kStream, 3, 0.0, out);
  tally.check(std::all_of(out.begin(), out.end(), [](std::uint64_t w) { return w == 0; }), "p = 0");
  random_bernoulli(kStream, 3, 1.0, out);
  tally.check(std::all_of(out.begin(), out.end(), [](std::uint64_t w) { return ~w == 0; }), "p = 1");
  for (const double p : {-0.1, 1.0000001, std::nan(""), HUGE_VAL}) {
    bool thrown = false;
    try {
      random_bernoulli(kStream, 0, p, out);
    } catch (const Error& error) {
      thrown = error.code() == "OUT_OF_RANGE";
    }
    tally.check(thrown, "p outside [0, 1] is refused");
  }
}

template <class T>
std::uint64_t fingerprint(const std::vector<T>& values) {  // FNV-1a
  std::uint64_t hash = 0xCBF29CE484222325u;
  const auto* bytes = reinterpret_cast<const unsigned char*>(values.data());
  for (std::size_t i = 0; i < values.size() * sizeof(T); ++i) hash = (hash ^ bytes[i]) * 0x100000001B3u;
  return hash;
}

// Results of published runs hang on these: a change of them is a new version of every system.
void frozen_values() {
  const auto frozen = [](std::uint64_t hash, std::uint64_t expected, const std::string& what) {
    if (hash != expected) std::printf("%s: 0x%016llX\n", what.c_str(), static_cast<unsigned long long>(hash));
    tally.check(hash == expected, "frozen values: " + what);
  };
  frozen(fingerprint(drawn(kWords, 0, 4096)), 0x40086B58F3367717u, "words");
  frozen(fingerprint(drawn(kUniforms, 0, 4096)), 0x98CFDF0F24ADF103u, "uniforms");
  frozen(fingerprint(drawn(kFloats, 0, 4096)), 0xAABAA5F9FD8B710Fu, "float normals");
  frozen(fingerprint(drawn(kDoubles, 0, 4096)), 0xB251602D00ECDCD2u, "double normals");
  frozen(fingerprint(drawn(kBits, 0, 4096)), 0x454BBD425880F994u, "bits");
}

}  // namespace

int main() {
  for (const auto set : available_sets()) {
    set_instruction_set(set);
    known_answers();
    naive_twin(instruction_set_name(set));
    bernoulli_is_exact();
    frozen_values();
    tiles_of(kWords, "words");
    tiles_of(kUniforms, "uniforms");
    tiles_of(kDoubles, "double normals");
    tiles_of(kFloats, "float normals");
    tiles_of(kBits, "bits");
  }
  same_bits_of(kWords, "words");
  same_bits_of(kUniforms, "uniforms");
  same_bits_of(kDoubles, "double normals");
  same_bits_of(kFloats, "float normals");
  same_bits_of(kBits, "bits");
  accuracy();
  tally.check(drawn(kDoubles, 5, 0).empty(), "an empty draw");
  return tally.finish();
}
