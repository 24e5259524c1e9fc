#include "train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/lapack.h"
#include "core/parallel.h"
#include "train/checkpoint.h"
#include "train/shuffle.h"
#include "train/step.h"

namespace mft::train {
namespace {

// What a run knows beside its parameters.
struct Counters {
  std::uint64_t step = 0;
  double loss = 0;  // sums since the last report
  std::uint64_t correct = 0;
  std::uint64_t seen = 0;
  PathCounts paths;  // over the whole run
};

template <typename X>
std::span<const std::byte> view(const std::vector<X>& values) {
  return std::as_bytes(std::span(values));
}
template <typename X>
std::span<const std::byte> view(const Buffer<X>& values) {
  return std::as_bytes(std::span(values.data(), values.size()));
}

void copy_exactly(const std::vector<std::byte>& from, void* to, std::size_t bytes) {
  if (from.size() != bytes)
    throw Error("DATA_FORMAT", "checkpoint", "The checkpoint has arrays of other sizes than this run.");
  if (bytes != 0) std::memcpy(to, from.data(), bytes);
}

template <typename X>
void copy_list(const std::vector<std::byte>& from, std::vector<X>& to) {
  if (from.size() % sizeof(X) != 0)
    throw Error("DATA_FORMAT", "checkpoint", "The checkpoint has a list with a broken entry.");
  to.resize(from.size() / sizeof(X));
  if (!from.empty()) std::memcpy(to.data(), from.data(), from.size());
}

template <typename T>
class Run {
 public:
  Run(const TrainingOptions& options, const Images& train, const Images& test, const Control& control)
      : options_(options),
        train_(train),
        test_(test),
        control_(control),
        network_(options),
        team_(options.threads),
        stepper_(options, network_, team_),
        order_(train.count) {
    for (std::size_t l = 0; l < network_.depth(); ++l)
      for (const std::string& name : network_.layer(l).counters())
        result_.counts.push_back({"layer" + std::to_string(l + 1) + "." + name, 0});
    counts_.resize(result_.counts.size());
    const std::size_t reports = options.report_every > 0 ? options.rates.size() / options.report_every + 1 : 1;
    result_.reports.reserve(reports);
    if (options.statistics_every > 0) {
      const std::size_t records = options.rates.size() / options.statistics_every + 1;
      result_.statistics_steps.reserve(records);
      for (std::vector<double>* list :
           {&result_.variance, &result_.correlation, &result_.error_square, &result_.gradient_square})
        list->reserve(records * options.layers.size());
    }
  }

  TrainingResult operator()() {
    result_.planned_bytes = planned_bytes(options_);
    std::optional<CheckpointLock> lock;
    if (!options_.checkpoint.empty()) {
      lock.emplace(options_.checkpoint);
      resume();
    }
    const std::uint64_t steps = options_.rates.size(), per_epoch = train_.count / options_.batch;
    std::uint64_t shuffled_epoch = ~std::uint64_t{0};
    while (counters_.step < steps) {
      if (control_.is_cancelled()) {
        if (!options_.checkpoint.empty()) save();
        throw Cancelled();
      }
      const std::uint64_t step = counters_.step, epoch = step / per_epoch;
      if (epoch != shuffled_epoch) {
        order_epoch(epoch, per_epoch);
        shuffled_epoch = epoch;
      }
      if (step % per_epoch == 0) stepper_.begin_sequences();
      const std::span<const std::uint32_t> indices(order_.data() + (step % per_epoch) * options_.batch, options_.batch);
      if (!one_step(step, indices)) break;
      control_.advance(1);
    }
    // Not before the checkpoint: a run that is continued with more steps has no report here.
    if (!result_.stop.has_stopped && counters_.seen > 0) report();
    return finish();
  }

 private:
  void order_epoch(std::uint64_t epoch, std::uint64_t per_epoch) {
    if (options_.carries_state) {
      // Row b of a step continues row b of the step before.
      for (std::size_t i = 0; i < per_epoch * options_.batch; ++i)
        order_[i] = static_cast<std::uint32_t>(i % options_.batch * per_epoch + i / options_.batch);
      return;
    }
    if (options_.is_shuffled) return epoch_order(options_.seed, epoch, order_);
    for (std::size_t i = 0; i < order_.size(); ++i) order_[i] = static_cast<std::uint32_t>(i);
  }

  // False when the loss is not finite: the parameters stay what they were before this step.
  bool one_step(std::uint64_t step, std::span<const std::uint32_t> indices) {
    if (options_.directions_every > 0 && step % options_.directions_every == 0) record_projections();
    const bool with_statistics = options_.statistics_every > 0 && step % options_.statistics_every == 0;
    const BatchSums sums = stepper_.forward(train_, indices, step, with_statistics);
    if (!std::isfinite(sums.loss)) {
      result_.stop = stepper_.divergence(step);
      return false;
    }
    stepper_.backward_and_update(step, result_, counters_.paths);
    stepper_.add_counts(counts_);
    counters_.step = step + 1;
    counters_.loss += sums.loss;
    counters_.correct += sums.correct;
    counters_.seen += options_.batch;
    const bool is_last = counters_.step == options_.rates.size();
    if (options_.report_every > 0 && counters_.step % options_.report_every == 0) report();
    if (!options_.checkpoint.empty() &&
        (is_last || (options_.checkpoint_every > 0 && counters_.step % options_.checkpoint_every == 0)))
      save();
    return true;
  }

  // Of the parameters at hand, unless this step has its record (a run that goes on from a checkpoint).
  void record_projections() {
    const auto step = static_cast<double>(counters_.step);
    if (!result_.projections_steps.empty() && result_.projections_steps.back() == step) return;
    result_.projections_steps.push_back(step);
    const std::vector<double> values = stepper_.project(train_);
    result_.projections.insert(result_.projections.end(), values.begin(), values.end());
    if (!options_.has_singular_values) return;
    std::vector<double> singular = singular_values();
    singular.resize(values.size());
    result_.projections.insert(result_.projections.end(), singular.begin(), singular.end());
  }

  // Of W2 W1: W1 is hidden x dimension, W2 dimension x hidden; NaN where the product would not be finite.
  std::vector<double> singular_values() {
    const std::span<const T> all(network_.values().data(), network_.values().size());
    const std::size_t half = all.size() / 2, n = options_.dimension, hidden = half / n;
    std::vector<double> first(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(half)), second(half);
    bool is_finite = true;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < hidden; ++j) {
        second[j * n + i] = static_cast<double>(all[half + i * hidden + j]);
        is_finite = is_finite && std::abs(second[j * n + i]) < 1e140 && std::abs(first[j * n + i]) < 1e140;
      }
    const std::size_t count = options_.directions.size() / n;
    if (!is_finite) return std::vector<double>(count, std::numeric_limits<double>::quiet_NaN());
    return lapack::product_singular_values(hidden, n, second.data(), first.data());
  }

  void report() {
    const auto seen = static_cast<double>(counters_.seen);
    const Evaluation test = evaluate(test_, test_.count);
    result_.reports.push_back({counters_.step, counters_.loss / seen,
                               static_cast<double>(counters_.correct) / (seen * positions()), test.loss,
                               test.accuracy});
    counters_.loss = 0;
    counters_.correct = counters_.seen = 0;
  }

  double positions() const { return static_cast<double>(options_.positions); }

  Evaluation evaluate(const Images& images, std::size_t count) {
    if (count == 0) return {};
    const BatchSums sums = stepper_.evaluate(images, count);
    const auto total = static_cast<double>(count);
    return {sums.loss / total, static_cast<double>(sums.correct) / (total * positions()), count};
  }

  TrainingResult finish() {
    result_.steps = counters_.step;
    if (options_.directions_every > 0) record_projections();
    result_.paths = counters_.paths;
    for (std::size_t k = 0; k < counts_.size(); ++k) result_.counts[k].total = counts_[k];
    result_.train = evaluate(train_, std::min(options_.train_evaluation, train_.count));
    // After the last step the test set has just been evaluated for its report.
    const Report* last = result_.reports.empty() ? nullptr : &result_.reports.back();
    result_.test = last != nullptr && last->step == counters_.step
                       ? Evaluation{last->test_loss, last->test_accuracy, test_.count}
                       : evaluate(test_, test_.count);
    // The last update has no step behind it that would notice.
    if (!result_.stop.has_stopped && !(std::isfinite(result_.train.loss) && std::isfinite(result_.test.loss)))
      result_.stop = stepper_.divergence(counters_.step);
    result_.checksum = checksum64(view(network_.values()));
    if (options_.returns_parameters) return_parameters();
    return std::move(result_);
  }

  void return_parameters() {
    result_.parameters.assign(network_.values().begin(), network_.values().end());
    for (std::size_t l = 0; l < network_.depth(); ++l) {
      const std::span<T> fixed = network_.layer(l).fixed_values();
      result_.parameters.insert(result_.parameters.end(), fixed.begin(), fixed.end());
    }
  }

  void save() {
    const std::span<const Counters> counters(&counters_, 1);
    const std::vector<T> states = stepper_.states();
    save_checkpoint(options_.checkpoint, options_.key,
                    {std::as_bytes(counters), view(network_.values()), view(network_.first()), view(network_.second()),
                     view(result_.reports), view(result_.statistics_steps), view(result_.variance),
                     view(result_.correlation), view(result_.error_square), view(result_.gradient_square), view(states),
                     view(counts_), view(result_.projections_steps), view(result_.projections)});
  }

  void resume() {
    const std::vector<std::vector<std::byte>> sections = load_checkpoint(options_.checkpoint, options_.key);
    if (sections.empty()) return;
    if (sections.size() != 14)
      throw Error("DATA_FORMAT", "checkpoint", "The checkpoint has other sections than this run.");
    copy_exactly(sections[0], &counters_, sizeof(counters_));
    copy_exactly(sections[1], network_.values().data(), network_.values().size() * sizeof(T));
    copy_exactly(sections[2], network_.first().data(), network_.first().size() * sizeof(T));
    copy_exactly(sections[3], network_.second().data(), network_.second().size() * sizeof(T));
    copy_list(sections[4], result_.reports);
    copy_list(sections[5], result_.statistics_steps);
    copy_list(sections[6], result_.variance);
    copy_list(sections[7], result_.correlation);
    copy_list(sections[8], result_.error_square);
    copy_list(sections[9], result_.gradient_square);
    std::vector<T> states = stepper_.states();
    copy_exactly(sections[10], states.data(), states.size() * sizeof(T));
    stepper_.set_states(states);
    copy_exactly(sections[11], counts_.data(), counts_.size() * sizeof(double));
    copy_list(sections[12], result_.projections_steps);
    copy_list(sections[13], result_.projections);
    const std::size_t columns =
        options_.directions.size() / options_.dimension * (options_.has_singular_values ? 2 : 1);
    if (result_.projections.size() != result_.projections_steps.size() * columns)
      throw Error("DATA_FORMAT", "checkpoint", "The checkpoint has other records than this run.");
    if (counters_.step > options_.rates.size())
      throw Error("JOURNAL_MISMATCH", "steps",
                  "The checkpoint " + options_.checkpoint + " holds " + std::to_string(counters_.step) +
                      " steps, more than this run has (" + std::to_string(options_.rates.size()) +
                      "); give at least as many, or another file.");
    result_.resumed_from = counters_.step;
    control_.advance(static_cast<std::int32_t>(counters_.step));
  }

  const TrainingOptions& options_;
  const Images& train_;
  const Images& test_;
  const Control& control_;
  Network<T> network_;
  Team team_;
  Stepper<T> stepper_;
  std::vector<std::uint32_t> order_;
  Counters counters_;
  std::vector<double> counts_;  // of TrainingResult::counts
  TrainingResult result_;
};

// Whole numbers come to the layers as floating point, and what a layer takes for words must be words it has.
void check_numbers(const TrainingOptions& o, const Images& train, const Images& test) {
  constexpr std::int64_t kLargestExact = std::int64_t{1} << 24;
  const std::size_t tokens = make_layer<double>(o.layers.front(), {o.dimension, 1})->tokens();
  const auto refuse = [](const std::string& expected, const std::string& received) {
    throw Error("DATA_FORMAT", "images", "Expected `images` to hold " + expected + ", received " + received + ".");
  };
  const bool is_changed = o.noise != NoiseKind::kNone || o.input_keep_probability < 1;
  if (tokens > 0 && is_changed)
    throw Error("INVALID_ARGUMENT", "inputKeepProbability",
                "Expected neither noise nor masks on inputs that are whole numbers standing for words.");
  for (const Images* set : {&train, &test}) {
    if (set->count > 0 && tokens > 0 && set->wholes == nullptr)
      refuse("whole numbers (32 bits), which the first layer takes for words", "other numbers");
    if (set->wholes == nullptr) continue;
    const std::int64_t low = tokens > 0 ? 0 : -kLargestExact;
    const std::int64_t high =
        tokens > 0 ? std::min(kLargestExact, static_cast<std::int64_t>(tokens) - 1) : kLargestExact;
    for (std::size_t i = 0; i < set->count * o.dimension; ++i)
      if (set->wholes[i] < low || set->wholes[i] > high)
        refuse("whole numbers in [" + std::to_string(low) + ", " + std::to_string(high) + "]",
               std::to_string(set->wholes[i]));
  }
}

void check(const TrainingOptions& o, const Images& train, const Images& test) {
  const auto refuse = [](const char* name, const std::string& expected) {
    throw Error("SHAPE", name, std::string("Expected `") + name + "` to be " + expected + ".");
  };
  if (o.layers.empty()) refuse("layers", "a list of at least one layer");
  if (o.positions == 0) refuse("positions", "at least 1");
  if (o.batch == 0 || o.batch > train.count) refuse("batchSize", "between 1 and the number of training images");
  if (o.input_scale.size() != o.dimension || o.input_shift.size() != o.dimension)
    refuse("inputScale", "one number per input component");
  if (o.rates.size() > 2147483647) refuse("steps", "fewer than 2^31");
  check_numbers(o, train, test);
  std::size_t tensors = 0, outputs = 0;
  for (const auto& layer : make_layers<double>(o)) {
    tensors += layer->tensors().size();
    outputs = layer->outputs();
  }
  if (!o.rate_multipliers.empty() && o.rate_multipliers.size() != tensors)
    refuse("rateMultipliers", "one number per tensor");
  if (!o.directions.empty() && (o.target != Target::kInputs || o.directions.size() % o.dimension != 0))
    refuse("directions", "rows of `dimension` numbers, where the inputs are the target");
  if (o.has_singular_values && (o.directions.empty() || tensors != 2))
    refuse("hasSingularValues", "true with directions and two weight matrices only");
  if (o.target == Target::kInputs) {
    if (outputs != o.dimension) refuse("layers", "as wide at the end as the inputs, which are the target");
    if (o.loss != LossKind::kSquared) refuse("loss", "squared where the inputs are the target");
    return;
  }
  if (outputs % o.positions != 0) refuse("layers", "a whole number of outputs for every position");
  for (const Images* set : {&train, &test})
    for (std::size_t i = 0; i < set->count * o.positions; ++i)
      if (set->label(i) >= outputs / o.positions && !(o.target == Target::kSequence && set->label(i) == kNoLabel))
        refuse("labels", "below the number of classes, or, of a position of a sequence, -1 for none");
}

}  // namespace

TrainingResult train_network(const TrainingOptions& options, const Images& train, const Images& test,
                             const Control& control) {
  check(options, train, test);
  if (options.is_double) return Run<double>(options, train, test, control)();
  return Run<float>(options, train, test, control)();
}

std::vector<TrainingResult> train_networks(const std::vector<TrainingOptions>& options, const Images& train,
                                           const Images& test, int threads, const Control& control) {
  std::vector<TrainingResult> results(options.size());
  parallel_for(options.size(), threads, [&](std::size_t i, int) {
    TrainingOptions alone = options[i];
    alone.threads = 1;
    results[i] = train_network(alone, train, test, control);
  });
  return results;
}

}  // namespace mft::train
