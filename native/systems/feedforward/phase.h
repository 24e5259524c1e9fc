// Fixed points and multipliers of a feedforward network over many parameter points: phase diagrams. The same
// definitions as ts/gaussian/fixed-points.ts (q* is the fixed point reached from 1), on tabulated moments.
#pragma once
#include <span>

#include "core/control.h"
#include "core/gaussian.h"

namespace mft::feedforward {

enum class PhaseStatus : int {
  kFound = 0,
  kNoFixedPoint = 1,  // the variance grows without bound
  kVanishing = 2,     // q* = 0: chi_q and chi_1 are given, pair values are not
  kUnusual = 3,       // marginal, or V falls with q: left to the general solver
};

struct PhasePoints {
  std::span<const double> weight_variance;
  std::span<const double> bias_variance;
  std::span<const double> keep_probability;
  bool shares_masks = false;
  double value_at_zero = 0;  // phi(0)
};

// One row of kPhaseColumns numbers per point: status, q*, 1 - c*, chi_q, chi_1, chi_c.
constexpr std::size_t kPhaseColumns = 6;
void phase_points(const GaussianFunction& function, const PhasePoints& points, int threads, const Control& control,
                  std::span<double> rows);

}  // namespace mft::feedforward
