// Statistics of one layer at one step, per row of the minibatch: |z|^2, z . z' with the next row (even rows),
// |delta|^2.
#pragma once
#include <cstddef>
#include <span>

#include "core/statistics.h"

namespace mft::train {

// Rows [first, first + count) of the minibatch.
struct Rows {
  std::size_t first;
  std::size_t count;
};

struct RowStatistics {
  double* square = nullptr;
  double* product = nullptr;
  double* error_square = nullptr;
  explicit operator bool() const { return square != nullptr; }
};

// z of these rows; nothing when no statistics are wanted.
template <typename T>
void record_values(const RowStatistics& statistics, Rows rows, const T* values, std::size_t units) {
  if (!statistics) return;
  for (std::size_t row = 0; row < rows.count; ++row) {
    const std::span<const T> z(values + row * units, units);
    statistics.square[rows.first + row] = sum_of_squares(z);
    if (row % 2 == 0 && row + 1 < rows.count)
      statistics.product[rows.first + row] = dot(z, std::span<const T>(z.data() + units, units));
  }
}

template <typename T>
void record_errors(const RowStatistics& statistics, Rows rows, const T* errors, std::size_t units) {
  if (!statistics) return;
  for (std::size_t row = 0; row < rows.count; ++row)
    statistics.error_square[rows.first + row] = sum_of_squares(std::span<const T>(errors + row * units, units));
}

}  // namespace mft::train
