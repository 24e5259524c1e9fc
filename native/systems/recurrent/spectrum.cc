#include "systems/recurrent/spectrum.h"

#include <cmath>
#include <vector>

#include "core/error.h"
#include "core/gaussian_rule.h"

namespace mft::recurrent {

std::complex<double> vanilla_resolvent(const Cell& cell, double variance, std::complex<double> w) {
  using Complex = std::complex<double>;
  RuleProfile profile = cell.function.profile;
  profile.strip = 0;
  profile.wavelength = 0.25;  // poles in B^2 come near the real axis with w: short panels
  std::vector<double> squares, weights, slope;
  gaussian_rule(profile, variance, [&](std::span<const double> u, std::span<const double> weight) {
    slope.resize(u.size());
    activate_derivative(cell.function.activation, u, slope);
    for (std::size_t i = 0; i < u.size(); ++i) {
      if (weight[i] < 1e-20) continue;
      squares.push_back(cell.gates[0].recurrent * slope[i] * slope[i]);
      weights.push_back(weight[i]);
    }
  });
  if (cell.is_orthogonal) {
    Complex sum = 0;
    for (std::size_t i = 0; i < squares.size(); ++i) sum += weights[i] * w / (w * w - squares[i]);
    return sum;
  }
  // Continued from far above, where a = 1/w, down to w; damped steps keep Im a < 0, Newton's finish.
  Complex a = 0;
  const double top = 10 * (std::abs(w) + 1 + cell.gates[0].recurrent);
  for (double height = std::max(top, w.imag());; height = std::max(w.imag(), 0.8 * height)) {
    const Complex at{w.real(), height};
    if (a == Complex(0)) a = 1.0 / at;
    for (int step = 0; step < 2000; ++step) {
      Complex b = 0, slope_of_b = 0;
      for (std::size_t i = 0; i < squares.size(); ++i) {
        const Complex inverse = 1.0 / (at - squares[i] * a);
        b += weights[i] * squares[i] * inverse;
        slope_of_b += weights[i] * squares[i] * squares[i] * inverse * inverse;
      }
      const Complex inverse = 1.0 / (at - b);
      const Complex gap = inverse - a;
      const Complex newton = a + gap / (1.0 - inverse * inverse * slope_of_b);
      const Complex next = newton.imag() < 0 && std::abs(newton - a) < std::abs(a) ? newton : 0.5 * (a + inverse);
      const double moved = std::abs(next - a);
      a = next;
      if (moved < 1e-15 * std::abs(a)) break;
    }
    if (height <= w.imag()) break;
  }
  Complex sum = 0;
  for (std::size_t i = 0; i < squares.size(); ++i) sum += weights[i] / (w - squares[i] * a);
  return sum;
}

}  // namespace mft::recurrent
