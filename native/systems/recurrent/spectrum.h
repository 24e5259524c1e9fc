// Spectrum of the state-to-state Jacobian diag(phi') W of the vanilla cell.
#pragma once
#include <complex>

#include "systems/recurrent/cell.h"

namespace mft::recurrent {

// E G11(w) of the hermitized Jacobian at pre-activation variance q, Im w > 0. Gaussian weights: Dyson equation,
// b = sigma^2 E B^2/(w - sigma^2 B^2 a), a = 1/(w - b), G11 = E 1/(w - sigma^2 B^2 a); orthogonal: E w/(w^2 - sigma^2
// B^2).
std::complex<double> vanilla_resolvent(const Cell& cell, double variance, std::complex<double> w);

}  // namespace mft::recurrent
