// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011).
//
// A Stream names an infinite sequence by (seed, trial, layer, purpose); element i of it is a pure function of these and
// of i, so any tile can be drawn alone, in any order, on any thread. Counter words: {block, trial, layer, purpose}, key:
// the two halves of the seed. One block gives four 32-bit words.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace mft {

// What a stream is used for. New purposes are appended: the numbers are part of the results.
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
  kBondMasks = 12,
  kOuterForwardNormals = 13,   // residual blocks: v
  kOuterBackwardNormals = 14,
  kOuterWeights = 15,
  kOuterBiases = 16,
  kProjection = 17,
  kProjectionBackward = 18,
  kReadout = 19,
};

struct Stream {
  std::uint64_t seed = 0;
  std::uint32_t trial = 0;
  std::uint32_t layer = 0;
  Purpose purpose = Purpose::kForwardNormals;
};

// Philox4x32-10 of one counter under one key (naive twin and building block; published known answers are tested).
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key);

// Elements [first, first + out.size()) of the stream's 32-bit words. Any first.
void random_words(const Stream& stream, std::uint64_t first, std::span<std::uint32_t> out);

// Uniforms on the open interval (0, 1): (word + 1/2) 2^-32 for double from 64-bit pairs (53 bits used).
// Element i uses words 2i, 2i + 1.
void random_uniforms(const Stream& stream, std::uint64_t first, std::span<double> out);

// Standard normals, Box-Muller. float: element i uses one word of its pair (words 2*(i/2), 2*(i/2)+1; 32-bit uniforms,
// largest |value| 6.8); double: 53-bit uniforms, elements 2k, 2k+1 use words 4k..4k+3.
void random_normals(const Stream& stream, std::uint64_t first, std::span<float> out);
void random_normals(const Stream& stream, std::uint64_t first, std::span<double> out);

// Bernoulli(p) bits, 64 to a word, bit j of word i is element 64 i + j; exact to 2^-32 in p (2^-53 for p given as double
// is reached by comparing further words only where the first 32 bits tie). p = 0 and p = 1 are exact.
void random_bernoulli(const Stream& stream, std::uint64_t first_word, double p, std::span<std::uint64_t> out);

}  // namespace mft
