// E phi phi and E phi' phi' of Gaussian pairs of correlations near 1 and -1, where a Hermite sum of an activation with
// kinks has too many terms: (2.4) and (2.5) of docs/systems/kernel.md. Pieces of straight lines have a closed form.
// Where the only kink is at 0 the expectations are analytic in the angle and in the logarithms of both variances:
// Chebyshev sums in all three. Anything else is integrated pair by pair.
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"
#include "systems/kernel/angle_table.h"
#include "systems/kernel/piecewise_linear.h"

namespace mft::kernel {

// What of one row the pairs need: its variance q > 0, E phi^2 and E phi'^2 there.
struct PairRow {
  double variance, second, slope_second;
};

class NearPairs {
 public:
  // Variances between least and largest; angles up to `widest` (from 0 or from pi). `count`: how many pairs there may
  // be. Tables are made when the first pair asks, where there are enough pairs to pay for them.
  NearPairs(const GaussianFunction& function, bool has_tangent, double least, double largest, double widest,
            std::size_t count, int threads, const Control& control);

  // Chebyshev series of a row with others; empty until a pair asked for it.
  struct Series {
    std::vector<double> near, opposite;
  };
  // E phi phi and (with a tangent) E phi' phi' of a row with another; `series` belongs to the first.
  PairExpectations at(const PairRow& first, const PairRow& second, double gap, Series& series) const;

 private:
  const AngleTable* table(bool is_opposite) const;
  double quadrature(const Integrand& integrand, const PairRow& first, const PairRow& second, double gap) const;

  const GaussianFunction& function_;
  const bool has_tangent_;
  const double least_, largest_, widest_;
  const int threads_;
  const Control& control_;
  std::optional<PiecewiseLinear> lines_;
  bool wants_tables_ = false;
  mutable std::mutex making_;
  mutable std::unique_ptr<AngleTable> tables_[2];
};

}  // namespace mft::kernel
