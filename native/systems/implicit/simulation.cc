#include "systems/implicit/simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "core/aligned.h"
#include "core/blas.h"
#include "core/linear_algebra.h"
#include "core/random.h"
#include "systems/implicit/purposes.h"

namespace mft::implicit {
namespace {

// Relative change of the state, and length of a term beside g, at which a trial is solved.
constexpr double kForwardTolerance = 1e-13;
constexpr double kAdjointTolerance = 1e-14;
// A term this much longer than g will not come back in kMostSteps steps of a contracting layer.
constexpr double kDiverged = 1e8;

double length_of(const AlignedVector<double>& x) { return std::sqrt(dot_product(x.data(), x.data(), x.size())); }

// Offsets in a row.
struct Layout {
  std::size_t variance = 0, slope, adjoint, term, error, length;
  explicit Layout(std::size_t terms)
      : slope(terms + 1), adjoint(terms + 2), term(terms + 3), error(2 * terms + 3), length(3 * terms + 3) {}
};

class Engine {
 public:
  explicit Engine(const Simulation& simulation) : simulation_(simulation), layout_(simulation.terms) {
    const std::size_t n = simulation.width;
    weights_.resize(n * n);
    for (AlignedVector<double>* vector :
         {&drive_, &mask_, &pre_activation_, &state_, &kept_, &slope_, &gradient_, &sum_, &next_})
      vector->resize(n);
    terms_.resize(simulation.terms * n);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    draw(trial);
    std::fill(row.begin(), row.end(), std::numeric_limits<double>::quiet_NaN());
    const bool is_steady = forward(control, row);
    if (is_steady) adjoint(control, row);
    control.advance(1);
  }

 private:
  void draw(std::uint32_t trial) {
    const std::size_t n = simulation_.width;
    const auto stream = [&](Purpose purpose) { return Stream{simulation_.seed, trial, 0, purpose}; };
    const auto normals = [&](Purpose purpose, double variance, AlignedVector<double>& values) {
      random_normals(stream(purpose), 0, values);
      const double deviation = std::sqrt(variance);
      for (double& value : values) value *= deviation;
    };
    normals(purpose::kWeights, simulation_.weight_variance / static_cast<double>(n), weights_);
    normals(purpose::kDrive, simulation_.input_variance, drive_);
    normals(purpose::kLossGradient, 1, gradient_);
    std::fill(mask_.begin(), mask_.end(), 1.0);
    if (simulation_.keep_probability < 1) {
      std::vector<std::uint64_t> bits((n + 63) / 64);
      random_bernoulli(stream(purpose::kMask), 0, simulation_.keep_probability, bits);
      for (std::size_t i = 0; i < n; ++i)
        mask_[i] = (bits[i / 64] >> (i % 64) & 1) != 0 ? 1 / simulation_.keep_probability : 0.0;
    }
  }

  // Plain iteration from the state 0, whose pre-activations are the drive. Returns whether it came to rest.
  bool forward(const Control& control, std::span<double> row) {
    const std::size_t n = simulation_.width;
    const double units = static_cast<double>(n);
    std::copy(drive_.begin(), drive_.end(), pre_activation_.begin());
    std::fill(state_.begin(), state_.end(), 0.0);
    bool is_steady = false;
    for (std::size_t step = 0; step <= std::max(kMostSteps, simulation_.terms); ++step) {
      control.throw_if_cancelled();
      const double variance = dot_product(pre_activation_.data(), pre_activation_.data(), n) / units;
      if (!std::isfinite(variance)) return false;
      if (step <= simulation_.terms) row[layout_.variance + step] = variance;
      if (is_steady && step >= simulation_.terms) break;
      activate(simulation_.activation, pre_activation_, next_);
      double change = 0, size = 0;
      for (std::size_t i = 0; i < n; ++i) {
        change += (next_[i] - state_[i]) * (next_[i] - state_[i]);
        size += next_[i] * next_[i];
        kept_[i] = mask_[i] * next_[i];
      }
      state_.swap(next_);
      is_steady = is_steady || change <= kForwardTolerance * kForwardTolerance * size;
      std::copy(drive_.begin(), drive_.end(), pre_activation_.begin());
      blas::gemv(false, n, n, 1, weights_.data(), n, kept_.data(), 1, pre_activation_.data());
    }
    if (!is_steady) return false;
    activate_derivative(simulation_.activation, pre_activation_, slope_);
    row[layout_.slope] = simulation_.weight_variance / simulation_.keep_probability *
                         dot_product(slope_.data(), slope_.data(), n) / units;
    return true;
  }

  // next = J^T u, with J = diag(slope) W diag(mask).
  void product(const double* u) {
    const std::size_t n = simulation_.width;
    for (std::size_t i = 0; i < n; ++i) kept_[i] = slope_[i] * u[i];
    blas::gemv(true, n, n, 1, weights_.data(), n, kept_.data(), 0, next_.data());
    for (std::size_t i = 0; i < n; ++i) next_[i] *= mask_[i];
  }

  // The recorded terms are kept: the errors are sums of what follows them, added from the far end.
  void adjoint(const Control& control, std::span<double> row) {
    const std::size_t n = simulation_.width, recorded = simulation_.terms;
    const double size = length_of(gradient_);
    std::copy(gradient_.begin(), gradient_.end(), terms_.begin());
    const double* last = terms_.data();
    std::fill(sum_.begin(), sum_.end(), 0.0);
    for (std::size_t k = 1; k <= std::max(kMostSteps, recorded); ++k) {
      control.throw_if_cancelled();
      product(last);
      const double length = length_of(next_);
      if (!(length <= kDiverged * size)) return;
      if (k <= recorded) row[layout_.term + k - 1] = 2 * std::log(length / size);
      if (k < recorded) {
        std::copy(next_.begin(), next_.end(), terms_.begin() + static_cast<std::ptrdiff_t>(k * n));
        last = &terms_[k * n];
        continue;
      }
      for (std::size_t i = 0; i < n; ++i) sum_[i] += next_[i];
      if (length <= kAdjointTolerance * length_of(sum_) || length == 0) return errors(row, size);
      tail_.assign(next_.begin(), next_.end());
      last = tail_.data();
    }
  }

  void errors(std::span<double> row, double size) {
    const std::size_t n = simulation_.width, recorded = simulation_.terms;
    std::vector<double> lengths(recorded + 1);
    for (std::size_t k = recorded;; --k) {  // sum_ holds the terms from k on
      lengths[k] = length_of(sum_);
      if (k == 0) break;
      for (std::size_t i = 0; i < n; ++i) sum_[i] += terms_[(k - 1) * n + i];
    }
    row[layout_.adjoint] = (lengths[0] / size) * (lengths[0] / size);
    for (std::size_t k = 1; k <= recorded; ++k) row[layout_.error + k - 1] = std::log(lengths[k] / lengths[0]);
  }

  const Simulation& simulation_;
  Layout layout_;
  AlignedVector<double> weights_, drive_, mask_, pre_activation_, state_, kept_, slope_, gradient_, sum_, next_, tail_,
      terms_;
};

}  // namespace

RowTable row_table(const Simulation& simulation) {
  const Layout layout(simulation.terms);
  const RowAxis one{"value", 1, 0}, term{"term", simulation.terms, 1};
  RowTable table;
  table.row_length = layout.length;
  table.places = {
      {"preActivationVariance", RowScale::kLinear, layout.variance, 1, {"iteration", simulation.terms + 1, 0}, one},
      {"squaredJacobianRadius", RowScale::kLinear, layout.slope, 1, one, one},
      {"adjointNorm", RowScale::kLinear, layout.adjoint, 1, one, one},
      {"termNorm", RowScale::kLog, layout.term, 1, term, one},
      {"neumannError", RowScale::kLog, layout.error, 1, term, one}};
  return table;
}

double memory_estimate(const Simulation& simulation) {
  const double n = static_cast<double>(simulation.width), terms = static_cast<double>(simulation.terms);
  return 8 * (n * n + (11 + terms) * n + terms) * simulation.range.workers();
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  run_trials(simulation.range, row_table(simulation).row_length, control, rows,
             [&] { return std::make_unique<Engine>(simulation); });
}

}  // namespace mft::implicit
