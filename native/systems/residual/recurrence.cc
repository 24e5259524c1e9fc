#include "systems/residual/recurrence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "core/error.h"
#include "systems/residual/moments.h"
#include "systems/residual/stochastic_depth.h"

namespace mft::residual {
namespace {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();
constexpr int kScaleStep = 256;  // powers of two taken out of a running value at once; even

double logarithm(double value) { return value > 0.0 ? std::log(value) : kMinusInfinity; }

// value * 2^exponent, renormalised so that long products neither overflow nor vanish.
class ScaledNumber {
 public:
  explicit ScaledNumber(double value) : value_(value) { normalise(); }
  void multiply(double factor) {
    value_ *= factor;
    normalise();
  }
  // Adds other * 2^other_exponent.
  void add(double other, int other_exponent) {
    if (other == 0.0) return;
    if (value_ == 0.0) exponent_ = other_exponent;
    value_ += std::ldexp(other, std::clamp(other_exponent - exponent_, -3000, 3000));
    normalise();
  }
  double log() const { return value_ > 0.0 ? std::log(value_) + exponent_ * std::numbers::ln2 : kMinusInfinity; }
  // This number divided by other * 2^other_exponent.
  double over(double other, int other_exponent) const {
    return std::ldexp(value_ / other, std::clamp(exponent_ - other_exponent, -3000, 3000));
  }

 private:
  void normalise() {
    if (value_ == 0.0) return;
    int shift = 0;
    value_ = std::frexp(value_, &shift);
    exponent_ += shift;
  }
  double value_;
  int exponent_ = 0;
};

// Sum with the rounding errors carried along (Neumaier).
class CarefulSum {
 public:
  void add(double x) {
    const double total = sum_ + x;
    carry_ += std::abs(sum_) >= std::abs(x) ? (sum_ - total) + x : (x - total) + sum_;
    sum_ = total;
  }
  double value() const { return std::isfinite(sum_) ? sum_ + carry_ : sum_; }

 private:
  double sum_ = 0.0, carry_ = 0.0;
};

Error not_finite(std::size_t layer, const char* what) {
  return Error("NOT_FINITE", "depth",
               std::string("The second moment ") + what + " the range of double precision at layer " +
                   std::to_string(layer) + ".");
}

// What one block does to the second moments; p, q and V are in units of 2^exponent.
struct BlockState {
  MomentSet moments;
  double outer = 1.0, outer_bias = 0.0;           // sigma_v^2, sigma_a^2 (1 and 0 in the reduced block)
  double previous = 0.0, next = 0.0;              // p_{l-1}, p_l
  double gain = 1.0;                              // dp_l / dp_{l-1}
  double factor = 1.0, slope = 0.0, inner = 0.0;  // kappa^2 + G_l, d factor / dp_{l-1}, sigma_w^2
};

class Runner {
 public:
  Runner(const Network& network, const RecurrenceOptions& options, const Control& control)
      : network_(network),
        options_(options),
        control_(control),
        moments_(network.function, network.is_odd, options.fluctuations, options.interpolate) {
    const std::size_t depth = network.depth();
    for (auto* list :
         {&result_.log_preactivation_variance, &result_.log_activation_moment, &result_.log_derivative_moment})
      list->resize(depth);
    for (auto* list : {&result_.log_second_moment, &result_.log_gradient}) list->resize(depth + 1);
    if (options.pair) {
      result_.log_metric_expressivity.resize(depth + 1);
      result_.preactivation_deficit.resize(depth);
    }
    if (options.fluctuations) {
      result_.second_moment_variance.resize(depth + 1);
      result_.log_gradient_variance.resize(depth + 1);
      for (auto* list : {&result_.second_moment_kurtosis, &result_.log_gradient_kurtosis}) list->resize(depth + 1);
      for (auto* list : {&result_.activation_variance, &result_.derivative_variance}) list->resize(depth);
      blocks_.resize(depth);
    }
    log_factor_.resize(depth);
  }

  Recurrence run() {
    forward();
    backward();
    if (options_.fluctuations) fluctuations();
    if (network_.drops_branches()) average_over_branches(network_, options_.second_moment, moments_, control_, result_);
    return std::move(result_);
  }

 private:
  bool is_reduced() const { return network_.block == Block::kReduced; }
  double skip() const { return network_.block == Block::kGeneralised ? network_.skip_strength : 1.0; }

  void forward() {
    const double skip_square = skip() * skip();
    double p = options_.second_moment, mean = 0.0;
    int exponent = 0;  // p stands for p * 2^exponent, the mean for mean * 2^(exponent / 2)
    ScaledNumber s(options_.pair ? options_.second_moment * options_.angular_deficit : 0.0);
    result_.log_second_moment[0] = logarithm(p);
    if (options_.pair) result_.log_metric_expressivity[0] = s.log();
    for (std::size_t i = 0; i < network_.depth(); ++i) {
      if (i % 1024 == 0) control_.throw_if_cancelled();
      const bool starts = i == 0 && options_.starts_at_preactivation;
      const double inner = network_.inner_weight_variance[i];
      const double branch_keep = network_.branch_keep_probability[i];
      const double outer = is_reduced() ? 1.0 : network_.outer_weight_variance[i] / branch_keep;
      const double outer_bias =
          is_reduced() ? 0.0 : std::ldexp(network_.outer_bias_variance[i] / branch_keep, -exponent);
      const double q =
          starts ? options_.first_variance : inner * p + std::ldexp(network_.inner_bias_variance[i], -exponent);
      if (!std::isfinite(q)) throw not_finite(i + 1, "exceeds");
      const double keep = network_.keep_probability[i];
      const MomentSet m = masked(moments_.at(q), keep);
      const double unit = exponent * std::numbers::ln2;
      result_.log_preactivation_variance[i] = logarithm(q) + unit;
      result_.log_activation_moment[i] = logarithm(m.second) + unit;
      result_.log_derivative_moment[i] = logarithm(m.derivative);
      const double multiplier = outer * inner * m.derivative;
      log_factor_[i] = skip_square == 1.0 ? std::log1p(multiplier) : logarithm(skip_square + multiplier);

      if (options_.pair) {
        const double raw = starts ? options_.first_deficit : (q > 0.0 ? inner * s.over(q, exponent) : 0.0);
        const double deficit = std::clamp(raw, 0.0, 2.0);
        result_.preactivation_deficit[i] = deficit;
        // Masks of two inputs that are independent take (1/rho - 1) V from their cross moment; shared ones scale it.
        const double scale = network_.has_shared_masks ? 1.0 / keep : 1.0;
        const double ratio = scale * moments_.difference_ratio(q, deficit);
        if (starts)
          s = ScaledNumber(outer * ratio * deficit * q);
        else
          s.multiply(skip_square + outer * inner * ratio);
        if (keep < 1.0 && !network_.has_shared_masks) s.add(outer * m.second * (1.0 - keep), exponent);
        result_.log_metric_expressivity[i + 1] = s.log();
      }
      double next = skip_square * p + outer * m.second + outer_bias;
      if (is_reduced()) {
        next += 2.0 * mean * m.mean;
        mean += m.mean;
      }
      if (!std::isfinite(next)) throw not_finite(i + 1, "exceeds");
      if (options_.fluctuations)
        blocks_[i] = {m,
                      outer,
                      outer_bias,
                      p,
                      next,
                      skip_square + outer * inner * m.second_slope,
                      skip_square + multiplier,
                      outer * inner * inner * m.derivative_slope,
                      inner};
      p = next;
      result_.log_second_moment[i + 1] = logarithm(p) + unit;
      if (moments_.is_homogeneous())
        rescale(p, mean, exponent);
      else if (p > 0.0 && p < std::numeric_limits<double>::min())
        throw not_finite(i + 1, "falls below");
    }
  }

  static void rescale(double& p, double& mean, int& exponent) {
    const int shift = p > 0x1p256 ? kScaleStep : (p > 0.0 && p < 0x1p-256 ? -kScaleStep : 0);
    if (shift == 0) return;
    p = std::ldexp(p, -shift);
    mean = std::ldexp(mean, -shift / 2);
    exponent += shift;
  }

  void backward() {
    CarefulSum total;
    result_.log_gradient[network_.depth()] = 0.0;
    for (std::size_t i = network_.depth(); i-- > 0;) {
      total.add(log_factor_[i]);
      result_.log_gradient[i] = total.value() + std::log(network_.widths[network_.depth()] / network_.widths[i]);
    }
  }

  // Leading order in 1 / width. `shortcut` is the noise that the outer weights, outer biases and projection of one
  // block put on p_l; the noise of its hidden layer comes with sigma_v^4 / M_l.
  double shortcut_noise(std::size_t i) const {
    const BlockState& b = blocks_[i];
    const double width = network_.widths[i + 1], added = b.outer * b.moments.second + b.outer_bias;
    const double through = skip() * skip() * b.previous;
    if (network_.widths[i] != width) return 2.0 * (through + added) * (through + added) / width;
    if (is_reduced()) return 4.0 * through * b.moments.second / width;
    return (4.0 * through * added + 2.0 * added * added) / width;
  }

  // E (beta / tau)^4 sigma_v^4: under stochastic depth a branch is there with probability tau.
  double kept_square(std::size_t i) const {
    return blocks_[i].outer * blocks_[i].outer / network_.branch_keep_probability[i];
  }

  // E x^4 / (E x^2)^2: about 1 / P(x != 0) where few units are not 0. Moments are convex in the logarithm of their
  // order, so that E x^8 / (E x^4)^2 is at least this too.
  static double rarity(double second, double fourth) { return second > 0.0 ? fourth / second / second : 1.0; }

  // A sum over few rare units has a fourth cumulant: M independent terms of variance v / M and E x^4 = r (v / M)^2 add
  // about r v^2 / M. Square roots of cumulants are carried, which neither overflow nor vanish before the variances do.
  void fluctuations() {
    const std::size_t depth = network_.depth();
    const auto excess = [](double root, double variance) {
      return variance > 0.0 ? (root / variance) * (root / variance) : 0.0;
    };
    double relative = 0.0, root = 0.0;
    result_.second_moment_variance[0] = result_.second_moment_kurtosis[0] = 0.0;
    for (std::size_t i = 0; i < depth; ++i) {
      const BlockState& b = blocks_[i];
      const MomentSet& m = b.moments;
      const double units = network_.hidden_widths[i], rare = rarity(m.second, m.fourth);
      const double hidden = kept_square(i) * (m.fourth - m.second * m.second) / units;
      const double carried = b.gain * b.previous;
      relative = (carried * carried * relative + hidden + shortcut_noise(i)) / (b.next * b.next);
      result_.activation_variance[i] = std::max(0.0, rare - 1.0) / units;
      root = std::hypot(carried * carried * root, hidden * std::sqrt(rare / units),
                        shortcut_noise(i) * std::sqrt(3.0 * result_.activation_variance[i])) /
             (b.next * b.next);
      if (b.next == 0.0) relative = root = 0.0;
      result_.second_moment_variance[i + 1] = relative;
      result_.second_moment_kurtosis[i + 1] = excess(root, relative);
      // The error that arrives at a unit is Gaussian: E g^4 = 3.
      result_.derivative_variance[i] = std::max(0.0, 3.0 * rarity(m.derivative, m.derivative_fourth) - 1.0) / units;
    }
    // sensitivity = d log chi_l / d p_l of everything after layer l.
    double sensitivity = 0.0, noise = 0.0;
    root = 0.0;
    result_.log_gradient_variance[depth] = result_.log_gradient_kurtosis[depth] = 0.0;
    for (std::size_t i = depth; i-- > 0;) {
      const BlockState& b = blocks_[i];
      const MomentSet& m = b.moments;
      const double response = b.factor > 0.0 ? b.inner / b.factor : 0.0;
      // Full block: the outer weights hand each hidden unit a fresh Gaussian error; reduced block: its own coordinate
      // of the last error, whose square is not redrawn.
      const double redrawn = is_reduced() ? 3.0 * m.derivative * m.derivative : m.derivative * m.derivative;
      const double own = response * response * (3.0 * m.derivative_fourth - redrawn);
      const double through = sensitivity * sensitivity * (m.fourth - m.second * m.second);
      const double hidden = through + 2.0 * sensitivity * response * (m.mixed - m.second * m.derivative) + own;
      const double share = b.factor > 0.0 ? b.outer * b.inner * m.derivative / b.factor : 0.0;  // of the branch
      const double backward_noise = network_.widths[i] != network_.widths[i + 1]
                                        ? 2.0 / network_.widths[i]
                                        : (4.0 * share * (1.0 - share) + 2.0 * share * share) / network_.widths[i];
      const double units = network_.hidden_widths[i], square = kept_square(i) / units;
      noise += sensitivity * sensitivity * shortcut_noise(i) + square * hidden + backward_noise;
      // E g^8 / (E g^4)^2 = 105 / 9 of the Gaussian error.
      const double rare = 105.0 / 9.0 * rarity(m.derivative, m.derivative_fourth);
      const double crossed = backward_noise * std::sqrt(3.0 * result_.derivative_variance[i]);
      root = std::hypot(std::hypot(root, crossed), square * own * std::sqrt(rare / units),
                        square * through * std::sqrt(rarity(m.second, m.fourth) / units));
      sensitivity = (b.factor > 0.0 ? b.slope / b.factor : 0.0) + b.gain * sensitivity;
      const double spread = sensitivity * b.previous;
      const double below = spread * spread * result_.second_moment_variance[i];
      result_.log_gradient_variance[i] = noise + below;
      result_.log_gradient_kurtosis[i] =
          excess(std::hypot(root, below * std::sqrt(result_.second_moment_kurtosis[i])), noise + below);
    }
  }

  const Network& network_;
  const RecurrenceOptions& options_;
  const Control& control_;
  Moments moments_;
  Recurrence result_;
  std::vector<double> log_factor_;
  std::vector<BlockState> blocks_;
};

void check_list(const std::vector<double>& list, std::size_t length, const char* name, double low) {
  if (list.size() != length)
    throw Error("SHAPE", name,
                std::string("Expected `") + name + "` to be a list of " + std::to_string(length) +
                    ", received a list of " + std::to_string(list.size()) + ".");
  for (const double x : list)
    if (!(x >= low && std::isfinite(x)))
      throw Error("OUT_OF_RANGE", name,
                  std::string("Expected `") + name + "` to hold finite numbers >= " + std::to_string(low) + ".");
}

void check_keep(const std::vector<double>& list, std::size_t depth, const char* name) {
  check_list(list, depth, name, 0.0);
  for (const double x : list)
    if (!(x > 0.0 && x <= 1.0))
      throw Error("OUT_OF_RANGE", name, std::string("Expected `") + name + "` to hold numbers in (0, 1].");
}

}  // namespace

void validate(const Network& network) {
  const std::size_t depth = network.depth();
  check_list(network.inner_weight_variance, depth, "innerWeightVariance", 0.0);
  check_list(network.inner_bias_variance, depth, "innerBiasVariance", 0.0);
  check_list(network.outer_weight_variance, depth, "outerWeightVariance", 0.0);
  check_list(network.outer_bias_variance, depth, "outerBiasVariance", 0.0);
  check_list(network.widths, depth + 1, "widths", 1.0);
  check_list(network.hidden_widths, depth, "hiddenWidths", 1.0);
  check_keep(network.keep_probability, depth, "keepProbability");
  check_keep(network.branch_keep_probability, depth, "branchKeepProbability");
  if (network.block == Block::kReduced && network.drops_branches())
    throw Error("UNSUPPORTED", "branchKeepProbability",
                "Expected `branchKeepProbability` to be 1 in the reduced block.");
  const bool constant =
      std::all_of(network.widths.begin(), network.widths.end(), [&](double n) { return n == network.widths[0]; });
  if (!constant &&
      (network.block == Block::kReduced || (network.block == Block::kGeneralised && network.skip_strength != 1.0)))
    throw Error("UNSUPPORTED", "widths", "Expected `widths` to be constant: only the full block has projections.");
}

bool Network::drops_branches() const {
  return std::any_of(branch_keep_probability.begin(), branch_keep_probability.end(), [](double t) { return t < 1.0; });
}

bool Network::is_masked() const {
  return drops_branches() ||
         std::any_of(keep_probability.begin(), keep_probability.end(), [](double rho) { return rho < 1.0; });
}

Recurrence recurrence(const Network& network, const RecurrenceOptions& options, const Control& control) {
  validate(network);
  if (network.drops_branches() && (options.pair || options.starts_at_preactivation))
    throw Error("UNSUPPORTED", "branchKeepProbability",
                "Expected `branchKeepProbability` to be 1 for pairs of inputs and plain networks.");
  return Runner(network, options, control).run();
}

}  // namespace mft::residual
