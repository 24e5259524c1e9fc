// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011).
//
// A Stream names an infinite sequence by (seed, trial, layer, purpose); element i of it is a pure function of these and
// of i, so any tile can be drawn alone, in any order, on any thread; and its bits are the same on every instruction
// set.
//
// Block b of a stream is Philox of the counter {low half of b, trial, layer, purpose + 2^8 (b >> 32)} under the key
// {low, high half of the seed}: 2^56 blocks of four 32-bit words. The *word sequence* takes the blocks in groups of
// eight, in the order in which the vector loops make them: word 32 g + 16 h + 2 l + k is output 2 h + k of block 8 g +
// l (h, k in {0, 1}, l < 8). 64-bit word j is word 2 j | word 2 j + 1 << 32. Everything else is defined on these words;
// the definitions are written out, slowly, in random_naive.cc. `first` is any number, tiles need no alignment;
// multiples of 32 elements save the drawing of partial groups, and output aligned to 64 bytes is written about a tenth
// faster. Every position must stay below 2^56.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mft {

// What a stream is used for: a number below 256, which is part of the results. Below are those that several rooms use;
// those of one system stand in its folder (purposes.h). 0 to 31 belong to the house and to `feedforward`, `residual`
// and `percolation`; every later system has 32 of its own, see system_purpose.
enum class Purpose : std::uint32_t {
  kForwardNormals = 0,   // conditioned engine: G
  kBackwardNormals = 1,  // conditioned engine: E
  kWeights = 2,          // dense engine: W
  kBackwardWeights = 3,  // independent backward weights
  kBiases = 4,
  kMasks = 5,
  kInputs = 6,
  kOutputError = 7,
  kShuffle = 8,
  kInitialisation = 9,
  kDataset = 10,
  kBootstrap = 11,
  kEdgeMasks = 12,
  kInputNoise = 22,     // training: noise on the inputs
  kSequenceNoise = 23,  // training: positions after the first that hold noise
  kAdjointStart = 24,   // training: where the original recurrent back-propagation begins
};

// Purpose `index` of a system: blocks 1 to 7 of 32 numbers each; a system declares its block once, in its folder.
consteval Purpose system_purpose(std::uint32_t block, std::uint32_t index) {
  if (block < 1 || block > 7 || index > 31) throw "blocks are 1 to 7, purposes of a system 0 to 31";
  return Purpose{32 * block + index};
}

struct Stream {
  std::uint64_t seed = 0;
  std::uint32_t trial = 0;
  std::uint32_t layer = 0;
  Purpose purpose = Purpose::kForwardNormals;
};

// Philox4x32-10 of one counter under one key (naive twin and building block; published known answers are tested).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// Elements [first, first + out.size()) of the stream's 32-bit words.
void random_words(const Stream& stream, std::uint64_t first, std::span<std::uint32_t> out);

// Uniforms on the open interval (0, 1): (k + 1/2) 2^-52, k the upper 52 bits of 64-bit word i. Exact, symmetric about
// 1/2.
void random_uniforms(const Stream& stream, std::uint64_t first, std::span<double> out);

// Standard normals by Box-Muller. float: elements 32 g + l and 32 g + 16 + l, l < 16, share the 32-bit words of the
// same positions; largest |value| 6.77; 0 has probability 2^-25. double: elements 16 g + l and 16 g + 8 + l, l < 8,
// share the 64-bit words of the same positions (52 bits each); largest |value| 8.58. Numerics: own polynomials, no
// libm; float within 2^-21 relative, double within 2^-50 relative of the exact transform.
void random_normals(const Stream& stream, std::uint64_t first, std::span<float> out);
void random_normals(const Stream& stream, std::uint64_t first, std::span<double> out);

// Bernoulli(p) bits, 64 to a word: bit j of word i is element 64 i + j. Element = (u < p), exactly, where binary digit
// k of u (weight 2^-(k+1)) is bit j of the stream's 64-bit word i + 2^41 k: the probability is p itself, any double in
// [0, 1]. About 12 random words a word of output. i < 2^41. A stream used for bits must not be used for numbers too.
// Throws OUT_OF_RANGE when p is not in [0, 1].
void random_bernoulli(const Stream& stream, std::uint64_t first_word, double p, std::span<std::uint64_t> out);

}  // namespace mft
