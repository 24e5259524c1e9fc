// Composite Gauss-Legendre rules for expectations over one Gaussian variable and over a pair of them, graded so that
// every feature of the integrand gets panels of its own size: relative accuracy 1e-14 for variances from 1e-8 (and
// smaller) to 1e4 (and larger) and for 1 - correlation from 1e-14 to 2.
//
// One variable, u = sqrt(q) z: panels of unit length in z on [-range, range] and, around every centre k (0 and each
// kink), a ladder of panels that double from half the feature size in u.
// A pair, u1 = sqrt(q1) (a s + b t), u2 = sqrt(q2) (a s - b t) with independent s, t and a^2 = 1 - delta/2,
// b^2 = delta/2: taking delta = 1 - correlation as the input loses nothing as delta -> 0. Outer panels in s have
// ladders where lines of kinks cross; inner panels in t break where a line of kinks is met.
#pragma once
#include <functional>
#include <limits>
#include <span>
#include <vector>

namespace mft {

// What a rule must know about the functions it integrates.
struct RuleProfile {
  std::vector<double> kinks;  // where the function or a derivative jumps
  double scale = 1;           // size of its finest smooth feature, e.g. 0.1 for tanh(10 x)
  double strip = 0;       // > 0: analytic for |Im x| < strip, without kinks: a trapezoidal rule converges geometrically
  int order = 24;         // nodes per panel; 16 suffice where the pieces between kinks are entire
  double range = 13;      // in units of the standard deviation: exp(-13^2/2) = 2e-37, exp(-9.5^2/2) = 3e-20
  int pole_order = 4;     // order of the poles at the edge of the strip
  double tail = 0;        // further standard deviations, where the integrand falls so steeply that a tail is the whole
  double wavelength = 0;  // > 0: no panel is longer, for functions that oscillate or bend far from 0 and the kinks
  double reach = std::numeric_limits<double>::infinity();  // ... up to this distance from 0

  double far = 0x1p32;  // beyond this many scales from 0 and the kinks the function is a sum of powers

  double range_and_tail() const { return range + tail; }
};

// A block of at most kRuleBlock points with their weights.
using PointSink = std::function<void(std::span<const double> u, std::span<const double> weight)>;
using PairSink =
    std::function<void(std::span<const double> u1, std::span<const double> u2, std::span<const double> weight)>;
constexpr std::size_t kRuleBlock = 1024;

// E f(u), u ~ N(0, q): feeds the points of the rule to the sink. q >= 0.
void gaussian_rule(const RuleProfile& profile, double q, const PointSink& sink);

// E f(u1, u2) for variances q1, q2 >= 0 and correlation 1 - delta, delta in [0, 2]. For q1 = q2 the integrand must be
// symmetric in u1, u2: half the points are fed, with twice the weight.
void gaussian_pair_rule(const RuleProfile& profile, double q1, double q2, double delta, const PairSink& sink);

// Nodes and weights of Gauss-Legendre on [0, 1].
struct LegendreRule {
  std::vector<double> nodes;
  std::vector<double> weights;
};
const LegendreRule& legendre_rule(int order = 24);  // 16 or 24

}  // namespace mft
