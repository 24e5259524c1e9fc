#include "systems/recurrent/lstm.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "core/blas.h"
#include "core/error.h"
#include "core/gaussian_rule.h"
#include "systems/recurrent/unit_moments.h"

namespace mft::recurrent {
namespace {

constexpr std::size_t kCoarse = 60;
constexpr double kCutoff = 16;  // of |c|, in standard deviations
// Strips in which psi(f c + i g), with a branch point of asinh at the imaginary unit, is analytic in the pre-activation
// of i (|logistic| = 1 at 2 pi/3), of f and of g (|tanh| = 1 at pi/4).
constexpr double kStripI = 2, kStripF = 1.5, kStripG = 0.8;

// Values, slopes and weights of a gate at the points of its rule.
struct Points {
  std::vector<double> value, slope, weight;
};

Points points_of(const Gate& gate, double second, double input_variance, bool is_tanh, double strip) {
  RuleProfile profile;
  profile.strip = strip;
  profile.pole_order = 2;
  Points result;
  gaussian_rule(profile, gate.variance(second, input_variance),
                [&](std::span<const double> u, std::span<const double> weight) {
                  for (std::size_t i = 0; i < u.size(); ++i) {
                    if (weight[i] < 1e-19) continue;
                    const double e = gate.bias_mean + u[i];
                    const double value = is_tanh ? std::tanh(e) : 1 / (1 + std::exp(-e));
                    result.value.push_back(value);
                    result.slope.push_back(is_tanh ? 1 - value * value : value * (1 - value));
                    result.weight.push_back(weight[i]);
                  }
                });
  return result;
}

// Barycentric interpolation between Chebyshev points of asinh(c) on [-cutoff, cutoff].
class Collocation {
 public:
  Collocation(std::size_t points, double cutoff) : count_(points), top_(std::asinh(cutoff)) {
    for (std::size_t j = 0; j < count_; ++j) {
      const double angle = std::numbers::pi * static_cast<double>(j) / static_cast<double>(count_ - 1);
      y_.push_back(top_ * std::cos(angle));
      c_.push_back(std::sinh(y_.back()));
      weight_.push_back((j % 2 == 0 ? 1.0 : -1.0) * (j == 0 || j + 1 == count_ ? 0.5 : 1.0));
    }
    terms_.resize(count_);
  }
  std::size_t count() const { return count_; }
  double top() const { return top_; }
  const std::vector<double>& nodes() const { return c_; }

  // row += factor (functional "value at c").
  void add(double c, double factor, double* row) {
    const double y = std::clamp(std::asinh(c), -top_, top_);
    double sum = 0;
    for (std::size_t j = 0; j < count_; ++j) {
      const double distance = y - y_[j];
      if (distance == 0) {
        row[j] += factor;
        return;
      }
      terms_[j] = weight_[j] / distance;
      sum += terms_[j];
    }
    const double scale = factor / sum;
    for (std::size_t j = 0; j < count_; ++j) row[j] += scale * terms_[j];
  }

 private:
  std::size_t count_;
  double top_;
  std::vector<double> y_, c_, weight_, terms_;
};

// The law of w = i g in few points: psi(c + w), taken through Chebyshev points of w over its range. What the operators
// act on oscillates in asinh(c) at most `count` / `top` times a radian, in w therefore with the phase z below; past
// degree z coefficients fall faster than any power.
class Product {
 public:
  Product(const Points& i, const Points& g, std::size_t count, double top) : i_(i), g_(g) {
    double low = 0, high = 0;
    for (std::size_t a = 0; a < i.value.size(); ++a)
      for (std::size_t b = 0; b < g.value.size(); ++b) {
        if (i.weight[a] * g.weight[b] < kLeast) continue;
        low = std::min(low, i.value[a] * g.value[b]);
        high = std::max(high, i.value[a] * g.value[b]);
      }
    const double middle = (low + high) / 2, half = (high - low) / 2;
    const double z = static_cast<double>(count) / top * half;
    const auto points = static_cast<std::size_t>(z + 6 * std::cbrt(z) + 40);
    for (std::size_t k = 0; k < points; ++k) {
      const double angle = std::numbers::pi * (static_cast<double>(k) + 0.5) / static_cast<double>(points);
      value_.push_back(middle + half * std::cos(angle));
      barycentric_.push_back((k % 2 == 0 ? 1.0 : -1.0) * std::sin(angle));
    }
  }
  const std::vector<double>& values() const { return value_; }

  // Weights of the points for E f(i, g) psi(w).
  template <typename Factor>
  std::vector<double> weights(Factor factor) const {
    const std::size_t n = value_.size();
    std::vector<double> result(n, 0), terms(n);
    for (std::size_t a = 0; a < i_.value.size(); ++a)
      for (std::size_t b = 0; b < g_.value.size(); ++b) {
        const double weight = i_.weight[a] * g_.weight[b];
        if (weight < kLeast) continue;
        add(i_.value[a] * g_.value[b], weight * factor(a, b), terms, result);
      }
    return result;
  }

 private:
  static constexpr double kLeast = 1e-18;

  void add(double w, double factor, std::vector<double>& terms, std::vector<double>& result) const {
    double sum = 0;
    for (std::size_t k = 0; k < value_.size(); ++k) {
      const double distance = w - value_[k];
      if (distance == 0) {
        result[k] += factor;
        return;
      }
      terms[k] = barycentric_[k] / distance;
      sum += terms[k];
    }
    const double scale = factor / sum;
    for (std::size_t k = 0; k < value_.size(); ++k) result[k] += scale * terms[k];
  }

  const Points &i_, &g_;
  std::vector<double> value_, barycentric_;
};

std::vector<double> times(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
  std::vector<double> c(n * n);
  blas::gemm(false, false, n, n, n, 1, a.data(), n, b.data(), n, 0, c.data(), n);
  return c;
}

std::vector<double> row_times(const std::vector<double>& row, const std::vector<double>& matrix) {
  const std::size_t n = row.size();
  std::vector<double> result(n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) result[j] += row[i] * matrix[i * n + j];
  return result;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// x with x (T - 1) = 0 and sum x = 1, by elimination with pivots of the transposed system.
std::vector<double> stationary_row(const std::vector<double>& transfer, std::size_t n) {
  std::vector<double> a(n * n), x(n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) a[i * n + j] = transfer[j * n + i] - (i == j ? 1 : 0);
  for (std::size_t j = 0; j < n; ++j) a[j] = 1;  // the equations are dependent: the first gives way to the norm
  x[0] = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k + 1; i < n; ++i)
      if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
    for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
    std::swap(x[k], x[pivot]);
    for (std::size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      if (factor == 0) continue;
      for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      x[i] -= factor * x[k];
    }
  }
  for (std::size_t k = n; k-- > 0;) {
    for (std::size_t j = k + 1; j < n; ++j) x[k] -= a[k * n + j] * x[j];
    x[k] /= a[k * n + k];
  }
  return x;
}

// Everything at one E h^2.
class Law {
 public:
  Law(const Cell& cell, double second, std::size_t points)
      : cell_(cell),
        i_(points_of(cell.gates[0], second, cell.input_variance, false, kStripI)),
        f_(points_of(cell.gates[1], second, cell.input_variance, false, kStripF)),
        g_(points_of(cell.gates[2], second, cell.input_variance, true, kStripG)),
        grid_(points, kCutoff * std::sqrt(std::max(spread(second), 1e-12))),
        written_(i_, g_, points, grid_.top()) {
    const auto o = unit_moments(UnitFunction::kLogistic, cell.gates[3].bias_mean,
                                cell.gates[3].variance(second, cell.input_variance));
    output_mean_ = o.v1;
    output_second_ = o.v2;
    output_slope_ = o.d2;
    forget_ = operator_of([&](std::size_t k) { return f_.weight[k]; });
    input_ = input_operator(false);
    weights_ = stationary_row(times(forget_, input_, points), points);
    for (const double c : grid_.nodes()) {
      const double t = std::tanh(c);
      tanh_.push_back(t);
      tanh2_.push_back(t * t);
      sech4_.push_back((1 - t * t) * (1 - t * t));
    }
  }

  double second() const { return output_second_ * dot(weights_, tanh2_); }
  double mean() const { return output_mean_ * dot(weights_, tanh_); }
  double cell_second() const {
    double sum = 0;
    for (std::size_t j = 0; j < weights_.size(); ++j) sum += weights_[j] * grid_.nodes()[j] * grid_.nodes()[j];
    return sum;
  }

  // Dominant eigenvalue of (alpha, B) -> (alpha T_2 + B kappa, <o^2> alpha'.sech^4 + sigma_o^2 <o'^2> (pi.tanh^2) B).
  double growth(const Control& control) {
    const std::size_t n = grid_.count();
    const std::vector<double> kept =
        times(operator_of([&](std::size_t k) { return f_.weight[k] * f_.value[k] * f_.value[k]; }), input_, n);
    std::vector<double> through_f = weights_;
    for (std::size_t j = 0; j < n; ++j) through_f[j] *= cell_.gates[1].recurrent * grid_.nodes()[j] * grid_.nodes()[j];
    const std::vector<double> slopes =
        operator_of([&](std::size_t k) { return f_.weight[k] * f_.slope[k] * f_.slope[k]; });
    std::vector<double> kappa = row_times(row_times(through_f, slopes), input_);
    const std::vector<double> others = row_times(row_times(weights_, forget_), input_operator(true));
    for (std::size_t j = 0; j < n; ++j) kappa[j] += others[j];
    const double direct = cell_.gates[3].recurrent * output_slope_ * dot(weights_, tanh2_);
    std::vector<double> alpha = weights_;
    double b = output_second_ * dot(alpha, sech4_), growth = 0;
    const std::vector<double> ones(n, 1);
    for (int step = 0; step < 100000; ++step) {
      if (step % 100 == 0) control.throw_if_cancelled();
      std::vector<double> next = row_times(alpha, kept);
      for (std::size_t j = 0; j < n; ++j) next[j] += b * kappa[j];
      const double next_b = output_second_ * dot(next, sech4_) + direct * b;
      // v = E (dc)^2 + the same of h: a positive measure of the size.
      const double before = dot(alpha, ones) + b, after = dot(next, ones) + next_b;
      const double found = after / before;
      for (double& value : next) value /= after;
      alpha = std::move(next);
      b = next_b / after;
      if (std::abs(found - growth) < 1e-14 * found && step > 5) return found;
      growth = found;
    }
    return growth;
  }

 private:
  double spread(double second) const {
    const double r = cell_.input_variance;
    const auto at = [&](std::size_t k, UnitFunction function) {
      return unit_moments(function, cell_.gates[k].bias_mean, cell_.gates[k].variance(second, r));
    };
    const UnitMoments i = at(0, UnitFunction::kLogistic), f = at(1, UnitFunction::kLogistic),
                      g = at(2, UnitFunction::kTanh);
    const double mean = i.v1 * g.v1 / f.w1;
    return (2 * f.v1 * mean * i.v1 * g.v1 + i.v2 * g.v2) / f.leak;
  }

  // Rows: psi -> sum_k weight(k) psi(f_k c_j).
  template <typename Weight>
  std::vector<double> operator_of(Weight weight) {
    const std::size_t n = grid_.count();
    std::vector<double> rows(n * n, 0);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < f_.value.size(); ++k)
        grid_.add(f_.value[k] * grid_.nodes()[j], weight(k), &rows[j * n]);
    return rows;
  }

  // Rows: psi -> E psi(c_j + i g), or with the weight sigma_i^2 i'^2 g^2 + sigma_g^2 i^2 g'^2.
  std::vector<double> input_operator(bool is_slope) {
    const std::size_t n = grid_.count();
    const std::vector<double> weight = written_.weights([&](std::size_t a, std::size_t b) {
      if (!is_slope) return 1.0;
      const double through_i = i_.slope[a] * g_.value[b], through_g = i_.value[a] * g_.slope[b];
      return cell_.gates[0].recurrent * through_i * through_i + cell_.gates[2].recurrent * through_g * through_g;
    });
    std::vector<double> rows(n * n, 0);
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t k = 0; k < weight.size(); ++k)
        grid_.add(grid_.nodes()[j] + written_.values()[k], weight[k], &rows[j * n]);
    return rows;
  }

  const Cell& cell_;
  Points i_, f_, g_;
  Collocation grid_;
  Product written_;
  double output_mean_ = 0, output_second_ = 0, output_slope_ = 0;
  std::vector<double> forget_, input_, weights_, tanh_, tanh2_, sech4_;
};

}  // namespace

LstmState lstm_fixed_point(const Cell& cell, std::size_t points, const Control& control) {
  // From the zero state upwards; secants once two steps are known, plain steps where a secant leaves [0, 1].
  const Gate& candidate = cell.gates[2];
  if (candidate.variance(0, cell.input_variance) == 0 && candidate.bias_mean == 0) {
    // Nothing is ever written: the state stays 0, and a perturbation is linear.
    const auto square = [&](std::size_t k) {
      return unit_moments(UnitFunction::kLogistic, cell.gates[k].bias_mean,
                          cell.gates[k].variance(0, cell.input_variance))
          .v2;
    };
    return {0, 0, 0, square(1) + square(0) * candidate.recurrent * square(3)};
  }
  // Few points until the gap is small: a fourth of the work.
  double previous = 0, previous_gap = 0, second = 0;
  bool is_coarse = points > kCoarse;
  for (int step = 0; step < 200; ++step) {
    control.throw_if_cancelled();
    Law law(cell, second, is_coarse ? kCoarse : points);
    const double gap = law.second() - second;
    if (is_coarse && std::abs(gap) < 1e-7 * law.second()) {
      is_coarse = false;
      continue;
    }
    if (!is_coarse && std::abs(gap) <= 1e-12 * law.second() + 1e-300)
      return {law.second(), law.mean(), law.cell_second(), law.growth(control)};
    double next = second + gap;
    if (step > 1 && gap != previous_gap) {
      const double secant = second - gap * (second - previous) / (gap - previous_gap);
      if (secant > 0 && secant < 1 && std::abs(secant - second) < 50 * std::abs(gap)) next = secant;
    }
    previous = second;
    previous_gap = gap;
    second = next;
  }
  throw Error("NO_CONVERGENCE", "cell", "The law of the cell state did not settle in 200 steps.");
}

}  // namespace mft::recurrent
