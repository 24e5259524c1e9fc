// Inside of core/sparse_product: the product for one instruction set; see core/vector_types.h.
#pragma once
#include <algorithm>

#include "core/sparse_product.h"
#include "core/vector_types.h"

namespace mft {
namespace {

// Entries whose row of x is asked for while one is summed.
constexpr std::size_t kSparseAhead = 12;

// kVectors vectors of every row of y, beginning at number `first`, stay in registers.
template <std::size_t kVectors>
void sparse_panel(const SparseMatrix& a, std::size_t width, std::size_t first, const double* x, double* y) {
  constexpr std::size_t kLength = kLanes<Doubles>;
  const std::int32_t* columns = a.columns.data();
  const std::size_t entries = a.columns.size(), rows = a.row_pointers.size() - 1;
  for (std::size_t i = 0; i < rows; ++i) {
    Doubles sum[kVectors] = {};
    const auto end = static_cast<std::size_t>(a.row_pointers[i + 1]);
    for (auto e = static_cast<std::size_t>(a.row_pointers[i]); e < end; ++e) {
      const double* ahead =
          x + static_cast<std::size_t>(columns[std::min(e + kSparseAhead, entries - 1)]) * width + first;
      for (std::size_t byte = 0; byte < kVectors * sizeof(Doubles); byte += 64)
        __builtin_prefetch(reinterpret_cast<const char*>(ahead) + byte);
      const double* in = x + static_cast<std::size_t>(columns[e]) * width + first;
      const Doubles value = broadcast<Doubles>(a.values[e]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sum[v] += value * load<Doubles>(in + v * kLength);
    }
    for (std::size_t v = 0; v < kVectors; ++v) store<Doubles>(sum[v], y + i * width + first + v * kLength);
  }
}

// One number of every row. Rows are short: several at a time keep the units busy.
inline void sparse_column(const SparseMatrix& a, std::size_t width, std::size_t first, const double* x, double* y) {
  const std::size_t rows = a.row_pointers.size() - 1;
  const std::int32_t* columns = a.columns.data();
  for (std::size_t i = 0; i < rows; ++i) {
    double sum = 0;
    const auto end = static_cast<std::size_t>(a.row_pointers[i + 1]);
    for (auto e = static_cast<std::size_t>(a.row_pointers[i]); e < end; ++e)
      sum += a.values[e] * x[static_cast<std::size_t>(columns[e]) * width + first];
    y[i * width + first] = sum;
  }
}

inline void sparse_product_of_set(const SparseMatrix& a, std::size_t width, const double* x, double* y) {
  constexpr std::size_t kLength = kLanes<Doubles>;
  std::size_t first = 0;
  for (; first + 8 * kLength <= width; first += 8 * kLength) sparse_panel<8>(a, width, first, x, y);
  for (; first + 4 * kLength <= width; first += 4 * kLength) sparse_panel<4>(a, width, first, x, y);
  for (; first + 2 * kLength <= width; first += 2 * kLength) sparse_panel<2>(a, width, first, x, y);
  for (; first + kLength <= width; first += kLength) sparse_panel<1>(a, width, first, x, y);
  for (; first < width; ++first) sparse_column(a, width, first, x, y);
}

}  // namespace
}  // namespace mft
