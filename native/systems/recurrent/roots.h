// One-dimensional roots and scans, as ts/numeric/roots.ts has them.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace mft::recurrent {

// The root of f in [a, b], where f changes sign: inverse quadratic steps kept inside the bracket, else bisection (Brent
// 1973).
template <typename F>
double bracketed_root(F f, double a, double b, double fa, double fb) {
  if (fa == 0) return a;
  if (fb == 0) return b;
  double c = a, fc = fa, d = b - a, e = d;
  for (int step = 0; step < 200; ++step) {
    if ((fb > 0) == (fc > 0)) {
      c = a;
      fc = fa;
      d = e = b - a;
    }
    if (std::abs(fc) < std::abs(fb)) {
      a = b;
      b = c;
      c = a;
      fa = fb;
      fb = fc;
      fc = fa;
    }
    const double tolerance = 2 * std::numeric_limits<double>::epsilon() * std::abs(b);
    const double middle = 0.5 * (c - b);
    if (std::abs(middle) <= tolerance || fb == 0) return b;
    if (std::abs(e) >= tolerance && std::abs(fa) > std::abs(fb)) {
      const double s = fb / fa;
      double p, q;
      if (a == c) {
        p = 2 * middle * s;
        q = 1 - s;
      } else {
        const double r = fb / fc, t = fa / fc;
        p = s * (2 * middle * t * (t - r) - (b - a) * (r - 1));
        q = (t - 1) * (r - 1) * (s - 1);
      }
      if (p > 0) q = -q;
      p = std::abs(p);
      if (2 * p < std::min(3 * middle * q - std::abs(tolerance * q), std::abs(e * q))) {
        e = d;
        d = p / q;
      } else {
        d = e = middle;
      }
    } else {
      d = e = middle;
    }
    a = b;
    fa = fb;
    b += std::abs(d) > tolerance ? d : (middle > 0 ? tolerance : -tolerance);
    fb = f(b);
  }
  return b;
}

// All roots of f over the grid, ascending: sign changes, and between equal signs a second look where |f| has a least
// value (a pair of roots between two points of the grid). f may be non-finite: such points are passed over.
template <typename F>
std::vector<double> roots_on(const std::vector<double>& grid, F f) {
  std::vector<double> values;
  for (const double x : grid) values.push_back(f(x));
  std::vector<double> roots;
  const auto crossing = [&](double a, double b, double fa, double fb) {
    if (std::isfinite(fa) && std::isfinite(fb) && (fa > 0) != (fb > 0))
      roots.push_back(bracketed_root(f, a, b, fa, fb));
  };
  for (std::size_t i = 0; i + 1 < grid.size(); ++i) {
    crossing(grid[i], grid[i + 1], values[i], values[i + 1]);
    if (i == 0) continue;
    const double left = values[i - 1], here = values[i], right = values[i + 1];
    const bool is_least = std::abs(here) <= std::abs(left) && std::abs(here) <= std::abs(right);
    if (!is_least || (left > 0) != (here > 0) || (right > 0) != (here > 0)) continue;
    double a = grid[i - 1], b = grid[i + 1];
    const double sign = here > 0 ? 1 : -1;
    constexpr double kGolden = 0.6180339887498949;
    double x1 = b - kGolden * (b - a), x2 = a + kGolden * (b - a);
    double f1 = sign * f(x1), f2 = sign * f(x2);
    for (int step = 0; step < 40 && f1 > 0 && f2 > 0 && b - a > 1e-9 * std::abs(b); ++step) {
      if (f1 < f2) {
        b = x2;
        x2 = x1;
        f2 = f1;
        x1 = b - kGolden * (b - a);
        f1 = sign * f(x1);
      } else {
        a = x1;
        x1 = x2;
        f1 = f2;
        x2 = a + kGolden * (b - a);
        f2 = sign * f(x2);
      }
    }
    const double x = f1 < f2 ? x1 : x2;
    const double low = sign * std::min(f1, f2);
    if (std::min(f1, f2) <= 0) {
      crossing(grid[i - 1], x, left, low);
      crossing(x, grid[i + 1], low, right);
    }
  }
  std::sort(roots.begin(), roots.end());
  return roots;
}

inline std::vector<double> logarithmic_grid(double low, double high, int points) {
  std::vector<double> grid;
  for (int i = 0; i < points; ++i) grid.push_back(low * std::pow(high / low, static_cast<double>(i) / (points - 1)));
  grid.back() = high;
  return grid;
}

}  // namespace mft::recurrent
