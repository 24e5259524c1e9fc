// The Gaussian moments the residual recurrences need at one pre-activation variance, and tables of them.
#pragma once
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/gaussian.h"

namespace mft::residual {

// Expectations over u ~ N(0, q).
struct MomentSet {
  double second = 0;             // E phi^2
  double derivative = 0;         // E phi'^2
  double mean = 0;               // E phi
  double second_slope = 0;       // d E phi^2 / dq
  double derivative_slope = 0;   // d E phi'^2 / dq
  double fourth = 0;             // E phi^4
  double mixed = 0;              // E phi^2 phi'^2
  double derivative_fourth = 0;  // E phi'^4
};
// The same of m / rho phi, m ~ Bernoulli(rho).
MomentSet masked(const MomentSet& unmasked, double keep_probability);
constexpr std::size_t kMoments = sizeof(MomentSet) / sizeof(double);

class Moments {
 public:
  // fluctuations: fill the last five entries too. interpolate: where one octave of the variance (and half octave of the
  // deficit) is asked often, make a Chebyshev table of it and read from that: relative error 1e-13.
  Moments(const GaussianFunction& function, bool is_odd, bool fluctuations, bool interpolate);

  MomentSet at(double variance);
  // D(q, deficit q) / (deficit q), D = E (phi(u) - phi(u'))^2 / 2 with correlation 1 - deficit; E phi'^2 at deficit 0.
  double difference_ratio(double variance, double deficit);

  bool is_homogeneous() const { return is_homogeneous_; }  // phi(t x) = t phi(x) for t > 0
  bool is_odd() const { return is_odd_; }

 private:
  static constexpr int kVarianceNodes = 16;  // Chebyshev nodes per octave of the variance
  static constexpr int kDeficitNodes = 14;   // and per half octave of the deficit
  MomentSet direct(double variance) const;
  double direct_ratio(double variance, double deficit) const;

  GaussianFunction function_;
  bool fluctuations_;
  bool interpolate_;
  bool is_homogeneous_ = false;
  bool is_odd_ = false;
  MomentSet unit_;  // homogeneous: the moments at variance 1
  template <typename Entry>
  struct Cell {
    int uses = 0;
    std::vector<Entry> nodes;  // empty until the cell has been used as often as making it costs
  };
  std::unordered_map<int, Cell<MomentSet>> tables_;
  std::unordered_map<std::int64_t, Cell<double>> ratio_tables_;
};

}  // namespace mft::residual
