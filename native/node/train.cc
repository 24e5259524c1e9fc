// Training of networks.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "node/fields.h"
#include "node/task.h"
#include "train/trainer.h"

namespace mft::node {
namespace {

using namespace train;

constexpr double kLargestCount = 2147483647.0;

std::size_t count_field(const Napi::Object& object, const char* name) {
  return integer_field(object, name, 0, kLargestCount);
}

template <typename Array>
Array typed(const Napi::Object& object, const char* name, napi_typedarray_type type, const char* expected) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) throw wrong(name, expected);
  return value.As<Array>();
}

// Views of the caller's arrays, which lie in shared memory (ts/training sees to it) and are kept alive by the task.
Images images_of(const Napi::Object& object, std::size_t dimension) {
  Images images;
  const auto labels = typed<Napi::Uint8Array>(object, "labels", napi_uint8_array, "a Uint8Array");
  images.labels = labels.Data();
  images.count = labels.ElementLength();
  const Napi::Value values = object.Get("images");
  std::size_t length = 0;
  if (values.IsTypedArray() && values.As<Napi::TypedArray>().TypedArrayType() == napi_float32_array) {
    const auto array = values.As<Napi::Float32Array>();
    images.floats = array.Data();
    length = array.ElementLength();
  } else {
    const auto array = typed<Napi::Uint8Array>(object, "images", napi_uint8_array, "a Uint8Array or a Float32Array");
    images.bytes = array.Data();
    length = array.ElementLength();
  }
  if (length != images.count * dimension)
    throw wrong("images", std::to_string(images.count) + " images of the network's input width");
  return images;
}

Optimiser optimiser_of(const Napi::Object& o) {
  Optimiser optimiser;
  optimiser.kind = choice_field<OptimiserKind, 5>(o, "optimizer", {"sgd", "momentum", "nesterov", "rmsProp", "adam"});
  optimiser.momentum = number_field(o, "momentum");
  optimiser.decay = number_field(o, "decay");
  optimiser.beta1 = number_field(o, "beta1");
  optimiser.beta2 = number_field(o, "beta2");
  optimiser.epsilon = number_field(o, "epsilon");
  optimiser.weight_decay = number_field(o, "weightDecay");
  optimiser.clip_norm = number_field(o, "clipNorm");
  return optimiser;
}

// Residual blocks: seven numbers each (hidden units, outer parameters 0 or 1, skip strength, then the variances of
// inner weights, inner biases, outer weights, outer biases); none: a feedforward network.
std::vector<BlockOptions> blocks_of(const Napi::Object& o, std::size_t layers) {
  const std::vector<double> values = finite_doubles(o, "blocks");
  if (values.empty()) return {};
  if (values.size() % 7 != 0 || values.size() / 7 + 2 != layers)
    throw wrong("blocks", "seven numbers for every layer but the first and the last");
  std::vector<BlockOptions> blocks;
  for (std::size_t at = 0; at < values.size(); at += 7) {
    const double hidden = values[at];
    if (!(hidden >= 1 && hidden <= kLargestCount)) throw wrong("blocks", "at least one hidden unit in a block");
    for (std::size_t i = at + 3; i < at + 7; ++i)
      if (values[i] < 0) throw wrong("blocks", "variances >= 0");
    blocks.push_back({static_cast<std::size_t>(hidden), values[at + 1] != 0, values[at + 2], values[at + 3],
                      values[at + 4], values[at + 5], values[at + 6]});
  }
  return blocks;
}

TrainingOptions options_of(const Napi::Object& o) {
  TrainingOptions options;
  options.dimension = integer_field(o, "dimension", 1, kLargestCount);
  for (const std::uint32_t width : whole_numbers(o, "widths")) options.widths.push_back(width);
  options.blocks = blocks_of(o, options.widths.size());
  options.activation = activation_field(o, "activation");
  options.has_bias = boolean_field(o, "hasBiases");
  options.weight_variance = finite_doubles(o, "weightVariance");
  options.bias_variance = finite_doubles(o, "biasVariance");
  options.keep_probability = finite_doubles(o, "keepProbability");
  options.has_shared_masks = boolean_field(o, "hasSharedMasks");
  options.has_path_masks = boolean_field(o, "hasPathMasks");
  options.counts_paths = boolean_field(o, "countsPaths");
  options.law = choice_field<InitialLaw, 2>(o, "law", {"gaussian", "orthogonal"});
  options.input_scale = finite_doubles(o, "inputScale");
  options.input_shift = finite_doubles(o, "inputShift");
  options.loss = choice_field<LossKind, 2>(o, "loss", {"crossEntropy", "squared"});
  options.optimiser = optimiser_of(o);
  options.rates = finite_doubles(o, "rates");
  options.batch = count_field(o, "batch");
  options.is_shuffled = boolean_field(o, "isShuffled");
  options.seed = seed_field(o, "seed");
  options.is_double = boolean_field(o, "isDouble");
  options.threads = static_cast<int>(integer_field(o, "threads", 1, 1024));
  options.report_every = count_field(o, "reportEvery");
  options.statistics_every = count_field(o, "statisticsEvery");
  options.train_evaluation = count_field(o, "trainEvaluation");
  options.checkpoint = string_field(o, "checkpoint");
  options.checkpoint_every = count_field(o, "checkpointEvery");
  options.key = string_field(o, "key");
  options.initial_parameters = finite_doubles(o, "initialParameters");
  const auto masks = typed<Napi::Uint8Array>(o, "givenMasks", napi_uint8_array, "a Uint8Array");
  options.given_masks.assign(masks.Data(), masks.Data() + masks.ElementLength());
  options.returns_parameters = boolean_field(o, "returnsParameters");
  return options;
}

Napi::Object evaluation_of(Napi::Env env, const Evaluation& evaluation) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("loss", evaluation.loss);
  result.Set("accuracy", evaluation.accuracy);
  result.Set("count", static_cast<double>(evaluation.count));
  return result;
}

Napi::Object paths_of(Napi::Env env, const PathCounts& paths) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("steps", static_cast<double>(paths.steps));
  result.Set("masksPerStep", static_cast<double>(paths.masks_per_step));
  result.Set("blockedMasks", static_cast<double>(paths.blocked_masks));
  result.Set("lostSteps", static_cast<double>(paths.lost_steps));
  result.Set("zeroGradientSteps", static_cast<double>(paths.zero_gradient_steps));
  result.Set("differingSteps", static_cast<double>(paths.differing_steps));
  return result;
}

Napi::Object result_of(Napi::Env env, const TrainingResult& r) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("steps", static_cast<double>(r.steps));
  result.Set("resumedFrom", static_cast<double>(r.resumed_from));
  Napi::Array reports = Napi::Array::New(env, r.reports.size());
  for (std::size_t i = 0; i < r.reports.size(); ++i) {
    const Report& report = r.reports[i];
    Napi::Object row = Napi::Object::New(env);
    row.Set("step", static_cast<double>(report.step));
    row.Set("trainLoss", report.train_loss);
    row.Set("trainAccuracy", report.train_accuracy);
    row.Set("testLoss", report.test_loss);
    row.Set("testAccuracy", report.test_accuracy);
    reports.Set(static_cast<std::uint32_t>(i), row);
  }
  result.Set("reports", reports);
  result.Set("train", evaluation_of(env, r.train));
  result.Set("test", evaluation_of(env, r.test));
  if (r.stop.has_stopped) {
    Napi::Object stop = Napi::Object::New(env);
    stop.Set("step", static_cast<double>(r.stop.step));
    stop.Set("layer", static_cast<double>(r.stop.layer));
    stop.Set("where", r.stop.where);
    result.Set("stop", stop);
  }
  result.Set("paths", paths_of(env, r.paths));
  result.Set("statisticsSteps", float64_array(env, r.statistics_steps));
  result.Set("variance", float64_array(env, r.variance));
  result.Set("correlation", float64_array(env, r.correlation));
  result.Set("errorSquare", float64_array(env, r.error_square));
  result.Set("gradientSquare", float64_array(env, r.gradient_square));
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(r.checksum));
  result.Set("checksum", digits.data());
  result.Set("parameters", float64_array(env, r.parameters));
  result.Set("plannedBytes", static_cast<double>(r.planned_bytes));
  return result;
}

struct Call {
  std::vector<TrainingOptions> jobs;
  Images train, test;
  int threads = 1;
};

Napi::Value train_networks(const Napi::CallbackInfo& info) {
  const Napi::Object argument = object_argument(info, 0, "training");
  const Control control = control_argument(info, 1);
  auto call = std::make_shared<Call>();
  const Napi::Value jobs = argument.Get("jobs");
  if (!jobs.IsArray()) throw wrong("jobs", "a list");
  const auto list = jobs.As<Napi::Array>();
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value job = list.Get(i);
    if (!job.IsObject()) throw wrong("jobs", "a list of objects");
    call->jobs.push_back(options_of(job.As<Napi::Object>()));
    if (call->jobs.back().dimension != call->jobs.front().dimension) throw wrong("jobs", "networks of one input width");
  }
  if (call->jobs.empty()) throw wrong("jobs", "a list of at least one object");
  const std::size_t dimension = call->jobs.front().dimension;
  const Napi::Value train = argument.Get("train");
  if (!train.IsObject()) throw wrong("train", "an object");
  call->train = images_of(train.As<Napi::Object>(), dimension);
  if (has_field(argument, "test")) call->test = images_of(argument.Get("test").As<Napi::Object>(), dimension);
  call->threads = static_cast<int>(integer_field(argument, "threads", 1, 1024));
  Napi::Object keep = Napi::Object::New(info.Env());
  keep.Set("argument", argument);
  if (info.Length() > 1) keep.Set("control", info[1]);
  return Task<std::vector<TrainingResult>>::start(
      info.Env(), keep,
      [call, control] {
        if (call->jobs.size() > 1) return train_networks(call->jobs, call->train, call->test, call->threads, control);
        std::vector<TrainingResult> results;
        results.push_back(train_network(call->jobs.front(), call->train, call->test, control));
        return results;
      },
      [](Napi::Env env, std::vector<TrainingResult>& results) {
        Napi::Array list = Napi::Array::New(env, results.size());
        for (std::size_t i = 0; i < results.size(); ++i)
          list.Set(static_cast<std::uint32_t>(i), result_of(env, results[i]));
        return list;
      });
}

Napi::Value training_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(planned_bytes(options_of(object_argument(info, 0, "job")))));
}

}  // namespace

std::vector<Function> train_functions() {
  return {{"trainNetworks", train_networks}, {"trainingMemory", training_memory}};
}

}  // namespace mft::node
