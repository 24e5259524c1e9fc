// Descent of autoencoders: what JavaScript calls of systems/autoencoder's networks.
#include <memory>

#include "node/fields.h"
#include "node/task.h"
#include "systems/autoencoder/expected_training.h"
#include "systems/autoencoder/network.h"
#include "systems/autoencoder/spectrum.h"

namespace mft::node {
namespace {

using autoencoder::NetworkRun;
using autoencoder::NetworkState;

constexpr double kLargestSize = 100000;
constexpr double kLargestSteps = 2147483647.0;

const Fields<NetworkRun> kNetworkRun = {
    whole("dimension", &NetworkRun::dimension, 1, kLargestSize),
    whole("hidden", &NetworkRun::hidden, 1, kLargestSize),
    numbers("data", &NetworkRun::data),
    numbers("first", &NetworkRun::first),
    numbers("second", &NetworkRun::second),
    number("noiseVariance", &NetworkRun::noise_variance),
    probability("keepProbability", &NetworkRun::keep_probability),
    number("weightDecay", &NetworkRun::weight_decay),
    number("learningRate", &NetworkRun::learning_rate),
    whole("steps", &NetworkRun::steps, 0, kLargestSteps),
    boolean("isRectified", &NetworkRun::is_rectified),
    whole("threads", &NetworkRun::threads, 1, kMostThreads),
};

// (run, control?) -> Promise<state>
Napi::Value autoencoder_network(const Napi::CallbackInfo& info) {
  const auto run = std::make_shared<const NetworkRun>(kNetworkRun.argument(info, 0, "run"));
  const Control control = control_argument(info, 1);
  return Task<NetworkState>::start(
      info.Env(), info[1], [run, control] { return autoencoder::run_network(*run, control); },
      [](Napi::Env env, NetworkState& state) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("variances", float64_array(env, state.variances));
        result.Set("rank", static_cast<double>(state.rank));
        result.Set("loss", state.loss);
        result.Set("firstGradient", state.first_gradient);
        result.Set("secondGradient", state.second_gradient);
        result.Set("mapping", float64_array(env, state.mapping));
        result.Set("singularValues", float64_array(env, state.singular_values));
        result.Set("hasStopped", state.has_stopped);
        result.Set("step", static_cast<double>(state.step));
        return result;
      });
}

using autoencoder::ExampleSet;
using autoencoder::SecondMoment;

struct SpectrumCall {
  ExampleSet examples;
  int threads = 1;
};

// The caller's array, which lies in shared memory and is kept alive by the task.
void read_images(const Napi::Object& o, ExampleSet& into) {
  const Napi::Value value = o.Get("images");
  if (!value.IsTypedArray()) throw wrong("images", "a typed array");
  const auto array = value.As<Napi::TypedArray>();
  switch (array.TypedArrayType()) {
    case napi_uint8_array:
      into.bytes = value.As<Napi::Uint8Array>().Data();
      break;
    case napi_float32_array:
      into.floats = value.As<Napi::Float32Array>().Data();
      break;
    case napi_float64_array:
      into.doubles = value.As<Napi::Float64Array>().Data();
      break;
    default:
      throw wrong("images", "a Uint8Array, a Float32Array or a Float64Array");
  }
  into.dimension = static_cast<std::size_t>(integer_field(o, "dimension", 1, kLargestSize));
  into.count = array.ElementLength() / into.dimension;
  if (into.count * into.dimension != array.ElementLength()) throw wrong("images", "whole rows of `dimension` numbers");
}

const Fields<ExampleSet> kExamples = {
    special<ExampleSet>("images", "bytes | floats | doubles", read_images),
    declared<ExampleSet>("dimension", "whole"),
    numbers("scales", &ExampleSet::scales),
    numbers("shifts", &ExampleSet::shifts),
    number("scale", &ExampleSet::scale),
    boolean("isCentred", &ExampleSet::is_centred),
};

const Fields<SpectrumCall> kSpectrum = {
    object("examples", &SpectrumCall::examples, kExamples),
    whole("threads", &SpectrumCall::threads, 1, kMostThreads),
};

// (examples, control?) -> Promise<second moment>
Napi::Value autoencoder_spectrum(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<const SpectrumCall>(kSpectrum.argument(info, 0, "call"));
  const Control control = control_argument(info, 1);
  return Task<SecondMoment>::start(
      info.Env(), all_arguments(info),
      [call, control] { return autoencoder::second_moment(call->examples, call->threads, control); },
      [](Napi::Env env, SecondMoment& moment) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("variances", float64_array(env, moment.variances));
        result.Set("directions", float64_array(env, moment.directions));
        result.Set("diagonal", float64_array(env, moment.diagonal));
        result.Set("mean", float64_array(env, moment.mean));
        result.Set("trace", moment.trace);
        result.Set("rank", static_cast<double>(moment.rank));
        result.Set("smallestRank", static_cast<double>(moment.smallest_rank));
        result.Set("largestRank", static_cast<double>(moment.largest_rank));
        return result;
      });
}

using autoencoder::ExpectedResult;
using autoencoder::ExpectedTraining;

const Fields<ExpectedTraining> kExpected = {
    object("examples", &ExpectedTraining::examples, kExamples),
    whole("hidden", &ExpectedTraining::hidden, 1, kLargestSize),
    numbers("first", &ExpectedTraining::first),
    numbers("second", &ExpectedTraining::second),
    numbers("variances", &ExpectedTraining::variances),
    numbers("directions", &ExpectedTraining::directions),
    numbers("diagonal", &ExpectedTraining::diagonal),
    boolean("isRectified", &ExpectedTraining::is_rectified),
    boolean("isTied", &ExpectedTraining::is_tied),
    number("noiseVariance", &ExpectedTraining::noise_variance),
    probability("keepProbability", &ExpectedTraining::keep_probability),
    number("weightDecay", &ExpectedTraining::weight_decay),
    numbers("rates", &ExpectedTraining::rates),
    whole("batch", &ExpectedTraining::batch, 1, kLargestSteps),
    whole("modes", &ExpectedTraining::modes, 0, kLargestSize),
    whole("every", &ExpectedTraining::every, 1, kLargestSteps),
    whole("threads", &ExpectedTraining::threads, 1, kMostThreads),
};

// (training, control?) -> Promise<result>
Napi::Value autoencoder_expected_training(const Napi::CallbackInfo& info) {
  const auto training = std::make_shared<const ExpectedTraining>(kExpected.argument(info, 0, "training"));
  const Control control = control_argument(info, 1);
  return Task<ExpectedResult>::start(
      info.Env(), all_arguments(info), [training, control] { return autoencoder::train_expected(*training, control); },
      [](Napi::Env env, ExpectedResult& r) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("steps", static_cast<double>(r.steps));
        result.Set("hasStopped", r.has_stopped);
        result.Set("records", float64_array(env, r.records));
        result.Set("losses", float64_array(env, r.losses));
        result.Set("projections", float64_array(env, r.projections));
        result.Set("singularValues", float64_array(env, r.singular_values));
        result.Set("first", float64_array(env, r.first));
        result.Set("second", float64_array(env, r.second));
        return result;
      });
}

}  // namespace

std::vector<Function> autoencoder_descent_functions() {
  return {{"autoencoderNetwork", autoencoder_network, {kNetworkRun.info()}},
          {"autoencoderSpectrum", autoencoder_spectrum, {kSpectrum.info()}},
          {"autoencoderExpectedTraining", autoencoder_expected_training, {kExpected.info()}}};
}

}  // namespace mft::node
