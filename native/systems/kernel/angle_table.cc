#include "systems/kernel/angle_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "core/activation.h"
#include "core/blas.h"
#include "core/parallel.h"

namespace mft::kernel {
namespace {

// The last coefficients of a sum relative to the whole.
constexpr double kResolved = 1e-14;
constexpr std::size_t kMostTerms = 96, kMostAngles = 40, kFirstAngles = 10;
// Panels near a ray or the origin begin at this share of the finest feature and grow by this ratio.
constexpr double kRatio = 3, kLongestPanel = 3;
constexpr double kRange = 10;  // exp(-50) = 2e-22
constexpr std::size_t kBlock = 4096;

struct Line {
  std::vector<double> at, weight;
};

// Panels of [0, length] that grow from both ends (or from 0 only).
Line graded(double length, double first, double longest, bool is_from_both) {
  std::vector<double> breaks{0};
  const double end = is_from_both ? 0.5 * length : length;
  for (double step = first; breaks.back() + step < end; step = std::min(longest, step * kRatio))
    breaks.push_back(breaks.back() + step);
  breaks.push_back(end);
  const LegendreRule& rule = legendre_rule(16);
  Line line;
  for (std::size_t side = 0; side < (is_from_both ? 2 : 1); ++side)
    for (std::size_t p = 0; p + 1 < breaks.size(); ++p)
      for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
        const double size = breaks[p + 1] - breaks[p], x = breaks[p] + size * rule.nodes[i];
        line.at.push_back(side == 0 ? x : length - x);
        line.weight.push_back(size * rule.weights[i]);
      }
  return line;
}

// T_0 .. of x in [-1, 1].
void chebyshev(double x, std::span<double> result) {
  for (std::size_t n = 0; n < result.size(); ++n)
    result[n] = n == 0 ? 1 : n == 1 ? x : 2 * x * result[n - 1] - result[n - 2];
}

// The point k of `count`, and the matrix that turns values at the points into coefficients.
double point(std::size_t k, std::size_t count) {
  return std::cos(std::numbers::pi * (static_cast<double>(k) + 0.5) / static_cast<double>(count));
}
std::vector<double> transform(std::size_t count) {
  std::vector<double> matrix(count * count);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t k = 0; k < count; ++k)
      matrix[n * count + k] = (n == 0 ? 1.0 : 2.0) / static_cast<double>(count) *
                              std::cos(static_cast<double>(n) * std::numbers::pi * (static_cast<double>(k) + 0.5) /
                                       static_cast<double>(count));
  return matrix;
}

}  // namespace

// Points in units of the standard deviations, with the density of the plane.
struct AngleTable::Nodes {
  std::vector<double> u, v, weight;
};

bool AngleTable::is_possible(const GaussianFunction& function) {
  const RuleProfile& profile = function.profile;
  return profile.kinks.size() == 1 && profile.kinks[0] == 0 && !function.value_jumps && !(profile.wavelength > 0) &&
         !(profile.tail > 0) && function.activation.is_plain();
}

AngleTable::AngleTable(const GaussianFunction& function, bool has_tangent, bool is_opposite, double least,
                       double largest, double widest, int threads, const Control& control)
    : has_tangent_(has_tangent),
      is_opposite_(is_opposite),
      threads_(threads),
      widest_(widest),
      kinds_(has_tangent ? 2 : 1) {
  middle_ = 0.5 * (std::log(largest) + std::log(least));
  half_ = 0.5 * (std::log(largest) - std::log(least));
  // The angles that a few variances need are those of all.
  angles_ = kFirstAngles;
  const std::size_t few = half_ > 1e-12 ? 3 : 1;
  for (build(function, few, angles_, control); share_of_last(1) > kResolved; build(function, few, angles_, control)) {
    angles_ = angles_ * 4 / 3;
    if (angles_ > kMostAngles) return;
  }
  if (few == 1) {
    is_resolved_ = true;
    return;
  }
  for (auto terms = static_cast<std::size_t>(8 + 9 * half_); terms <= kMostTerms; terms = terms * 4 / 3 + 2) {
    build(function, terms, angles_, control);
    is_resolved_ = share_of_last(0) < kResolved && share_of_last(1) < 4 * kResolved;
    if (is_resolved_) return;
  }
}

AngleTable::Nodes AngleTable::nodes(const GaussianFunction& function, double angle) const {
  const double feature = function.profile.scale / std::exp(0.5 * (middle_ + half_));
  const Line radius = graded(kRange, std::min(1.0, feature), kLongestPanel, false);
  const double turn = std::min(1.0, feature / kRange);
  // Half of the plane: the other half is its mirror image with the variances exchanged. Sectors end at the rays.
  const double half_pi = 0.5 * std::numbers::pi, half = 0.5 * angle;
  const std::vector<double> ends = is_opposite_ ? std::vector{-half_pi, half - half_pi, half_pi - half, half_pi}
                                                : std::vector{0.0, half_pi - half, half_pi + half, std::numbers::pi};
  Nodes found;
  for (std::size_t sector = 0; sector + 1 < ends.size(); ++sector) {
    const double length = ends[sector + 1] - ends[sector];
    const Line direction = graded(length, turn, 1.0, true);
    for (std::size_t a = 0; a < direction.at.size(); ++a) {
      const double alpha = ends[sector] + direction.at[a];
      const double first = std::cos(alpha + 0.5 * angle), second = std::cos(alpha - 0.5 * angle);
      for (std::size_t i = 0; i < radius.at.size(); ++i) {
        const double r = radius.at[i];
        found.u.push_back(r * first);
        found.v.push_back((is_opposite_ ? -r : r) * second);
        found.weight.push_back(direction.weight[a] * radius.weight[i] * r * std::exp(-0.5 * r * r) /
                               (2 * std::numbers::pi));
      }
    }
  }
  return found;
}

void AngleTable::build(const GaussianFunction& function, std::size_t terms, std::size_t angles,
                       const Control& control) {
  terms_ = terms;
  angles_ = angles;
  const std::size_t inner = angles * terms * kinds_;
  std::vector<double> roots(terms), norms(terms), slope_norms(terms, 1.0);
  for (std::size_t m = 0; m < terms; ++m) {
    const double q = std::exp(middle_ + half_ * (terms == 1 ? 0.0 : point(m, terms)));
    roots[m] = std::sqrt(q);
    norms[m] = 1 / std::sqrt(gaussian_moment(function, {.value = 2}, q));
    if (has_tangent_) slope_norms[m] = 1 / std::sqrt(gaussian_moment(function, {.first = 2}, q));
  }
  // Values at all points: terms x angles x terms x kinds.
  std::vector<double> values(terms * inner);
  parallel_for(angles, threads_, [&](std::size_t a, int) {
    const Nodes plane = nodes(function, 0.5 * widest_ * (1 + point(a, angles)));
    std::vector<double> matrix(terms * terms), u(terms * kBlock), v(terms * kBlock), x(kBlock);
    for (std::size_t kind = 0; kind < kinds_; ++kind) {
      std::fill(matrix.begin(), matrix.end(), 0.0);
      for (std::size_t first = 0; first < plane.u.size(); first += kBlock) {
        control.throw_if_cancelled();
        const std::size_t count = std::min(kBlock, plane.u.size() - first);
        const auto fill = [&](const std::vector<double>& from, std::vector<double>& to) {
          for (std::size_t m = 0; m < terms; ++m) {
            for (std::size_t i = 0; i < count; ++i) x[i] = roots[m] * from[first + i];
            const auto out = std::span(to).subspan(m * kBlock, count);
            const auto in = std::span<const double>(x).first(count);
            kind == 0 ? activate(function.activation, in, out) : activate_derivative(function.activation, in, out);
          }
        };
        fill(plane.u, u);
        fill(plane.v, v);
        for (std::size_t m = 0; m < terms; ++m)
          for (std::size_t i = 0; i < count; ++i) v[m * kBlock + i] *= plane.weight[first + i];
        blas::gemm(false, true, terms, terms, count, 1.0, u.data(), kBlock, v.data(), kBlock, 1.0, matrix.data(),
                   terms);
      }
      const std::vector<double>& norm = kind == 0 ? norms : slope_norms;
      for (std::size_t m = 0; m < terms; ++m)
        for (std::size_t n = 0; n < terms; ++n)
          values[((m * angles + a) * terms + n) * kinds_ + kind] =
              (matrix[m * terms + n] + matrix[n * terms + m]) * norm[m] * norm[n];
    }
  });
  // To coefficients, one direction after the other.
  const std::vector<double> of_terms = transform(terms), of_angles = transform(angles);
  series_.assign(terms * inner, 0.0);
  blas::gemm(false, false, terms, inner, terms, 1.0, of_terms.data(), terms, values.data(), inner, 0.0, series_.data(),
             inner);
  const std::size_t last = terms * kinds_;
  for (std::size_t m = 0; m < terms; ++m)
    blas::gemm(false, false, angles, last, angles, 1.0, of_angles.data(), angles, series_.data() + m * inner, last, 0.0,
               values.data() + m * inner, last);
  for (std::size_t i = 0; i < terms * angles; ++i)
    blas::gemm(false, false, terms, kinds_, terms, 1.0, of_terms.data(), terms, values.data() + i * last, kinds_, 0.0,
               series_.data() + i * last, kinds_);
}

// The largest of the last two coefficients in a direction (0: log q, 1: angle).
double AngleTable::share_of_last(std::size_t direction) const {
  const std::size_t last = terms_ * kinds_;
  double largest = 0;
  for (std::size_t m = 0; m < terms_; ++m)
    for (std::size_t a = 0; a < angles_; ++a) {
      const bool is_last = direction == 0 ? m + 2 >= terms_ : a + 2 >= angles_;
      for (std::size_t i = 0; i < last && is_last; ++i)
        largest = std::max(largest, std::abs(series_[(m * angles_ + a) * last + i]));
    }
  return largest;
}

void AngleTable::basis(double q, std::span<double> result) const {
  chebyshev(half_ > 1e-12 ? std::clamp((std::log(q) - middle_) / half_, -1.0, 1.0) : 0.0, result);
}

std::vector<double> AngleTable::row(double q) const {
  std::vector<double> own(terms_), result(angles_ * terms_ * kinds_);
  basis(q, own);
  for (std::size_t m = 0; m < terms_; ++m)
    for (std::size_t i = 0; i < result.size(); ++i) result[i] += own[m] * series_[m * result.size() + i];
  return result;
}

PairExpectations AngleTable::at(std::span<const double> row, double q, double angle) const {
  std::array<double, kMostTerms> others{};
  std::array<double, kMostAngles> turns{};
  basis(q, std::span(others).first(terms_));
  chebyshev(std::clamp(2 * angle / widest_ - 1, -1.0, 1.0), std::span(turns).first(angles_));
  double product = 0, slope = 0;
  for (std::size_t a = 0; a < angles_; ++a) {
    const double* from = &row[a * terms_ * kinds_];
    double first = 0, second = 0;
    for (std::size_t n = 0; n < terms_; ++n) {
      first += others[n] * from[n * kinds_];
      if (kinds_ > 1) second += others[n] * from[n * kinds_ + 1];
    }
    product += turns[a] * first;
    slope += turns[a] * second;
  }
  return {product, slope};
}

}  // namespace mft::kernel
