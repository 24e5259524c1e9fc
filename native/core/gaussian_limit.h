// Gaussian expectations at variances so large that an activation is, to double precision, a step or two straight lines:
// there quadrature would follow features of size 1 over scores of octaves.
#pragma once
#include <optional>
#include <span>

#include "core/activation.h"

namespace mft {

// 1/2 E (phi(u1) - phi(u2))^2 at variance q and correlation 1 - delta; empty where phi still differs from its limit, or
// has none. `kinks`: of phi, with its shift.
std::optional<double> limit_deficit(const Activation& activation, std::span<const double> kinks, double q,
                                    double delta);

// max(0, slope u), which an activation without shift, scale and offset differs from by a bounded number, where
// variables of that variance and their difference are large beside the features; empty elsewhere, and for other
// activations.
std::optional<Activation> line_beside(const Activation& activation, std::span<const double> kinks, double q,
                                      double delta);

// Two half-lines through 0 that an expression is, but for a share size/sqrt(q) below 1e-11, at variance q; empty
// where it is not straight on both sides of its kinks, or constant.
std::optional<Activation> far_line(const Activation& activation, std::span<const double> kinks, double q);

}  // namespace mft
