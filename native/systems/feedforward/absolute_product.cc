// Panels of Gauss-Legendre in z_a and in z_b given z_a, cut where phi' jumps, a trapezoidal sum over e_a, and the
// closed mean of a folded normal (e_b given e_a). |x| has a corner on the grid, and so may phi beyond its kinks: a
// relative error of 1e-2 is what is promised.
#include "systems/feedforward/absolute_product.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/math.h"

namespace mft::feedforward {
namespace {

constexpr double kStep = 0.25;
constexpr double kReach = 5.25;
constexpr std::size_t kGrid = 43;  // 2 kReach / kStep + 1
constexpr double kLongestPanel = 1.75;
constexpr double kNegligible = 1e-9;  // of the mass
// Points whose error functions are asked together.
constexpr std::size_t kTogether = 64;
const double kRootTwoPi = std::sqrt(2 * std::numbers::pi);

// Gauss-Legendre on [0, 1], the lower half.
constexpr std::array<double, 4> kNodes = {0.01985507175123188, 0.10166676129318664, 0.23723379504183550,
                                          0.40828267875217510};
constexpr std::array<double, 4> kWeights = {0.05061426814518813, 0.11119051722668724, 0.15685332293894363,
                                            0.18134189168918100};

struct Points {
  std::vector<double> nodes, masses;
};

// Nodes and Gaussian weights of panels over [-kReach, kReach] cut at `cuts` (sorted here).
void panels(std::vector<double>& cuts, Points& into) {
  std::erase_if(cuts, [](double cut) { return !(std::abs(cut) < kReach); });
  std::sort(cuts.begin(), cuts.end());
  into.nodes.clear();
  into.masses.clear();
  double low = -kReach;
  for (std::size_t i = 0; i <= cuts.size(); ++i) {
    const double high = i < cuts.size() ? cuts[i] : kReach;
    const double count = std::ceil((high - low) / kLongestPanel);
    const double length = (high - low) / count;
    for (double k = 0; k < count; ++k) {
      for (std::size_t n = 0; n < 2 * kNodes.size(); ++n) {
        const std::size_t half = n < kNodes.size() ? n : 2 * kNodes.size() - 1 - n;
        const double node = n < kNodes.size() ? kNodes[half] : 1 - kNodes[half];
        const double x = low + (k + node) * length;
        into.nodes.push_back(x);
        into.masses.push_back(kWeights[half] * length * std::exp(-0.5 * x * x) / kRootTwoPi);
      }
    }
    low = high;
  }
}

// z_a, z_b and the mass of each point of the plane; phi and phi' at both.
struct Sample {
  std::vector<double> za, zb, mass, fa, fb, da, db;
};

Sample sample(const AbsoluteProduct& q) {
  const double root_a = std::sqrt(q.variance_a), root_b = std::sqrt(q.variance_b);
  const double delta = q.one_minus_correlation, correlation = 1 - delta;
  const double across = std::sqrt(delta * (2 - delta));
  std::vector<double> cuts;
  for (const double kink : q.kinks) cuts.push_back(kink / root_a);
  Points outer, inner;
  panels(cuts, outer);
  Sample into;
  for (std::size_t i = 0; i < outer.nodes.size(); ++i) {
    const double x = outer.nodes[i];
    if (i == 0 || !q.kinks.empty()) {
      cuts.clear();
      if (across > 0)
        for (const double kink : q.kinks) cuts.push_back((kink / root_b - correlation * x) / across);
      panels(cuts, inner);
    }
    for (std::size_t j = 0; j < inner.nodes.size(); ++j) {
      const double mass = outer.masses[i] * inner.masses[j];
      if (mass < kNegligible) continue;
      into.za.push_back(root_a * x);
      into.zb.push_back(root_b * (correlation * x + across * inner.nodes[j]));
      into.mass.push_back(mass);
    }
  }
  for (std::vector<double>* values : {&into.fa, &into.fb, &into.da, &into.db}) values->resize(into.za.size());
  activate_both(q.activation, into.za, into.fa, into.da);
  activate_both(q.activation, into.zb, into.fb, into.db);
  return into;
}

}  // namespace

double absolute_product(const AbsoluteProduct& q) {
  std::array<double, kGrid> grid{}, weights{};
  for (std::size_t x = 0; x < kGrid; ++x) {
    grid[x] = -kReach + kStep * static_cast<double>(x);
    weights[x] = kStep * std::exp(-0.5 * grid[x] * grid[x]) / kRootTwoPi;
  }
  const Sample at = sample(q);
  const double size_a = std::sqrt(q.noise_a);
  const double slope = q.noise_a > 0 ? q.noise_pair / size_a : 0;
  const double rest = std::sqrt(std::max(0.0, q.noise_b - slope * slope));
  const double to_argument = rest > 0 ? 1 / (std::numbers::sqrt2 * rest) : 0;
  const double to_mean = rest * std::sqrt(2 / std::numbers::pi);
  std::vector<double> argument(kTogether * kGrid), error(kTogether * kGrid), square(kTogether * kGrid);
  const std::size_t count = at.mass.size();
  double sum = 0;
  for (std::size_t first = 0; first < count; first += kTogether) {
    const std::size_t end = std::min(count, first + kTogether);
    const std::size_t values = (end - first) * kGrid;
    // E|m + rest xi| = rest sqrt(2/pi) exp(-m^2/2rest^2) + m erf(m/(sqrt(2) rest))
    for (std::size_t k = first; k < end; ++k) {
      const double mb = q.coupling_b * at.fb[k];
      double* line = argument.data() + (k - first) * kGrid;
      for (std::size_t x = 0; x < kGrid; ++x) line[x] = (mb + slope * grid[x]) * to_argument;
    }
    for (std::size_t i = 0; i < values; ++i) square[i] = -argument[i] * argument[i];
    math::apply(math::Function::kErf, std::span(argument).first(values), std::span(error).first(values));
    math::apply(math::Function::kExp, std::span(square).first(values), std::span(square).first(values));
    for (std::size_t k = first; k < end; ++k) {
      const double ma = q.coupling_a * at.fa[k], mb = q.coupling_b * at.fb[k];
      const std::size_t line = (k - first) * kGrid;
      double sum_of_line = 0;
      for (std::size_t x = 0; x < kGrid; ++x) {
        const double mean = mb + slope * grid[x];
        const double folded = rest > 0 ? to_mean * square[line + x] + mean * error[line + x] : std::abs(mean);
        sum_of_line += weights[x] * std::abs(ma + size_a * grid[x]) * folded;
      }
      sum += at.mass[k] * std::abs(at.da[k] * at.db[k]) * sum_of_line;
    }
  }
  return sum;
}

}  // namespace mft::feedforward
