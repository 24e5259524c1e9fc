// Sums of Hermite terms of four rows with blocks of eight columns, as function pointers of one instruction set
// (hermite_steps_body.h): the same bits on all of them.
#pragma once
#include <array>
#include <cstddef>

namespace mft::kernel {

constexpr std::size_t kHermiteRows = 4, kHermiteColumns = 8;

// Columns in blocks of eight, block by block: term by term the eight coefficients of a term.
struct HermiteColumns {
  const double *even, *odd;
  std::size_t even_count, odd_count;
  const double* limits;  // HermiteTable::limits
  std::size_t steps;
};

struct HermiteRow {
  const double *even, *odd;  // coefficients
  const double* gap;         // 1 - c with every column
  double *product, *slope;   // E phi phi, and sqrt(q1 q2) E phi' phi' (nullptr: not wanted)
};

// count is a multiple of eight.
using HermiteStep = void (*)(const HermiteColumns& columns, const std::array<HermiteRow, kHermiteRows>& rows,
                             std::size_t count);

extern const HermiteStep kBaselineHermiteStep;
extern const HermiteStep kAvx2HermiteStep;
extern const HermiteStep kAvx512HermiteStep;
HermiteStep hermite_step();

}  // namespace mft::kernel
