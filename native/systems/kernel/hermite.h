// Hermite expansions of an activation at many variances: A_j(q) = E phi(sqrt(q) z) he_j(z), he_j orthonormal, so that
// E phi(u) phi(v) = sum_j A_j(q1) A_j(q2) c^j and E phi'(u) phi'(v) = sum_j j A_j(q1) A_j(q2) c^(j-1)/sqrt(q1 q2) for
// every pair of variances and every correlation c: (2.3) of docs/systems/kernel.md.
//
// Coefficients are smooth in log q whatever the activation. They are integrated at Chebyshev points of log q, as many
// as the last Chebyshev coefficients demand, and interpolated to the variances of the rows; a few variances are
// integrated each. How many terms a correlation needs is bounded by Parseval's tails (limits).
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"

namespace mft::kernel {

// Orders that one step of the sum has: half of them even, half odd.
constexpr std::size_t kOrdersPerStep = 8;

struct HermiteTable {
  // A_0, A_2, ... and A_1, A_3, ...: rows x counts, without those that are zero for all rows.
  std::size_t even_count = 0, odd_count = 0;
  std::vector<double> even, odd;
  // Of every row: E phi^2, E phi'^2, E phi'.
  std::vector<double> second, slope_second, mean_slope;
  // limits[s]: up to which |c| the orders below 8 (s + 1) suffice for any two rows; ascending.
  std::vector<double> limits;
};

// The table of rows with these variances, at most most_orders coefficients each. A variance of 0 has A_0 = phi(0)
// alone.
HermiteTable hermite_table(const GaussianFunction& function, std::span<const double> variances, bool has_tangent,
                           std::size_t most_orders, int threads, const Control& control);

// The most orders of tables that take `rows` rows at `layers` layers within a GiB: 512, 256 or 128.
std::size_t orders_within_memory(std::size_t rows, std::size_t layers);

}  // namespace mft::kernel
