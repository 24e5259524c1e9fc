// The stationary law of the lstm's cell state, c' = f c + i g with gates independent of c (untied weights): collocation
// of the transfer operator T psi(c) = E psi(f c + i g) at Chebyshev points of asinh(c).
#pragma once
#include <cstddef>

#include "core/control.h"
#include "systems/recurrent/cell.h"

namespace mft::recurrent {

struct LstmState {
  double second = 0;       // E h^2
  double mean = 0;         // E h
  double cell_second = 0;  // E c^2
  double growth = 0;       // mean square of a small perturbation, per step
};

// The fixed point that is reached from the zero state; about 1e-8 with 160 points. Throws NO_CONVERGENCE.
LstmState lstm_fixed_point(const Cell& cell, std::size_t points, const Control& control);

}  // namespace mft::recurrent
