// Recurrent layers: the forward pass against a naive twin in plain loops, gradients against central differences of it,
// truncation, states carried over, dropout, clipping, and the same bits for any number of threads.
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "train/step.h"
#include "train/trainer.h"
#include "train_cases.h"

using namespace mft;
using namespace mft::train;

namespace {

using Vector = std::vector<double>;

constexpr std::size_t kSteps = 6, kInputs = 3, kUnits = 5;

struct CellCase {
  std::string cell;
  bool reset_after = false;
  std::size_t gates = 1;
  std::string name() const { return cell + (reset_after ? ", reset after" : ""); }
};

const std::vector<CellCase> kCases = {{"vanilla", false, 1}, {"minimal", false, 1},      {"gru", false, 3},
                                      {"gru", true, 3},      {"peepholeLstm", false, 4}, {"lstm", false, 4},
                                      {"minGru", false, 2},  {"minLstm", false, 3}};

LayerFields recurrent_layer(const CellCase& c, std::size_t steps, bool returns_sequence, double keep, double truncation,
                            std::size_t units = kUnits) {
  LayerFields f;
  f.kind = "recurrent";
  f.words = {{"cell", c.cell}, {"law", "gaussian"}};
  f.numbers = {{"steps", static_cast<double>(steps)},
               {"units", static_cast<double>(units)},
               {"hasBiases", 1},
               {"resetAfter", c.reset_after ? 1.0 : 0.0},
               {"returnsSequence", returns_sequence ? 1.0 : 0.0},
               {"truncation", truncation},
               {"keepProbability", keep},
               {"candidateRecurrentBiasVariance", 0.3}};
  f.activations["activation"] = {ActivationKind::kTanh, {}, {}};
  Vector mean(c.gates, 0.0);
  mean.back() = 0.4;
  f.lists = {{"inputWeightVariances", Vector(c.gates, 1.2)},
             {"recurrentWeightVariances", Vector(c.gates, 1.1)},
             {"biasVariances", Vector(c.gates, 0.3)},
             {"biasMeans", mean}};
  return f;
}

LayerFields readout(std::size_t positions, std::size_t units) {
  LayerFields f;
  f.kind = "dense";
  f.words["law"] = "gaussian";
  f.numbers = {{"units", static_cast<double>(units)},
               {"hasBiases", 1},
               {"weightVariance", 1},
               {"biasVariance", 0.1},
               {"keepProbability", 1},
               {"positions", static_cast<double>(positions)}};
  return f;
}

std::size_t inputs_of(const CellCase& c) { return c.cell == "minimal" ? kUnits : kInputs; }

TrainingOptions make_options(const CellCase& c, std::size_t steps, bool is_sequence, double keep = 1,
                             double truncation = 0) {
  TrainingOptions o;
  o.dimension = steps * inputs_of(c);
  o.layers = {recurrent_layer(c, steps, is_sequence, keep, truncation), readout(is_sequence ? steps : 1, kClasses)};
  o.input_scale.assign(o.dimension, 0.9);
  o.input_shift.assign(o.dimension, 0.1);
  o.optimizer.kind = OptimizerKind::kMomentum;  // after one step the velocity is the gradient
  o.rates.assign(4, 0.0);
  o.batch = kBatch;
  o.seed = 11;
  o.is_double = true;
  o.statistics_every = 1;
  if (is_sequence) {
    o.target = Target::kSequence;
    o.positions = steps;
  }
  return o;
}

struct Sequences {
  std::vector<float> values;
  std::vector<std::int32_t> labels;
  std::size_t count = 0;
  Images images() const {
    Images all;
    all.floats = values.data();
    all.long_labels = labels.data();
    all.count = count;
    return all;
  }
};

Sequences make_sequences(std::size_t count, std::size_t dimension, std::size_t positions) {
  Sequences s;
  s.count = count;
  s.values.resize(count * dimension);
  random_normals({5, 0, 0, Purpose::kInputs}, 0, std::span<float>(s.values));
  for (std::size_t i = 0; i < count * positions; ++i)
    s.labels.push_back(static_cast<std::int32_t>((i * i + i) % kClasses));
  return s;
}

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Arrays by name, as tensors() gives them.
struct Named {
  std::map<std::string, Vector> arrays;
  Named(const TrainingOptions& o, const Vector& parameters) {
    std::size_t at = 0;
    for (const NetworkTensor& tensor : network_tensors(o)) {
      const std::size_t size = tensor.tensor.size();
      arrays[tensor.tensor.name] = Vector(parameters.begin() + at, parameters.begin() + at + size);
      at += size;
    }
  }
  // Row `unit` of gate `gate` of a product, and its bias when there is one.
  double product(const std::string& name, std::size_t row, const Vector& x) const {
    const Vector& w = arrays.at(name + ".weight");
    double sum = 0;
    for (std::size_t j = 0; j < x.size(); ++j) sum += w[row * x.size() + j] * x[j];
    const auto bias = arrays.find(name + ".bias");
    return bias == arrays.end() ? sum : sum + bias->second[row];
  }
};

// One step of a cell, unit by unit, from the equations of docs/systems/recurrent.md.
void naive_step(const CellCase& c, const Named& p, const Vector& x, Vector& h, Vector& cell, Vector& out) {
  const std::size_t n = kUnits;
  const bool feeds = c.cell != "minGru" && c.cell != "minLstm";
  const auto e = [&](std::size_t gate, std::size_t unit) {
    const std::size_t row = gate * n + unit;
    return p.product("layer1.input", row, x) + (feeds ? p.product("layer1.recurrent", row, h) : 0);
  };
  Vector next(n);
  if (c.cell == "vanilla")
    for (std::size_t i = 0; i < n; ++i) next[i] = std::tanh(e(0, i));
  if (c.cell == "minimal")
    for (std::size_t i = 0; i < n; ++i) next[i] = logistic(e(0, i)) * h[i] + logistic(-e(0, i)) * x[i];
  if (c.cell == "minGru")
    for (std::size_t i = 0; i < n; ++i) next[i] = logistic(e(0, i)) * h[i] + logistic(-e(0, i)) * e(1, i);
  if (c.cell == "minLstm")
    for (std::size_t i = 0; i < n; ++i) {
      const double write = logistic(e(0, i)), keep = logistic(e(1, i));
      next[i] = (keep * h[i] + write * e(2, i)) / (keep + write);
    }
  if (c.cell == "gru") {
    Vector reset(n);
    for (std::size_t i = 0; i < n; ++i) reset[i] = logistic(e(1, i)) * h[i];
    for (std::size_t i = 0; i < n; ++i) {
      const double r = logistic(e(1, i)), z = logistic(e(0, i));
      const double own = p.product("layer1.candidateInput", i, x);
      const double fed = c.reset_after ? r * p.product("layer1.candidateRecurrent", i, h)
                                       : p.product("layer1.candidateRecurrent", i, reset);
      next[i] = z * h[i] + (1 - z) * std::tanh(own + fed);
    }
  }
  if (c.cell == "lstm" || c.cell == "peepholeLstm") {
    const Vector old = c.cell == "lstm" ? cell : h;
    Vector fresh(n), shown(n);
    for (std::size_t i = 0; i < n; ++i) {
      fresh[i] = logistic(e(1, i)) * old[i] + logistic(e(0, i)) * std::tanh(e(2, i));
      shown[i] = logistic(e(3, i)) * std::tanh(fresh[i]);
    }
    out = shown;
    cell = fresh;
    h = c.cell == "lstm" ? shown : fresh;
    return;
  }
  h = out = next;
}

double naive_loss_of(const CellCase& c, const TrainingOptions& o, const Vector& parameters, const Sequences& s,
                     std::uint64_t step) {
  const Named named(o, parameters);
  const std::size_t m = inputs_of(c), steps = o.dimension / m;
  const bool is_sequence = o.target == Target::kSequence;
  const double keep = o.layers[0].numbers.at("keepProbability");
  BernoulliMasks masks(o.seed, {{1.0, keep}}, false);
  masks.begin_step(step, kBatch);
  const std::size_t outputs = (is_sequence ? steps : 1) * kUnits;
  double total = 0;
  for (std::size_t row = 0; row < kBatch; ++row) {
    std::vector<std::uint64_t> bits(words_for(outputs));
    if (masks.masks(1)) masks.draw(1, row, 1, outputs, bits);
    Vector h(kUnits), cell(kUnits), out(kUnits);
    for (std::size_t t = 0; t < steps; ++t) {
      Vector x(m);
      for (std::size_t j = 0; j < m; ++j) x[j] = 0.9 * s.values[(row * steps + t) * m + j] + 0.1;
      naive_step(c, named, x, h, cell, out);
      if (!is_sequence && t + 1 < steps) continue;
      Vector seen = out;
      const std::size_t first = is_sequence ? t * kUnits : 0;
      if (masks.masks(1))
        for (std::size_t i = 0; i < kUnits; ++i)
          seen[i] *= (bits[(first + i) / 64] >> ((first + i) % 64)) & 1 ? masks.scale(1) : 0;
      Vector logits(kClasses);
      for (std::size_t k = 0; k < kClasses; ++k) logits[k] = named.product("layer2", k, seen);
      const std::size_t label = static_cast<std::size_t>(s.labels[is_sequence ? row * steps + t : row]);
      total += naive_loss(LossKind::kCrossEntropy, logits, label) / (is_sequence ? static_cast<double>(steps) : 1);
    }
  }
  return total / kBatch;
}

void check_cell(test::Tally& tally, const CellCase& c, bool is_sequence, double keep) {
  const TrainingOptions o = make_options(c, kSteps, is_sequence, keep);
  const Sequences s = make_sequences(kBatch, o.dimension, is_sequence ? kSteps : 1);
  Network<double> network(o);
  const Vector parameters(network.values().begin(), network.values().end());
  Problem p;
  p.values = s.values;
  for (std::size_t i = 0; i < s.labels.size(); ++i) p.labels.push_back(static_cast<std::uint8_t>(s.labels[i]));
  for (std::size_t i = 0; i < kBatch; ++i) p.indices.push_back(static_cast<std::uint32_t>(i));
  check_gradients(tally, c.name() + (is_sequence ? ", sequence" : ", last") + (keep < 1 ? ", dropout" : ""), o, p,
                  parameters, [&](const Vector& moved) { return naive_loss_of(c, o, moved, s, 2); });
}

// The gradient after one step of momentum at rate 0.
Vector gradient_of_step(const TrainingOptions& o, const Sequences& s, std::size_t begin, std::size_t batch) {
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  const auto rows = [&](std::size_t first) {
    std::vector<std::uint32_t> indices(batch);
    for (std::size_t i = 0; i < batch; ++i) indices[i] = static_cast<std::uint32_t>(first + i);
    return indices;
  };
  for (std::size_t first = 0; first < begin; first += batch) stepper.forward(s.images(), rows(first), 0, false);
  stepper.forward(s.images(), rows(begin), 0, false);
  stepper.backward();
  stepper.update(0);
  return {network.first().begin(), network.first().end()};
}

// Errors that stop every two positions: what a run over stretches of two with the states carried over has, step by
// step.
void check_truncation(test::Tally& tally, const CellCase& c) {
  const std::size_t cut = 2, stretches = kSteps / cut, m = inputs_of(c);
  const TrainingOptions whole = make_options(c, kSteps, true, 1, static_cast<double>(cut));
  const Sequences s = make_sequences(kBatch, whole.dimension, kSteps);
  const Vector together = gradient_of_step(whole, s, 0, kBatch);
  TrainingOptions o = make_options(c, cut, true);
  o.carries_state = true;
  Sequences parts;
  parts.count = stretches * kBatch;
  for (std::size_t k = 0; k < stretches; ++k)
    for (std::size_t row = 0; row < kBatch; ++row) {
      const float* x = s.values.data() + (row * kSteps + k * cut) * m;
      parts.values.insert(parts.values.end(), x, x + cut * m);
      const std::int32_t* label = s.labels.data() + row * kSteps + k * cut;
      parts.labels.insert(parts.labels.end(), label, label + cut);
    }
  Vector sum(together.size());
  for (std::size_t k = 0; k < stretches; ++k) {
    const Vector one = gradient_of_step(o, parts, k * kBatch, kBatch);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += one[i] / static_cast<double>(stretches);
  }
  tally.check(worst_error(together, sum) < 1e-11, c.name() + ": truncated at 2");
  const Vector untruncated = gradient_of_step(make_options(c, kSteps, true), s, 0, kBatch);
  tally.check(worst_error(together, untruncated) > 1e-3, c.name() + ": truncation changes the gradient");
}

// Clipping scales the whole gradient, summed over positions, to the norm.
void check_clipping(test::Tally& tally, const CellCase& c) {
  TrainingOptions o = make_options(c, kSteps, true);
  const Sequences s = make_sequences(kBatch, o.dimension, kSteps);
  const Vector free = gradient_of_step(o, s, 0, kBatch);
  double square = 0;
  for (const double g : free) square += g * g;
  const double norm = std::sqrt(square);
  o.optimizer.clip_norm = norm / 3;
  const Vector clipped = gradient_of_step(o, s, 0, kBatch);
  double worst = 0;
  for (std::size_t i = 0; i < free.size(); ++i)
    worst = std::max(worst, std::abs(clipped[i] - free[i] * (norm / 3) / (norm + 1e-6)));
  tally.check(worst < 1e-14 * norm, c.name() + ": clipped to a third of the norm");
}

void check_threads(test::Tally& tally, const CellCase& c) {
  TrainingOptions o = make_options(c, kSteps, true, 0.8);
  o.batch = 150;  // three tiles of rows
  o.is_double = false;
  o.optimizer.kind = OptimizerKind::kAdam;
  o.optimizer.clip_norm = 1;
  o.rates.assign(5, 0.01);
  o.train_evaluation = 200;
  const Sequences s = make_sequences(300, o.dimension, kSteps);
  std::vector<TrainingResult> results;
  for (const int threads : {1, 2, 7}) {
    o.threads = threads;
    results.push_back(train_network(o, s.images(), s.images(), {}));
  }
  for (const TrainingResult& r : results)
    tally.check(r.checksum == results[0].checksum && r.test.loss == results[0].test.loss && r.steps == 5,
                c.name() + ": the same bits for any threads");
}

// Numbers of a layer by name; words are added by the caller.
LayerFields layer_of(const std::string& kind, std::map<std::string, double> numbers) {
  LayerFields f;
  f.kind = kind;
  f.numbers = std::move(numbers);
  return f;
}

constexpr std::size_t kWords = 7;

// Words -> vectors -> lstm -> a word at every position, with the matrix of the vectors or another one.
TrainingOptions words_options(bool is_tied, double keep) {
  TrainingOptions o = make_options(kCases[5], kSteps, true, keep);
  o.dimension = kSteps;
  o.input_scale.assign(kSteps, 1);
  o.input_shift.assign(kSteps, 0);
  o.layers[0] = recurrent_layer(kCases[5], kSteps, true, keep, 0);
  o.layers.insert(o.layers.begin(), layer_of("embedding", {{"words", kWords},
                                                           {"units", static_cast<double>(kUnits)},
                                                           {"weightVariance", 0.8},
                                                           {"keepProbability", keep}}));
  o.layers.back() =
      is_tied ? layer_of("tiedOutput", {{"positions", kSteps}, {"units", kWords}, {"hasBiases", 1}, {"sharesWith", 1}})
              : readout(kSteps, kWords);
  o.carries_state = true;
  return o;
}

Images text_of(const std::vector<std::int32_t>& words, const std::vector<std::int32_t>& next) {
  Images all;
  all.wholes = words.data();
  all.long_labels = next.data();
  all.count = words.size() / kSteps;
  return all;
}

// The gradient of step 1, from the states that step 0 left, against central differences of the loss itself.
void check_against_loss(test::Tally& tally, const std::string& name, const TrainingOptions& o, const Images& images) {
  Network<double> network(o);
  Team team(1);
  Stepper<double> stepper(o, network, team);
  std::vector<std::uint32_t> first, second;
  for (std::uint32_t i = 0; i < kBatch; ++i) {
    first.push_back(i);
    second.push_back(static_cast<std::uint32_t>(kBatch) + i);
  }
  stepper.forward(images, first, 0, false);
  const std::vector<double> states = stepper.states();
  const auto loss_at = [&](double& value, double moved) {
    const double before = value;
    value = before + moved;
    stepper.set_states(states);
    const double loss = stepper.forward(images, second, 1, false).loss / kBatch;
    value = before;
    return loss;
  };
  Vector numeric;
  for (double& value : network.values())
    numeric.push_back((8 * (loss_at(value, kStep) - loss_at(value, -kStep)) -
                       (loss_at(value, 2 * kStep) - loss_at(value, -2 * kStep))) /
                      (12 * kStep));
  loss_at(network.values()[0], 0);
  stepper.backward();
  stepper.update(1);
  const Vector analytic(network.first().begin(), network.first().end());
  const double error = worst_error(analytic, numeric);
  tally.check(error < 1e-6, name + ": relative error " + std::to_string(error * 1e6) + "e-6");
}

void check_words(test::Tally& tally) {
  std::vector<std::int32_t> words, next;
  for (std::size_t i = 0; i < 2 * kBatch * kSteps; ++i) {
    words.push_back(static_cast<std::int32_t>((i * i + 3 * i) % 5));  // words 5 and 6 do not occur
    next.push_back(static_cast<std::int32_t>((i * i * i + 1) % kWords));
  }
  for (const bool is_tied : {false, true})
    for (const double keep : {1.0, 0.7})
      check_against_loss(tally, std::string("words") + (is_tied ? ", tied" : "") + (keep < 1 ? ", dropout" : ""),
                         words_options(is_tied, keep), text_of(words, next));
  // What does not occur is left alone by plain descent, and only by it.
  for (const auto& [kind, is_still] : {std::pair{OptimizerKind::kSgd, true}, std::pair{OptimizerKind::kAdam, false}}) {
    TrainingOptions o = words_options(false, 1);
    o.optimizer.kind = kind;
    o.optimizer.weight_decay = kind == OptimizerKind::kSgd ? 0 : 0.1;
    o.rates.assign(2, 0.1);
    o.returns_parameters = true;
    const TrainingResult trained = train_network(o, text_of(words, next), {}, {});
    Network<double> start(o);
    const auto moved = [&](std::size_t word) {
      double sum = 0;
      for (std::size_t k = 0; k < kUnits; ++k)
        sum += std::abs(trained.parameters[word * kUnits + k] - start.values()[word * kUnits + k]);
      return sum > 0;
    };
    tally.check(moved(0) && moved(4) && moved(5) != is_still && moved(6) != is_still, "words that do not occur");
  }
  // Positions without a label have no loss: what the others have is what they have alone.
  TrainingOptions o = words_options(false, 1);
  o.rates.clear();
  o.train_evaluation = 2 * kBatch;
  const auto loss = [&](const std::vector<std::int32_t>& labels) {
    return train_network(o, text_of(words, labels), {}, {}).train.loss;
  };
  std::vector<std::int32_t> even = next, odd = next;
  for (std::size_t i = 0; i < next.size(); ++i) (i % 2 == 0 ? even : odd)[i] = -1;
  tally.check(std::abs(loss(even) + loss(odd) - loss(next)) < 1e-13 && loss(even) > 0.1, "positions without a label");
}

void check_noise(test::Tally& tally) {
  TrainingOptions o = make_options(kCases[0], kSteps, false);
  o.dimension = kInputs;
  o.input_scale.assign(kInputs, 1);
  o.input_shift.assign(kInputs, 0);
  LayerFields lift = readout(1, kInputs);
  o.layers.insert(o.layers.begin(),
                  {lift, layer_of("thenNoise", {{"steps", kSteps}, {"scale", 0.7}, {"variance", 0.3}})});
  const Sequences s = make_sequences(2 * kBatch, kInputs, 1);
  check_against_loss(tally, "a position, then noise", o, s.images());
  // Moments of the noise, and that rows, steps and evaluations draw their own.
  const auto layer =
      make_layer<double>(layer_of("thenNoise", {{"steps", 2001}, {"scale", 2}, {"variance", 0.25}}), {3, 1});
  layer->fix(1, 1);
  const auto drawn = [&](std::uint32_t step, std::size_t first) {
    Pass<double> pass;
    pass.step = step;
    pass.first_row = first;
    Vector input(3, 1.5), output(6003);
    layer->forward(pass, {0, 1}, input.data(), output.data(), nullptr, nullptr);
    return output;
  };
  const Vector one = drawn(0, 0);
  double sum = 0, squares = 0;
  for (std::size_t i = 3; i < one.size(); ++i) {
    sum += one[i];
    squares += one[i] * one[i];
  }
  tally.check(one[0] == 3 && one[2] == 3, "the first position");
  tally.check(std::abs(sum / 6000) < 4.5 * 0.5 / std::sqrt(6000.0), "mean of the noise");
  tally.check(std::abs(squares / 6000 / 0.25 - 1) < 4.5 * std::sqrt(2 / 6000.0), "variance of the noise");
  tally.check(one == drawn(0, 0) && one != drawn(1, 0) && one != drawn(0, 1) && one != drawn(kEvaluationStep, 0),
              "every row of every step has its own noise");
}

void check_refusals(test::Tally& tally) {
  const auto refused = [&](const std::string& what, const std::string& code, const std::function<void()>& run) {
    std::string found = "nothing";
    try {
      run();
    } catch (const Error& error) {
      found = error.code();
    }
    tally.check(found == code, what + ": expected " + code + ", got " + found);
  };
  const LayerFields good = recurrent_layer(kCases[0], kSteps, true, 1, 0);
  const auto make = [&](const LayerFields& f, std::size_t inputs) {
    return [=] { make_layer<float>(f, {inputs, 1}); };
  };
  refused("a layer", "nothing", make(good, kSteps * 3));
  refused("inputs that the steps do not divide", "SHAPE", make(good, kSteps * 3 + 1));
  refused("a minimal cell with other inputs", "SHAPE",
          make(recurrent_layer(kCases[1], kSteps, true, 1, 0), kSteps * 3));
  LayerFields unknown = good;
  unknown.words["cell"] = "elman";
  refused("an unknown cell", "INVALID_ARGUMENT", make(unknown, kSteps * 3));
  for (const Vector& wrong : {Vector{}, Vector{NAN}}) {
    LayerFields f = good;
    f.lists["biasMeans"] = wrong;
    refused("a list that is too short, or holds NaN", "INVALID_ARGUMENT", make(f, kSteps * 3));
  }
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  for (const CellCase& c : kCases) {
    check_cell(tally, c, true, 1);
    check_cell(tally, c, false, 1);
    check_cell(tally, c, true, 0.7);
    check_cell(tally, c, false, 0.7);
    check_truncation(tally, c);
    check_clipping(tally, c);
    check_threads(tally, c);
  }
  check_words(tally);
  check_noise(tally);
  check_refusals(tally);
  return tally.finish();
}
