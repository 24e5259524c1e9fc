#include "systems/feedforward/phase.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/chebyshev.h"
#include "core/error.h"
#include "core/parallel.h"

namespace mft::feedforward {
namespace {

constexpr double kTableTolerance = 1e-11;
constexpr double kCell = 1.1220184543019633;  // 10^(1/20): the grid of the general solver
constexpr double kSmallest = 1e-12;
constexpr double kLargest = 1e12;
constexpr double kMarginality = 1e-9;
constexpr double kLeastDelta = 1e-17;
constexpr int kLargestSteps = 200;
constexpr std::size_t kPointsPerUnit = 256;

// The moments of one activation as tables over log q and log delta.
class Moments {
 public:
  explicit Moments(const GaussianFunction& f)
      : second_([&f](double q) { return gaussian_moment(f, {.value = 2}, q) / q; }, kTableTolerance),
        slope_([&f](double q) { return gaussian_moment(f, {.first = 2}, q); }, kTableTolerance),
        bend_([&f](double q) { return gaussian_moment(f, {.value = 1, .first = 1, .argument = 1}, q) / q; },
              kTableTolerance),
        deficit_([&f](double q, double delta) { return gaussian_deficit(f, q, delta) / (q * delta); }, kTableTolerance),
        pair_([&f](double q, double delta) { return gaussian_pair_moment(f, {.first = 1}, q, q, delta); },
              kTableTolerance) {}

  double second(double q) { return q * second_(q); }
  double slope(double q) { return slope_(q); }
  double variance_slope(double q) { return bend_(q); }
  double deficit(double q, double delta) { return q * delta * deficit_(q, delta); }
  double pair(double q, double delta) { return delta == 0 ? slope(q) : pair_(q, delta); }

 private:
  LogTable second_, slope_, bend_;
  LogTable2 deficit_, pair_;
};

struct Point {
  PhaseStatus status = PhaseStatus::kFound;
  double variance = 0, delta = 0, chi_q = 0, chi_1 = 0, chi_c = 0;
};

// Newton in a bracket, as rootBetween in ts/gaussian/roots.ts. f gives value and slope.
template <typename Function>
double root_between(Function f, double low, double high, double x, double sign_at_low) {
  for (int step = 0; step < kLargestSteps; ++step) {
    const auto [value, slope] = f(x);
    if (value == 0) return x;
    (value * sign_at_low > 0 ? low : high) = x;
    const double newton = x - value / slope;
    const double next = newton > low && newton < high ? newton : 0.5 * (low + high);
    const double tolerance = 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(x), 1e-300);
    if (std::abs(next - x) <= tolerance || high - low <= tolerance) return next;
    x = next;
  }
  return x;
}

struct ValueAndSlope {
  double value, slope;
};

class Solver {
 public:
  Solver(const GaussianFunction& function, const PhasePoints& points) : points_(points), moments_(function) {}

  Point solve(std::size_t i) {
    const double w = points_.weight_variance[i];
    const double b = points_.bias_variance[i];
    const double keep = points_.keep_probability[i];
    const double gain = w / keep;
    Point point;
    if (w == 0) {
      point.variance = b;
      if (b == 0) point.status = PhaseStatus::kVanishing;
      return point;  // every multiplier is 0, every pair merges at once
    }
    const auto length_map = [&](double q) { return gain * moments_.second(q) + b; };
    const double first = length_map(1) - 1;
    double low = 1;
    double high = 1;
    if (first > 0) {
      do {
        low = high;
        high *= kCell;
      } while (length_map(high) > high && high < kLargest);
      if (high >= kLargest) return {.status = PhaseStatus::kNoFixedPoint};
    } else {
      do {
        high = low;
        low /= kCell;
      } while (length_map(low) < low && low > kSmallest);
      if (low <= kSmallest)
        return {.status = b == 0 && points_.value_at_zero == 0 ? PhaseStatus::kVanishing : PhaseStatus::kUnusual};
    }
    const auto excess = [&](double q) {
      return ValueAndSlope{length_map(q) - q, gain * moments_.variance_slope(q) - 1};
    };
    point.variance = root_between(excess, low, high, 0.5 * (low + high), 1);
    point.chi_q = gain * moments_.variance_slope(point.variance);
    point.chi_1 = gain * moments_.slope(point.variance);
    if (point.chi_q < 0 || std::abs(point.chi_q - 1) < kMarginality) return {.status = PhaseStatus::kUnusual};
    point.delta = fixed_delta(point, w, keep);
    point.chi_c = (points_.shares_masks ? gain : w) * moments_.pair(point.variance, point.delta);
    return point;
  }

 private:
  double fixed_delta(const Point& point, double w, double keep) {
    const double q = point.variance;
    const double pair_gain = points_.shares_masks ? w / keep : w;
    const double floor = points_.shares_masks ? 0 : w * (1 - keep) / keep * moments_.second(q);
    if (floor == 0 && point.chi_1 <= 1 + 1e-12) return 0;
    const auto map = [&](double delta) { return (floor + pair_gain * moments_.deficit(q, delta)) / q; };
    if (map(1) >= 1 - 1e-11) return 1;  // the table's own error: c* = 0 for odd functions without bias
    double low = 1;
    do low /= 16;
    while (map(low) <= low && low > kLeastDelta);
    if (low <= kLeastDelta) return 0;
    const auto ratio = [&](double x) {
      const double delta = std::exp(x);
      const double value = map(delta) / delta;
      return ValueAndSlope{value - 1, pair_gain * moments_.pair(q, delta) - value};
    };
    const double low_log = std::log(low);
    const double high_log = std::min(0.0, std::log(16 * low));
    return std::exp(root_between(ratio, low_log, high_log, 0.5 * (low_log + high_log), 1));
  }

  const PhasePoints& points_;
  Moments moments_;
};

}  // namespace

void phase_points(const GaussianFunction& function, const PhasePoints& points, int threads, const Control& control,
                  std::span<double> rows) {
  const std::size_t count = points.weight_variance.size();
  if (points.bias_variance.size() != count || points.keep_probability.size() != count ||
      rows.size() != count * kPhaseColumns)
    throw Error("SHAPE", "weightVariance",
                "Expected as many bias variances, keep probabilities and rows as weight variances.");
  Solver solver(function, points);
  const std::size_t units = (count + kPointsPerUnit - 1) / kPointsPerUnit;
  parallel_for(units, threads, [&](std::size_t unit, int) {
    control.throw_if_cancelled();
    const std::size_t last = std::min(count, (unit + 1) * kPointsPerUnit);
    for (std::size_t i = unit * kPointsPerUnit; i < last; ++i) {
      const Point point = solver.solve(i);
      const std::span<double> row = rows.subspan(i * kPhaseColumns, kPhaseColumns);
      row[0] = static_cast<double>(point.status);
      row[1] = point.variance;
      row[2] = point.delta;
      row[3] = point.chi_q;
      row[4] = point.chi_1;
      row[5] = point.chi_c;
    }
    control.advance(static_cast<std::int32_t>(last - unit * kPointsPerUnit));
  });
}

}  // namespace mft::feedforward
