#include "systems/residual/stochastic_depth.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "core/error.h"

namespace mft::residual {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr double kStep = 1.0 / 16;       // of log p
constexpr double kNegligible = 1e-200;   // a probability, however rare the branches that all stand in a row
constexpr int kPoints = 6, kBefore = 2;  // of the Lagrange rule; its first point stands two below the cell

double logarithm(double value) { return value > 0.0 ? std::log(value) : kMinusInfinity; }

// Where a value of log p lies on the lattice: a function there is the sum of weight[k] f(first + k).
struct Place {
  std::int64_t first = 0;
  std::array<double, kPoints> weight{};
};

Place place_of(double log_value) {
  const double at = log_value / kStep, cell = std::floor(at), t = at - cell;
  Place place{static_cast<std::int64_t>(cell) - kBefore, {}};
  for (int k = 0; k < kPoints; ++k) {
    double product = 1.0;
    for (int j = 0; j < kPoints; ++j)
      if (j != k) product *= (t - (j - kBefore)) / (k - j);
    place.weight[static_cast<std::size_t>(k)] = product;
  }
  return place;
}

// Numbers on a stretch of the lattice, and one at p = 0. As a law these are the adjoint of interpolation: means of
// smooth functions are right to the order of the rule, though single numbers may be negative.
struct Stretch {
  std::int64_t first = 0;
  std::vector<double> values;
  double at_zero = 0.0;

  double node(std::size_t k) const {
    return std::exp(kStep * static_cast<double>(first + static_cast<std::int64_t>(k)));
  }

  double at(double value) const {
    if (value == 0.0) return at_zero;
    const Place place = place_of(std::log(value));
    double sum = 0.0;
    for (int k = 0; k < kPoints; ++k) {
      const std::int64_t index = place.first + k - first;
      if (index >= 0 && index < static_cast<std::int64_t>(values.size()))
        sum += place.weight[static_cast<std::size_t>(k)] * values[static_cast<std::size_t>(index)];
    }
    return sum;
  }
};

// E x^2 / (E x)^2 - 1; rounding may leave less than nothing of it.
double relative_variance(double second, double mean) {
  if (mean == 0.0) return 0.0;
  const double spread = second / mean / mean - 1.0;
  return spread > 0.0 ? spread : (spread <= 0.0 ? 0.0 : std::numeric_limits<double>::infinity());
}

// What is laid down on the lattice before it is known how far it reaches.
class Law {
 public:
  void add(double value, double probability) {
    if (std::abs(probability) < kNegligible) return;
    if (value == 0.0) {
      law_.at_zero += probability;
      return;
    }
    const Place place = place_of(std::log(value));
    for (int k = 0; k < kPoints; ++k) {
      const double part = probability * place.weight[static_cast<std::size_t>(k)];
      if (std::abs(part) >= kNegligible) slot(place.first + k) += part;
    }
  }
  Stretch take() { return std::move(law_); }

 private:
  double& slot(std::int64_t index) {
    std::vector<double>& values = law_.values;
    if (values.empty()) law_.first = index;
    if (index < law_.first) {
      values.insert(values.begin(), static_cast<std::size_t>(law_.first - index), 0.0);
      law_.first = index;
    }
    const auto at = static_cast<std::size_t>(index - law_.first);
    if (at >= values.size()) values.resize(at + 1, 0.0);
    return values[at];
  }
  Stretch law_;
};

class Chain {
 public:
  Chain(const Network& network, double second_moment, Moments& moments, const Control& control, Recurrence& result)
      : network_(network), second_moment_(second_moment), moments_(moments), control_(control), result_(result) {
    const double kappa = network.block == Block::kGeneralised ? network.skip_strength : 1.0;
    skip_square_ = kappa * kappa;
  }

  void run() {
    forward();
    backward();
  }

 private:
  // What a block does to a value p.
  struct Step {
    double q, second, derivative;  // of the hidden layer, masks of the units included
    double kept, dropped;          // p after it
    double kept_gain;              // of the squared gradient
  };

  Step step(std::size_t i, double p) {
    const double q = network_.inner_weight_variance[i] * p + network_.inner_bias_variance[i];
    const MomentSet m = masked(moments_.at(q), network_.keep_probability[i]);
    const double tau = network_.branch_keep_probability[i], scale = 1.0 / (tau * tau);
    const double outer = network_.outer_weight_variance[i];
    return {q,
            m.second,
            m.derivative,
            skip_square_ * p + scale * (outer * m.second + network_.outer_bias_variance[i]),
            skip_square_ * p,
            skip_square_ + scale * outer * network_.inner_weight_variance[i] * m.derivative};
  }

  // Second moments of what the law of p makes random, in units of the largest so that no square leaves the range of
  // doubles.
  struct Moment {
    double mean = 0.0, second = 0.0, unit = 0.0;
    void add(double value, double probability) {
      if (std::abs(value) > unit) {
        const double factor = unit / std::abs(value);
        mean *= factor;
        second *= factor * factor;
        unit = std::abs(value);
      }
      if (unit == 0.0) return;
      mean += probability * (value / unit);
      second += probability * (value / unit) * (value / unit);
    }
    double spread() const { return relative_variance(second, mean); }
  };

  // body(p, its probability)
  template <typename Body>
  static void for_each(const Stretch& law, Body body) {
    if (law.at_zero != 0.0) body(0.0, law.at_zero);
    for (std::size_t k = 0; k < law.values.size(); ++k)
      if (law.values[k] != 0.0) body(law.node(k), law.values[k]);
  }

  void forward() {
    Law start;
    start.add(second_moment_, 1.0);
    laws_.push_back(start.take());
    result_.size_spread.assign(1, 0.0);
    for (std::size_t i = 0; i < network_.depth(); ++i) {
      control_.throw_if_cancelled();
      const double tau = network_.branch_keep_probability[i];
      double q = 0.0, second = 0.0, derivative = 0.0, mean = 0.0;
      Moment of_q, of_p;
      Law next;
      for_each(laws_[i], [&](double p, double probability) {
        const Step s = step(i, p);
        if (!std::isfinite(s.kept))
          throw Error("NOT_FINITE", "depth",
                      "The second moment exceeds the range of double precision at layer " + std::to_string(i + 1) +
                          " of a network that keeps many of its branches.");
        q += probability * s.q;
        second += probability * s.second;
        derivative += probability * s.derivative;
        mean += probability * (tau * s.kept + (1.0 - tau) * s.dropped);
        of_q.add(s.q, probability);
        of_p.add(s.kept, probability * tau);
        of_p.add(s.dropped, probability * (1.0 - tau));
        next.add(s.kept, probability * tau);
        next.add(s.dropped, probability * (1.0 - tau));
      });
      laws_.push_back(next.take());
      result_.log_preactivation_variance[i] = logarithm(q);
      result_.log_activation_moment[i] = logarithm(second);
      result_.log_derivative_moment[i] = logarithm(derivative);
      result_.log_second_moment[i + 1] = logarithm(mean);
      result_.preactivation_spread.push_back(of_q.spread());
      result_.size_spread.push_back(of_p.spread());
    }
  }

  void backward() {
    const std::size_t depth = network_.depth();
    for (auto* list : {&result_.log_outer_weight_gradient, &result_.log_outer_bias_gradient,
                       &result_.log_inner_weight_gradient, &result_.log_inner_bias_gradient})
      list->resize(depth);
    for (auto* list : {&result_.outer_weight_spread, &result_.outer_bias_spread, &result_.inner_weight_spread,
                       &result_.inner_bias_spread})
      list->resize(depth);
    result_.gradient_spread.assign(depth + 1, 0.0);
    // after = mean of the squared gradient of a coordinate of x_l over that of x_L, given p_l, times 2^-exponent.
    Stretch after{laws_[depth].first, std::vector<double>(laws_[depth].values.size(), 1.0), 1.0};
    Stretch square = after;  // the mean of its square, times 4^-exponent
    int exponent = 0;
    result_.log_gradient[depth] = 0.0;
    for (std::size_t i = depth; i-- > 0;) {
      control_.throw_if_cancelled();
      const double tau = network_.branch_keep_probability[i];
      double mean = 0.0, bias = 0.0, outer_weight = 0.0, hidden = 0.0, inner_weight = 0.0, largest = 0.0;
      double second = 0.0;
      std::array<double, 4> squares{};
      Stretch before{laws_[i].first, std::vector<double>(laws_[i].values.size(), 0.0), 0.0};
      Stretch square_before = before;
      std::size_t k = 0;
      const auto visit = [&](double p, double probability, double& of_square) -> double {
        const Step s = step(i, p);
        const double kept = after.at(s.kept), kept_square = square.at(s.kept);
        const double value = tau * s.kept_gain * kept + (1.0 - tau) * skip_square_ * after.at(s.dropped);
        mean += probability * value;
        bias += probability * kept / tau;
        outer_weight += probability * s.second * kept / tau;
        hidden += probability * s.derivative * kept / tau;
        inner_weight += probability * s.derivative * p * kept / tau;
        of_square = tau * s.kept_gain * s.kept_gain * kept_square +
                    (1.0 - tau) * skip_square_ * skip_square_ * square.at(s.dropped);
        second += probability * of_square;
        const double weight = probability * kept_square / (tau * tau * tau);
        const double of_inner = s.derivative * p;
        squares[0] += weight * s.second * s.second;
        squares[1] += weight;
        squares[2] += weight * of_inner * of_inner;
        squares[3] += weight * s.derivative * s.derivative;
        largest = std::max(largest, std::abs(value));
        return value;
      };
      if (laws_[i].at_zero != 0.0) before.at_zero = visit(0.0, laws_[i].at_zero, square_before.at_zero);
      for (; k < laws_[i].values.size(); ++k)
        if (laws_[i].values[k] != 0.0)
          before.values[k] = visit(laws_[i].node(k), laws_[i].values[k], square_before.values[k]);
      result_.outer_weight_spread[i] = relative_variance(squares[0], outer_weight);
      result_.outer_bias_spread[i] = relative_variance(squares[1], bias);
      result_.inner_weight_spread[i] = relative_variance(squares[2], inner_weight);
      result_.inner_bias_spread[i] = relative_variance(squares[3], hidden);
      result_.gradient_spread[i] = relative_variance(second, mean);
      const double unit = exponent * std::numbers::ln2;
      const double width = std::log(network_.widths[depth] / network_.widths[i + 1]);
      const double fan =
          std::log(network_.outer_weight_variance[i]) + std::log(network_.widths[i + 1] / network_.hidden_widths[i]);
      result_.log_outer_bias_gradient[i] = logarithm(bias) + unit + width;
      result_.log_outer_weight_gradient[i] = logarithm(outer_weight) + unit + width;
      result_.log_inner_bias_gradient[i] = logarithm(hidden) + unit + width + fan;
      result_.log_inner_weight_gradient[i] = logarithm(inner_weight) + unit + width + fan;
      result_.log_gradient[i] = logarithm(mean) + unit + std::log(network_.widths[depth] / network_.widths[i]);
      if (largest > 0x1p64 || (largest > 0.0 && largest < 0x1p-64)) {
        const int shift = std::ilogb(largest);
        for (double& x : before.values) x = std::ldexp(x, -shift);
        before.at_zero = std::ldexp(before.at_zero, -shift);
        for (double& x : square_before.values) x = std::ldexp(x, -2 * shift);
        square_before.at_zero = std::ldexp(square_before.at_zero, -2 * shift);
        exponent += shift;
      }
      after = std::move(before);
      square = std::move(square_before);
    }
  }

  const Network& network_;
  double second_moment_, skip_square_ = 1.0;
  Moments& moments_;
  const Control& control_;
  Recurrence& result_;
  std::vector<Stretch> laws_;  // of p_0 .. p_L
};

// The gradients of parameters where every mean of a product is a product of means; the recurrence has the rest. Then V
// = h q and V' = h: p' = a p + c with a and c of the branch alone.
void product_gradients(const Network& network, Recurrence& result) {
  const std::size_t depth = network.depth();
  const double kappa = network.block == Block::kGeneralised ? network.skip_strength : 1.0;
  const double skip = kappa * kappa;
  // E x^2 / (E x)^2 of p_l and of chi_l.
  std::vector<double> sizes(depth + 1, 1.0), gradients(depth + 1, 1.0);
  for (std::size_t i = 0; i < depth; ++i) {
    const double tau = network.branch_keep_probability[i];
    const double scale = std::exp(result.log_second_moment[i] - result.log_second_moment[i + 1]);  // p_{l-1} / p_l
    const double outer = network.outer_weight_variance[i], h = std::exp(result.log_derivative_moment[i]);
    const double gain = outer * network.inner_weight_variance[i] * h, square = 1.0 / (tau * tau * tau);
    // The branch's part of p_l / E p_l that does not depend on p_{l-1}.
    const double constant = (outer * network.inner_bias_variance[i] * h + network.outer_bias_variance[i]) *
                            std::exp(-result.log_second_moment[i + 1]);
    const double a = scale * scale * (skip * skip + 2.0 * skip * gain / tau + gain * gain * square);
    const double between = scale * constant * (skip / tau + gain * square);
    sizes[i + 1] = a * sizes[i] + 2.0 * between + constant * constant * square;
  }
  for (std::size_t i = depth; i-- > 0;) {
    const double tau = network.branch_keep_probability[i];
    const double gain =
        network.outer_weight_variance[i] * network.inner_weight_variance[i] * std::exp(result.log_derivative_moment[i]);
    const double kept = skip + gain / (tau * tau), mean = skip + gain / tau;
    gradients[i] =
        mean > 0.0 ? gradients[i + 1] * (tau * kept * kept + (1.0 - tau) * skip * skip) / (mean * mean) : 1.0;
  }
  for (std::size_t l = 0; l <= depth; ++l) {
    result.size_spread.push_back(relative_variance(sizes[l], 1.0));
    result.gradient_spread.push_back(relative_variance(gradients[l], 1.0));
  }
  for (std::size_t i = 0; i < depth; ++i) {
    const double tau = network.branch_keep_probability[i];
    const double bias = result.log_gradient[i + 1] - std::log(tau);
    const double hidden = bias + std::log(network.outer_weight_variance[i]) +
                          std::log(network.widths[i + 1] / network.hidden_widths[i]) + result.log_derivative_moment[i];
    result.log_outer_bias_gradient.push_back(bias);
    result.log_outer_weight_gradient.push_back(bias + result.log_activation_moment[i]);
    result.log_inner_bias_gradient.push_back(hidden);
    result.log_inner_weight_gradient.push_back(hidden + result.log_second_moment[i]);
    // q = sigma_w^2 p + sigma_b^2
    const double share = std::exp(std::log(network.inner_weight_variance[i]) + result.log_second_moment[i] -
                                  result.log_preactivation_variance[i]);
    const double of_q = 1.0 + (share > 0.0 ? share * share * (sizes[i] - 1.0) : 0.0), above = gradients[i + 1] / tau;
    result.preactivation_spread.push_back(relative_variance(of_q, 1.0));
    result.outer_weight_spread.push_back(relative_variance(above * of_q, 1.0));
    result.outer_bias_spread.push_back(relative_variance(above, 1.0));
    result.inner_weight_spread.push_back(relative_variance(above * sizes[i], 1.0));
    result.inner_bias_spread.push_back(relative_variance(above, 1.0));
  }
}

}  // namespace

void average_over_branches(const Network& network, double second_moment, Moments& moments, const Control& control,
                           Recurrence& result) {
  if (moments.is_homogeneous()) return product_gradients(network, result);
  Chain(network, second_moment, moments, control, result).run();
}

}  // namespace mft::residual
