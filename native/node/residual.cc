// Adapters of system `residual`.
#include "systems/residual/recurrence.h"
#include "systems/residual/simulation.h"

#include <memory>

#include "core/alpha_relu.h"
#include "core/gaussian_tanh.h"
#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"

namespace mft::node {
namespace {

double number_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsNumber()) throw wrong(name, "a number");
  return info[index].As<Napi::Number>().DoubleValue();
}

using residual::Network;
using residual::RecurrenceOptions;
using residual::Simulation;

const Fields<Network> kNetwork = {
    special<Network>("activation", "gaussianFunction",
                     [](const Napi::Object& o, Network& into) {
                       into.function = gaussian_function_field(o, "activation");
                       into.is_odd = boolean_field(o.Get("activation").As<Napi::Object>(), "isOdd");
                     }),
    word<Network, residual::Block, 3>("block", &Network::block, {"full", "reduced", "generalized"}),
    number("skipStrength", &Network::skip_strength),
    numbers("innerWeightVariance", &Network::inner_weight_variance),
    numbers("innerBiasVariance", &Network::inner_bias_variance),
    numbers("outerWeightVariance", &Network::outer_weight_variance),
    numbers("outerBiasVariance", &Network::outer_bias_variance),
    numbers("width", &Network::widths),
    numbers("hiddenWidth", &Network::hidden_widths),
    numbers("keepProbability", &Network::keep_probability),
    numbers("branchKeepProbability", &Network::branch_keep_probability),
    boolean("hasSharedMasks", &Network::has_shared_masks),
};

const Fields<RecurrenceOptions> kRecurrence = {
    number("secondMoment", &RecurrenceOptions::second_moment),
    number("angularDeficit", &RecurrenceOptions::angular_deficit),
    boolean("pair", &RecurrenceOptions::pair),
    boolean("fluctuations", &RecurrenceOptions::fluctuations),
    boolean("interpolate", &RecurrenceOptions::interpolate),
    // With a first variance the recurrence starts at the first pre-activation.
    optional(special<RecurrenceOptions>("firstVariance", "number",
                                        [](const Napi::Object& o, RecurrenceOptions& into) {
                                          into.starts_at_preactivation = true;
                                          into.first_variance = number_field(o, "firstVariance");
                                        })),
    optional(number("firstDeficit", &RecurrenceOptions::first_deficit)),
};

// (options, network, control?) -> Promise<object of Float64Arrays>
Napi::Value residual_recurrence(const Napi::CallbackInfo& info) {
  const RecurrenceOptions wanted = kRecurrence.argument(info, 0, "options");
  const auto network = std::make_shared<const Network>(kNetwork.argument(info, 1, "network"));
  const Control control = control_argument(info, 2);
  return Task<residual::Recurrence>::start(
      info.Env(), info[2], [network, wanted, control] { return residual::recurrence(*network, wanted, control); },
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
        set("secondMomentKurtosis", r.second_moment_kurtosis);
        set("logGradientKurtosis", r.log_gradient_kurtosis);
        set("activationVariance", r.activation_variance);
        set("derivativeVariance", r.derivative_variance);
        set("logOuterWeightGradient", r.log_outer_weight_gradient);
        set("logOuterBiasGradient", r.log_outer_bias_gradient);
        set("logInnerWeightGradient", r.log_inner_weight_gradient);
        set("logInnerBiasGradient", r.log_inner_bias_gradient);
        set("sizeSpread", r.size_spread);
        set("gradientSpread", r.gradient_spread);
        set("preactivationSpread", r.preactivation_spread);
        set("outerWeightSpread", r.outer_weight_spread);
        set("outerBiasSpread", r.outer_bias_spread);
        set("innerWeightSpread", r.inner_weight_spread);
        set("innerBiasSpread", r.inner_bias_spread);
        return result;
      });
}

const Fields<Simulation> kSimulation = {
    whole("inputs", &Simulation::inputs, 1, 2),
    number("secondMoment", &Simulation::second_moment),
    number("angularDeficit", &Simulation::angular_deficit),
    optional(numbers("vectors", &Simulation::vectors)),
    word<Simulation, residual::Engine, 2>("engine", &Simulation::engine, {"conditioned", "dense"}),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

Simulation simulation_argument(const Napi::CallbackInfo& info) {
  Simulation simulation = kSimulation.argument(info, 0, "options");
  kNetwork.read(object_argument(info, 1, "network"), simulation.network);
  residual::validate(simulation);
  return simulation;
}

// (options, network) -> the layout of a row
Napi::Value residual_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), residual::row_table(simulation_argument(info)));
}

// (options, network, control?) -> Promise<Float64Array> of rows
Napi::Value residual_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(simulation_argument(info));
  const Control control = control_argument(info, 2);
  return start_rows(info.Env(), info[2], residual::row_layout(*simulation).row_length, simulation->range.count,
                    [simulation, control](std::span<double> rows) { residual::simulate(*simulation, control, rows); });
}

// (options, network) -> bytes
Napi::Value residual_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), residual::memory_estimate(simulation_argument(info)));
}

// (variance) -> number
Napi::Value tanh_second_moment_complement(const Napi::CallbackInfo& info) {
  const double variance = number_argument(info, 0, "variance");
  if (!(variance >= 0.0)) throw wrong("variance", "a number >= 0");
  return Napi::Number::New(info.Env(), mft::tanh_second_moment_complement(variance));
}

// (alpha, correlation) -> number
Napi::Value alpha_relu_correlation_map(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_map(number_argument(info, 0, "alpha"),
                                                                       number_argument(info, 1, "correlation")));
}

// (alpha, deficit) -> number
Napi::Value alpha_relu_correlation_deficit(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_deficit(number_argument(info, 0, "alpha"),
                                                                           number_argument(info, 1, "deficit")));
}

// (alpha, deficit) -> number
Napi::Value alpha_relu_correlation_slope(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), mft::alpha_relu_correlation_slope(number_argument(info, 0, "alpha"),
                                                                         number_argument(info, 1, "deficit")));
}

}  // namespace

std::vector<Function> residual_functions() {
  return {{"residualRecurrence", residual_recurrence, {kRecurrence.info(), kNetwork.info()}},
          {"residualLayout", residual_layout, {kSimulation.info(), kNetwork.info()}},
          {"residualSimulate", residual_simulate, {kSimulation.info(), kNetwork.info()}},
          {"residualMemory", residual_memory, {kSimulation.info(), kNetwork.info()}},
          {"alphaReluCorrelationMap", alpha_relu_correlation_map},
          {"alphaReluCorrelationDeficit", alpha_relu_correlation_deficit},
          {"alphaReluCorrelationSlope", alpha_relu_correlation_slope},
          {"tanhSecondMomentComplement", tanh_second_moment_complement}};
}

}  // namespace mft::node
