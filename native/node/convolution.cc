// System `convolution`: its functions for JavaScript.
#include <array>
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/convolution/network.h"
#include "systems/convolution/risk.h"
#include "systems/convolution/simulation.h"
#include "systems/convolution/spectral_norm.h"

namespace mft::node {
namespace {

using convolution::Network;
using convolution::NetworkGradient;
using convolution::Operator;
using convolution::Padding;
using convolution::Pooling;
using convolution::Risk;
using convolution::Sample;
using convolution::Simulation;

constexpr double kLargestSide = 65536;
constexpr double kLargestChannels = 1e6;
constexpr std::array<const char*, 3> kPaddings = {"valid", "zero", "circular"};
constexpr std::array<const char*, 2> kPoolings = {"average", "max"};

const Fields<Simulation> kSimulation = {
    numbers("image", &Simulation::image),
    whole("inputChannels", &Simulation::input_channels, 1, kLargestChannels),
    whole("inputHeight", &Simulation::input_height, 1, kLargestSide),
    whole("inputWidth", &Simulation::input_width, 1, kLargestSide),
    wholes("kernel", &Simulation::kernel),
    wholes("stride", &Simulation::stride),
    wholes("channels", &Simulation::channels),
    wholes("pool", &Simulation::pool),
    word<Simulation, Padding, 3>("padding", &Simulation::padding, kPaddings),
    word<Simulation, Pooling, 2>("pooling", &Simulation::pooling, kPoolings),
    activation("activation", &Simulation::activation),
    number("weightVariance", &Simulation::weight_variance),
    number("biasVariance", &Simulation::bias_variance),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

// (simulation) -> the layout of a row
Napi::Value convolution_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), convolution::row_table(kSimulation.argument(info, 0, "simulation")));
}

// (simulation) -> bytes of the engine of one worker
Napi::Value convolution_engine_bytes(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), convolution::engine_bytes(kSimulation.argument(info, 0, "simulation")));
}

// (simulation, control?) -> Promise<Float64Array> of rows
Napi::Value convolution_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(kSimulation.argument(info, 0, "simulation"));
  const Control control = control_argument(info, 1);
  return start_rows(
      info.Env(), info[1], convolution::row_table(*simulation).row_length, simulation->range.count,
      [simulation, control](std::span<double> rows) { convolution::simulate(*simulation, control, rows); });
}

const Fields<Network> kNetwork = {
    whole("inputChannels", &Network::input_channels, 1, kLargestChannels),
    whole("inputHeight", &Network::input_height, 1, kLargestSide),
    whole("inputWidth", &Network::input_width, 1, kLargestSide),
    wholes("kernel", &Network::kernel),
    wholes("stride", &Network::stride),
    wholes("channels", &Network::channels),
    wholes("pool", &Network::pool),
    word<Network, Padding, 3>("padding", &Network::padding, kPaddings),
    word<Network, Pooling, 2>("pooling", &Network::pooling, kPoolings),
    activation("activation", &Network::activation),
    whole("classes", &Network::classes, 2, kLargestChannels),
    numbers("weights", &Network::weights),
    numbers("input", &Network::input),
    whole("label", &Network::label, 0, kLargestChannels),
};

// (network, control?) -> Promise<{loss, output, outputSensitivity2, gradient}>
Napi::Value convolution_gradient(const Napi::CallbackInfo& info) {
  const auto network = std::make_shared<const Network>(kNetwork.argument(info, 0, "network"));
  return Task<NetworkGradient>::start(
      info.Env(), info[1], [network] { return convolution::network_gradient(*network); },
      [](Napi::Env env, NetworkGradient& found) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("loss", found.loss);
        result.Set("output", float64_array(env, found.output));
        result.Set("outputSensitivity2", found.output_sensitivity2);
        result.Set("gradient", float64_array(env, found.gradient));
        return result;
      });
}

const Fields<Sample> kSample = {
    object("network", &Sample::network, kNetwork),
    numbers("images", &Sample::images),
    wholes("labels", &Sample::labels),
    numbers("shares", &Sample::shares),
    number("decay", &Sample::decay),
    boolean("hasCurvature", &Sample::has_curvature),
    whole("threads", &Sample::threads, 1, kMostThreads),
};

// (sample, control?) -> Promise<{value, gradient, eigenvalues, eigenvectors, spread}>
Napi::Value convolution_risk(const Napi::CallbackInfo& info) {
  const auto sample = std::make_shared<const Sample>(kSample.argument(info, 0, "sample"));
  const Control control = control_argument(info, 1);
  return Task<Risk>::start(
      info.Env(), info[1], [sample, control] { return convolution::risk(*sample, control); },
      [](Napi::Env env, Risk& found) -> Napi::Value {
        Napi::Object result = Napi::Object::New(env);
        result.Set("value", found.value);
        result.Set("gradient", float64_array(env, found.gradient));
        result.Set("eigenvalues", float64_array(env, found.eigenvalues));
        result.Set("eigenvectors", float64_array(env, found.eigenvectors));
        result.Set("spread", float64_array(env, found.spread));
        return result;
      });
}

const Fields<Operator> kOperator = {
    numbers("weights", &Operator::weights),
    whole("out", &Operator::out, 1, kLargestChannels),
    whole("in", &Operator::in, 1, kLargestChannels),
    whole("kernel", &Operator::kernel, 1, kLargestSide),
    whole("height", &Operator::height, 1, kLargestSide),
    whole("width", &Operator::width, 1, kLargestSide),
    whole("stride", &Operator::stride, 1, kLargestSide),
    word<Operator, Padding, 3>("padding", &Operator::padding, kPaddings),
};

// (operator, control?) -> Promise<number>
Napi::Value convolution_spectral_norm(const Napi::CallbackInfo& info) {
  const auto op = std::make_shared<const Operator>(kOperator.argument(info, 0, "operator"));
  const Control control = control_argument(info, 1);
  return Task<double>::start(
      info.Env(), info[1], [op, control] { return convolution::spectral_norm(*op, control); },
      [](Napi::Env env, double& norm) -> Napi::Value { return Napi::Number::New(env, norm); });
}

}  // namespace

std::vector<Function> convolution_functions() {
  return {{"convolutionLayout", convolution_layout, {kSimulation.info()}},
          {"convolutionEngineBytes", convolution_engine_bytes, {kSimulation.info()}},
          {"convolutionSimulate", convolution_simulate, {kSimulation.info()}},
          {"convolutionGradient", convolution_gradient, {kNetwork.info()}},
          {"convolutionRisk", convolution_risk, {kSample.info()}},
          {"convolutionSpectralNorm", convolution_spectral_norm, {kOperator.info()}}};
}

}  // namespace mft::node
