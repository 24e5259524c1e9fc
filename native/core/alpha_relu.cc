#include "core/alpha_relu.h"

#include <cmath>
#include <complex>
#include <numbers>
#include <string>

#include "core/error.h"

namespace mft {
namespace {

using Complex = std::complex<double>;
constexpr double kPi = std::numbers::pi;

// sum over n >= first of (a)_n (b)_n / ((c)_n n!) x^n for x <= 0.9 or so.
template <typename Number>
Number hypergeometric_tail(Number a, Number b, Number c, double x, int first) {
  constexpr int kMostTerms = 2000;
  Number term = 1.0, sum = first == 0 ? Number(1.0) : Number(0.0);
  for (int n = 0; n < kMostTerms; ++n) {
    const double step = n;
    term *= (a + step) * (b + step) / ((c + step) * (step + 1.0)) * x;
    if (n + 1 >= first) sum += term;
    if (std::abs(term) <= 1e-18 * std::abs(sum)) break;
  }
  return sum;
}

Complex log_gamma(Complex z) {  // Re z > -1/2; Stirling's series after the shift to Re z >= 12
  Complex shift = 0.0;
  while (z.real() < 12.0) {
    shift += std::log(z);
    z += 1.0;
  }
  const Complex r = 1.0 / z, r2 = r * r;
  const Complex series =
      r * (1.0 / 12 +
           r2 * (-1.0 / 360 +
                 r2 * (1.0 / 1260 + r2 * (-1.0 / 1680 + r2 * (1.0 / 1188 + r2 * (-691.0 / 360360 + r2 / 156.0))))));
  return (z - 0.5) * std::log(z) - z + 0.5 * std::log(2.0 * kPi) + series - shift;
}

// P: real arguments by the C library's Gamma, complex ones by Stirling's series.
double prefactor(double alpha) {
  const double g = std::tgamma(alpha + 1.0);
  return g / std::tgamma(alpha + 0.5) * (g / std::tgamma(alpha + 1.5));
}
Complex prefactor(Complex alpha) {
  return std::exp(2.0 * log_gamma(alpha + 1.0) - log_gamma(alpha + 0.5) - log_gamma(alpha + 1.5));
}

// The expansion about c = -1, in powers of x = (1 + c)/2:
//   J = P x^(alpha+1/2) F(1/2, 1/2; alpha+3/2; x)
// All terms are positive.
double by_closeness_to_minus_one(double alpha, double x) {
  return prefactor(alpha) * std::pow(x, alpha + 0.5) * hypergeometric_tail(0.5, 0.5, alpha + 1.5, x, 0);
}

// The expansion about c = 1, in powers of y = (1 - c)/2, without the leading 1 of F:
//   1 - J = P / cos(pi alpha) y^(alpha+1/2) F(1/2, 1/2; alpha+3/2; y) - [F(-alpha, -alpha; 1/2-alpha; y) - 1]
template <typename Number>
Number by_deficit(Number alpha, double y) {
  const Number power = prefactor(alpha) / std::cos(kPi * alpha) * std::exp((alpha + 0.5) * std::log(y)) *
                       hypergeometric_tail(Number(0.5), Number(0.5), alpha + 1.5, y, 0);
  return power - hypergeometric_tail(-alpha, -alpha, 0.5 - alpha, y, 1);
}

// At half-integer alpha both terms of the expansion about c = 1 have poles. They cancel, so 1 - J is analytic in alpha
// and equals its mean over any circle.
double by_circle(double alpha, double y) {
  constexpr int kPoints = 96;
  constexpr double kRadius = 0.2;
  double sum = 0.0;
  for (int k = 0; k < kPoints / 2; ++k) {  // the other half is the complex conjugate
    const double angle = kPi * (2 * k + 1) / kPoints;
    sum += by_deficit(Complex(alpha + kRadius * std::cos(angle), kRadius * std::sin(angle)), y).real();
  }
  return sum / (kPoints / 2);
}

void check(double alpha, const char* name, double value, double low, double high) {
  if (!(alpha > -0.5 && alpha <= 50.0))
    throw Error("OUT_OF_RANGE", "alpha", "Expected `alpha` to be a number in (-0.5, 50].");
  if (!(value >= low && value <= high))
    throw Error("OUT_OF_RANGE", name, std::string("Expected `") + name + "` to be within its range.");
}

// The expansion about c = 1 cancels for large alpha away from y = 0, where the one about c = -1 converges fast.
bool is_near_one(double alpha, double y) { return y <= (alpha <= 3.0 ? 0.5 : 1.5 / alpha); }

double deficit_near_one(double alpha, double y) {
  constexpr double kNearPole = 0.1;
  const double distance = std::abs(alpha + 0.5 - std::round(alpha + 0.5));
  return distance < kNearPole ? by_circle(alpha, y) : by_deficit(alpha, y);
}

}  // namespace

double alpha_relu_correlation_map(double alpha, double correlation) {
  check(alpha, "correlation", correlation, -1.0, 1.0);
  const double y = (1.0 - correlation) / 2.0;
  if (y == 0.0) return 1.0;
  if (is_near_one(alpha, y)) return 1.0 - deficit_near_one(alpha, y);
  const double x = (1.0 + correlation) / 2.0;
  return x == 0.0 ? 0.0 : by_closeness_to_minus_one(alpha, x);
}

double alpha_relu_correlation_deficit(double alpha, double deficit) {
  check(alpha, "deficit", deficit, 0.0, 2.0);
  const double y = deficit / 2.0;
  if (y == 0.0) return 0.0;
  if (is_near_one(alpha, y)) return deficit_near_one(alpha, y);
  const double x = 1.0 - y;
  return x == 0.0 ? 1.0 : 1.0 - by_closeness_to_minus_one(alpha, x);
}

double alpha_relu_correlation_slope(double alpha, double deficit) {
  if (!(alpha > 0.5)) throw Error("OUT_OF_RANGE", "alpha", "Expected `alpha` to be a number > 0.5.");
  return alpha * alpha / (2.0 * alpha - 1.0) * (1.0 - alpha_relu_correlation_deficit(alpha - 1.0, deficit));
}

}  // namespace mft
