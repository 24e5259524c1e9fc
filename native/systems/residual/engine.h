// One worker of a residual simulation.
#pragma once
#include <memory>

#include "systems/residual/simulation.h"

namespace mft::residual {

// Planted by tests alone, which must notice them.
enum class Fault { kNone, kFreshBackwardWeights, kProjectionTooSmall };

std::unique_ptr<TrialEngine> make_engine(const Simulation& simulation, Fault fault = Fault::kNone);

}  // namespace mft::residual
