// System `kernel`: its functions for JavaScript.
#include "node/fields.h"
#include "node/task.h"
#include "systems/kernel/simulation.h"

namespace mft::node {
namespace {

using kernel::Simulation;

const Fields<Simulation> kSimulation = {
    number("weightVariance", &Simulation::weight_variance),
    whole("width", &Simulation::width, 1, 1e6),
    whole("depth", &Simulation::depth, 1, 1e6),
    seed("seed", &Simulation::seed),
    whole("firstTrial", &Simulation::first_trial, 0, 4294967295.0),
    whole("trials", &Simulation::trials, 1, 1e7),
    whole("threads", &Simulation::threads, 1, 1024),
};

// (simulation, control?) -> Promise<rows>
Napi::Value kernel_simulate(const Napi::CallbackInfo& info) {
  const Simulation simulation = kSimulation.argument(info, 0, "simulation");
  const Control control = control_argument(info, 1);
  return Task<std::vector<double>>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [simulation, control] { return kernel::simulate(simulation, control); },
      [](Napi::Env env, std::vector<double>& rows) { return Napi::Value(float64_array(env, rows)); });
}

}  // namespace

std::vector<Function> kernel_functions() { return {{"kernelSimulate", kernel_simulate, {kSimulation.info()}}}; }

}  // namespace mft::node
