// The naive twin of core/statistics: the same order of additions, element by element.
#pragma once
#include <cmath>
#include <cstddef>
#include <vector>

namespace mft::naive {

// Sum of `terms` in the order that statistics.h states.
inline double ordered_sum(const std::vector<double>& terms) {
  double total = 0, compensation = 0;
  for (std::size_t start = 0; start < terms.size(); start += 4096) {
    double lanes[32] = {};
    for (std::size_t i = start; i < terms.size() && i < start + 4096; ++i) lanes[i % 32] += terms[i];
    for (std::size_t half = 16; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    const double block = lanes[0], next = total + block;
    compensation += std::abs(total) >= std::abs(block) ? (total - next) + block : (block - next) + total;
    total = next;
  }
  return total + compensation;
}

}  // namespace mft::naive
