// Descent of autoencoders: what JavaScript calls of systems/autoencoder's networks.
#include <memory>

#include "node/fields.h"
#include "node/task.h"
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
    whole("threads", &NetworkRun::threads, 1, 1024),
};

// (run, control?) -> Promise<state>
Napi::Value autoencoder_network(const Napi::CallbackInfo& info) {
  const auto run = std::make_shared<const NetworkRun>(kNetworkRun.argument(info, 0, "run"));
  const Control control = control_argument(info, 1);
  return Task<NetworkState>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [run, control] { return autoencoder::run_network(*run, control); },
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
void read_images(const Napi::Object& o, SpectrumCall& into) {
  const Napi::Value value = o.Get("images");
  if (!value.IsTypedArray()) throw wrong("images", "a typed array");
  const auto array = value.As<Napi::TypedArray>();
  switch (array.TypedArrayType()) {
    case napi_uint8_array:
      into.examples.bytes = value.As<Napi::Uint8Array>().Data();
      break;
    case napi_float32_array:
      into.examples.floats = value.As<Napi::Float32Array>().Data();
      break;
    case napi_float64_array:
      into.examples.doubles = value.As<Napi::Float64Array>().Data();
      break;
    default:
      throw wrong("images", "a Uint8Array, a Float32Array or a Float64Array");
  }
  into.examples.dimension = static_cast<std::size_t>(integer_field(o, "dimension", 1, kLargestSize));
  into.examples.count = array.ElementLength() / into.examples.dimension;
  if (into.examples.count * into.examples.dimension != array.ElementLength())
    throw wrong("images", "whole rows of `dimension` numbers");
}

template <typename M>
Field<SpectrumCall> of_examples(Field<M> field) {
  return {field.info, [read = field.read](const Napi::Object& o, SpectrumCall& into) { read(o, into.examples); }};
}

const Fields<SpectrumCall> kSpectrum = {
    special<SpectrumCall>("images", "bytes | floats | doubles", read_images),
    declared<SpectrumCall>("dimension", "whole"),
    of_examples(numbers("scales", &ExampleSet::scales)),
    of_examples(numbers("shifts", &ExampleSet::shifts)),
    of_examples(number("scale", &ExampleSet::scale)),
    of_examples(boolean("isCentred", &ExampleSet::is_centred)),
    whole("threads", &SpectrumCall::threads, 1, 1024),
};

// (examples, control?) -> Promise<second moment>
Napi::Value autoencoder_spectrum(const Napi::CallbackInfo& info) {
  const Napi::Object argument = object_argument(info, 0, "examples");
  const auto call = std::make_shared<const SpectrumCall>(kSpectrum.of(argument));
  const Control control = control_argument(info, 1);
  Napi::Object keep = Napi::Object::New(info.Env());
  keep.Set("images", argument.Get("images"));
  if (info.Length() > 1) keep.Set("control", info[1]);
  return Task<SecondMoment>::start(
      info.Env(), keep, [call, control] { return autoencoder::second_moment(call->examples, call->threads, control); },
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

}  // namespace

std::vector<Function> autoencoder_descent_functions() {
  return {{"autoencoderNetwork", autoencoder_network, {kNetworkRun.info()}},
          {"autoencoderSpectrum", autoencoder_spectrum, {kSpectrum.info()}}};
}

}  // namespace mft::node
