// Closed forms of one direction at many steps: exponentials over spans, the rest in lanes.
#pragma once
#include <vector>

namespace mft::autoencoder {

// x = -(rate + rate_rest) (step - first) as a sum of two doubles, e = exp(x), d = 1 - e. Two coefficients {w0, s}:
// w0/(e + s d), the balanced form. Six {p, a, b, c, f, g}: N = p (a + b e) + c^2 d, D = p d + b + a e,
// (f e + g d (p + b)) (N + c D)/(4 N D), noise alone.
struct Curve {
  std::vector<double> steps;
  double first = 0, rate = 0, rate_rest = 0;
  std::vector<double> coefficients;
};

// One mapping per step. Throws SHAPE for another number of coefficients.
std::vector<double> curve(const Curve& given);

}  // namespace mft::autoencoder
