#include "systems/autoencoder/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "core/error.h"
#include "core/random.h"
#include "systems/autoencoder/start.h"

namespace mft::autoencoder {
namespace {

constexpr double kLargestWeight = 1e100;

[[noreturn]] void stop_at(double step) {
  throw Error("NOT_FINITE", "learningRate",
              "The descent leaves the range of numbers at step " + std::to_string(static_cast<long long>(step)) +
                  ": lower `learningRate`.");
}

// What both engines do: a start, steps, and a row that is written at the records.
class Engine {
 public:
  explicit Engine(const Simulation& simulation)
      : s_(simulation),
        modes_(simulation.spectrum.size()),
        rate_(simulation.tied ? 2.0 * simulation.learning_rate : simulation.learning_rate) {}
  virtual ~Engine() = default;

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    start(trial);
    double step = 0;
    for (std::size_t record = 0; record < s_.records.size(); ++record) {
      for (; step < s_.records[record]; ++step) {
        if (static_cast<long long>(step) % 64 == 0) control.throw_if_cancelled();
        if (!advance()) stop_at(step + 1);
      }
      write(row.data() + record * (modes_ + 2));
    }
    control.advance(1);
  }

 protected:
  virtual void start(std::uint32_t trial) = 0;
  virtual bool advance() = 0;  // false: out of range
  virtual void write(double* out) const = 0;

  const Simulation& s_;
  const std::size_t modes_;
  const double rate_;
};

// Aligned starts: every direction is a scalar network of its own.
class Scalars final : public Engine {
 public:
  explicit Scalars(const Simulation& simulation)
      : Engine(simulation), active_(std::min(modes_, simulation.width)), first_(active_), second_(active_) {}

 private:
  void start(std::uint32_t trial) override { draw_start(s_, trial, first_, second_); }

  bool advance() override {
    const double kept = 1.0 - rate_ * s_.weight_decay;
    double largest = 0;
    for (std::size_t i = 0; i < active_; ++i) {
      const double a = first_[i], b = second_[i];
      const double nu = s_.spectrum[i];
      const double pull = rate_ * (nu - (nu + s_.noise_variance) * a * b);
      first_[i] = kept * a + pull * b;
      second_[i] = kept * b + pull * a;
      largest = std::max(largest, std::abs(first_[i]) + std::abs(second_[i]));
    }
    return largest < kLargestWeight;
  }

  void write(double* out) const override {
    double loss = 0, squares = 0;
    for (std::size_t i = 0; i < modes_; ++i) {
      const double w = i < active_ ? first_[i] * second_[i] : 0.0;
      const double both = i < active_ ? first_[i] * first_[i] + second_[i] * second_[i] : 0.0;
      out[i] = w;
      loss += 0.5 * (s_.spectrum[i] * (1 - w) * (1 - w) + s_.noise_variance * w * w + s_.weight_decay * both);
      squares += both;
    }
    out[modes_] = loss;
    out[modes_ + 1] = squares;
  }

  const std::size_t active_;
  std::vector<double> first_, second_;
};

// Networks, entry by entry as the formulas stand: W1 (H x D), W2 stored as its transpose (H x D), gradients in moment
// form.
class Networks final : public Engine {
 public:
  explicit Networks(const Simulation& simulation)
      : Engine(simulation),
        units_(simulation.width),
        first_(units_ * modes_),
        second_(units_ * modes_),
        first_gradient_(units_ * modes_),
        second_gradient_(units_ * modes_),
        inner_(units_ * units_),
        outer_(units_ * units_) {}

 private:
  void start(std::uint32_t trial) override { draw_start(s_, trial, first_, second_); }

  double cost(std::size_t i) const { return s_.spectrum[i] + s_.noise_variance; }

  // A = W2' W2 and B = W1 (S + s2) W1'.
  void products(std::vector<double>& inner, std::vector<double>& outer) const {
    for (std::size_t h = 0; h < units_; ++h) {
      for (std::size_t k = 0; k <= h; ++k) {
        double a = 0, b = 0;
        for (std::size_t i = 0; i < modes_; ++i) {
          a += second_[h * modes_ + i] * second_[k * modes_ + i];
          b += first_[h * modes_ + i] * cost(i) * first_[k * modes_ + i];
        }
        inner[h * units_ + k] = inner[k * units_ + h] = a;
        outer[h * units_ + k] = outer[k * units_ + h] = b;
      }
    }
  }

  bool advance() override {
    products(inner_, outer_);
    for (std::size_t h = 0; h < units_; ++h) {
      for (std::size_t i = 0; i < modes_; ++i) {
        double a = 0, b = 0;
        for (std::size_t k = 0; k < units_; ++k) {
          a += inner_[h * units_ + k] * first_[k * modes_ + i];
          b += outer_[h * units_ + k] * second_[k * modes_ + i];
        }
        const std::size_t at = h * modes_ + i;
        first_gradient_[at] = cost(i) * a - s_.spectrum[i] * second_[at] + s_.weight_decay * first_[at];
        second_gradient_[at] = b - s_.spectrum[i] * first_[at] + s_.weight_decay * second_[at];
      }
    }
    double largest = 0;
    for (std::size_t at = 0; at < first_.size(); ++at) {
      if (s_.tied) {
        first_[at] -= s_.learning_rate * (first_gradient_[at] + second_gradient_[at]);
        second_[at] = first_[at];
      } else {
        first_[at] -= s_.learning_rate * first_gradient_[at];
        second_[at] -= s_.learning_rate * second_gradient_[at];
      }
      largest = std::max(largest, std::abs(first_[at]) + std::abs(second_[at]));
    }
    return largest < kLargestWeight;
  }

  // L = (tr S - 2 tr(W S) + tr(A B))/2 + (g/2)(|W1|^2 + |W2|^2).
  void write(double* out) const override {
    std::vector<double> inner(units_ * units_), outer(units_ * units_);
    products(inner, outer);
    double loss = 0, squares = 0;
    for (std::size_t i = 0; i < modes_; ++i) {
      double w = 0;
      for (std::size_t h = 0; h < units_; ++h) {
        const double a = first_[h * modes_ + i], b = second_[h * modes_ + i];
        w += a * b;
        squares += a * a + b * b;
      }
      out[i] = w;
      loss += s_.spectrum[i] * (1 - 2 * w);
    }
    for (std::size_t at = 0; at < inner.size(); ++at) loss += inner[at] * outer[at];
    out[modes_] = 0.5 * (loss + s_.weight_decay * squares);
    out[modes_ + 1] = squares;
  }

  const std::size_t units_;
  std::vector<double> first_, second_, first_gradient_, second_gradient_, inner_, outer_;
};

}  // namespace

RowTable row_table(const Simulation& simulation) {
  const std::size_t modes = simulation.spectrum.size(), stride = modes + 2;
  const RowAxis records{"step", simulation.records.size(), 0}, all{"mode", modes, 0}, one{"value", 1, 0};
  using enum RowScale;
  return {stride * simulation.records.size(),
          {{"modeMapping", kLinear, 0, stride, records, all},
           {"loss", kLinear, modes, stride, records, one},
           {"squaredNorm", kLinear, modes + 1, stride, records, one}}};
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  const TrialRange range{static_cast<std::uint32_t>(simulation.first_trial),
                         static_cast<std::uint32_t>(simulation.trials), simulation.threads};
  run_trials(range, row_table(simulation).row_length, control, rows, [&]() -> std::unique_ptr<Engine> {
    if (simulation.initial == Initial::kAligned) return std::make_unique<Scalars>(simulation);
    return std::make_unique<Networks>(simulation);
  });
}

}  // namespace mft::autoencoder
