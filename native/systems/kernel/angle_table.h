// E phi(u) phi(v) and E phi'(u) phi'(v) of pairs of a small angle (c = cos angle, or -cos angle), of an activation
// whose only kink is at 0: (2.5) of docs/systems/kernel.md. In polar coordinates u = sqrt(q1) r cos(alpha + angle/2), v
// = sqrt(q2) r cos(alpha - angle/2) the kinks are rays; between them the integrand is analytic. So the expectations are
// analytic in the angle, from 0 on, and in log q1 and log q2: one Chebyshev sum in all three, whose last coefficients
// say its error.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"
#include "systems/kernel/piecewise_linear.h"

namespace mft::kernel {

class AngleTable {
 public:
  static bool is_possible(const GaussianFunction& function);

  // For variances from least to largest and angles up to widest; is_opposite: of u and -v.
  AngleTable(const GaussianFunction& function, bool has_tangent, bool is_opposite, double least, double largest,
             double widest, int threads, const Control& control);

  // Whether the last coefficients are rounding; else the table has nothing to say.
  bool is_resolved() const { return is_resolved_; }
  // The series of a variance with every other variance and angle.
  std::vector<double> row(double q) const;
  // Relative to the roots of the second moments of both.
  PairExpectations at(std::span<const double> row, double q, double angle) const;

 private:
  struct Nodes;
  void build(const GaussianFunction& function, std::size_t terms, std::size_t angles, const Control& control);
  Nodes nodes(const GaussianFunction& function, double angle) const;
  void basis(double q, std::span<double> result) const;
  double share_of_last(std::size_t direction) const;

  const bool has_tangent_, is_opposite_;
  const int threads_;
  double middle_ = 0, half_ = 0, widest_ = 0;
  std::size_t terms_ = 0, angles_ = 0, kinds_ = 1;
  bool is_resolved_ = false;
  // terms x (angles x terms x kinds): of log q1, of the angle, of log q2.
  std::vector<double> series_;
};

}  // namespace mft::kernel
