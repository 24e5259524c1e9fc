// System `kernel`: its functions for JavaScript.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/kernel/simulation.h"

namespace mft::node {
namespace {

using kernel::Law;
using kernel::Simulation;

const Fields<Simulation> kSimulation = {
    activation("activation", &Simulation::activation),
    whole("inputWidth", &Simulation::input_width, 1, 1e9),
    numbers("width", &Simulation::widths),
    numbers("weightVariance", &Simulation::weight_variance),
    numbers("biasVariance", &Simulation::bias_variance),
    numbers("keepProbability", &Simulation::keep_probability),
    probability("inputKeepProbability", &Simulation::input_keep_probability),
    boolean("sharesMasks", &Simulation::shares_masks),
    boolean("scalesInputs", &Simulation::scales_inputs),
    boolean("isStandard", &Simulation::is_standard),
    boolean("hasTangent", &Simulation::has_tangent),
    boolean("isConditional", &Simulation::is_conditional),
    word<Simulation, Law, 11>("law", &Simulation::law,
                              {"gaussian", "uniform", "laplace", "rademacher", "generalizedGaussian", "studentT",
                               "sparse", "multivariateT", "sphere", "ball", "orthogonal"}),
    number("lawParameter", &Simulation::law_parameter),
    whole("inputs", &Simulation::inputs, 1, 1e6),
    optional(numbers("vectors", &Simulation::vectors)),
    number("secondMoment", &Simulation::second_moment),
    number("oneMinusCorrelation", &Simulation::one_minus_correlation),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

Simulation simulation_argument(const Napi::CallbackInfo& info) {
  Simulation simulation = kSimulation.argument(info, 0, "simulation");
  kernel::validate(simulation);
  return simulation;
}

// (simulation) -> the layout of a row
Napi::Value kernel_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), kernel::row_table(simulation_argument(info)));
}

// (simulation) -> bytes
Napi::Value kernel_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), kernel::memory_estimate(simulation_argument(info)));
}

// (simulation, control?) -> Promise<Float64Array> of rows
Napi::Value kernel_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(simulation_argument(info));
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info[1], kernel::row_table(*simulation).row_length, simulation->range.count,
                    [simulation, control](std::span<double> rows) { kernel::simulate(*simulation, control, rows); });
}

}  // namespace

std::vector<Function> kernel_functions() {
  return {{"kernelLayout", kernel_layout, {kSimulation.info()}},
          {"kernelMemory", kernel_memory, {kSimulation.info()}},
          {"kernelSimulate", kernel_simulate, {kSimulation.info()}}};
}

}  // namespace mft::node
