// System `percolation`: exact chains, Monte Carlo.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/percolation/chain.h"
#include "systems/percolation/lattice.h"
#include "systems/percolation/masks.h"

namespace mft::node {
namespace {

using percolation::LayerRun;
using percolation::MaskLayer;
using percolation::ReachLaw;

constexpr double kLargestWhole = 9007199254740991.0;
constexpr double kMostNodes = 1 << 24;

// Equal layers as one object each.
const Fields<LayerRun> kRun = {
    whole("count", &LayerRun::count, 1, kLargestWhole),
    whole("width", &LayerRun::width, 1, kLargestWhole),
    probability("keepProbability", &LayerRun::keep_probability),
    probability("edgeKeepProbability", &LayerRun::edge_keep_probability),
};

// A fully connected network, the layers that are wanted and the threads.
struct Chain {
  percolation::Network network;
  std::vector<double> layers;
  int threads = 1;
};

const Fields<percolation::Network> kChainNetwork = {
    whole("inputWidth", &percolation::Network::input_width, 1, kLargestWhole),
    probability("inputKeepProbability", &percolation::Network::input_keep_probability),
    list("runs", &percolation::Network::runs, kRun),
};
const Fields<Chain> kChain = {
    object("network", &Chain::network, kChainNetwork),
    numbers("layers", &Chain::layers),
    whole("threads", &Chain::threads, 1, kMostThreads),
};

struct Stationary {
  LayerRun layer;
  int threads = 1;
};
const Fields<Stationary> kStationary = {
    object("layer", &Stationary::layer, kRun),
    whole("threads", &Stationary::threads, 1, kMostThreads),
};

struct LatticeCall {
  percolation::Lattice lattice;
  std::vector<double> layers;
  int threads = 1;
};
const Fields<percolation::Lattice> kLatticeShape = {
    whole("positions", &percolation::Lattice::positions, 1, percolation::kLargestLatticePositions),
    whole("kernel", &percolation::Lattice::kernel, 1, 1 << 20),
    boolean("periodic", &percolation::Lattice::periodic),
    probability("inputKeepProbability", &percolation::Lattice::input_keep_probability),
    list("runs", &percolation::Lattice::runs, kRun),
};
const Fields<LatticeCall> kLattice = {
    object("lattice", &LatticeCall::lattice, kLatticeShape),
    numbers("layers", &LatticeCall::layers),
    whole("threads", &LatticeCall::threads, 1, kMostThreads),
};

// Explicit masks: layers, the parents of each position, and the run.
struct Masks {
  percolation::MaskNetwork network;
  percolation::MaskRun run;
};
const Fields<MaskLayer> kLayer = {
    whole("positions", &MaskLayer::positions, 1, kMostNodes),
    whole("channels", &MaskLayer::channels, 1, kMostNodes),
    probability("keepProbability", &MaskLayer::keep_probability),
    probability("edgeKeepProbability", &MaskLayer::edge_keep_probability),
    boolean("isResidual", &MaskLayer::residual),
};
const Fields<percolation::Connections> kConnections = {
    wholes("offsets", &percolation::Connections::offsets),
    wholes("sources", &percolation::Connections::sources),
};
const Fields<percolation::MaskNetwork> kMaskNetwork = {
    list("layers", &percolation::MaskNetwork::layers, kLayer),
    list("connections", &percolation::MaskNetwork::connections, kConnections),
};
using percolation::MaskRun;
const Fields<MaskRun> kMaskRun = {
    seed("seed", &MaskRun::seed),
    whole("firstTrial", &MaskRun::first_trial, 0, kLargestWhole),
    whole("trials", &MaskRun::trials, 1, kLargestWhole),
    whole("threads", &MaskRun::threads, 1, kMostThreads),
    boolean("backward", &MaskRun::backward),
    boolean("deathLayers", &MaskRun::death_layers),
};
const Fields<Masks> kMasks = {
    object("network", &Masks::network, kMaskNetwork),
    object("run", &Masks::run, kMaskRun),
};

Masks masks_argument(const Napi::CallbackInfo& info) {
  Masks masks = kMasks.argument(info, 0, "masks");
  if (masks.network.connections.size() != 1) throw wrong("connections", "a list of one");
  for (const MaskLayer& layer : masks.network.layers)
    if (static_cast<double>(layer.positions) * layer.channels > kMostNodes)
      throw Error("OUT_OF_RANGE", "width", "Expected a layer to have between 1 and 2^24 nodes.");
  return masks;
}

// Runs a chain; of the wanted layers the logarithms of the hazards, and the means.
Napi::Value start(const Napi::CallbackInfo& info, std::function<std::vector<ReachLaw>(const Control&)> work) {
  const Control control = control_argument(info, 1);
  return Task<std::vector<ReachLaw>>::start(
      info.Env(), info[1], [control, work] { return work(control); },
      [](Napi::Env env, std::vector<ReachLaw>& laws) {
        std::vector<double> hazards, means;
        for (const ReachLaw& law : laws) {
          hazards.push_back(law.log_hazard);
          means.push_back(law.mean);
        }
        Napi::Object result = Napi::Object::New(env);
        result.Set("logHazard", float64_array(env, hazards));
        result.Set("mean", float64_array(env, means));
        return Napi::Value(result);
      });
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

// (masks, control?) -> Promise<object of sums over trials>
Napi::Value percolation_count(const Napi::CallbackInfo& info) {
  const auto masks = std::make_shared<const Masks>(masks_argument(info));
  const Control control = control_argument(info, 1);
  return Task<percolation::MaskCounts>::start(
      info.Env(), info[1], [masks, control] { return percolation::count_paths(masks->network, masks->run, control); },
      [](Napi::Env env, percolation::MaskCounts& counts) { return counts_to_object(env, counts); });
}

// (masks) -> the layout of a block's estimates by splitting
Napi::Value percolation_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), percolation::row_table(masks_argument(info).network));
}

// (masks, control?) -> Promise<{logEstimates, decisions}>
Napi::Value percolation_split(const Napi::CallbackInfo& info) {
  const auto masks = std::make_shared<const Masks>(masks_argument(info));
  const Control control = control_argument(info, 1);
  return Task<percolation::SplittingEstimates>::start(
      info.Env(), info[1], [masks, control] { return percolation::split_paths(masks->network, masks->run, control); },
      [](Napi::Env env, percolation::SplittingEstimates& estimates) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("logEstimates", float64_array(env, estimates.log_estimates));
        result.Set("decisions", estimates.decisions);
        return Napi::Value(result);
      });
}

// (chain, control?) -> Promise<{logHazard, mean}>
Napi::Value percolation_reach(const Napi::CallbackInfo& info) {
  return start(info, [chain = kChain.argument(info, 0, "chain")](const Control& control) {
    return percolation::reach_laws(chain.network, chain.layers, chain.threads, control);
  });
}

// (stationary, control?) -> Promise<{logHazard, mean}> of one repeated layer
Napi::Value percolation_stationary(const Napi::CallbackInfo& info) {
  return start(info, [call = kStationary.argument(info, 0, "stationary")](const Control& control) {
    return std::vector<ReachLaw>{percolation::stationary_law(call.layer, call.threads, control)};
  });
}

// (lattice, control?) -> Promise<{logHazard, mean}>
Napi::Value percolation_lattice(const Napi::CallbackInfo& info) {
  return start(info, [call = kLattice.argument(info, 0, "lattice")](const Control& control) {
    return percolation::lattice_laws(call.lattice, call.layers, call.threads, control);
  });
}

}  // namespace

std::vector<Function> percolation_functions() {
  return {{"percolationReach", percolation_reach, {kChain.info()}},
          {"percolationStationary", percolation_stationary, {kStationary.info()}},
          {"percolationLattice", percolation_lattice, {kLattice.info()}},
          {"percolationCount", percolation_count, {kMasks.info()}},
          {"percolationLayout", percolation_layout, {kMasks.info()}},
          {"percolationSplit", percolation_split, {kMasks.info()}}};
}

}  // namespace mft::node
