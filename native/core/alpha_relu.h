// The correlation map of the rectified power psi(x) = x^alpha for x > 0, 0 otherwise:
//
//   J(c) = E psi(u) psi(u') / E psi(u)^2,  u, u' standard normal with correlation c.
//
// about c = -1, in x = (1+c)/2:
//   J(c) = P x^(alpha+1/2) F(1/2, 1/2; alpha+3/2; x),  P = Gamma(alpha+1)^2 / (Gamma(alpha+1/2) Gamma(alpha+3/2))
// about c = 1, in y = (1-c)/2:
//   J(c) = F(-alpha, -alpha; 1/2-alpha; y) - P / cos(pi alpha) y^(alpha+1/2) F(1/2, 1/2; alpha+3/2; y)
//
// F is Gauss's hypergeometric function. The expansion about c = 1 gives 1 - J without cancellation; at half-integer
// alpha its two terms have poles that cancel, and there (and nearby) the mean over a circle in the complex alpha-plane
// is taken.
#pragma once

namespace mft {

// J(c) for alpha > -1/2 and c in [-1, 1]; relative error below 1e-13.
double alpha_relu_correlation_map(double alpha, double correlation);

// 1 - J(1 - deficit) for deficit in [0, 2], accurate relative to itself however small the deficit.
double alpha_relu_correlation_deficit(double alpha, double deficit);

// dJ/dc at c = 1 - deficit for alpha > 1/2: alpha^2 / (2 alpha - 1) J_{alpha-1}(c).
double alpha_relu_correlation_slope(double alpha, double deficit);

}  // namespace mft
