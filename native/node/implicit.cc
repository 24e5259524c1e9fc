// System `implicit`: random equilibrium layers for JavaScript.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/implicit/simulation.h"

namespace mft::node {
namespace {

using implicit::Simulation;

constexpr double kLargestWord = 4294967295.0;

const Fields<Simulation> kSimulation = {
    activation("activation", &Simulation::activation),
    number("weightVariance", &Simulation::weight_variance),
    number("inputVariance", &Simulation::input_variance),
    probability("keepProbability", &Simulation::keep_probability),
    whole("width", &Simulation::width, 1, 1e6),
    whole("termCount", &Simulation::terms, 1, 1e6),
    seed("seed", &Simulation::seed),
    special<Simulation>("firstTrial", "whole",
                        [](const Napi::Object& o, Simulation& into) {
                          into.range.first =
                              static_cast<std::uint32_t>(integer_field(o, "firstTrial", 0, kLargestWord));
                        }),
    special<Simulation>("trials", "whole",
                        [](const Napi::Object& o, Simulation& into) {
                          into.range.count = static_cast<std::uint32_t>(integer_field(o, "trials", 1, kLargestWord));
                        }),
    special<Simulation>("threads", "whole",
                        [](const Napi::Object& o, Simulation& into) {
                          into.range.threads = static_cast<int>(integer_field(o, "threads", 1, 1024));
                        }),
};

Simulation simulation_argument(const Napi::CallbackInfo& info) {
  Simulation simulation = kSimulation.argument(info, 0, "simulation");
  if (!(simulation.keep_probability > 0)) throw wrong("keepProbability", "a number in (0, 1]");
  if (!(simulation.weight_variance >= 0)) throw wrong("weightVariance", "a number >= 0");
  if (!(simulation.input_variance >= 0)) throw wrong("inputVariance", "a number >= 0");
  return simulation;
}

// (simulation) -> the layout of a row
Napi::Value implicit_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), implicit::row_table(simulation_argument(info)));
}

// (simulation) -> bytes
Napi::Value implicit_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), implicit::memory_estimate(simulation_argument(info)));
}

// (simulation, control?) -> Promise<Float64Array> of rows
Napi::Value implicit_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(simulation_argument(info));
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
                    implicit::row_table(*simulation).row_length, simulation->range.count,
                    [simulation, control](std::span<double> rows) { implicit::simulate(*simulation, control, rows); });
}

}  // namespace

std::vector<Function> implicit_functions() {
  return {{"implicitLayout", implicit_layout, {kSimulation.info()}},
          {"implicitMemory", implicit_memory, {kSimulation.info()}},
          {"implicitSimulate", implicit_simulate, {kSimulation.info()}}};
}

}  // namespace mft::node
