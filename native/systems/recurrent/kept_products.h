// Products of a network that is kept over time: its matrix stands in panels of few units, which a product of few rows
// reads once and in order; what the inputs give is found for many steps together.
#pragma once
#include <cstddef>
#include <functional>
#include <span>

#include "core/aligned.h"

namespace mft::recurrent {

// W (units x sources) as panels: the sources of kPanelUnits units, one source after the other.
class KeptMatrix {
 public:
  static constexpr std::size_t kPanelUnits = 16;

  // row(i, out) writes row i of W.
  void take(std::size_t units, std::size_t sources,
            const std::function<void(std::size_t row, std::span<double> out)>& row);
  // out (rows x units) = y W^T for y (rows x sources).
  void multiply(std::size_t rows, const double* y, double* out) const;

  static double memory_estimate(std::size_t units, std::size_t sources);

 private:
  std::size_t units_ = 0, sources_ = 0;
  AlignedVector<double> panels_, rows_;
};

}  // namespace mft::recurrent
