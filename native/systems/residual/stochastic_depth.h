// Means over the branches that stochastic depth keeps. Which of them are kept leaves the second moment of a layer
// random at every width: p' = kappa^2 p + (sigma_v^2 V(q(p)) + sigma_a^2) / tau^2 with probability tau, else kappa^2 p.
#pragma once
#include "core/control.h"
#include "systems/residual/moments.h"
#include "systems/residual/recurrence.h"

namespace mft::residual {

// Writes the means (3.11) over what the recurrence with the mean factor 1/tau has left in `result`. Functions that grow
// linearly: V is linear in p and V' constant, the means of products are products of means. Else the law of log p is
// carried from layer to layer on a lattice, and the gradients back over the same lattice. Error: 1e-9 a block,
// relative. Throws NOT_FINITE naming the layer, Cancelled.
void average_over_branches(const Network& network, double second_moment, Moments& moments, const Control& control,
                           Recurrence& result);

}  // namespace mft::residual
