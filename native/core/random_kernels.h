// Inside of core/random: the loops that exist once per instruction set. random.cc chooses one table at run time;
// every table gives the same bits (see random_vector.h for why).
//
// Work is cut in groups of 8 consecutive Philox blocks = 32 words of 32 bits = 128 bytes. Within a group the words lie
// as the vector loops produce them: word 16 h + 2 l + k of group g (h, k in {0, 1}, l < 8) is output 2 h + k of block
// 8 g + l. Read as 64-bit words (little-endian): word 8 h + l of group g is output 2 h | output 2 h + 1 << 32.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mft {

inline constexpr std::size_t kGroupBytes = 128;
inline constexpr std::size_t kBlocksPerGroup = 8;
// Two passes, raw words then the transform, are done over tiles that stay in the first-level cache.
inline constexpr std::size_t kGroupsPerTile = 128;
// The threshold level of a Bernoulli bit is added to the fourth counter word from this bit on (see random.h).
inline constexpr unsigned kLevelShift = 16;

// Counter {block, trial, layer, purpose} of the first block, and the key. Callers keep block from wrapping.
struct PhiloxStart {
  std::uint32_t block, trial, layer, purpose, key0, key1;
};

// A probability in (0, 1) as a binary fraction: bit k (weight 2^-(k+1)) is zero for k < zeros, then come the `length`
// bits of `mantissa`, the highest first.
struct BinaryFraction {
  std::uint64_t mantissa;
  unsigned zeros, length;
};

struct RandomKernels {
  void (*fill_words)(const PhiloxStart& start, std::size_t groups, void* out);
  // Words to numbers.
  void (*transform_uniforms)(std::size_t groups, const void* words, void* out);
  void (*transform_normals_float)(std::size_t groups, const void* words, void* out);
  void (*transform_normals_double)(std::size_t groups, const void* words, void* out);
  void (*fill_bernoulli)(const PhiloxStart& start, std::size_t groups, const BinaryFraction& p, void* out);
};

const RandomKernels& random_kernels_baseline();
const RandomKernels& random_kernels_avx2();
const RandomKernels& random_kernels_avx512();

}  // namespace mft
