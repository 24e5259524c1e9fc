// E phi(u) phi(v) and E phi'(u) phi'(v) with their derivatives by both variances and the covariance, for activations
// without closed forms: (6.12) of docs/systems/kernel.md.
//
// With T_j = A_j(q)/q^(j/2) both are sums of T_j(q1) T_j(q2) k^j, and dT_j/dq = sqrt((j + 1)(j + 2)) T_(j+2)/2: the
// Hermite table of the values is that of all derivatives. Pairs that the table does not reach (kinks, correlations near
// 1 and -1) have differences at a fixed gap, where everything is smooth in the logarithms of q1, q2 and the gap.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "core/control.h"
#include "systems/kernel/hermite.h"
#include "systems/kernel/near_pairs.h"
#include "systems/kernel/pair_derivatives.h"

namespace mft::kernel {

class SeriesDerivatives {
 public:
  // Of rows with these variances at one layer. Throws Error where one is 0: nothing is expanded there.
  SeriesDerivatives(const GaussianFunction& function, std::span<const double> variances, std::size_t layers,
                    int threads, const Control& control);

  // Series of one row as it is and with a variance a little larger and smaller.
  using RowSeries = std::array<NearPairs::Series, 3>;

  // A row with itself; `by_k` is the derivative by its one variance.
  PairMoments own(std::size_t i) const { return own_[i]; }
  PairMoments pair(std::size_t i, std::size_t j, double k, RowSeries& series) const;

 private:
  PairMoments one(std::size_t i) const;
  PairMoments sums(std::size_t i, std::size_t j, double c) const;
  PairMoments near(std::size_t i, std::size_t j, double gap, RowSeries& series) const;

  std::vector<double> variances_;
  HermiteTable table_;
  std::vector<PairMoments> own_;
  // Where the table does not reach: of every row what it is, and at variances e^h and e^-h times its own.
  std::vector<std::array<PairRow, 3>> moved_;
  std::optional<NearPairs> near_;
};

}  // namespace mft::kernel
