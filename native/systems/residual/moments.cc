#include "systems/residual/moments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace mft::residual {
namespace {

constexpr Integrand kValue{.value = 1};
constexpr Integrand kSecond{.value = 2};
constexpr Integrand kDerivative{.first = 2};

MomentSet scaled(const MomentSet& unit, double q) {  // phi(t x) = t phi(x)
  return {unit.second * q,       unit.derivative,     unit.mean * std::sqrt(q), unit.second_slope,
          unit.derivative_slope, unit.fourth * q * q, unit.mixed * q,           unit.derivative_fourth};
}

// Chebyshev node k of n on [-1, 1] and the value at x of the polynomial through all of them (barycentric form).
double chebyshev_node(int k, int n) { return std::cos(std::numbers::pi * (2 * k + 1) / (2.0 * n)); }

template <int kNodes>
struct Barycentric {
  std::array<double, kNodes> coefficients{};
  explicit Barycentric(double x) {
    double total = 0.0;
    for (int k = 0; k < kNodes; ++k) {
      const double distance = x - chebyshev_node(k, kNodes);
      if (distance == 0.0) {
        coefficients.fill(0.0);
        coefficients[static_cast<std::size_t>(k)] = 1.0;
        return;
      }
      const double weight =
          (k % 2 == 0 ? 1.0 : -1.0) * std::sin(std::numbers::pi * (2 * k + 1) / (2.0 * kNodes)) / distance;
      coefficients[static_cast<std::size_t>(k)] = weight;
      total += weight;
    }
    for (double& c : coefficients) c /= total;
  }
};

using Entries = std::array<double, kMoments>;
Entries entries(const MomentSet& m) {
  return {m.second, m.derivative, m.mean, m.second_slope, m.derivative_slope, m.fourth, m.mixed, m.derivative_fourth};
}

}  // namespace

MomentSet masked(const MomentSet& m, double keep_probability) {
  if (keep_probability == 1.0) return m;
  const double second = 1.0 / keep_probability, fourth = second * second * second;  // E (m/rho)^2, E (m/rho)^4
  return {m.second * second,           m.derivative * second, m.mean,           m.second_slope * second,
          m.derivative_slope * second, m.fourth * fourth,     m.mixed * fourth, m.derivative_fourth * fourth};
}

Moments::Moments(const GaussianFunction& function, bool is_odd, bool fluctuations, bool interpolate)
    : function_(function), fluctuations_(fluctuations), interpolate_(interpolate), is_odd_(is_odd) {
  is_homogeneous_ = grows_linearly(function.activation);
  if (is_homogeneous_) unit_ = direct(1.0);
}

MomentSet Moments::direct(double q) const {
  const auto moment = [&](const Integrand& f) { return gaussian_moment(function_, f, q); };
  MomentSet m;
  m.second = moment(kSecond);
  m.derivative = moment(kDerivative);
  m.mean = is_odd_ ? 0.0 : moment(kValue);
  if (!fluctuations_) return m;
  m.fourth = moment({.value = 4});
  m.mixed = moment({.value = 2, .first = 2});
  m.derivative_fourth = moment({.first = 4});
  if (q == 0.0) {
    m.second_slope = m.derivative;
    return m;
  }
  m.second_slope = moment({.value = 1, .first = 1, .argument = 1}) / q;
  if (is_homogeneous_) return m;
  m.derivative_slope = function_.profile.kinks.empty()
                           ? moment({.first = 1, .second = 1, .argument = 1}) / q
                           : (moment({.first = 2, .argument = 2}) / q - m.derivative) / (2.0 * q);
  return m;
}

MomentSet Moments::at(double q) {
  if (is_homogeneous_) return scaled(unit_, q);
  if (!interpolate_ || !(q > 0.0)) return direct(q);
  int octave = 0;
  const double mantissa = std::frexp(q, &octave);  // in [1/2, 1)
  Cell<MomentSet>& cell = tables_[octave];
  if (cell.nodes.empty()) {
    if (++cell.uses <= kVarianceNodes) return direct(q);
    for (int k = 0; k < kVarianceNodes; ++k)
      cell.nodes.push_back(direct(std::ldexp(std::exp2(0.5 * (chebyshev_node(k, kVarianceNodes) - 1.0)), octave)));
  }
  const Barycentric<kVarianceNodes> rule(2.0 * std::log2(mantissa) + 1.0);
  Entries sum{};
  for (std::size_t k = 0; k < kVarianceNodes; ++k) {
    const Entries node = entries(cell.nodes[k]);
    for (std::size_t j = 0; j < kMoments; ++j) sum[j] += rule.coefficients[k] * node[j];
  }
  return {sum[0], sum[1], sum[2], sum[3], sum[4], sum[5], sum[6], sum[7]};
}

double Moments::direct_ratio(double q, double deficit) const {
  constexpr double kTiny = 1e-100;  // below it the ratio has reached its limit to double precision
  const double delta = std::max(deficit, kTiny);
  return gaussian_deficit(function_, q, delta) / (delta * q);
}

double Moments::difference_ratio(double q, double deficit) {
  if (deficit == 0.0 || q == 0.0) return at(q).derivative;
  if (is_homogeneous_) return direct_ratio(1.0, deficit);
  constexpr double kSmallest = 1e-90, kNearOpposite = 1e-3;
  if (!interpolate_ || deficit < kSmallest || 2.0 - deficit < kNearOpposite) return direct_ratio(q, deficit);
  // Half octaves of the deficit below 1, of 2 - deficit above: the ratio is analytic in both logarithms.
  const bool is_obtuse = deficit > 1.0;
  const double position = 2.0 * std::log2(is_obtuse ? 2.0 - deficit : deficit);  // <= 0
  const double cell = std::floor(position);
  int octave = 0;
  const double mantissa = std::frexp(q, &octave);
  const std::int64_t key =
      (static_cast<std::int64_t>(octave) * 4096 - static_cast<std::int64_t>(cell)) * 2 + (is_obtuse ? 1 : 0);
  Cell<double>& table = ratio_tables_[key];
  if (table.nodes.empty()) {
    if (++table.uses <= kVarianceNodes * kDeficitNodes) return direct_ratio(q, deficit);
    for (int i = 0; i < kVarianceNodes; ++i) {
      const double variance = std::ldexp(std::exp2(0.5 * (chebyshev_node(i, kVarianceNodes) - 1.0)), octave);
      for (int j = 0; j < kDeficitNodes; ++j) {
        const double at = std::exp2(0.5 * (cell + 0.5 + 0.5 * chebyshev_node(j, kDeficitNodes)));
        table.nodes.push_back(direct_ratio(variance, is_obtuse ? 2.0 - at : at));
      }
    }
  }
  const Barycentric<kVarianceNodes> across(2.0 * std::log2(mantissa) + 1.0);
  const Barycentric<kDeficitNodes> along(2.0 * (position - cell) - 1.0);
  double sum = 0.0;
  for (std::size_t i = 0; i < kVarianceNodes; ++i) {
    double row = 0.0;
    for (std::size_t j = 0; j < kDeficitNodes; ++j) row += along.coefficients[j] * table.nodes[i * kDeficitNodes + j];
    sum += across.coefficients[i] * row;
  }
  return sum;
}

}  // namespace mft::residual
