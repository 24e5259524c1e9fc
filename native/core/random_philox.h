// Philox4x32-10 over vectors of consecutive blocks, and the Bernoulli bits made directly of its words.
// Included only by the per-instruction-set files of core/random.
//
// Each 32-bit counter word sits in the low half of a 64-bit lane, so that one multiplication gives both halves of the
// product; what is left in the high half is never read. Trial, layer and purpose are the same in all lanes: half of
// the first two rounds is scalar. Several independent chains hide the latency of the multiplications.
#pragma once
#include "core/random_kernels.h"
#include "core/random_vector.h"

namespace mft {
namespace {

constexpr std::uint64_t kMultiplier0 = 0xD2511F53u;
constexpr std::uint64_t kMultiplier1 = 0xCD9E8D57u;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9u;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85u;
constexpr int kRounds = 10;

template <int kBytes>
constexpr int kChains = kBytes == 64 ? 4 : 2;  // as many as the registers hold

// What all blocks of a call share: the round keys, xored in rounds 2 and 3 with the constant words they meet.
template <int kBytes>
struct PhiloxSchedule {
  using U64 = typename Vector<kBytes>::U64;
  U64 key0[kRounds], key1[kRounds];
  std::uint32_t purpose_key;  // round 1: the fourth counter word with its key

  explicit PhiloxSchedule(const PhiloxStart& start) {
    for (int round = 0; round < kRounds; ++round) {
      key0[round] = U64{} + static_cast<std::uint32_t>(start.key0 + static_cast<std::uint32_t>(round) * kWeyl0);
      key1[round] = U64{} + static_cast<std::uint32_t>(start.key1 + static_cast<std::uint32_t>(round) * kWeyl1);
    }
    const std::uint64_t product1 = kMultiplier1 * start.layer;  // round 1
    const std::uint32_t word0 = static_cast<std::uint32_t>(product1 >> 32) ^ start.trial ^ start.key0;
    const std::uint64_t product0 = kMultiplier0 * word0;  // round 2
    key0[1] ^= U64{} + static_cast<std::uint32_t>(product1);
    key1[1] ^= U64{} + static_cast<std::uint32_t>(product0 >> 32);
    key1[2] ^= U64{} + static_cast<std::uint32_t>(product0);
    purpose_key = start.purpose ^ start.key1;
  }
};

// first_product: kMultiplier0 times the block numbers. words[chain][h]: outputs 2 h and 2 h + 1 joined to 64 bits.
template <int kBytes, int kCount>
inline void philox(const PhiloxSchedule<kBytes>& schedule, const typename Vector<kBytes>::U64 (&first_product)[kCount],
                   const typename Vector<kBytes>::U64 (&purpose_key)[kCount],
                   typename Vector<kBytes>::U64 (&words)[kCount][2]) {
  using U64 = typename Vector<kBytes>::U64;
  const U64 multiplier0 = U64{} + kMultiplier0, multiplier1 = U64{} + kMultiplier1;
  U64 c0[kCount], c1[kCount], c2[kCount], c3[kCount];
  for (int j = 0; j < kCount; ++j) {
    const U64 product1 = multiply_low_halves((first_product[j] >> 32) ^ purpose_key[j], multiplier1);
    c0[j] = (product1 >> 32) ^ schedule.key0[1];
    c1[j] = product1;
    c2[j] = first_product[j] ^ schedule.key1[1];
    c3[j] = U64{};  // constant in round 3, part of key1[2]
  }
#pragma GCC unroll 8
  for (int round = 2; round < kRounds; ++round) {
    const U64 key0 = schedule.key0[round], key1 = schedule.key1[round];
#pragma GCC unroll 4
    for (int j = 0; j < kCount; ++j) {
      const U64 product0 = multiply_low_halves(c0[j], multiplier0);
      const U64 product1 = multiply_low_halves(c2[j], multiplier1);
      c0[j] = (product1 >> 32) ^ c1[j] ^ key0;
      c1[j] = product1;
      c2[j] = (product0 >> 32) ^ c3[j] ^ key1;
      c3[j] = product0;
    }
  }
  for (int j = 0; j < kCount; ++j) {
    words[j][0] = join_low_halves(c0[j], c1[j]);
    words[j][1] = join_low_halves(c2[j], c3[j]);
  }
}

template <int kBytes>
inline typename Vector<kBytes>::U64 first_product_of(std::uint32_t block) {
  typename Vector<kBytes>::U64 blocks{};
  for (std::size_t lane = 0; lane < kBytes / 8; ++lane) blocks[lane] = kMultiplier0 * (std::uint64_t{block} + lane);
  return blocks;
}

// Where the 64-bit words of vector `index` of a run of groups begin (its second half lies 64 bytes further).
template <int kBytes>
inline char* word_address(void* out, std::size_t index) {
  constexpr std::size_t kVectorsPerHalf = 64 / kBytes;
  return static_cast<char*>(out) + index / kVectorsPerHalf * kGroupBytes + index % kVectorsPerHalf * kBytes;
}

template <int kBytes>
void fill_words(const PhiloxStart& start, std::size_t groups, void* out) {
  using U64 = typename Vector<kBytes>::U64;
  constexpr std::size_t kLanes = kBytes / 8;
  constexpr int kCount = kChains<kBytes>;
  const PhiloxSchedule<kBytes> schedule(start);
  const std::size_t vectors = groups * kBlocksPerGroup / kLanes;
  const U64 step = U64{} + kMultiplier0 * kLanes;
  const U64 purpose_key = U64{} + schedule.purpose_key;
  U64 product = first_product_of<kBytes>(start.block);
  std::size_t index = 0;
  for (; index + kCount <= vectors; index += kCount) {
    U64 products[kCount], purposes[kCount], words[kCount][2];
    for (int j = 0; j < kCount; ++j) {
      products[j] = product;
      purposes[j] = purpose_key;
      product += step;
    }
    philox<kBytes, kCount>(schedule, products, purposes, words);
    for (int j = 0; j < kCount; ++j) {
      char* const address = word_address<kBytes>(out, index + static_cast<std::size_t>(j));
      store(address, words[j][0]);
      store(address + 64, words[j][1]);
    }
  }
  for (; index < vectors; ++index, product += step) {
    const U64 products[1] = {product}, purposes[1] = {purpose_key};
    U64 words[1][2];
    philox<kBytes, 1>(schedule, products, purposes, words);
    char* const address = word_address<kBytes>(out, index);
    store(address, words[0][0]);
    store(address + 64, words[0][1]);
  }
}

// Every bit of the output compares its own random binary fraction u with p, the highest bit first, one level of random
// words at a time for all bits of a vector, until each has met a bit that differs from p's: then u < p is known. A run
// of 1024 bits needs about 11.3 levels on average, whatever p. Past the last one-bit of p nothing becomes true.
template <int kBytes>
void fill_bernoulli(const PhiloxStart& start, std::size_t groups, const BinaryFraction& p, void* out) {
  using U64 = typename Vector<kBytes>::U64;
  constexpr std::size_t kLanes = kBytes / 8;
  constexpr unsigned kCount = kChains<kBytes>;
  const PhiloxSchedule<kBytes> schedule(start);
  const std::size_t vectors = groups * kBlocksPerGroup / kLanes;
  const unsigned levels = p.zeros + p.length;
  const U64 step = U64{} + kMultiplier0 * kLanes;
  U64 product = first_product_of<kBytes>(start.block);
  for (std::size_t index = 0; index < vectors; ++index, product += step) {
    U64 undecided[2] = {~U64{}, ~U64{}}, result[2] = {U64{}, U64{}};
    for (unsigned level = 0; level < levels && any_bit(undecided[0] | undecided[1]); level += kCount) {
      U64 products[kCount], purposes[kCount], words[kCount][2];
      for (unsigned j = 0; j < kCount; ++j) {
        products[j] = product;
        // The level occupies bits of the fourth word that are zero in start.purpose: adding is setting.
        purposes[j] = U64{} + (schedule.purpose_key ^ ((level + j) << kLevelShift));
      }
      philox<kBytes, static_cast<int>(kCount)>(schedule, products, purposes, words);
      for (unsigned j = 0; j < kCount; ++j) {
        const unsigned bit = level + j;
        const bool one = bit >= p.zeros && bit < levels && ((p.mantissa >> (levels - 1 - bit)) & 1u) != 0;
        const U64 threshold = U64{} - static_cast<std::uint64_t>(one);
        for (int h = 0; h < 2; ++h) {
          result[h] |= undecided[h] & ~words[j][h] & threshold;
          undecided[h] &= ~(words[j][h] ^ threshold);
        }
      }
    }
    char* const address = word_address<kBytes>(out, index);
    store(address, result[0]);
    store(address + 64, result[1]);
  }
}

}  // namespace
}  // namespace mft
