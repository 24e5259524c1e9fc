// Spectrum of the state-to-state Jacobian of every cell, Gaussian weights drawn anew at every step: Dyson equations of
// two unknowns (gru with the reset before the product: four). docs/systems/recurrent.md, 3.4 to 3.7.
#pragma once
#include <complex>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/control.h"
#include "systems/recurrent/cell.h"

namespace mft::recurrent {

// What one unit contributes to J = diag(keep) + (matrices whose rows have variances profile/N), unit by unit.
// gru, reset before: J = diag(keep) + X + C W (diag(reset) + Z), rows of C W with variance candidate/N, of Z with
// inner/N. lstm: of the 2N numbers (c, h): rows of dc' as here, dh' = slope dc' + rows with variance output/N.
struct JacobianUnits {
  std::vector<double> weight;  // sums to 1
  std::vector<double> keep, profile;
  std::vector<double> candidate, reset, inner;
  std::vector<double> slope, output;
};

struct UnitSampling {
  double second = 0, mean = 0;  // E h^2 and E h of the stationary state
  double variance = 0;          // of the pre-activation of the vanilla cell
  std::size_t samples = 1;
  std::uint64_t seed = 1;
  std::uint32_t population = 0;
};

// Whether the units need samples; else they are the nodes of a rule.
bool is_sampled(const Cell& cell);
JacobianUnits jacobian_units(const Cell& cell, const UnitSampling& sampling, const Control& control);

// E G11(w) of the hermitized Jacobian, Im w > 0.
std::complex<double> resolvent(const JacobianUnits& units, std::complex<double> w, const Control& control);

// Share of singular values up to s > 0: the resolvent around a circle of radius s.
double singular_value_share(const JacobianUnits& units, double s, const Control& control);

// The largest singular value where nothing is kept: beyond it the Dyson equation has a real solution.
double singular_value_edge(const JacobianUnits& units);

// E G11(w) of the vanilla cell with orthogonal weights: E w/(w^2 - sigma^2 phi'^2).
std::complex<double> orthogonal_resolvent(const JacobianUnits& units, std::complex<double> w);

}  // namespace mft::recurrent
