// System `percolation`: exact chains, Monte Carlo.
#include <memory>

#include "node/adapters.h"
#include "node/arguments.h"
#include "node/task.h"
#include "systems/percolation_chain.h"
#include "systems/percolation_lattice.h"
#include "systems/percolation_masks.h"

namespace mft::node {
namespace {

using percolation::LayerRun;
using percolation::ReachLaw;

constexpr double kLargestWhole = 9007199254740991.0;
constexpr double kMostThreads = 1024;
constexpr double kMostNodes = 1 << 24;

int threads_field(const Napi::Object& options) {
  return static_cast<int>(integer_field(options, "threads", 1, kMostThreads));
}

void check_keep(double keep, const char* name) {
  if (!(keep >= 0 && keep <= 1))
    throw Error("OUT_OF_RANGE", name, std::string("Expected `") + name + "` to be in [0, 1].");
}

// Four numbers a run: count, width, site keep, bond keep.
std::vector<LayerRun> runs_field(const Napi::Object& options) {
  const std::vector<double> numbers = finite_doubles(options, "runs");
  if (numbers.empty() || numbers.size() % 4 != 0)
    throw Error("SHAPE", "runs", "Expected `runs` to hold four numbers a run.");
  std::vector<LayerRun> runs;
  for (std::size_t i = 0; i < numbers.size(); i += 4) {
    const LayerRun run{numbers[i], numbers[i + 1], numbers[i + 2], numbers[i + 3]};
    if (run.count < 1 || run.width < 1) throw Error("OUT_OF_RANGE", "runs", "Expected counts and widths >= 1.");
    check_keep(run.site_keep, "keepProbability");
    check_keep(run.bond_keep, "edgeKeepProbability");
    runs.push_back(run);
  }
  return runs;
}

// [log hazards..., means...] of the wanted layers.
Napi::Value laws_to_array(Napi::Env env, const std::vector<ReachLaw>& laws) {
  std::vector<double> numbers;
  for (const ReachLaw& law : laws) numbers.push_back(law.log_hazard);
  for (const ReachLaw& law : laws) numbers.push_back(law.mean);
  return float64_array(env, numbers);
}

Napi::Value start(const Napi::CallbackInfo& info, std::function<std::vector<ReachLaw>(const Control&)> work) {
  const Control control = control_argument(info, 1);
  const Napi::Value keep = info.Length() > 1 ? info[1] : info.Env().Undefined();
  return Task<std::vector<ReachLaw>>::start(
      info.Env(), keep, [control, work] { return work(control); },
      [](Napi::Env env, std::vector<ReachLaw>& laws) { return laws_to_array(env, laws); });
}

// Layers as six numbers each: positions, channels, site keep, bond keep, which connections, residual.
percolation::MaskNetwork mask_network(const Napi::Object& options) {
  percolation::MaskNetwork network;
  network.connections.push_back({whole_numbers(options, "offsets"), whole_numbers(options, "sources")});
  if (has_field(options, "outputOffsets"))
    network.connections.push_back({whole_numbers(options, "outputOffsets"), whole_numbers(options, "outputSources")});
  const std::vector<double> numbers = finite_doubles(options, "layers");
  if (numbers.size() % 6 != 0) throw Error("SHAPE", "layers", "Expected `layers` to hold six numbers a layer.");
  for (std::size_t i = 0; i < numbers.size(); i += 6) {
    percolation::MaskLayer layer;
    layer.positions = static_cast<std::uint32_t>(numbers[i]);
    layer.channels = static_cast<std::uint32_t>(numbers[i + 1]);
    layer.site_keep = numbers[i + 2];
    layer.bond_keep = numbers[i + 3];
    layer.connections = static_cast<std::uint32_t>(numbers[i + 4]);
    layer.residual = numbers[i + 5] != 0;
    if (numbers[i] < 1 || numbers[i + 1] < 1 || numbers[i] * numbers[i + 1] > kMostNodes)
      throw Error("OUT_OF_RANGE", "width", "Expected a layer to have between 1 and 2^24 nodes.");
    check_keep(layer.site_keep, "keepProbability");
    check_keep(layer.bond_keep, "edgeKeepProbability");
    network.layers.push_back(layer);
  }
  return network;
}

percolation::MaskRun mask_run(const Napi::Object& options) {
  percolation::MaskRun run;
  run.seed = seed_field(options, "seed");
  run.first_trial = integer_field(options, "firstTrial", 0, kLargestWhole);
  run.trials = integer_field(options, "trials", 1, kLargestWhole);
  run.threads = threads_field(options);
  run.backward = boolean_field(options, "backward");
  run.death_layers = boolean_field(options, "deathLayers");
  return run;
}

Napi::Value counts_to_object(Napi::Env env, const percolation::MaskCounts& counts) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("alive", float64_array(env, counts.alive));
  result.Set("reached", float64_array(env, counts.reached));
  result.Set("reachedSquares", float64_array(env, counts.reached_squares));
  result.Set("leading", float64_array(env, counts.leading));
  result.Set("leadingSquares", float64_array(env, counts.leading_squares));
  result.Set("leadingAlive", float64_array(env, counts.leading_alive));
  result.Set("participating", float64_array(env, counts.participating));
  result.Set("participatingSquares", float64_array(env, counts.participating_squares));
  result.Set("deathLayer", float64_array(env, counts.death_layer));
  result.Set("decisions", counts.decisions);
  return result;
}

}  // namespace

Napi::Value percolation_count(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Control control = control_argument(info, 1);
  return Task<percolation::MaskCounts>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [network = mask_network(options), run = mask_run(options), control] {
        return percolation::count_paths(network, run, control);
      },
      [](Napi::Env env, percolation::MaskCounts& counts) { return counts_to_object(env, counts); });
}

Napi::Value percolation_split(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Control control = control_argument(info, 1);
  return Task<percolation::SplittingEstimates>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [network = mask_network(options), run = mask_run(options), control] {
        return percolation::split_paths(network, run, control);
      },
      [](Napi::Env env, percolation::SplittingEstimates& estimates) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("logEstimates", float64_array(env, estimates.log_estimates));
        result.Set("decisions", estimates.decisions);
        return Napi::Value(result);
      });
}

Napi::Value percolation_reach(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  percolation::Network network{static_cast<double>(integer_field(options, "inputWidth", 1, kLargestWhole)),
                               number_field(options, "inputKeepProbability"), runs_field(options)};
  check_keep(network.input_keep, "inputKeepProbability");
  return start(info,
               [network, layers = finite_doubles(options, "layers"), threads = threads_field(options)](
                   const Control& control) { return percolation::reach_laws(network, layers, threads, control); });
}

Napi::Value percolation_stationary(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const std::vector<LayerRun> runs = runs_field(options);
  return start(info, [run = runs.front(), threads = threads_field(options)](const Control& control) {
    return std::vector<ReachLaw>{percolation::stationary_law(run, threads, control)};
  });
}

Napi::Value percolation_lattice(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  percolation::Lattice lattice;
  lattice.positions = integer_field(options, "positions", 1, percolation::kLargestLatticePositions);
  lattice.kernel = integer_field(options, "kernel", 1, 1 << 20);
  lattice.periodic = boolean_field(options, "periodic");
  lattice.input_keep = number_field(options, "inputKeepProbability");
  check_keep(lattice.input_keep, "inputKeepProbability");
  lattice.runs = runs_field(options);
  return start(info,
               [lattice, layers = finite_doubles(options, "layers"), threads = threads_field(options)](
                   const Control& control) { return percolation::lattice_laws(lattice, layers, threads, control); });
}

}  // namespace mft::node
