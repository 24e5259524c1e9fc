#include "systems/autoencoder/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/lapack.h"
#include "systems/autoencoder/coordinates.h"
#include "systems/autoencoder/linear_descent.h"
#include "systems/autoencoder/start.h"

namespace mft::autoencoder {
namespace {

constexpr double kLargestWeight = 1e100;

[[noreturn]] void stop_at(double step) {
  throw Error("NOT_FINITE", "learningRate",
              "The descent leaves the range of numbers at step " + std::to_string(static_cast<long long>(step)) +
                  ": lower `learningRate`.");
}

// The penalty that every direction sees: masking with inverse scaling is noise where all coordinates have one second
// moment, the mean of the spectrum.
double penalty_of(const Simulation& s, double noise_variance) {
  const double sum = std::accumulate(s.spectrum.begin(), s.spectrum.end(), 0.0);
  const double keep = s.keep_probability;
  return noise_variance + (1 - keep) / keep * sum / static_cast<double>(s.spectrum.size());
}

// What holds from a step on.
struct Stage {
  double first_step, noise_variance, weight_decay, learning_rate;
};

std::vector<Stage> stages_of(const Simulation& s) {
  const std::size_t count = s.stage_steps.size();
  for (const auto* list : {&s.stage_noise_variances, &s.stage_weight_decays, &s.stage_learning_rates})
    if (list->size() != count)
      throw Error("SHAPE", "schedule", "Expected a noise variance, a weight decay and a learning rate of every stage.");
  std::vector<Stage> stages{{0, s.noise_variance, s.weight_decay, s.learning_rate}};
  for (std::size_t i = 0; i < count; ++i)
    stages.push_back(
        {s.stage_steps[i], s.stage_noise_variances[i], s.stage_weight_decays[i], s.stage_learning_rates[i]});
  return stages;
}

std::size_t stride_of(const Simulation& s) { return 2 * s.spectrum.size() + 2; }

// What all engines do: a start, steps, and a row that is written at the records.
class Engine {
 public:
  explicit Engine(const Simulation& simulation)
      : s_(simulation), modes_(simulation.spectrum.size()), stages_(stages_of(simulation)) {}
  virtual ~Engine() = default;

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    next_stage_ = 1;
    if (stages_.size() > 1) change(stages_.front());
    start(trial);
    double step = 0;
    for (std::size_t record = 0; record < s_.records.size(); ++record) {
      for (; step < s_.records[record]; ++step) {
        enter(step);
        if (static_cast<long long>(step) % steps_between_checks() == 0) control.throw_if_cancelled();
        if (!advance(static_cast<std::uint32_t>(step))) stop_at(step + 1);
      }
      enter(step);
      double* out = row.data() + record * stride_of(s_);
      write(out);
      if (!std::isfinite(out[modes_])) stop_at(step);
      control.advance(1);
    }
  }

 protected:
  virtual void start(std::uint32_t trial) = 0;
  virtual bool advance(std::uint32_t step) = 0;  // false: out of range
  virtual void write(double* out) = 0;
  // From now on; the first stage is what the simulation says.
  virtual void change(const Stage& stage) = 0;
  virtual long long steps_between_checks() const { return 1; }

  const Simulation& s_;
  const std::size_t modes_;

  double penalty(const Stage& stage) const { return penalty_of(s_, stage.noise_variance); }
  const Stage& first_stage() const { return stages_.front(); }

 private:
  // The stages that begin at this step or before it.
  void enter(double step) {
    while (next_stage_ < stages_.size() && stages_[next_stage_].first_step <= step) change(stages_[next_stage_++]);
  }

  const std::vector<Stage> stages_;
  std::size_t next_stage_ = 1;
};

// Aligned starts: every direction is a scalar network of its own.
class Scalars final : public Engine {
 public:
  explicit Scalars(const Simulation& simulation)
      : Engine(simulation), active_(std::min(modes_, simulation.width)), first_(active_), second_(active_) {
    change(first_stage());
  }

 private:
  void start(std::uint32_t trial) override { draw_start(s_, trial, first_, second_); }
  long long steps_between_checks() const override { return 64; }

  void change(const Stage& stage) override {
    rate_ = s_.tied ? 2.0 * stage.learning_rate : stage.learning_rate;
    weight_decay_ = stage.weight_decay;
    penalty_ = penalty(stage);
  }

  bool advance(std::uint32_t) override {
    const double kept = 1.0 - rate_ * weight_decay_;
    double largest = 0;
    for (std::size_t i = 0; i < active_; ++i) {
      const double a = first_[i], b = second_[i];
      const double nu = s_.spectrum[i];
      const double pull = rate_ * (nu - (nu + penalty_) * a * b);
      first_[i] = kept * a + pull * b;
      second_[i] = kept * b + pull * a;
      largest = std::max(largest, std::abs(first_[i]) + std::abs(second_[i]));
    }
    return largest < kLargestWeight;
  }

  void write(double* out) override {
    double loss = 0, squares = 0;
    double* singular = out + modes_ + 2;
    for (std::size_t i = 0; i < modes_; ++i) {
      const double w = i < active_ ? first_[i] * second_[i] : 0.0;
      const double both = i < active_ ? first_[i] * first_[i] + second_[i] * second_[i] : 0.0;
      out[i] = w;
      singular[i] = std::abs(w);
      loss += 0.5 * (s_.spectrum[i] * (1 - w) * (1 - w) + penalty_ * w * w + weight_decay_ * both);
      squares += both;
    }
    out[modes_] = loss;
    out[modes_ + 1] = squares;
    std::sort(singular, singular + modes_, std::greater<>());
  }

  const std::size_t active_;
  double rate_ = 0, weight_decay_ = 0, penalty_ = 0;
  std::vector<double> first_, second_;
};

// Hidden units that matter: gradients of W1 and W2^T stay in the span of the columns of both, so that in an orthonormal
// basis of it a network is no wider than they are many; every observable is the same.
std::size_t units_of(const Simulation& s) {
  const std::size_t columns = s.tied || s.initial == Initial::kBalanced ? s.spectrum.size() : 2 * s.spectrum.size();
  return std::min(s.width, columns);
}

LinearProblem problem_of(const Simulation& s, double penalty) {
  const std::vector<double> penalties(s.spectrum.size(), penalty);
  return {s.spectrum, penalties, units_of(s), s.weight_decay, s.learning_rate, s.tied};
}

// Networks in moment form.
class Networks : public Engine {
 public:
  Networks(const Simulation& simulation, int threads)
      : Engine(simulation),
        team_(threads),
        descent_(problem_of(simulation, penalty(first_stage())), team_),
        units_(units_of(simulation)),
        first_(units_ * modes_),
        second_(units_ * modes_) {}

 protected:
  // A start in the eigenbasis; an aligned one is a matrix with a diagonal.
  void start(std::uint32_t trial) override {
    if (s_.initial == Initial::kAligned) {
      std::vector<double> one(std::min(modes_, s_.width)), two(one.size());
      draw_start(s_, trial, one, two);
      std::fill(first_.begin(), first_.end(), 0.0);
      std::fill(second_.begin(), second_.end(), 0.0);
      for (std::size_t i = 0; i < one.size(); ++i) {
        first_[i * modes_ + i] = one[i];
        second_[i * modes_ + i] = two[i];
      }
    } else if (units_ == s_.width) {
      draw_start(s_, trial, first_, second_);
    } else {
      narrow(trial);
    }
    set();
  }

  // Draws a wide network and keeps the coordinates of its columns.
  void narrow(std::uint32_t trial) {
    const std::size_t wide = s_.width, columns = units_;
    const bool is_one = columns == modes_;  // W2^T = W1
    std::vector<double> first(wide * modes_), second(wide * modes_), block(columns * wide);
    draw_start(s_, trial, first, second);
    for (std::size_t h = 0; h < wide; ++h)
      for (std::size_t i = 0; i < columns; ++i)
        block[i * wide + h] = i < modes_ ? first[h * modes_ + i] : second[h * modes_ + i - modes_];
    const std::vector<double> r = lapack::triangle(columns, wide, block.data());
    for (std::size_t h = 0; h < units_; ++h)
      for (std::size_t i = 0; i < modes_; ++i) {
        first_[h * modes_ + i] = r[h * columns + i];
        second_[h * modes_ + i] = is_one ? r[h * columns + i] : r[h * columns + modes_ + i];
      }
  }

  bool advance(std::uint32_t) override { return descent_.step(); }

  void change(const Stage& stage) override { descent_.change(penalty(stage), stage.weight_decay, stage.learning_rate); }

  void write(double* out) override {
    const Measured measured = descent_.measure();
    std::copy(measured.mapping.begin(), measured.mapping.end(), out);
    out[modes_] = measured.loss;
    out[modes_ + 1] = measured.first_square + measured.second_square;
    double* singular = out + modes_ + 2;
    std::fill(singular, singular + modes_, 0.0);
    if (!std::isfinite(measured.loss)) return;
    const std::vector<double> values = descent_.singular_values();
    std::copy(values.begin(), values.end(), singular);
  }

  void set() { descent_.set(first_, s_.tied ? std::span<const double>() : std::span<const double>(second_)); }

  Team team_;
  LinearDescent descent_;
  const std::size_t units_;
  std::vector<double> first_, second_;
};

// Networks on examples whose second moment is exactly that of the spectrum, with noise drawn afresh in every step.
// Every coordinate has the same second moment, so that masking is what penalty_of says. Records are those of the
// expected loss.
class Sampled final : public Networks {
 public:
  Sampled(const Simulation& simulation, int threads)
      : Networks(simulation, threads), directions_(flat_directions(simulation.spectrum)) {}

 private:
  void start(std::uint32_t trial) override {
    Networks::start(trial);
    DataProblem problem;
    problem.dimension = modes_;
    problem.hidden = units_;
    problem.data = examples_of(s_.spectrum, directions_, s_.examples, s_.seed, trial);
    problem.noise = s_.noise;
    problem.noise_variance = s_.noise_variance;
    problem.keep_probability = s_.keep_probability;
    problem.weight_decay = s_.weight_decay;
    problem.learning_rate = s_.learning_rate;
    problem.is_tied = s_.tied;
    problem.seed = s_.seed;
    problem.trial = trial;
    data_.emplace(std::move(problem), team_);
    data_->set(turned(first_, false), turned(second_, false));
  }

  bool advance(std::uint32_t step) override { return data_->step(step); }

  void change(const Stage& stage) override {
    Networks::change(stage);
    if (data_) data_->change(stage.noise_variance, stage.weight_decay, stage.learning_rate);
  }

  void write(double* out) override {
    first_ = turned(data_->first(), true);
    second_ = turned(data_->second(), true);
    set();
    Networks::write(out);
  }

  // From the eigenbasis to the coordinates, or back.
  std::vector<double> turned(std::span<const double> weights, bool is_back) const {
    std::vector<double> result(weights.size());
    blas::gemm(false, is_back, units_, modes_, modes_, 1.0, weights.data(), modes_, directions_.data(), modes_, 0.0,
               result.data(), modes_);
    return result;
  }

  std::vector<double> directions_;
  std::optional<DataDescent> data_;
};

}  // namespace

RowTable row_table(const Simulation& simulation) {
  const std::size_t modes = simulation.spectrum.size(), stride = stride_of(simulation);
  const RowAxis records{"step", simulation.records.size(), 0}, all{"mode", modes, 0}, one{"value", 1, 0};
  using enum RowScale;
  return {stride * simulation.records.size(),
          {{"modeMapping", kLinear, 0, stride, records, all},
           {"loss", kLinear, modes, stride, records, one},
           {"squaredNorm", kLinear, modes + 1, stride, records, one},
           {"singularValue", kLinear, modes + 2, stride, records, all}}};
}

double engine_bytes(const Simulation& s) {
  const std::size_t modes = s.spectrum.size(), units = units_of(s);
  const auto d = static_cast<double>(modes), h = static_cast<double>(units), n = static_cast<double>(s.examples);
  if (s.initial == Initial::kAligned && s.examples == 0) return 16 * std::min(d, h);
  // The start (and the wide one it comes from), and the copies of both matrices that a record factorises.
  const double wide = units < s.width ? 8 * static_cast<double>(s.width) * (2 * d + h) : 0;
  const double network =
      LinearDescent::bytes(modes, units, s.tied, false) + 8 * (4 * d * h + 2 * h * std::min(d, h)) + wide;
  if (s.examples == 0) return network;
  return network + DataDescent::bytes(s.examples, modes, units) + 8 * (2 * d * d + 2 * n * d);
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  const Simulation& s = simulation;
  const TrialRange& range = s.range;
  run_trials(range, row_table(s).row_length, control, rows, [&]() -> std::unique_ptr<Engine> {
    if (s.examples > 0) return std::make_unique<Sampled>(s, range.threads_inside());
    if (s.initial == Initial::kAligned) return std::make_unique<Scalars>(s);
    return std::make_unique<Networks>(s, range.threads_inside());
  });
}

}  // namespace mft::autoencoder
