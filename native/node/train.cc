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

template <typename Array>
Array typed(const Napi::Object& object, const char* name, napi_typedarray_type type, const char* expected) {
  const Napi::Value value = object.Get(name);
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) throw wrong(name, expected);
  return value.As<Array>();
}

bool is_typed(const Napi::Value& value, napi_typedarray_type type) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == type;
}

// Views of the caller's arrays, which lie in shared memory (ts/training sees to it) and are kept alive by the task.
Images images_of(const Napi::Object& object, const TrainingOptions& options) {
  Images images;
  const Napi::Value values = object.Get("images");
  if (is_typed(values, napi_float32_array))
    images.floats = values.As<Napi::Float32Array>().Data();
  else if (is_typed(values, napi_int32_array))
    images.wholes = values.As<Napi::Int32Array>().Data();
  else if (is_typed(values, napi_uint8_array))
    images.bytes = values.As<Napi::Uint8Array>().Data();
  else
    throw wrong("images", "a Uint8Array, an Int32Array or a Float32Array");
  const std::size_t length = values.As<Napi::TypedArray>().ElementLength();
  images.count = length / options.dimension;
  if (length != images.count * options.dimension) throw wrong("images", "a whole number of rows of the input width");
  if (options.target == Target::kInputs) return images;
  const Napi::Value labels = object.Get("labels");
  if (is_typed(labels, napi_uint8_array))
    images.labels = labels.As<Napi::Uint8Array>().Data();
  else if (is_typed(labels, napi_int32_array))
    images.long_labels = labels.As<Napi::Int32Array>().Data();
  else
    throw wrong("labels", "a Uint8Array or an Int32Array");
  if (labels.As<Napi::TypedArray>().ElementLength() != images.count * options.positions)
    throw wrong("labels", "one label of every position of every row");
  return images;
}

std::vector<double> list_of(const Napi::Object& object, const std::string& name) {
  const auto list = object.Get(name).As<Napi::Array>();
  std::vector<double> values;
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::Value value = list.Get(i);
    if (!value.IsNumber()) throw wrong(name.c_str(), "a list of numbers");
    values.push_back(value.As<Napi::Number>().DoubleValue());
  }
  return values;
}

// A layer of a plan, whatever its kind: numbers and flags, words, lists, and activations by name
// (train/layers/kinds.h).
LayerFields layer_of(const Napi::Object& object) {
  LayerFields fields;
  fields.kind = string_field(object, "kind");
  const Napi::Array names = object.GetPropertyNames();
  for (std::uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).As<Napi::String>().Utf8Value();
    const Napi::Value value = object.Get(name);
    if (name == "kind" || value.IsUndefined()) continue;
    if (value.IsBoolean())
      fields.numbers[name] = value.As<Napi::Boolean>().Value() ? 1 : 0;
    else if (value.IsNumber())
      fields.numbers[name] = value.As<Napi::Number>().DoubleValue();
    else if (value.IsString())
      fields.words[name] = value.As<Napi::String>().Utf8Value();
    else if (value.IsArray())
      fields.lists[name] = list_of(object, name);
    else
      fields.activations[name] = activation_field(object, name.c_str());
  }
  return fields;
}

std::vector<LayerFields> layers_of(const Napi::Object& o) {
  const Napi::Value value = o.Get("layers");
  if (!value.IsArray()) throw wrong("layers", "a list of objects");
  const auto list = value.As<Napi::Array>();
  std::vector<LayerFields> layers;
  for (std::uint32_t i = 0; i < list.Length(); ++i) {
    const Napi::HandleScope scope(o.Env());
    const Napi::Value layer = list.Get(i);
    if (!layer.IsObject()) throw wrong("layers", "a list of objects");
    layers.push_back(layer_of(layer.As<Napi::Object>()));
  }
  return layers;
}

// The rule's fields stand beside the others.
template <typename M>
Field<TrainingOptions> rule(const char* name, M Optimizer::*member) {
  return {{name, "number"},
          [=](const Napi::Object& o, TrainingOptions& into) { into.optimizer.*member = number_field(o, name); }};
}

const Fields<TrainingOptions> kJob = {
    whole("dimension", &TrainingOptions::dimension, 1, kLargestCount),
    special<TrainingOptions>("layers", "layers",
                             [](const Napi::Object& o, TrainingOptions& into) { into.layers = layers_of(o); }),
    numbers("rateMultipliers", &TrainingOptions::rate_multipliers),
    word("target", &TrainingOptions::target, std::array{"labels", "inputs", "sequence"}),
    whole("positions", &TrainingOptions::positions, 1, kLargestCount),
    boolean("carriesState", &TrainingOptions::carries_state),
    number("inputKeepProbability", &TrainingOptions::input_keep_probability),
    word("noise", &TrainingOptions::noise, std::array{"none", "gaussian", "uniform", "sign"}),
    number("noiseVariance", &TrainingOptions::noise_variance),
    boolean("hasSharedMasks", &TrainingOptions::has_shared_masks),
    boolean("hasPathMasks", &TrainingOptions::has_path_masks),
    boolean("countsPaths", &TrainingOptions::counts_paths),
    numbers("inputScale", &TrainingOptions::input_scale),
    numbers("inputShift", &TrainingOptions::input_shift),
    word("loss", &TrainingOptions::loss, std::array{"crossEntropy", "squared", "brier"}),
    special<TrainingOptions>("optimizer", "sgd | momentum | nesterov | rmsProp | adam",
                             [](const Napi::Object& o, TrainingOptions& into) {
                               into.optimizer.kind = choice_field<OptimizerKind, 5>(
                                   o, "optimizer", {"sgd", "momentum", "nesterov", "rmsProp", "adam"});
                             }),
    rule("momentum", &Optimizer::momentum),
    rule("decay", &Optimizer::decay),
    rule("beta1", &Optimizer::beta1),
    rule("beta2", &Optimizer::beta2),
    rule("epsilon", &Optimizer::epsilon),
    rule("weightDecay", &Optimizer::weight_decay),
    rule("clipNorm", &Optimizer::clip_norm),
    numbers("rates", &TrainingOptions::rates),
    whole("batch", &TrainingOptions::batch, 0, kLargestCount),
    boolean("isShuffled", &TrainingOptions::is_shuffled),
    seed("seed", &TrainingOptions::seed),
    boolean("isDouble", &TrainingOptions::is_double),
    whole("threads", &TrainingOptions::threads, 1, kMostThreads),
    whole("reportEvery", &TrainingOptions::report_every, 0, kLargestCount),
    whole("statisticsEvery", &TrainingOptions::statistics_every, 0, kLargestCount),
    whole("trainEvaluation", &TrainingOptions::train_evaluation, 0, kLargestCount),
    numbers("directions", &TrainingOptions::directions),
    whole("directionsEvery", &TrainingOptions::directions_every, 0, kLargestCount),
    boolean("hasSingularValues", &TrainingOptions::has_singular_values),
    text("checkpoint", &TrainingOptions::checkpoint),
    whole("checkpointEvery", &TrainingOptions::checkpoint_every, 0, kLargestCount),
    text("key", &TrainingOptions::key),
    numbers("initialParameters", &TrainingOptions::initial_parameters),
    special<TrainingOptions>("givenMasks", "bytes",
                             [](const Napi::Object& o, TrainingOptions& into) {
                               const auto masks =
                                   typed<Napi::Uint8Array>(o, "givenMasks", napi_uint8_array, "a Uint8Array");
                               into.given_masks.assign(masks.Data(), masks.Data() + masks.ElementLength());
                             }),
    boolean("returnsParameters", &TrainingOptions::returns_parameters),
};

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
  Napi::Object counts = Napi::Object::New(env);
  for (const LayerCount& count : r.counts) counts.Set(count.name, count.total);
  result.Set("counts", counts);
  result.Set("statisticsSteps", float64_array(env, r.statistics_steps));
  result.Set("variance", float64_array(env, r.variance));
  result.Set("correlation", float64_array(env, r.correlation));
  result.Set("errorSquare", float64_array(env, r.error_square));
  result.Set("gradientSquare", float64_array(env, r.gradient_square));
  result.Set("projectionsSteps", float64_array(env, r.projections_steps));
  result.Set("projections", float64_array(env, r.projections));
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

// Examples are read when the jobs are known: these are their fields (images_of).
struct Examples {};
const Fields<Examples> kExamples = {declared<Examples>("images", "bytes | floats | wholes"),
                                    declared<Examples>("labels", "bytes | wholes")};

Field<Call> examples(const char* name, Images Call::*member) {
  return {{name, "object", false, kExamples.info()}, [=](const Napi::Object& o, Call& into) {
            const Napi::Value value = o.Get(name);
            if (!value.IsObject()) throw wrong(name, "an object");
            into.*member = images_of(value.As<Napi::Object>(), into.jobs.front());
          }};
}

void check_alike(const Call& call) {
  if (call.jobs.empty()) throw wrong("jobs", "a list of at least one object");
  const TrainingOptions& first = call.jobs.front();
  for (const TrainingOptions& other : call.jobs)
    if (other.dimension != first.dimension || other.target != first.target || other.positions != first.positions)
      throw wrong("jobs", "networks of one input width and one target");
}

Field<Call> jobs() {
  Field<Call> field = list("jobs", &Call::jobs, kJob);
  field.read = [read = field.read](const Napi::Object& o, Call& into) {
    read(o, into);
    check_alike(into);
  };
  return field;
}

// Jobs come first: they say how the examples are read.
const Fields<Call> kCall = {
    jobs(),
    examples("train", &Call::train),
    optional(examples("test", &Call::test)),
    whole("threads", &Call::threads, 1, kMostThreads),
};

Napi::Value train_networks(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<Call>(kCall.argument(info, 0, "training"));
  const Control control = control_argument(info, 1);
  return Task<std::vector<TrainingResult>>::start(
      info.Env(), all_arguments(info),
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
  return Napi::Number::New(info.Env(), static_cast<double>(planned_bytes(kJob.argument(info, 0, "job"))));
}

// Names and shapes of the arrays of a network, in the order in which they lie in `parameters`.
Napi::Value training_tensors(const Napi::CallbackInfo& info) {
  const std::vector<NetworkTensor> tensors = network_tensors(kJob.argument(info, 0, "job"));
  Napi::Array list = Napi::Array::New(info.Env(), tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    Napi::Object one = Napi::Object::New(info.Env());
    one.Set("name", tensors[i].tensor.name);
    Napi::Array shape = Napi::Array::New(info.Env(), tensors[i].tensor.shape.size());
    for (std::size_t k = 0; k < tensors[i].tensor.shape.size(); ++k)
      shape.Set(static_cast<std::uint32_t>(k), static_cast<double>(tensors[i].tensor.shape[k]));
    one.Set("shape", shape);
    one.Set("isFixed", tensors[i].is_fixed);
    list.Set(static_cast<std::uint32_t>(i), one);
  }
  return list;
}

}  // namespace

std::vector<Function> train_functions() {
  return {{"trainNetworks", train_networks, {kCall.info()}},
          {"trainingMemory", training_memory, {kJob.info()}},
          {"trainingTensors", training_tensors, {kJob.info()}}};
}

}  // namespace mft::node
