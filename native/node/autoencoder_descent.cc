// Descent of autoencoders: what JavaScript calls of systems/autoencoder's networks.
#include <memory>

#include "node/fields.h"
#include "node/task.h"
#include "systems/autoencoder/network.h"

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

}  // namespace

std::vector<Function> autoencoder_descent_functions() {
  return {{"autoencoderNetwork", autoencoder_network, {kNetworkRun.info()}}};
}

}  // namespace mft::node
