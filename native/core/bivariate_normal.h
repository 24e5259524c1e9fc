// Probabilities of two correlated normal variables, and what pairs of rectified ones are worth.
#pragma once

namespace mft {

double normal_density(double x);
double normal_probability(double x);  // P(Z < x)

// P(Z1 < h, Z2 < k) for standard normals of correlation r, given with s = sqrt(1 - r^2): s is small where r says
// nothing. By Owen's T function and a Gauss-Legendre rule of 24 nodes; absolute error below 1e-14, for s = 0 too.
double bivariate_normal_probability(double h, double k, double r, double s);

// A normal pair (a, b) given by means, standard deviations > 0 and correlation; x+ = max(0, x).
struct RectifiedPair {
  double both;            // P(a > 0, b > 0) = d product / d covariance
  double product;         // E a+ b+
  double first_slope;     // E 1(a > 0) b+ = d product / d mean of a
  double second_slope;    // E a+ 1(b > 0)
  double first_density;   // E delta(a) b+ = 2 d product / d variance of a
  double second_density;  // E a+ delta(b)
};
RectifiedPair rectified_pair(double mean_a, double mean_b, double deviation_a, double deviation_b, double r, double s);
// The same for the correlation 1 - gap, gap in [0, 2]: all digits are kept where the two nearly coincide.
RectifiedPair rectified_pair_of_gap(double mean_a, double mean_b, double deviation_a, double deviation_b, double gap);

// One normal of this mean and deviation >= 0.
struct Rectified {
  double positive;  // P(a > 0)
  double mean;      // E a+
  double square;    // E a+^2
  double density;   // E delta(a); 0 for deviation 0
};
Rectified rectified(double mean, double deviation);

}  // namespace mft
