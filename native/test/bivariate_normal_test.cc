// Bivariate normal probabilities and rectified pairs against brute integration over one variable, in closed cases, and
// against differences.
#include "core/bivariate_normal.h"

#include <cmath>
#include <numbers>

#include "test/check.h"

using namespace mft;

namespace {

double phi(double x) { return std::exp(-0.5 * x * x) / std::sqrt(2 * std::numbers::pi); }
double below(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// E f(z) over z > from by Simpson's rule with a step of 1/2000.
template <typename F>
double integral(double from, F f) {
  const double low = std::max(from, -12.0), high = 12;
  if (low >= high) return 0;
  constexpr int kSteps = 60000;
  const double step = (high - low) / kSteps;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i)
    sum += (i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2) * phi(low + i * step) * f(low + i * step);
  return sum * step / 3;
}

// E max(0, m + t z).
double half(double m, double t) { return m * below(m / t) + t * phi(m / t); }

void probabilities(test::Tally& tally) {
  const double grid[] = {-6, -2.5, -1, -0.3, 0, 0.4, 1, 3, 5};
  for (const double h : grid)
    for (const double k : grid)
      for (const double r : {-0.99999, -0.9, -0.5, 0.0, 0.3, 0.95, 0.9999}) {
        const double s = std::sqrt((1 - r) * (1 + r));
        // P(Z1 < h, Z2 < k) = P(-Z1 > -h, ...).
        const double brute = integral(-h, [&](double z) { return below((k + r * z) / s); });
        tally.within(bivariate_normal_probability(h, k, r, s) - brute, -2e-11, 2e-11, "probability of a quadrant");
      }
  for (const double h : grid)
    for (const double k : grid) {
      tally.within(bivariate_normal_probability(h, k, 1, 0) - below(std::min(h, k)), -1e-15, 1e-15, "r = 1");
      const double apart = std::max(0.0, below(h) - below(-k));
      tally.within(bivariate_normal_probability(h, k, -1, 0) - apart, -1e-15, 1e-15, "r = -1");
      tally.within(bivariate_normal_probability(h, k, 0, 1) - below(h) * below(k), -1e-15, 1e-15, "r = 0");
    }
}

void pairs(test::Tally& tally) {
  for (const double ma : {-2.0, -0.1, 0.0, 1.5})
    for (const double mb : {-1.0, 0.2, 2.0})
      for (const double r : {-0.999, -0.7, 0.0, 0.4, 0.98}) {
        const double da = 0.8, db = 1.7, s = std::sqrt((1 - r) * (1 + r));
        const RectifiedPair pair = rectified_pair(ma, mb, da, db, r, s);
        const auto given = [&](double z) { return half(mb + r * db * z, s * db); };
        const double product = integral(-ma / da, [&](double z) { return (ma + da * z) * given(z); });
        tally.within(pair.product - product, -2e-10, 2e-10, "product");
        tally.within(pair.first_slope - integral(-ma / da, given), -2e-10, 2e-10, "slope");
        tally.within(pair.first_density - phi(ma / da) / da * given(-ma / da), -1e-13, 1e-13, "density");
        // Derivatives by mean, variance and covariance.
        const double e = 1e-5;
        const auto at = [&](double a, double b, double va, double vb, double c) {
          const double x = std::sqrt(va), y = std::sqrt(vb), q = c / (x * y);
          return rectified_pair(a, b, x, y, q, std::sqrt((1 - q) * (1 + q))).product;
        };
        const double va = da * da, vb = db * db, c = r * da * db;
        const auto slope = [&](double up, double down) { return (up - down) / (2 * e); };
        tally.within(pair.first_slope - slope(at(ma + e, mb, va, vb, c), at(ma - e, mb, va, vb, c)), -1e-8, 1e-8,
                     "mean a");
        tally.within(pair.second_slope - slope(at(ma, mb + e, va, vb, c), at(ma, mb - e, va, vb, c)), -1e-8, 1e-8,
                     "mean b");
        tally.within(0.5 * pair.first_density - slope(at(ma, mb, va + e, vb, c), at(ma, mb, va - e, vb, c)), -1e-7,
                     1e-7, "variance of a");
        tally.within(0.5 * pair.second_density - slope(at(ma, mb, va, vb + e, c), at(ma, mb, va, vb - e, c)), -1e-7,
                     1e-7, "variance of b");
        tally.within(pair.both - slope(at(ma, mb, va, vb, c + e), at(ma, mb, va, vb, c - e)), -1e-7, 1e-7,
                     "covariance");
      }
  // The same variable twice, and its mirror image.
  const Rectified one = rectified(0.4, 1.3);
  const RectifiedPair twice = rectified_pair(0.4, 0.4, 1.3, 1.3, 1, 0);
  tally.within(twice.product - one.square, -1e-14, 1e-14, "square");
  tally.within(twice.first_slope - one.mean, -1e-14, 1e-14, "slope of the square");
  tally.within(rectified_pair(0.4, -0.4, 1.3, 1.3, -1, 0).product, -1e-15, 1e-15,
               "mirror images are never both above 0");
}

}  // namespace

int main() {
  test::Tally tally;
  probabilities(tally);
  pairs(tally);
  return tally.finish();
}
