#include "systems/recurrent/spectrum.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/error.h"
#include "core/gaussian_rule.h"

namespace mft::recurrent {
namespace {

using Complex = std::complex<double>;

// Means of the diagonal of the resolvent on the right, and the self-energies there: a1, b1; of the inner product of a
// gru a2, b2.
constexpr std::size_t kMostUnknowns = 4;
using Unknowns = std::array<Complex, kMostUnknowns>;

struct Image {
  Unknowns next{};
  Complex left{};  // E G11
};

class Dyson {
 public:
  explicit Dyson(const JacobianUnits& units)
      : units_(units), has_inner_(!units.candidate.empty()), has_output_(!units.slope.empty()) {}

  std::size_t unknowns() const { return has_inner_ ? 4 : 2; }

  Image map(Complex w, const Unknowns& u) const {
    if (has_inner_) return inner(w, u);
    return has_output_ ? output(w, u) : plain(w, u);
  }

 private:
  Image plain(Complex w, const Unknowns& u) const {
    const Complex a = u[0], right = w - u[1];
    Image image;
    for (std::size_t i = 0; i < units_.keep.size(); ++i) {
      const double s = units_.profile[i], k = units_.keep[i];
      const Complex left = w - s * a;
      const Complex inverse = units_.weight[i] / (left * right - k * k);
      const Complex g = right * inverse;
      image.next[0] += left * inverse;
      image.next[1] += s * g;
      image.left += g;
    }
    return image;
  }

  Image inner(Complex w, const Unknowns& u) const {
    const auto& [a1, a2, b1, b2] = u;
    Image image;
    for (std::size_t i = 0; i < units_.keep.size(); ++i) {
      const double k = units_.keep[i], r2 = units_.reset[i] * units_.reset[i];
      const double s = units_.profile[i], c = units_.candidate[i], f = units_.inner[i], p = units_.weight[i];
      const Complex gap = 1.0 / (f * a1 * b2 - 1.0);
      const Complex left = w - s * a1 - c * a2, right = w - b1 + r2 * b2 * gap;
      const Complex inverse = p / (left * right - k * k);
      const Complex g_left = right * inverse, g_right = left * inverse;
      image.next[0] += g_right;
      image.next[1] += gap * (r2 * gap * g_right - p * f * a1);
      image.next[2] += s * g_left + f * b2 * gap * (r2 * b2 * gap * g_right - p);
      image.next[3] += c * g_left;
      image.left += g_left;
    }
    return image;
  }

  Image output(Complex w, const Unknowns& u) const {
    const Complex a = u[0], right = 1.0 / (w - u[1]);
    Image image;
    image.next[0] = right;
    for (std::size_t i = 0; i < units_.keep.size(); ++i) {
      const double p = units_.slope[i], k = units_.keep[i], s = units_.profile[i], t = units_.output[i];
      const Complex own = s * a + k * k / w;
      const Complex of_c = w - own, of_h = w - p * p * own - t * a;
      const Complex inverse = units_.weight[i] / (of_c * of_h - p * p * own * own);
      const Complex through = (of_h + p * p * (2.0 * own + of_c)) * inverse;
      image.next[1] += s * through + t * of_c * inverse;
      image.left += 0.5 * (of_c + of_h) * inverse;
    }
    return image;
  }

  const JacobianUnits& units_;
  bool has_inner_, has_output_;
};

// A solution that is followed from one w to a near one.
class Solution {
 public:
  explicit Solution(const JacobianUnits& units) : dyson_(units) {
    for (std::size_t i = 0; i < units.profile.size(); ++i) {
      double size = units.profile[i] + units.keep[i] * units.keep[i];
      if (!units.candidate.empty()) size += units.candidate[i] * (units.reset[i] * units.reset[i] + units.inner[i]);
      if (!units.slope.empty()) size += units.output[i] + units.slope[i] * units.slope[i] * size;
      scale_ += units.weight[i] * size;
    }
    scale_ = std::sqrt(scale_);
  }

  // Down from far above, where the resolvent is 1/w.
  Complex descend(Complex w, const Control& control) {
    const double top = 10 * (std::abs(w) + scale_);
    for (double height = std::max(top, w.imag());; height = std::max(w.imag(), 0.7 * height)) {
      control.throw_if_cancelled();
      const Complex value = at({w.real(), height});
      if (height <= w.imag()) return value;
    }
  }

  // Damped steps keep the solution in the lower half plane, Newton's finish.
  Complex at(Complex w) {
    const std::size_t count = dyson_.unknowns();
    if (is_new_) {
      unknowns_[0] = 1.0 / w;
      is_new_ = false;
    }
    Image image = dyson_.map(w, unknowns_);
    for (int step = 0; step < kMostSteps; ++step) {
      const double gap = distance(image.next, unknowns_);
      if (gap < kTolerance) break;
      Unknowns candidate = newton(w, image, count);
      bool is_better =
          std::all_of(candidate.begin(), candidate.begin() + count, [](Complex x) { return x.imag() <= 0; });
      Image tried;
      if (is_better) {
        tried = dyson_.map(w, candidate);
        is_better = distance(tried.next, candidate) < 0.5 * gap;
      }
      if (!is_better) {
        for (std::size_t k = 0; k < count; ++k) candidate[k] = 0.5 * (unknowns_[k] + image.next[k]);
        tried = dyson_.map(w, candidate);
      }
      unknowns_ = candidate;
      image = tried;
    }
    return image.left;
  }

 private:
  static constexpr int kMostSteps = 5000;
  static constexpr double kTolerance = 1e-13;

  double distance(const Unknowns& x, const Unknowns& y) const {
    double most = 0;
    for (std::size_t k = 0; k < dyson_.unknowns(); ++k)
      most = std::max(most, std::abs(x[k] - y[k]) / (std::abs(x[k]) + std::numeric_limits<double>::min()));
    return most;
  }

  // The zero of next(u) - u along its differences; they are complex derivatives: the map is analytic.
  Unknowns newton(Complex w, const Image& image, std::size_t count) const {
    std::array<std::array<Complex, kMostUnknowns + 1>, kMostUnknowns> rows{};
    for (std::size_t j = 0; j < count; ++j) {
      Unknowns moved = unknowns_;
      const Complex shift = 1e-7 * (std::abs(moved[j]) + 1e-9);
      moved[j] += shift;
      const Image other = dyson_.map(w, moved);
      for (std::size_t k = 0; k < count; ++k)
        rows[k][j] = (other.next[k] - image.next[k]) / shift - (k == j ? 1.0 : 0.0);
    }
    for (std::size_t k = 0; k < count; ++k) rows[k][count] = unknowns_[k] - image.next[k];
    for (std::size_t column = 0; column < count; ++column) {
      std::size_t pivot = column;
      for (std::size_t k = column + 1; k < count; ++k)
        if (std::abs(rows[k][column]) > std::abs(rows[pivot][column])) pivot = k;
      std::swap(rows[pivot], rows[column]);
      for (std::size_t k = 0; k < count; ++k) {
        if (k == column || rows[column][column] == 0.0) continue;
        const Complex factor = rows[k][column] / rows[column][column];
        for (std::size_t j = column; j <= count; ++j) rows[k][j] -= factor * rows[column][j];
      }
    }
    Unknowns result = unknowns_;
    for (std::size_t k = 0; k < count; ++k)
      if (rows[k][k] != 0.0) result[k] += rows[k][count] / rows[k][k];
    return result;
  }

  Dyson dyson_;
  Unknowns unknowns_{};
  double scale_ = 0;
  bool is_new_ = true;
};

}  // namespace

Complex resolvent(const JacobianUnits& units, Complex w, const Control& control) {
  return Solution(units).descend(w, control);
}

// The measure is symmetric: 1/(2 pi i) of the integral of G around the circle is four quarters alike.
double singular_value_share(const JacobianUnits& units, double s, const Control& control) {
  // In parts of the quarter; the short one is at the real axis, where an edge may be near.
  constexpr std::array<double, 3> kEnds = {1, 0.2, 0};
  const LegendreRule& rule = legendre_rule(16);
  Solution solution(units);
  solution.descend({0, s}, control);
  double sum = 0;
  for (std::size_t panel = 0; panel + 1 < kEnds.size(); ++panel) {
    const double length = kEnds[panel] - kEnds[panel + 1];
    for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
      control.throw_if_cancelled();
      const double angle = 0.5 * std::numbers::pi * (kEnds[panel] - length * rule.nodes[i]);
      const Complex w = std::polar(s, angle);
      sum += rule.weights[i] * length * (w * solution.at(w)).real();
    }
  }
  return std::clamp(sum, 0.0, 1.0);
}

// On the real axis beyond the edge, with t = a/w, the equation says w^2 = 1/t + E S/(1 - S t): a convex function of t,
// whose least value is the squared edge.
double singular_value_edge(const JacobianUnits& units) {
  const double largest = *std::max_element(units.profile.begin(), units.profile.end());
  if (largest == 0) return 0;
  double low = 0, high = 1 / largest;
  for (int step = 0; step < 60; ++step) {
    const double t = 0.5 * (low + high);
    double rise = 0;
    for (std::size_t i = 0; i < units.profile.size(); ++i) {
      const double s = units.profile[i] / (1 - units.profile[i] * t);
      rise += units.weight[i] * s * s;
    }
    (rise * t * t < 1 ? low : high) = t;
  }
  double square = 1 / low;
  for (std::size_t i = 0; i < units.profile.size(); ++i)
    square += units.weight[i] * units.profile[i] / (1 - units.profile[i] * low);
  return std::sqrt(square);
}

Complex orthogonal_resolvent(const JacobianUnits& units, Complex w) {
  Complex sum = 0;
  for (std::size_t i = 0; i < units.profile.size(); ++i) sum += units.weight[i] * w / (w * w - units.profile[i]);
  return sum;
}

}  // namespace mft::recurrent
