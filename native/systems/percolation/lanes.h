// One bit per trial of a block, and counting of such bits lane by lane.
#pragma once
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "systems/percolation/masks.h"

namespace mft::percolation {

using Word = std::uint64_t;
using Lanes = std::array<Word, kLaneWords>;  // one bit per trial of the block

inline constexpr Lanes kNone{};

inline Lanes operator&(const Lanes& a, const Lanes& b) {
  Lanes result;
  for (std::size_t w = 0; w < kLaneWords; ++w) result[w] = a[w] & b[w];
  return result;
}
inline void operator|=(Lanes& a, const Lanes& b) {
  for (std::size_t w = 0; w < kLaneWords; ++w) a[w] |= b[w];
}
// Lanes of `need` that `have` lacks?
inline bool lacks(const Lanes& need, const Lanes& have) {
  Word missing = 0;
  for (std::size_t w = 0; w < kLaneWords; ++w) missing |= need[w] & ~have[w];
  return missing != 0;
}
inline bool any(const Lanes& a) { return lacks(a, kNone); }
inline std::uint32_t population(const Lanes& a) {
  int sum = 0;
  for (const Word word : a) sum += std::popcount(word);
  return static_cast<std::uint32_t>(sum);
}

inline Lanes union_of(const std::vector<Lanes>& nodes) {
  Lanes result = kNone;
  for (const Lanes& node : nodes) result |= node;
  return result;
}

// Adds bits lane by lane: plane k holds bit k of every lane's count.
class LaneCounter {
 public:
  void clear() { planes_.clear(); }
  void add(Lanes carry) {
    for (Lanes& plane : planes_) {
      const Lanes next = plane & carry;
      for (std::size_t w = 0; w < kLaneWords; ++w) plane[w] ^= carry[w];
      carry = next;
      if (!any(carry)) return;
    }
    if (any(carry)) planes_.push_back(carry);
  }
  double sum() const {
    double total = 0;
    for (std::size_t a = 0; a < planes_.size(); ++a) total += std::ldexp(population(planes_[a]), static_cast<int>(a));
    return total;
  }
  double sum_of_squares() const {
    double total = 0;
    for (std::size_t a = 0; a < planes_.size(); ++a)
      for (std::size_t b = 0; b < planes_.size(); ++b)
        total += std::ldexp(population(planes_[a] & planes_[b]), static_cast<int>(a + b));
    return total;
  }

 private:
  std::vector<Lanes> planes_;
};

}  // namespace mft::percolation
