// Gaussian moments of the functions inside gated cells, all in one pass of a rule of core/gaussian_rule.h: v the gate
// or candidate, w = 1 - v without cancellation, d = v' its slope. Relative error 1e-12, also where a gate is nearly
// closed or open (v or w of order e^-300).
#pragma once

namespace mft::recurrent {

enum class UnitFunction { kLogistic = 0, kProbit, kTanh, kLinear };

// E over e ~ N(mean, variance). Of tanh and the linear function w is 1 - v too, and of no use.
struct UnitMoments {
  double v1 = 0, v2 = 0, v3 = 0, v4 = 0;
  double w1 = 0, w2 = 0, w3 = 0, w4 = 0;
  double vw = 0, v2w = 0, vw2 = 0, v2w2 = 0, v3w = 0, vw3 = 0;
  double d2 = 0, d4 = 0;
  double vd2 = 0, v2d2 = 0, w2d2 = 0, vwd2 = 0;
  double d2x2 = 0;          // E d^2 (e - mean)^2
  double v2_slope = 0;      // d E v^2 / d variance
  double w2_slope = 0;      // d E w^2 / d variance
  double leak = 0;          // E (1 - v^2) = E w (1 + v)
  double closed_share = 0;  // E w^2 / E (1 - v^2), also where both underflow
};
UnitMoments unit_moments(UnitFunction function, double mean, double variance);

// E w^2 / E (1 - v^2) of a gate alone: what a scan for fixed points asks many times.
double closed_share(UnitFunction function, double mean, double variance);

// E over a pair of variances q1, q2 and covariance `covariance`, both of that mean.
struct UnitPair {
  double vv = 0, ww = 0, dd = 0;
};
UnitPair unit_pair(UnitFunction function, double mean, double q1, double q2, double covariance);

// E tanh(e_1) tanh(e_2) alone: fewer points.
double tanh_pair(double mean, double q1, double q2, double covariance);

// E v_1^2 v_2^2 and E v_1^2 w_2^2 of a pair.
struct UnitSquares {
  double vv = 0, vw = 0;
};
UnitSquares unit_squares(UnitFunction function, double mean, double q1, double q2, double covariance);

}  // namespace mft::recurrent
