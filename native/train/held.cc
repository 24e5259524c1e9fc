#include "train/held.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/lapack.h"
#include "core/product.h"

namespace mft::train {

template <typename T>
void hold_rank(std::size_t rank, std::size_t rows, std::size_t columns, T* weights) {
  const std::size_t small = std::min(rows, columns), count = rows * columns;
  if (rank == 0 || rank >= small) return;
  if (!std::all_of(weights, weights + count, [](T w) { return std::isfinite(w); })) return;
  // Scaled, so that squares neither overflow nor vanish.
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(static_cast<double>(weights[i])));
  if (largest == 0) return;
  std::vector<double> w(count), square(small * small), part(count);
  for (std::size_t i = 0; i < count; ++i) w[i] = static_cast<double>(weights[i]) / largest;
  const bool is_wide = rows <= columns;  // W W^T, else W^T W
  matrix_product(!is_wide, is_wide, small, small, is_wide ? columns : rows, 1.0, w.data(), columns, w.data(), columns,
                 0.0, square.data(), small);
  lapack::symmetric_eigen(small, square.data());  // rows are eigenvectors, the largest first
  // U^T (U W), or (W U^T) U.
  const double* u = square.data();
  if (is_wide) {
    matrix_product(false, false, rank, columns, small, 1.0, u, small, w.data(), columns, 0.0, part.data(), columns);
    matrix_product(true, false, small, columns, rank, largest, u, small, part.data(), columns, 0.0, w.data(), columns);
  } else {
    matrix_product(false, true, rows, rank, small, 1.0, w.data(), columns, u, small, 0.0, part.data(), rank);
    matrix_product(false, false, rows, small, rank, largest, part.data(), rank, u, small, 0.0, w.data(), columns);
  }
  for (std::size_t i = 0; i < count; ++i) weights[i] = static_cast<T>(w[i]);
}

template <typename T>
void hold_norm(double norm, std::size_t count, T* weights) {
  if (std::isinf(norm)) return;
  double largest = 0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(static_cast<double>(weights[i])));
  if (!(largest > 0) || std::isinf(largest)) return;
  double sum = 0;  // of squares, of numbers that neither overflow nor vanish
  for (std::size_t i = 0; i < count; ++i) {
    const double w = static_cast<double>(weights[i]) / largest;
    sum += w * w;
  }
  const double own = largest * std::sqrt(sum);
  if (!(own > norm)) return;
  const double shrink = norm / own;
  for (std::size_t i = 0; i < count; ++i) weights[i] = static_cast<T>(shrink * static_cast<double>(weights[i]));
}

template void hold_rank(std::size_t, std::size_t, std::size_t, float*);
template void hold_rank(std::size_t, std::size_t, std::size_t, double*);
template void hold_norm(double, std::size_t, float*);
template void hold_norm(double, std::size_t, double*);

}  // namespace mft::train
