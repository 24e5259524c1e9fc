#include "systems/recurrent/kept_products.h"

#include <algorithm>

#include "core/product.h"

namespace mft::recurrent {

void KeptMatrix::take(std::size_t units, std::size_t sources,
                      const std::function<void(std::size_t row, std::span<double> out)>& row) {
  units_ = units;
  sources_ = sources;
  panels_.resize(units * sources);
  rows_.resize(kPanelUnits * sources);
  for (std::size_t first = 0; first < units; first += kPanelUnits) {
    const std::size_t count = std::min(kPanelUnits, units - first);
    for (std::size_t i = 0; i < count; ++i) row(first + i, std::span(rows_).subspan(i * sources, sources));
    double* to = panels_.data() + first * sources;
    for (std::size_t j = 0; j < sources; ++j)
      for (std::size_t i = 0; i < count; ++i) *to++ = rows_[i * sources + j];
  }
}

void KeptMatrix::multiply(std::size_t rows, const double* y, double* out) const {
  for (std::size_t first = 0; first < units_; first += kPanelUnits) {
    const std::size_t count = std::min(kPanelUnits, units_ - first);
    matrix_product(false, false, rows, count, sources_, 1.0, y, sources_, panels_.data() + first * sources_, count, 0.0,
                   out + first, units_);
  }
}

double KeptMatrix::memory_estimate(std::size_t units, std::size_t sources) {
  return static_cast<double>(units + kPanelUnits) * static_cast<double>(sources);
}

}  // namespace mft::recurrent
