// Gaussian expectations of tanh by rules of its own, faster than the general ones and accurate for every variance:
// tanh is analytic in |Im x| < pi/2, so the trapezoid rule converges geometrically (error about exp(-pi^2 / step)).
// Relative error below 1e-13.
#pragma once

namespace mft {

double tanh_second_moment(double q);             // V = E tanh^2 u, u ~ N(0, q)
double tanh_second_moment_complement(double q);  // 1 - V = E sech^2, relative accuracy as q -> infinity
double tanh_derivative_moment(double q);         // E sech^4

// D = E (tanh u - tanh u')^2 / 2 at variance q and correlation 1 - delta, delta in [0, 2].
//   gap q delta <= 30:  with u, u' = m +- k,  tanh u - tanh u' = 2 sinh 2k / (cosh 2m + cosh 2k), a rational function
//                       of exp(-2m), exp(-2k) summed over a tensor trapezoid rule;
//   otherwise:          the sign function's value (2/pi) arccos c and corrections near the axes, with
//                       |tanh x| = 1 - 2 / (exp(2|x|) + 1), by Gauss-Legendre panels.
double tanh_deficit(double q, double delta);

}  // namespace mft
