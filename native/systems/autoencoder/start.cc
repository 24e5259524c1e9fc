#include "systems/autoencoder/start.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "systems/autoencoder/purposes.h"

namespace mft::autoencoder {

void draw_start(const Simulation& simulation, std::uint32_t trial, std::span<double> first, std::span<double> second) {
  const double deviation = std::sqrt(simulation.initial_variance);
  const auto draw = [&](Purpose purpose, std::span<double> out) {
    random_normals({simulation.seed, trial, 0, purpose}, 0, out);
    for (double& weight : out) weight *= deviation;
  };
  draw(kFirstWeights, first);
  if (simulation.initial == Initial::kBalanced || simulation.tied)
    std::copy(first.begin(), first.end(), second.begin());
  else
    draw(kSecondWeights, second);
}

}  // namespace mft::autoencoder
