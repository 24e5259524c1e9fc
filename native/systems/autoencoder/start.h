// Weights at the start of a trial.
#pragma once
#include <span>

#include "systems/autoencoder/simulation.h"

namespace mft::autoencoder {

// W1 and the transpose of W2, both H x D row by row (aligned starts: one number per direction), normal with the
// simulation's variance. Balanced and tied starts have equal matrices.
void draw_start(const Simulation& simulation, std::uint32_t trial, std::span<double> first, std::span<double> second);

}  // namespace mft::autoencoder
