// Closed forms of Gaussian expectations ((3.1) of docs/systems/feedforward.md), in the forms that keep their digits.
// An empty optional means: no closed form here, integrate.
#pragma once
#include <optional>

#include "core/gaussian.h"

namespace mft {

std::optional<double> closed_moment(const Activation& activation, const Integrand& integrand, double q);
std::optional<double> closed_pair_moment(const Activation& activation, const Integrand& integrand, double q1, double q2,
                                         double delta);
std::optional<double> closed_deficit(const Activation& activation, double q, double delta);

// E max(x1, 0)^n max(x2, 0)^n for unit variances at angle theta; `supplement` is pi - theta, given to full precision. n
// > -1.
double orthant_moment(double n, double theta, double supplement);

}  // namespace mft
