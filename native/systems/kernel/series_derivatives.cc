#include "systems/kernel/series_derivatives.h"

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"

namespace mft::kernel {
namespace {

// Steps of differences in log q and log gap: of second order, of numbers good to 1e-14.
constexpr double kVarianceStep = 1e-4, kGapStep = 3e-4;
// Below this gap a quotient by it would be made of rounding: the inputs stay one, as far as E phi' phi' can tell.
constexpr double kLeastGap = 1e-13;
// Derivatives have factors j^2: two more steps of orders than the values need.
constexpr std::size_t kMoreSteps = 2;

PairRow row_at(const GaussianFunction& function, double q) {
  return {q, gaussian_moment(function, {.value = 2}, q), gaussian_moment(function, {.first = 2}, q)};
}

// What the terms of one parity add: sums of products of coefficients, by powers of c.
struct Sums {
  double product = 0, slope = 0, curvature = 0;
  double product_by_first = 0, product_by_second = 0, slope_by_first = 0, slope_by_second = 0;

  void add(const double* a, const double* b, std::size_t count, std::size_t first_order, double c) {
    const double square = c * c;
    // c^n, c^(n-1), c^(n-2), the latter two where they have a factor that is not 0.
    double power = first_order == 0 ? 1 : c, lower = first_order == 0 ? 0 : 1, lowest = 0;
    for (std::size_t k = 0; k < count; ++k) {
      const auto n = static_cast<double>(2 * k + first_order);
      const double both = a[k] * b[k];
      product += both * power;
      slope += n * both * lower;
      curvature += n * (n - 1) * both * lowest;
      if (k + 1 < count) {
        const double rise = 0.5 * std::sqrt((n + 1) * (n + 2)), first = rise * a[k + 1] * b[k],
                     second = rise * a[k] * b[k + 1];
        product_by_first += first * power;
        product_by_second += second * power;
        slope_by_first += n * first * lower;
        slope_by_second += n * second * lower;
      }
      lowest = k == 0 ? (first_order == 0 ? 1 : c) : lowest * square;
      lower = k == 0 && first_order == 0 ? c : lower * square;
      power *= square;
    }
  }
};

}  // namespace

SeriesDerivatives::SeriesDerivatives(const GaussianFunction& function, std::span<const double> variances,
                                     std::size_t layers, int threads, const Control& control)
    : variances_(variances.begin(), variances.end()),
      table_(
          hermite_table(function, variances, true, orders_within_memory(variances.size(), layers), threads, control)),
      own_(variances.size()) {
  const auto [least, largest] = std::minmax_element(variances.begin(), variances.end());
  if (!(*least > 0))
    throw Error("UNSUPPORTED", "biasVariance",
                "Derivatives of the kernel of this activation need variances above 0 in every layer, received an input "
                "of variance 0: give a `biasVariance` or leave out rows of zeros.");
  const double limit = table_.limits.empty() ? 0 : table_.limits.back();
  if (limit < 1) {
    moved_.resize(variances.size());
    near_.emplace(function, true, *least * std::exp(-2 * kVarianceStep), *largest * std::exp(2 * kVarianceStep),
                  std::acos(limit), variances.size() * variances.size(), threads, control);
  }
  parallel_for(variances.size(), threads, [&](std::size_t i, int) {
    control.throw_if_cancelled();
    const double q = variances_[i], second = table_.second[i], slope = table_.slope_second[i];
    own_[i].product = {second, 0, 0, gaussian_moment(function, {.value = 1, .first = 1, .argument = 1}, q) / q, 0};
    own_[i].tangent = {slope, 0, 0, (gaussian_moment(function, {.first = 2, .argument = 2}, q) / q - slope) / (2 * q),
                       0};
    if (near_)
      moved_[i] = {PairRow{q, second, slope}, row_at(function, q * std::exp(kVarianceStep)),
                   row_at(function, q * std::exp(-kVarianceStep))};
  });
}

// Equal inputs stay equal: only the sum of the three derivatives is met.
PairMoments SeriesDerivatives::one(std::size_t i) const {
  const PairMoments& own = own_[i];
  const double slope = own.tangent.value, by_one = 0.5 * (own.product.by_k - slope);
  PairMoments result;
  result.product = {own.product.value, by_one, by_one, slope, 0};
  result.tangent = {slope, 0.5 * own.tangent.by_k, 0.5 * own.tangent.by_k, 0, 0};
  return result;
}

PairMoments SeriesDerivatives::sums(std::size_t i, std::size_t j, double c) const {
  const auto reach = std::lower_bound(table_.limits.begin(), table_.limits.end(), std::abs(c));
  const std::size_t steps = static_cast<std::size_t>(reach - table_.limits.begin()) + 1 + kMoreSteps;
  const std::size_t half = steps * kOrdersPerStep / 2;
  Sums sums;
  sums.add(&table_.even[i * table_.even_count], &table_.even[j * table_.even_count], std::min(half, table_.even_count),
           0, c);
  sums.add(&table_.odd[i * table_.odd_count], &table_.odd[j * table_.odd_count], std::min(half, table_.odd_count), 1,
           c);
  const double q1 = variances_[i], q2 = variances_[j], whole = std::sqrt(q1) * std::sqrt(q2);
  PairMoments result;
  const double slope = sums.slope / whole;
  result.product = {sums.product, sums.product_by_first / q1, sums.product_by_second / q2, slope, 0};
  result.tangent = {slope, sums.slope_by_first / (q1 * whole), sums.slope_by_second / (q2 * whole),
                    sums.curvature / (whole * whole), 0};
  return result;
}

PairMoments SeriesDerivatives::near(std::size_t i, std::size_t j, double gap, RowSeries& series) const {
  const auto& [first, first_up, first_down] = moved_[i];
  const auto& [second, second_up, second_down] = moved_[j];
  const double whole = std::sqrt(first.variance) * std::sqrt(second.variance);
  const PairExpectations middle = near_->at(first, second, gap, series[0]);
  const double distance = std::min(gap, 2 - gap), step = kGapStep * distance;
  double by_gap = 0;  // of E phi' phi'; of E phi phi it is -whole times that
  if (distance > kLeastGap)
    by_gap = (near_->at(first, second, gap + step, series[0]).slope -
              near_->at(first, second, gap - step, series[0]).slope) /
             (2 * step);
  PairMoments result;
  result.product = {middle.product, 0, 0, middle.slope, 0};
  result.tangent = {middle.slope, 0, 0, -by_gap / whole, 0};
  // At a fixed covariance the gap 1 - k/whole changes with a variance.
  const auto by_variance = [&](const PairExpectations& up, const PairExpectations& down, double q, double& product,
                               double& tangent) {
    const double turn = (1 - gap) / (2 * q), scale = 1 / (2 * kVarianceStep * q);
    product = (up.product - down.product) * scale - whole * middle.slope * turn;
    tangent = (up.slope - down.slope) * scale + by_gap * turn;
  };
  by_variance(near_->at(first_up, second, gap, series[1]), near_->at(first_down, second, gap, series[2]),
              first.variance, result.product.by_q1, result.tangent.by_q1);
  by_variance(near_->at(first, second_up, gap, series[0]), near_->at(first, second_down, gap, series[0]),
              second.variance, result.product.by_q2, result.tangent.by_q2);
  return result;
}

PairMoments SeriesDerivatives::pair(std::size_t i, std::size_t j, double k, RowSeries& series) const {
  const double q1 = variances_[i], q2 = variances_[j];
  if (q1 == k && q2 == k) return one(i);
  const double c = std::clamp(k / (std::sqrt(q1) * std::sqrt(q2)), -1.0, 1.0);
  if (near_ && std::abs(c) > table_.limits.back()) return near(i, j, 1 - c, series);
  return sums(i, j, c);
}

}  // namespace mft::kernel
