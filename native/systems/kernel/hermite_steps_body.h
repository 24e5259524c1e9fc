// The sums of hermite_steps.h for one instruction set; see core/vector_types.h.
#pragma once
#include <algorithm>

#include "core/vector_types.h"
#include "systems/kernel/hermite_steps.h"

namespace mft {
namespace {

using kernel::kHermiteColumns;
using kernel::kHermiteRows;

// Sum of a_k b_k x^k and its derivative by x, of four rows, by Horner's rule.
struct Sums {
  Doubles value[kHermiteRows], slope[kHermiteRows];
};

template <bool kHasSlope>
MFT_INLINE Sums series(const double* const (&rows)[kHermiteRows], const double* column, std::size_t terms,
                       const Doubles (&x)[kHermiteRows]) {
  Sums sums{};
  for (std::size_t k = terms; k-- > 0;) {
    const Doubles b = load<Doubles>(column + k * kHermiteColumns);
#pragma GCC unroll 4
    for (std::size_t r = 0; r < kHermiteRows; ++r) {
      if constexpr (kHasSlope) sums.slope[r] = sums.slope[r] * x[r] + sums.value[r];
      sums.value[r] = sums.value[r] * x[r] + rows[r][k] * b;
    }
  }
  return sums;
}

template <bool kHasSlope>
void hermite(const kernel::HermiteColumns& columns, const std::array<kernel::HermiteRow, kHermiteRows>& rows,
             std::size_t count) {
  const double* const even_rows[kHermiteRows] = {rows[0].even, rows[1].even, rows[2].even, rows[3].even};
  const double* const odd_rows[kHermiteRows] = {rows[0].odd, rows[1].odd, rows[2].odd, rows[3].odd};
  for (std::size_t first = 0; first < count; first += kHermiteColumns) {
    double largest = 0;
    for (const auto& row : rows)
      for (std::size_t i = 0; i < kHermiteColumns; ++i) {
        const double c = 1 - row.gap[first + i];
        largest = std::max(largest, c < 0 ? -c : c);
      }
    const double* const end = columns.limits + columns.steps;
    const auto step = static_cast<std::size_t>(std::lower_bound(columns.limits, end, largest) - columns.limits);
    const std::size_t terms = kHermiteColumns / 2 * (step + 1);
    const std::size_t evens = std::min(columns.even_count, terms), odds = std::min(columns.odd_count, terms);
    for (std::size_t lane = 0; lane < kHermiteColumns; lane += kLanes<Doubles>) {
      const std::size_t at = first + lane;
      Doubles c[kHermiteRows], x[kHermiteRows];
      for (std::size_t r = 0; r < kHermiteRows; ++r) {
        c[r] = 1 - load<Doubles>(rows[r].gap + at);
        x[r] = c[r] * c[r];
      }
      const Sums even = series<kHasSlope>(even_rows, columns.even + first * columns.even_count + lane, evens, x);
      const Sums odd = series<kHasSlope>(odd_rows, columns.odd + first * columns.odd_count + lane, odds, x);
      for (std::size_t r = 0; r < kHermiteRows; ++r) {
        store<Doubles>(even.value[r] + c[r] * odd.value[r], rows[r].product + at);
        if constexpr (kHasSlope)
          store<Doubles>(2 * c[r] * even.slope[r] + (odd.value[r] + 2 * x[r] * odd.slope[r]), rows[r].slope + at);
      }
    }
  }
}

void hermite_sums(const kernel::HermiteColumns& columns, const std::array<kernel::HermiteRow, kHermiteRows>& rows,
                  std::size_t count) {
  if (rows[0].slope == nullptr) {
    hermite<false>(columns, rows, count);
  } else {
    hermite<true>(columns, rows, count);
  }
}

}  // namespace
}  // namespace mft
