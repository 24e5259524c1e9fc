// Kinds of layers that only this test has (toy_layers.h), trained by the core as it is: sequences of words with states
// carried over, images through a convolution, a fixed point. Gradients against central differences of the loss itself.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "toy_layers.h"
#include "train/step.h"
#include "train/trainer.h"
#include "train_cases.h"

using namespace mft;
using namespace mft::train;

namespace {

LayerFields layer(const std::string& kind, std::map<std::string, double> numbers) {
  LayerFields fields;
  fields.kind = kind;
  fields.numbers = std::move(numbers);
  return fields;
}

LayerFields readout(double units) {
  LayerFields fields =
      layer("dense",
            {{"units", units}, {"hasBiases", 1}, {"weightVariance", 1}, {"biasVariance", 0.1}, {"keepProbability", 1}});
  fields.words["law"] = "gaussian";
  return fields;
}

// Examples that the case owns.
struct Data {
  std::vector<float> floats;
  std::vector<std::int32_t> wholes, labels;
  std::size_t count = 0;
  Images images() const {
    Images all;
    all.count = count;
    all.long_labels = labels.data();
    if (wholes.empty())
      all.floats = floats.data();
    else
      all.wholes = wholes.data();
    return all;
  }
  // Examples [first, end) as examples of their own, each of `dimension` numbers and `positions` labels.
  Data part(std::size_t first, std::size_t end, std::size_t dimension, std::size_t positions) const {
    const auto cut = [&](const auto& all, std::size_t size) {
      return all.empty() ? all : std::decay_t<decltype(all)>(all.begin() + first * size, all.begin() + end * size);
    };
    return {cut(floats, dimension), cut(wholes, dimension), cut(labels, positions), end - first};
  }
};

Data make_data(std::size_t count, std::size_t dimension, std::size_t positions, std::size_t words, int classes) {
  Data data;
  data.count = count;
  std::vector<double> uniforms(count * (dimension + positions));
  random_uniforms({3, 0, 0, Purpose::kInputs}, 0, std::span(uniforms));
  const double* u = uniforms.data();
  for (std::size_t i = 0; i < count * dimension; ++i, ++u) {
    if (words > 0)
      data.wholes.push_back(static_cast<std::int32_t>(*u * static_cast<double>(words)));
    else
      data.floats.push_back(static_cast<float>(3 * *u - 1.5));
  }
  for (std::size_t i = 0; i < count * positions; ++i, ++u)
    data.labels.push_back(static_cast<std::int32_t>(*u * classes));
  return data;
}

TrainingOptions base(std::size_t dimension, std::size_t batch, std::vector<LayerFields> layers) {
  TrainingOptions o;
  o.dimension = dimension;
  o.layers = std::move(layers);
  o.input_scale.assign(dimension, 1);
  o.input_shift.assign(dimension, 0);
  o.optimizer.kind = OptimizerKind::kMomentum;  // after one step the velocity is the gradient
  o.rates.assign(4, 0.0);
  o.batch = batch;
  o.is_double = true;
  o.statistics_every = 1;
  return o;
}

constexpr std::size_t kPositions = 4, kWords = 7;

// Words -> vectors -> recurrence -> a class at every position.
TrainingOptions words_case(std::size_t batch, std::size_t positions = kPositions) {
  const auto t = static_cast<double>(positions);
  TrainingOptions o = base(positions, batch,
                           {layer("toyEmbedding", {{"words", kWords}, {"units", 3}}),
                            layer("toyRecurrent", {{"positions", t}, {"units", 5}, {"isRecurrent", 1}}),
                            layer("toyRecurrent", {{"positions", t}, {"units", kWords}, {"isRecurrent", 0}})});
  o.target = Target::kSequence;
  o.positions = positions;
  return o;
}

std::vector<std::uint32_t> rows_from(std::size_t first, std::size_t count) {
  std::vector<std::uint32_t> rows(count);
  for (std::size_t i = 0; i < count; ++i) rows[i] = static_cast<std::uint32_t>(first + i);
  return rows;
}

// The gradient of step 0 or, where states are carried over, of step 1: those that step 0 left are constants.
void check_kind(test::Tally& tally, const std::string& name, const TrainingOptions& o, const Data& data,
                double shift = kStep) {
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  const std::vector<std::uint32_t> first = rows_from(0, o.batch), second = rows_from(o.batch, o.batch);
  const std::vector<std::uint32_t>& rows = o.carries_state ? second : first;
  if (o.carries_state) stepper.forward(data.images(), first, 0, false);
  const std::vector<double> states = stepper.states();
  const auto loss = [&] {
    stepper.set_states(states);
    return stepper.forward(data.images(), rows, 1, false).loss / static_cast<double>(o.batch);
  };
  std::vector<double> numeric(network.parameter_count());
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    double& value = network.values()[i];
    const double at = value;
    const auto loss_at = [&](double moved) {
      value = at + moved;
      return loss();
    };
    numeric[i] = (8 * (loss_at(shift) - loss_at(-shift)) - (loss_at(2 * shift) - loss_at(-2 * shift))) / (12 * shift);
    value = at;
  }
  loss();
  stepper.backward();
  stepper.update(1);
  const std::vector<double> analytic(network.first().begin(), network.first().end());
  const double error = worst_error(analytic, numeric);
  tally.check(error < 1e-6, name + ": relative error " + std::to_string(error * 1e6) + "e-6");
  std::vector<double> planted = analytic;
  *std::max_element(planted.begin(), planted.end()) *= 1 + 1e-5;
  tally.check(worst_error(planted, numeric) > 1e-6, name + ": a planted error is found");
}

void check_gradients_of_kinds(test::Tally& tally) {
  TrainingOptions words = words_case(5);
  const Data text = make_data(10, kPositions, kPositions, kWords, kWords);
  check_kind(tally, "words", words, text);
  words.carries_state = true;
  check_kind(tally, "words, states carried over", words, text);

  // The same recurrence on pixels: a row of 4 positions with 2 numbers each.
  TrainingOptions pixels = words;
  pixels.dimension = 2 * kPositions;
  pixels.input_scale.assign(pixels.dimension, 1);
  pixels.input_shift.assign(pixels.dimension, 0);
  pixels.layers.erase(pixels.layers.begin());
  check_kind(tally, "pixels", pixels, make_data(10, 2 * kPositions, kPositions, 0, kWords));

  // 2 x 8 x 8 -> 3 x 6 x 6 -> 3 x 3 x 3 -> 2 x 2 x 2 -> 4 classes.
  const LayerFields first = layer("toyConvolution", {{"channels", 3}, {"side", 8}, {"size", 3}});
  const LayerFields last = layer("toyConvolution", {{"channels", 2}, {"side", 3}, {"size", 2}});
  const LayerFields middle = layer("toyConvolution", {{"channels", 3}, {"side", 6}, {"size", 4}});
  const Data images = make_data(5, 128, 1, 0, 4);
  check_kind(tally, "convolution", base(128, 5, {first, middle, last, readout(4)}), images);
  // A larger shift moves some maximum to another place, where the loss has a kink.
  const LayerFields pool = layer("toyPool", {{"side", 6}});
  check_kind(tally, "convolution and pooling", base(128, 5, {first, pool, last, readout(4)}), images, 1e-6);

  const TrainingOptions implicit =
      base(6, 5, {readout(4), layer("toyFixedPoint", {{"units", 4}, {"iterations", 200}}), readout(3)});
  check_kind(tally, "fixed point", implicit, make_data(5, 6, 1, 0, 3));
}

// Two rows of 4 positions with the state carried over are one row of 8, in training and in evaluation.
void check_carried(test::Tally& tally) {
  const std::size_t streams = 3, steps = 5, count = streams * steps;
  const Data data = make_data(count, kPositions, kPositions, kWords, kWords);
  TrainingOptions o = words_case(streams);
  o.carries_state = true;
  o.rates.assign(steps, 0.0);
  o.optimizer.kind = OptimizerKind::kSgd;
  o.train_evaluation = count;
  TrainingOptions whole = words_case(streams, kPositions * steps);
  whole.rates.assign(1, 0.0);
  whole.train_evaluation = streams;
  whole.is_shuffled = false;
  Data joined = data;
  joined.count = streams;
  const TrainingResult cut = train_network(o, data.images(), {}, {});
  const TrainingResult one = train_network(whole, joined.images(), {}, {});
  const auto near = [&](double a, double b, const std::string& what) {
    tally.check(std::abs(a - b) < 1e-13, what + ": " + std::to_string(a) + " and " + std::to_string(b));
  };
  near(cut.reports.back().train_loss, one.reports.back().train_loss, "loss of stretches and of whole sequences");
  near(cut.train.loss, one.train.loss, "their evaluations");
  near(cut.train.accuracy, one.train.accuracy, "accuracies");
  o.carries_state = false;
  const TrainingResult forgetful = train_network(o, data.images(), {}, {});
  tally.check(std::abs(forgetful.train.loss - one.train.loss) > 1e-4, "without carrying the loss is another one");
  // A test set that is no multiple of the streams: 7 rows are streams of 3, 3 and 1.
  o.carries_state = true;
  const Data odd = data.part(0, 7, kPositions, kPositions);
  const TrainingResult uneven = train_network(o, data.images(), odd.images(), {});
  double sum = 0;
  for (const auto& [from, to] : std::vector<std::pair<std::size_t, std::size_t>>{{0, 3}, {3, 6}, {6, 7}}) {
    TrainingOptions alone = words_case(1, kPositions * (to - from));
    alone.rates.assign(1, 0.0);
    alone.train_evaluation = 1;
    Data stream = data.part(from, to, kPositions, kPositions);
    stream.count = 1;
    sum += static_cast<double>(to - from) * train_network(alone, stream.images(), {}, {}).train.loss;
  }
  near(uneven.test.loss, sum / 7, "uneven streams");
}

// A run that stops in the middle of an epoch goes on with the states it had; threads change nothing.
void check_resumed(test::Tally& tally) {
  const std::size_t batch = 70, steps = 11;
  const Data data = make_data(batch * 4, kPositions, kPositions, kWords, kWords);
  for (const bool is_double : {false, true}) {
    TrainingOptions o = words_case(batch);
    o.is_double = is_double;
    o.carries_state = true;
    o.optimizer.kind = OptimizerKind::kAdam;
    o.rates.assign(steps, 0.02);
    o.threads = 2;
    const TrainingResult whole = train_network(o, data.images(), data.images(), {});
    const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                       ("mft-kinds-" + std::to_string(whole.checksum) + (is_double ? "d" : "s"));
    o.checkpoint = file.string();
    o.threads = 1;
    o.rates.resize(6);
    const TrainingResult begun = train_network(o, data.images(), data.images(), {});
    o.rates.assign(steps, 0.02);
    const TrainingResult resumed = train_network(o, data.images(), data.images(), {});
    std::filesystem::remove(file);
    tally.check(begun.steps == 6 && resumed.resumed_from == 6, "stopped in the middle of the second epoch");
    tally.check(resumed.checksum == whole.checksum && resumed.checksum != begun.checksum, "the same bits");
    tally.check(resumed.reports.size() == whole.reports.size() &&
                    resumed.reports.back().train_loss == whole.reports.back().train_loss &&
                    resumed.test.loss == whole.test.loss,
                "the same reports");
  }
}

// Labels are the words one position earlier: learnt across the border of rows only where the state is carried over.
void check_learning(test::Tally& tally) {
  const std::size_t batch = 20, steps = 1500;
  Data data = make_data(batch * 25, kPositions, kPositions, kWords, kWords);
  for (std::size_t i = data.labels.size(); i-- > 1;) data.labels[i] = data.wholes[i - 1];
  const auto accuracy = [&](bool carries_state) {
    TrainingOptions o = words_case(batch);
    o.layers[1].numbers["units"] = 16;
    o.is_double = false;
    o.statistics_every = 0;
    o.carries_state = carries_state;
    o.optimizer.kind = OptimizerKind::kAdam;
    o.rates.assign(steps, 0.01);
    o.train_evaluation = data.count;
    return train_network(o, data.images(), {}, {}).train.accuracy;
  };
  // Without the state the first of four positions can only be guessed: 3/4 + 1/4 of a chance near 1/7.
  const double with = accuracy(true), without = accuracy(false);
  tally.within(with, 0.97, 1, "copying over the borders of rows");
  tally.within(without, 0.70, 0.90, "copying inside rows only");
}

void check_counters(test::Tally& tally) {
  TrainingOptions o = base(6, 5, {layer("toyFixedPoint", {{"units", 4}, {"iterations", 200}}), readout(3)});
  const Data data = make_data(5, 6, 1, 0, 3);
  const TrainingResult free = train_network(o, data.images(), {}, {});
  tally.check(free.counts.size() == 2 && free.counts[0].name == "layer1.iterations", "counters have names");
  tally.within(free.counts[0].total, 4 * 5 * 5, 4 * 5 * 199, "iterations of 4 steps of 5 rows");
  tally.check(free.counts[1].total == 0, "all converge");
  o.layers[0].numbers["iterations"] = 2;
  const TrainingResult cut = train_network(o, data.images(), {}, {});
  tally.check(cut.counts[0].total == 40 && cut.counts[1].total == 20, "none converges in 2 iterations");
}

void refused(test::Tally& tally, const std::string& what, const std::string& code, const std::function<void()>& run) {
  std::string found = "nothing";
  try {
    run();
  } catch (const Error& error) {
    found = error.code();
  }
  tally.check(found == code, what + ": expected " + code + ", got " + found);
}

void check_refusals(test::Tally& tally) {
  const TrainingOptions o = words_case(5);
  const Data good = make_data(10, kPositions, kPositions, kWords, kWords);
  const auto run = [&](const TrainingOptions& options, const Data& data) {
    return [&tally, options, data] { train_network(options, data.images(), {}, {}); };
  };
  Data unknown = good;
  unknown.wholes[3] = kWords;
  refused(tally, "a word beyond the vocabulary", "DATA_FORMAT", run(o, unknown));
  unknown.wholes[3] = -1;
  refused(tally, "a negative word", "DATA_FORMAT", run(o, unknown));
  Data numbers = good;
  numbers.floats.assign(good.wholes.begin(), good.wholes.end());
  numbers.wholes.clear();
  refused(tally, "floats for words", "DATA_FORMAT", run(o, numbers));
  TrainingOptions masked = o;
  masked.input_keep_probability = 0.5;
  refused(tally, "masked words", "INVALID_ARGUMENT", run(masked, good));
  TrainingOptions plain = base(kPositions, 5, {readout(kWords)});
  Data large = good;
  large.labels.resize(10);
  large.wholes[0] = (1 << 24) + 1;
  refused(tally, "whole numbers that are not exact", "DATA_FORMAT", run(plain, large));
  large.wholes[0] = 1 << 24;
  refused(tally, "whole numbers that are exact", "nothing", run(plain, large));
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  tally.check(toy::kAreRegistered, "kinds are registered");
  check_gradients_of_kinds(tally);
  check_carried(tally);
  check_resumed(tally);
  check_learning(tally);
  check_counters(tally);
  check_refusals(tally);
  return tally.finish();
}
