// System `autoencoder`: its functions for JavaScript.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/autoencoder/curve.h"
#include "systems/autoencoder/simulation.h"

namespace mft::node {
namespace {

using autoencoder::Simulation;

const Fields<Simulation> kSimulation = {
    numbers("spectrum", &Simulation::spectrum),
    whole("width", &Simulation::width, 1, 1e6),
    number("noiseVariance", &Simulation::noise_variance),
    word<Simulation, autoencoder::NoiseKind, 3>("noise", &Simulation::noise, {"gaussian", "uniform", "sign"}),
    probability("keepProbability", &Simulation::keep_probability),
    whole("examples", &Simulation::examples, 0, 1e7),
    number("weightDecay", &Simulation::weight_decay),
    number("learningRate", &Simulation::learning_rate),
    word<Simulation, autoencoder::Initial, 3>("initial", &Simulation::initial, {"gaussian", "balanced", "aligned"}),
    number("initialVariance", &Simulation::initial_variance),
    boolean("tied", &Simulation::tied),
    numbers("records", &Simulation::records),
    numbers("stageSteps", &Simulation::stage_steps),
    numbers("stageNoiseVariances", &Simulation::stage_noise_variances),
    numbers("stageWeightDecays", &Simulation::stage_weight_decays),
    numbers("stageLearningRates", &Simulation::stage_learning_rates),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

const Fields<autoencoder::Curve> kCurve = {
    numbers("steps", &autoencoder::Curve::steps),
    number("first", &autoencoder::Curve::first),
    number("rate", &autoencoder::Curve::rate),
    number("rateRest", &autoencoder::Curve::rate_rest),
    numbers("coefficients", &autoencoder::Curve::coefficients),
};

// (curve) -> Float64Array
Napi::Value autoencoder_curve(const Napi::CallbackInfo& info) {
  return float64_array(info.Env(), autoencoder::curve(kCurve.argument(info, 0, "curve")));
}

// (simulation) -> the layout of a row
Napi::Value autoencoder_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), autoencoder::row_table(kSimulation.argument(info, 0, "simulation")));
}

// (simulation) -> bytes of the engine of one worker
Napi::Value autoencoder_engine_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), autoencoder::engine_bytes(kSimulation.argument(info, 0, "simulation")));
}

// (simulation, control?) -> Promise<Float64Array> of rows
Napi::Value autoencoder_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(kSimulation.argument(info, 0, "simulation"));
  const Control control = control_argument(info, 1);
  return start_rows(
      info.Env(), info[1], autoencoder::row_table(*simulation).row_length, simulation->range.count,
      [simulation, control](std::span<double> rows) { autoencoder::simulate(*simulation, control, rows); });
}

}  // namespace

std::vector<Function> autoencoder_functions() {
  return {{"autoencoderCurve", autoencoder_curve, {kCurve.info()}},
          {"autoencoderLayout", autoencoder_layout, {kSimulation.info()}},
          {"autoencoderEngineBytes", autoencoder_engine_bytes, {kSimulation.info()}},
          {"autoencoderSimulate", autoencoder_simulate, {kSimulation.info()}}};
}

}  // namespace mft::node
