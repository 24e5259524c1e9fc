// Adapters of system `residual`.
#include "systems/residual.h"
#include "systems/residual_simulation.h"

#include <memory>

#include "core/alpha_relu.h"
#include "core/gaussian_tanh.h"
#include "node/adapters.h"
#include "node/arguments.h"
#include "node/task.h"

namespace mft::node {
namespace {

double number_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsNumber()) throw wrong(name, "a number");
  return info[index].As<Napi::Number>().DoubleValue();
}

residual::Network residual_network(const Napi::Object& object) {
  residual::Network network;
  network.function = gaussian_function_field(object, "activation");
  network.is_odd = boolean_field(object.Get("activation").As<Napi::Object>(), "isOdd");
  network.block = static_cast<residual::Block>(integer_field(object, "block", 0, 2));
  network.skip_strength = number_field(object, "skipStrength");
  network.inner_weight_variance = finite_doubles(object, "innerWeightVariance");
  network.inner_bias_variance = finite_doubles(object, "innerBiasVariance");
  network.outer_weight_variance = finite_doubles(object, "outerWeightVariance");
  network.outer_bias_variance = finite_doubles(object, "outerBiasVariance");
  network.widths = finite_doubles(object, "width");
  network.hidden_widths = finite_doubles(object, "hiddenWidth");
  return network;
}

}  // namespace

Napi::Value residual_recurrence(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const auto network = std::make_shared<const residual::Network>(residual_network(object_argument(info, 1, "network")));
  residual::RecurrenceOptions wanted;
  wanted.second_moment = number_field(options, "secondMoment");
  wanted.angular_deficit = number_field(options, "angularDeficit");
  wanted.pair = boolean_field(options, "pair");
  wanted.fluctuations = boolean_field(options, "fluctuations");
  wanted.interpolate = boolean_field(options, "interpolate");
  if (has_field(options, "firstVariance")) {
    wanted.starts_at_preactivation = true;
    wanted.first_variance = number_field(options, "firstVariance");
    wanted.first_deficit = number_field(options, "firstDeficit");
  }
  const Control control = control_argument(info, 2);
  const Napi::Value keep = info.Length() > 2 ? info[2] : info.Env().Undefined();
  return Task<residual::Recurrence>::start(
      info.Env(), keep, [network, wanted, control] { return residual::recurrence(*network, wanted, control); },
      [](Napi::Env env, residual::Recurrence& r) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        const auto set = [&](const char* name, const std::vector<double>& values) {
          result.Set(name, float64_array(env, values));
        };
        set("logSecondMoment", r.log_second_moment);
        set("logMetricExpressivity", r.log_metric_expressivity);
        set("logPreactivationVariance", r.log_preactivation_variance);
        set("preactivationDeficit", r.preactivation_deficit);
        set("logActivationMoment", r.log_activation_moment);
        set("logDerivativeMoment", r.log_derivative_moment);
        set("logGradient", r.log_gradient);
        set("secondMomentVariance", r.second_moment_variance);
        set("logGradientVariance", r.log_gradient_variance);
        return result;
      });
}

namespace {

residual::Simulation simulation_argument(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  residual::Simulation simulation;
  simulation.network = residual_network(object_argument(info, 1, "network"));
  simulation.inputs = integer_field(options, "inputs", 1, 2);
  simulation.second_moment = number_field(options, "secondMoment");
  simulation.angular_deficit = number_field(options, "angularDeficit");
  if (has_field(options, "vectors")) simulation.vectors = finite_doubles(options, "vectors");
  simulation.engine = static_cast<residual::Engine>(integer_field(options, "engine", 0, 1));
  simulation.seed = seed_field(options, "seed");
  constexpr double kLargest = 4294967295.0;
  simulation.first_trial = static_cast<std::uint32_t>(integer_field(options, "firstTrial", 0, kLargest));
  simulation.trials = static_cast<std::uint32_t>(integer_field(options, "trials", 1, kLargest));
  simulation.threads = static_cast<int>(integer_field(options, "threads", 1, 1024));
  return simulation;
}

}  // namespace

Napi::Value residual_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const residual::Simulation>(simulation_argument(info));
  residual::validate(*simulation);
  const Control control = control_argument(info, 2);
  using Rows = std::vector<double>;
  return Task<Rows>::start(
      info.Env(), info.Length() > 2 ? info[2] : info.Env().Undefined(),
      [simulation, control] {
        Rows rows(simulation->trials * residual::row_layout(*simulation).row_length);
        residual::simulate(*simulation, control, rows);
        return rows;
      },
      [](Napi::Env env, Rows& rows) -> Napi::Value { return float64_array(env, rows); });
}

Napi::Value residual_memory(const Napi::CallbackInfo& info) {
  const residual::Simulation simulation = simulation_argument(info);
  residual::validate(simulation);
  return Napi::Number::New(info.Env(), residual::memory_estimate(simulation));
}

Napi::Value tanh_second_moment_complement(const Napi::CallbackInfo& info) {
  const double variance = number_argument(info, 0, "variance");
  if (!(variance >= 0.0)) throw wrong("variance", "a number >= 0");
  return Napi::Number::New(info.Env(), mft::tanh_second_moment_complement(variance));
}

Napi::Value alpha_relu_correlation_map(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_map(number_argument(info, 0, "alpha"),
                                                                       number_argument(info, 1, "correlation")));
}

Napi::Value alpha_relu_correlation_deficit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_deficit(number_argument(info, 0, "alpha"),
                                                                           number_argument(info, 1, "deficit")));
}

Napi::Value alpha_relu_correlation_slope(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_slope(number_argument(info, 0, "alpha"),
                                                                         number_argument(info, 1, "deficit")));
}

}  // namespace mft::node
