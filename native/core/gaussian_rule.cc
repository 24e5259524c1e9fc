#include "core/gaussian_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <numbers>

#include "core/error.h"
#include "core/math.h"

namespace mft {
namespace {

constexpr double kPanel = 2;  // length of a uniform panel of s or t, at most
constexpr double kSmoothInner =
    0.25;                            // below this many features per unit of t any smooth function is flat for the step:
constexpr double kSmoothStep = 0.5;  // error 2 exp(-2 pi^2/h^2) = 1e-34 for the Gaussian itself
constexpr double kTrapezoidRange = 9.5;   // exp(-9.5^2/2) = 3e-20
constexpr double kTrapezoidDigits = 38;   // exp(-38) = 3e-17
constexpr double kDigitsPerPole = 2.5;    // a pole of order m costs a factor of about 28^(m-1)/(m-1)!
constexpr double kLeastOuterStep = 0.02;  // below these steps graded panels need fewer points
constexpr double kLeastInnerStep = 0.04;
constexpr double kLargestBreakCount = 2e6;

// A feature of size r is resolved by panels that double from r up to kFar r. From there to kNear of the next larger
// size (of another feature, or the 1 of the density) the integrand is a sum of powers of the distance, which panels of
// kWideRatio resolve in the logarithm of the distance: without them the panels of a pair would grow with the square of
// the logarithm of the variance.
constexpr double kNear = 0x1p-6;
constexpr double kWideRatio = 0x1p16;
constexpr double kLongestLinear = 8;  // in distances from the centre: what is longer is a panel of the logarithm

struct Breaks {
  std::vector<double> at;
  std::vector<double> centres;  // of the ladders
  bool is_wide = false;         // whether panels of the logarithm are among them
};

// The next step of a ladder after `step`, with the sizes of features in rising order.
double next_step(double step, double far, std::span<const double> sizes) {
  for (const double size : sizes) {
    if (step < kNear * size) return std::min(kWideRatio * step, std::max(2 * step, kNear * size));
    if (step < far * size) return 2 * step;
  }
  return step < kNear ? std::min(kWideRatio * step, std::max(2 * step, kNear)) : 2 * step;
}

// The centre and the points centre +- step of a ladder that begins at half the smallest of the `sizes` of features, in
// rising order (sort_breaks drops those outside the range).
void add_ladder(Breaks& breaks, const RuleProfile& profile, double centre, std::span<const double> sizes) {
  const double range = profile.range_and_tail();
  if (!(std::abs(centre) <= 3 * range)) return;
  breaks.at.push_back(centre);
  if (sizes.empty()) return;
  breaks.centres.push_back(centre);
  for (double step = 0.5 * sizes.front(); step < 2 * range;) {
    breaks.at.push_back(centre - step);
    breaks.at.push_back(centre + step);
    const double next = next_step(step, profile.far, sizes);
    breaks.is_wide = breaks.is_wide || next > kLongestLinear * step;
    step = next;
  }
}

void add_ladder(Breaks& breaks, const RuleProfile& profile, double centre, double size) {
  add_ladder(breaks, profile, centre, std::span(&size, 1));
}

void sort_unique(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

void sort_breaks(Breaks& breaks, double low, double high) {
  std::erase_if(breaks.at, [=](double x) { return !(x > low && x < high); });
  breaks.at.push_back(low);
  breaks.at.push_back(high);
  sort_unique(breaks.at);
  if (breaks.is_wide) sort_unique(breaks.centres);
}

// Splits panels longer than one wavelength of the integrand, where they come nearer than `reach` to one of the centres.
void split_longer_than(Breaks& breaks, double length, double reach, std::initializer_list<double> centres) {
  if (!(length > 0)) return;
  const std::vector<double>& at = breaks.at;
  const auto is_near = [&](double low, double high) {
    return reach == std::numeric_limits<double>::infinity() ||
           std::any_of(centres.begin(), centres.end(),
                       [&](double centre) { return low < centre + reach && high > centre - reach; });
  };
  if (std::min(at.back() - at.front(), 2 * reach * static_cast<double>(centres.size())) / length > kLargestBreakCount)
    throw Error("OUT_OF_RANGE", "variance",
                "Expected `variance` to be small enough for an oscillating activation to be integrated.");
  std::vector<double> finer;
  for (std::size_t i = 0; i + 1 < at.size(); ++i) {
    const double whole = is_near(at[i], at[i + 1]) ? std::ceil((at[i + 1] - at[i]) / length) : 1;
    const int pieces = static_cast<int>(std::clamp(whole, 1.0, kLargestBreakCount));
    for (int piece = 0; piece < pieces; ++piece) finer.push_back(at[i] + (at[i + 1] - at[i]) * piece / pieces);
  }
  finer.push_back(at.back());
  breaks.at.swap(finer);
}

// weights[i] *= density of N(0, 1) at z[i]
void multiply_by_density(std::span<const double> z, std::span<double> weights) {
  std::array<double, kRuleBlock> exponential;
  for (std::size_t first = 0; first < z.size(); first += kRuleBlock) {
    const std::size_t count = std::min(kRuleBlock, z.size() - first);
    const auto block = std::span(exponential).first(count);
    for (std::size_t i = 0; i < count; ++i) block[i] = -0.5 * z[first + i] * z[first + i];
    math::apply(math::Function::kExp, block, block);
    for (std::size_t i = 0; i < count; ++i)
      weights[first + i] *= block[i] * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  }
}

// The nearest of the sorted centres to the panel [low, high]; they are never inside one.
double nearest_centre(const std::vector<double>& centres, double low, double high) {
  const auto above = std::lower_bound(centres.begin(), centres.end(), high);
  if (above == centres.begin()) return *above;
  const double below = *(above - 1);
  return above == centres.end() || low - below <= *above - high ? below : *above;
}

// Nodes and Gaussian weights of all panels between the breaks, times `factor`.
void fill_panels(const RuleProfile& profile, const Breaks& breaks, double factor, std::vector<double>& nodes,
                 std::vector<double>& weights) {
  const LegendreRule& legendre = legendre_rule(profile.order);
  nodes.clear();
  weights.clear();
  for (std::size_t panel = 0; panel + 1 < breaks.at.size(); ++panel) {
    const double low = breaks.at[panel];
    const double length = breaks.at[panel + 1] - low;
    if (breaks.is_wide) {
      const double centre = nearest_centre(breaks.centres, low, low + length);
      const double sign = low < centre ? -1 : 1;
      const double first = std::min(std::abs(low - centre), std::abs(low + length - centre));
      if (first > 0 && length > kLongestLinear * first) {
        const double logarithm = std::log1p(length / first);
        for (std::size_t i = 0; i < legendre.nodes.size(); ++i) {
          const double distance = first * std::exp(logarithm * legendre.nodes[i]);
          nodes.push_back(centre + sign * distance);
          weights.push_back(factor * logarithm * distance * legendre.weights[i]);
        }
        continue;
      }
    }
    for (std::size_t i = 0; i < legendre.nodes.size(); ++i) {
      nodes.push_back(low + length * legendre.nodes[i]);
      weights.push_back(factor * length * legendre.weights[i]);
    }
  }
  multiply_by_density(nodes, weights);
}

Breaks single_breaks(const RuleProfile& profile, double root) {
  Breaks breaks;
  const double range = profile.range_and_tail();
  for (double z = std::ceil(-range); z < range; ++z) breaks.at.push_back(z);
  const double size = profile.scale / root;
  if (root > 0) {
    if (size < 2) {
      add_ladder(breaks, profile, 0, size);
      for (const double k : profile.kinks) add_ladder(breaks, profile, k / root, size);
    } else {
      for (const double k : profile.kinks) breaks.at.push_back(k / root);
    }
  }
  sort_breaks(breaks, -range, range);
  if (profile.wavelength > 0 && root > 0)
    split_longer_than(breaks, profile.wavelength / root, profile.reach / root, {0.0});
  return breaks;
}

LegendreRule legendre_of(int order) {
  LegendreRule result;
  result.nodes.resize(static_cast<std::size_t>(order));
  result.weights.resize(static_cast<std::size_t>(order));
  for (int i = 0; i < order; ++i) {
    double x = std::cos(std::numbers::pi * (i + 0.75) / (order + 0.5));
    double slope = 1;
    for (int step = 0; step < 20; ++step) {  // Newton on P_n with the three-term recurrence
      double previous = 1;
      double value = x;
      for (int n = 2; n <= order; ++n) {
        const double next = ((2 * n - 1) * x * value - (n - 1) * previous) / n;
        previous = value;
        value = next;
      }
      slope = order * (x * value - previous) / (x * x - 1);
      const double change = value / slope;
      x -= change;
      if (std::abs(change) < 1e-17) break;
    }
    const std::size_t place = static_cast<std::size_t>(order - 1 - i);
    result.nodes[place] = 0.5 * (1 + x);
    result.weights[place] = 1 / ((1 - x * x) * slope * slope);
  }
  return result;
}

// The geometry of a pair: u1 = root1 (a s + b t), u2 = root2 (a s - b t).
struct PairGeometry {
  double root1, root2, a, b;
  bool is_symmetric() const { return root1 == root2; }
  double outer_scale() const { return a * std::max(root1, root2); }
  double inner_scale() const { return b * std::max(root1, root2); }
};

Breaks outer_breaks(const RuleProfile& profile, const PairGeometry& pair) {
  Breaks breaks;
  const double range = profile.range_and_tail();
  const int panels = static_cast<int>(std::ceil(2 * range / kPanel));
  for (int i = 1; i < panels; ++i) breaks.at.push_back(-range + 2 * range * i / panels);
  const double outer = pair.outer_scale() / profile.scale;
  const double turn = pair.a > 0 ? pair.b / pair.a : 1;  // where the lines of features leave the inner range
  if (profile.kinks.empty()) {
    if (outer > 0.5) {
      const std::array<double, 2> sizes{1 / outer, turn};
      // Without kinks the ladder begins at the features.
      add_ladder(breaks, profile, 0, turn > 1 / outer ? std::span(sizes) : std::span(sizes).first(1));
    }
  } else if (pair.a > 0) {
    // Of a pair on one line nothing turns: a ladder from zero would have no end.
    std::array<double, 3> all{1.0, 1 / outer, turn};
    const std::span<double> sizes = std::span(all).first(turn > 0 ? 3 : 2);
    std::sort(sizes.begin(), sizes.end());
    std::vector<double> centres{0};
    for (const double k1 : profile.kinks) {
      for (const double k2 : profile.kinks) centres.push_back((k1 / pair.root1 + k2 / pair.root2) / (2 * pair.a));
      if (!pair.is_symmetric()) {  // away from a crossing, a line of kinks still turns the inner integral within b/a
        centres.push_back(k1 / pair.root1 / pair.a);
        centres.push_back(k1 / pair.root2 / pair.a);
      }
    }
    sort_unique(centres);
    for (const double centre : centres) add_ladder(breaks, profile, centre, sizes);
  }
  sort_breaks(breaks, -range, range);
  // Both variables are near 0 within twice the reach.
  if (profile.wavelength > 0 && outer > 0)
    split_longer_than(breaks, profile.wavelength / pair.outer_scale(), 2 * profile.reach / pair.outer_scale(), {0.0});
  return breaks;
}

// Panels in t at one s. The symmetric rule uses t >= 0 only.
void inner_breaks(const RuleProfile& profile, const PairGeometry& pair, double s, Breaks& breaks) {
  const bool half = pair.is_symmetric();
  const double range = profile.range_and_tail();
  const double low = half ? 0 : -range;
  breaks.at.clear();
  breaks.centres.clear();
  breaks.is_wide = false;
  const int panels = static_cast<int>(std::ceil(range / kPanel));
  for (int i = 1; i < panels; ++i) {
    breaks.at.push_back(range * i / panels);
    if (!half) breaks.at.push_back(-range * i / panels);
  }
  if (!half) breaks.at.push_back(0);
  const double inner = pair.inner_scale() / profile.scale;
  const auto meet = [&](double k, bool is_kink) {
    if (!(pair.b > 0)) return;
    double t1 = (k / pair.root1 - pair.a * s) / pair.b;
    double t2 = (pair.a * s - k / pair.root2) / pair.b;
    if (half) t1 = t2 = std::abs(t1);
    if (inner > 0.5) {
      add_ladder(breaks, profile, t1, 1 / inner);
      if (!half) add_ladder(breaks, profile, t2, 1 / inner);
    } else if (is_kink) {
      breaks.at.push_back(t1);
      breaks.at.push_back(t2);
    }
  };
  meet(0, false);
  for (const double k : profile.kinks) meet(k, true);
  sort_breaks(breaks, low, range);
  if (profile.wavelength > 0 && inner > 0) {
    const double zero = pair.a * s / pair.b;
    split_longer_than(breaks, profile.wavelength / pair.inner_scale(),
                      profile.reach / (pair.b * std::min(pair.root1, pair.root2)), {zero, -zero});
  }
}

// Step of the trapezoidal rule in z for a function of scale * z that is analytic for |Im| < strip: the error is
// exp(-2 pi y/h + y^2/2) at the best y up to r = strip/scale. 0 when the strip is unknown.
double trapezoid_step(const RuleProfile& profile, double scale) {
  if (!(profile.strip > 0) || !profile.kinks.empty()) return 0;
  const double digits = kTrapezoidDigits + kDigitsPerPole * profile.pole_order;
  const double r = std::min(profile.strip / scale, std::sqrt(2 * digits));
  return 2 * std::numbers::pi * r / (digits + 0.5 * r * r);
}

// Nodes of the trapezoidal rule on the whole line, or on the half line with twice the weight.
void fill_trapezoid(const RuleProfile& profile, double step, bool half, std::vector<double>& nodes,
                    std::vector<double>& weights) {
  nodes.clear();
  weights.clear();
  const int last = static_cast<int>((kTrapezoidRange + profile.tail) / step);
  for (int i = half ? 0 : -last; i <= last; ++i) {
    nodes.push_back(step * i);
    weights.push_back((half && i > 0 ? 2 : 1) * step);
  }
  multiply_by_density(nodes, weights);
}

// Whether a line of kinks passes through the range of t at this s.
bool meets_kink(const RuleProfile& profile, const PairGeometry& pair, double s) {
  const double reach = pair.b * profile.range_and_tail();
  return std::any_of(profile.kinks.begin(), profile.kinks.end(), [&](double k) {
    return std::abs(k / pair.root1 - pair.a * s) < reach || std::abs(k / pair.root2 - pair.a * s) < reach;
  });
}

// Collects points into blocks of kRuleBlock.
class PairBlocks {
 public:
  explicit PairBlocks(const PairSink& sink) : sink_(sink) {}
  void add(double u1, double u2, double weight) {
    u1_[count_] = u1;
    u2_[count_] = u2;
    weight_[count_] = weight;
    if (++count_ == kRuleBlock) flush();
  }
  void flush() {
    if (count_ == 0) return;
    sink_(std::span(u1_).first(count_), std::span(u2_).first(count_), std::span(weight_).first(count_));
    count_ = 0;
  }

 private:
  const PairSink& sink_;
  std::size_t count_ = 0;
  std::array<double, kRuleBlock> u1_, u2_, weight_;
};

}  // namespace

const LegendreRule& legendre_rule(int order) {
  static const LegendreRule short_rule = legendre_of(16);
  static const LegendreRule long_rule = legendre_of(24);
  return order == 16 ? short_rule : long_rule;
}

namespace {

// Panels that shrink with 1/sqrt(q) would never end.
void require_finite(double q) {
  if (!std::isfinite(q))
    throw Error("NOT_FINITE", "variance", "The variance of a Gaussian expectation has left the range of numbers.");
}

}  // namespace

void gaussian_rule(const RuleProfile& profile, double q, const PointSink& sink) {
  require_finite(q);
  const double root = std::sqrt(q);
  std::vector<double> nodes, weights;
  if (const double step = trapezoid_step(profile, root); step >= kLeastOuterStep) {
    fill_trapezoid(profile, step, false, nodes, weights);
  } else {
    fill_panels(profile, single_breaks(profile, root), 1, nodes, weights);
  }
  for (double& z : nodes) z *= root;
  for (std::size_t first = 0; first < nodes.size(); first += kRuleBlock) {
    const std::size_t count = std::min(kRuleBlock, nodes.size() - first);
    sink(std::span(nodes).subspan(first, count), std::span(weights).subspan(first, count));
  }
}

void gaussian_pair_rule(const RuleProfile& profile, double q1, double q2, double delta, const PairSink& sink) {
  require_finite(q1);
  require_finite(q2);
  // Panels shrink with the distance of the variables at a kink: one of 0, of pairs on a line, is met from this near.
  constexpr double kNoDistance = 1e-16;
  const double least = profile.kinks.empty() ? 0.0 : kNoDistance;
  const auto length = [least](double square) { return square == 0 ? least : std::sqrt(square); };
  const PairGeometry pair{std::sqrt(q1), std::sqrt(q2), length(1 - 0.5 * delta), length(0.5 * delta)};
  const bool half = pair.is_symmetric();
  std::vector<double> s, s_weights, t, t_weights;
  const double outer_step = trapezoid_step(profile, pair.outer_scale());
  if (outer_step >= kLeastOuterStep) {
    fill_trapezoid(profile, outer_step, false, s, s_weights);
  } else {
    fill_panels(profile, outer_breaks(profile, pair), 1, s, s_weights);
  }
  // The inner rule: one trapezoidal rule for all s where the function is flat enough or its strip is known, one set of
  // panels for all s where nothing depends on s, otherwise panels for each s.
  const double inner = pair.inner_scale() / profile.scale;
  double inner_step = trapezoid_step(profile, pair.inner_scale());
  if (inner_step < kLeastInnerStep) inner_step = inner <= kSmoothInner ? kSmoothStep : 0;
  const bool is_fixed = profile.kinks.empty() && inner <= 0.5;
  enum class Held { kNothing, kTrapezoid, kPanels } held = Held::kNothing;
  Breaks breaks;
  PairBlocks blocks(sink);
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (inner_step > 0 && !meets_kink(profile, pair, s[i])) {
      if (held != Held::kTrapezoid) fill_trapezoid(profile, inner_step, half, t, t_weights);
      held = Held::kTrapezoid;
    } else if (!(is_fixed && held == Held::kPanels)) {
      inner_breaks(profile, pair, s[i], breaks);
      fill_panels(profile, breaks, half ? 2 : 1, t, t_weights);
      held = Held::kPanels;
    }
    const double centre = pair.a * s[i];
    for (std::size_t j = 0; j < t.size(); ++j) {
      const double offset = pair.b * t[j];
      blocks.add(pair.root1 * (centre + offset), pair.root2 * (centre - offset), s_weights[i] * t_weights[j]);
    }
  }
  blocks.flush();
}

}  // namespace mft
