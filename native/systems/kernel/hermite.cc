#include "systems/kernel/hermite.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/activation.h"
#include "core/blas.h"
#include "core/parallel.h"

namespace mft::kernel {
namespace {

// Of E phi phi relative to sqrt(E phi^2 E phi^2), and of E phi' phi' likewise: what the terms left out may be.
constexpr double kTolerance = 5e-14;
// The last Chebyshev coefficients of an interpolation, relative to sqrt(E phi^2).
constexpr double kInterpolation = 4e-15;
constexpr std::size_t kFewVariances = 24, kMostPoints = 400, kLanes = 8;
// Behind the coefficients of a variance: E phi^2, E phi'^2, E phi'.
constexpr std::size_t kMoments = 3;

// A_0 .. A_(orders - 1) and the moments at variance q > 0.
void coefficients(const GaussianFunction& function, double q, bool has_tangent, std::span<double> result) {
  const std::size_t orders = result.size() - kMoments;
  RuleProfile profile = function.profile;
  // The polynomials are no part of the profile: panels of one standard deviation resolve 512 of them.
  profile.strip = 0;
  profile.range = 13;
  profile.order = 24;
  std::vector<std::array<double, kLanes>> sums(orders, std::array<double, kLanes>{});
  std::vector<double> up(orders), down(orders);
  for (std::size_t j = 0; j < orders; ++j) {
    up[j] = 1.0 / std::sqrt(static_cast<double>(j + 1));
    down[j] = std::sqrt(static_cast<double>(j)) * up[j];
  }
  const double root = std::sqrt(q);
  std::array<double, kMoments> moments{};
  std::vector<double> value(kRuleBlock), slope(kRuleBlock);
  gaussian_rule(profile, q, [&](std::span<const double> u, std::span<const double> weight) {
    const auto values = std::span(value).first(u.size());
    activate(function.activation, u, values);
    if (has_tangent) {
      const auto slopes = std::span(slope).first(u.size());
      activate_derivative(function.activation, u, slopes);
      for (std::size_t i = 0; i < u.size(); ++i) {
        moments[1] += weight[i] * slopes[i] * slopes[i];
        moments[2] += weight[i] * slopes[i];
      }
    }
    for (std::size_t first = 0; first < u.size(); first += kLanes) {
      std::array<double, kLanes> z{}, before{}, now{};
      for (std::size_t i = 0; i < kLanes && first + i < u.size(); ++i) {
        z[i] = u[first + i] / root;
        now[i] = weight[first + i] * values[first + i];
        moments[0] += now[i] * values[first + i];
      }
      for (std::size_t j = 0; j < orders; ++j)
        for (std::size_t i = 0; i < kLanes; ++i) {
          sums[j][i] += now[i];
          const double next = z[i] * now[i] * up[j] - before[i] * down[j];
          before[i] = now[i];
          now[i] = next;
        }
    }
  });
  for (std::size_t j = 0; j < orders; ++j) {
    result[j] = 0;
    for (const double sum : sums[j]) result[j] += sum;
  }
  std::copy(moments.begin(), moments.end(), result.begin() + static_cast<std::ptrdiff_t>(orders));
}

// What is behind order j of a row, relative to the whole: of the values and of the derivatives.
class Tails {
 public:
  Tails(std::size_t orders, bool has_tangent)
      : value_(orders, 0.0), slope_(orders, 0.0), largest_(orders, 0.0), has_tangent_(has_tangent) {}

  void add(std::span<const double> row, double q) {
    const std::size_t orders = value_.size();
    const double whole = row[orders], steep = row[orders + 1];
    if (!(whole > 0)) return;
    double rest = whole, slope_rest = steep;
    for (std::size_t j = 0; j < orders; ++j) {
      rest -= row[j] * row[j];
      slope_rest -= static_cast<double>(j) * row[j] * row[j] / q;
    }
    // Rounding, where the last coefficients themselves have vanished.
    double last = 0;
    for (std::size_t j = orders - std::min<std::size_t>(orders, kOrdersPerStep); j < orders; ++j)
      last = std::max(last, std::abs(row[j]));
    const bool is_complete = last < 1e-9 * std::sqrt(whole);
    rest = is_complete && rest < 1e-12 * whole ? 0 : std::max(rest, 0.0);
    slope_rest = is_complete && slope_rest < 1e-12 * steep ? 0 : std::max(slope_rest, 0.0);
    for (std::size_t j = orders; j-- > 0;) {
      value_[j] = std::max(value_[j], rest / whole);
      if (has_tangent_ && steep > 0) slope_[j] = std::max(slope_[j], slope_rest / steep);
      rest += row[j] * row[j];
      slope_rest += static_cast<double>(j) * row[j] * row[j] / q;
      largest_[j] = std::max(largest_[j], std::abs(row[j]) / std::sqrt(whole));
    }
  }

  // Up to which |c| the orders up to j suffice.
  double limit(std::size_t j) const {
    const auto below = [](double tail, double power) {
      return tail <= kTolerance ? 2.0 : std::pow(kTolerance / tail, 1.0 / power);
    };
    const double order = static_cast<double>(j);
    return std::min(below(value_[j], order + 1), below(slope_[j], order));
  }

  // Orders that all correlations together need.
  std::size_t needed() const {
    std::size_t j = kOrdersPerStep - 1;
    while (j < value_.size() && limit(j) < 2.0) j += kOrdersPerStep;
    return std::min(j + 1, value_.size());
  }

  // How many of the coefficients of a parity are not zero for all rows.
  std::size_t count(std::size_t parity, std::size_t orders) const {
    std::size_t found = 0;
    for (std::size_t j = parity, place = 1; j < orders; j += 2, ++place)
      if (largest_[j] > 1e-15) found = place;
    return found;
  }

 private:
  std::vector<double> value_, slope_, largest_;
  bool has_tangent_;
};

struct Expanded {
  std::size_t orders;
  std::vector<double> rows;  // rows x (orders + kMoments)
};

// Points of log q that resolve functions which are analytic for |Im log q| < pi/2.
std::size_t points_for(double half_range) {
  const double slope = 0.5 * std::numbers::pi / half_range;
  return static_cast<std::size_t>(std::ceil(38 / std::log(slope + std::sqrt(1 + slope * slope)))) + 8;
}

class Builder {
 public:
  Builder(const GaussianFunction& function, bool has_tangent, int threads, const Control& control)
      : function_(function), has_tangent_(has_tangent), threads_(threads), control_(control) {}

  // Rows of coefficients at these variances.
  std::vector<double> integrated(std::span<const double> variances, std::size_t orders) const {
    const std::size_t width = orders + kMoments;
    std::vector<double> rows(variances.size() * width);
    parallel_for(variances.size(), threads_, [&](std::size_t i, int) {
      control_.throw_if_cancelled();
      coefficients(function_, variances[i], has_tangent_, std::span(rows).subspan(i * width, width));
    });
    return rows;
  }

  // Through Chebyshev points between the least and the largest variance; empty where they do not resolve the rows.
  std::vector<double> interpolated(std::span<const double> variances, std::size_t orders, Tails& tails) const {
    const auto [least, largest] = std::minmax_element(variances.begin(), variances.end());
    const double middle = 0.5 * (std::log(*largest) + std::log(*least));
    const double half = 0.5 * (std::log(*largest) - std::log(*least));
    for (std::size_t points = points_for(half); points <= kMostPoints && points < variances.size();
         points = points * 3 / 2 + 1) {
      std::vector<double> at(points), basis(points * points);
      for (std::size_t k = 0; k < points; ++k) {
        const double angle = std::numbers::pi * (static_cast<double>(k) + 0.5) / static_cast<double>(points);
        at[k] = std::exp(middle + half * std::cos(angle));
        for (std::size_t n = 0; n < points; ++n)
          basis[n * points + k] =
              std::cos(static_cast<double>(n) * angle) * (n == 0 ? 1.0 : 2.0) / static_cast<double>(points);
      }
      std::vector<double> rows = integrated(at, orders);
      Tails found = tails;
      for (std::size_t k = 0; k < points; ++k) found.add(row_of(rows, k, orders), at[k]);
      if (!normalize(rows, orders)) return {};
      const std::size_t width = orders + kMoments;
      std::vector<double> series(points * width);
      blas::gemm(false, false, points, width, points, 1.0, basis.data(), points, rows.data(), width, 0.0, series.data(),
                 width);
      double last = 0;
      for (std::size_t i = (points - 3) * width; i < points * width; ++i) last = std::max(last, std::abs(series[i]));
      if (last > kInterpolation) continue;
      tails = found;
      return evaluated(series, points, width, variances, middle, half);
    }
    return {};
  }

  static std::span<const double> row_of(const std::vector<double>& rows, std::size_t i, std::size_t orders) {
    return std::span(rows).subspan(i * (orders + kMoments), orders + kMoments);
  }

 private:
  // Coefficients relative to sqrt(E phi^2), logarithms of the second moments. False where one of them is 0.
  bool normalize(std::vector<double>& rows, std::size_t orders) const {
    const std::size_t width = orders + kMoments;
    for (std::size_t i = 0; i < rows.size(); i += width) {
      double* row = &rows[i];
      if (!(row[orders] > 0) || (has_tangent_ && !(row[orders + 1] > 0))) return false;
      const double norm = 1 / std::sqrt(row[orders]);
      for (std::size_t j = 0; j < orders; ++j) row[j] *= norm;
      row[orders] = std::log(row[orders]);
      if (!has_tangent_) continue;
      row[orders + 2] /= std::sqrt(row[orders + 1]);
      row[orders + 1] = std::log(row[orders + 1]);
    }
    return true;
  }

  std::vector<double> evaluated(const std::vector<double>& series, std::size_t points, std::size_t width,
                                std::span<const double> variances, double middle, double half) const {
    constexpr std::size_t kBlock = 128;
    const std::size_t orders = width - kMoments;
    std::vector<double> rows(variances.size() * width);
    parallel_for((variances.size() + kBlock - 1) / kBlock, threads_, [&](std::size_t block, int) {
      control_.throw_if_cancelled();
      const std::size_t first = block * kBlock, count = std::min(kBlock, variances.size() - first);
      std::vector<double> basis(count * points);
      for (std::size_t i = 0; i < count; ++i) {
        const double x = half > 0 ? std::clamp((std::log(variances[first + i]) - middle) / half, -1.0, 1.0) : 0.0;
        const double angle = std::acos(x);
        for (std::size_t n = 0; n < points; ++n) basis[i * points + n] = std::cos(static_cast<double>(n) * angle);
      }
      double* out = &rows[first * width];
      blas::gemm(false, false, count, width, points, 1.0, basis.data(), points, series.data(), width, 0.0, out, width);
      for (std::size_t i = 0; i < count; ++i) {
        double* row = out + i * width;
        row[orders] = std::exp(row[orders]);
        const double norm = std::sqrt(row[orders]);
        for (std::size_t j = 0; j < orders; ++j) row[j] *= norm;
        if (!has_tangent_) continue;
        row[orders + 1] = std::exp(row[orders + 1]);
        row[orders + 2] *= std::sqrt(row[orders + 1]);
      }
    });
    return rows;
  }

  const GaussianFunction& function_;
  const bool has_tangent_;
  const int threads_;
  const Control& control_;
};

// A variance of 0: phi(0) alone.
void fill_constant(const GaussianFunction& function, HermiteTable& table, std::size_t row) {
  if (table.even_count > 0) table.even[row * table.even_count] = gaussian_moment(function, {.value = 1}, 0.0);
  table.second[row] = gaussian_moment(function, {.value = 2}, 0.0);
  table.mean_slope[row] = gaussian_moment(function, {.first = 1}, 0.0);
  table.slope_second[row] = gaussian_moment(function, {.first = 2}, 0.0);
}

}  // namespace

std::size_t orders_within_memory(std::size_t rows, std::size_t layers) {
  std::size_t orders = 512;
  while (orders > 128 && rows * layers * orders > (std::size_t{1} << 27)) orders /= 2;
  return orders;
}

HermiteTable hermite_table(const GaussianFunction& function, std::span<const double> variances, bool has_tangent,
                           std::size_t most_orders, int threads, const Control& control) {
  const Builder builder(function, has_tangent, threads, control);
  std::vector<double> unique;
  for (const double q : variances)
    if (q > 0 && std::isfinite(q)) unique.push_back(q);
  std::sort(unique.begin(), unique.end());
  unique.erase(std::unique(unique.begin(), unique.end()), unique.end());

  // The largest variance needs the most orders, as a rule; what others lack the limits know.
  std::size_t orders = most_orders;
  if (!unique.empty()) {
    Tails first(orders, has_tangent);
    const std::vector<double> row = builder.integrated(std::span(unique).last(1), orders);
    first.add(row, unique.back());
    orders = std::min(most_orders, (first.needed() * 5 / 4 / kOrdersPerStep + 2) * kOrdersPerStep);
  }
  Tails tails(orders, has_tangent);
  std::vector<double> rows;
  if (unique.size() > kFewVariances) rows = builder.interpolated(unique, orders, tails);
  if (rows.empty()) {
    rows = builder.integrated(unique, orders);
    for (std::size_t i = 0; i < unique.size(); ++i) tails.add(Builder::row_of(rows, i, orders), unique[i]);
  }

  HermiteTable table;
  orders = std::min(orders, tails.needed());
  table.even_count = std::max<std::size_t>(1, tails.count(0, orders));
  table.odd_count = tails.count(1, orders);
  for (std::size_t j = kOrdersPerStep - 1; j < orders; j += kOrdersPerStep) table.limits.push_back(tails.limit(j));
  for (std::size_t s = table.limits.size(); s-- > 1;)
    table.limits[s - 1] = std::min(table.limits[s - 1], table.limits[s]);
  const std::size_t count = variances.size();
  table.even.assign(count * table.even_count, 0.0);
  table.odd.assign(count * table.odd_count, 0.0);
  for (auto* list : {&table.second, &table.slope_second, &table.mean_slope}) list->assign(count, 0.0);
  const std::size_t all = unique.empty() ? 0 : rows.size() / unique.size() - kMoments;
  parallel_for(count, threads, [&](std::size_t i, int) {
    const double q = variances[i];
    if (!(q > 0) || !std::isfinite(q)) {
      if (q == 0) {
        fill_constant(function, table, i);
      } else {
        table.second[i] = table.slope_second[i] = table.mean_slope[i] = q;
      }
      return;
    }
    const auto found = std::lower_bound(unique.begin(), unique.end(), q);
    const auto row = Builder::row_of(rows, static_cast<std::size_t>(found - unique.begin()), all);
    for (std::size_t k = 0; k < table.even_count; ++k) table.even[i * table.even_count + k] = row[2 * k];
    for (std::size_t k = 0; k < table.odd_count; ++k) table.odd[i * table.odd_count + k] = row[2 * k + 1];
    table.second[i] = row[all];
    table.slope_second[i] = row[all + 1];
    table.mean_slope[i] = row[all + 2];
  });
  return table;
}

}  // namespace mft::kernel
