// System `residual`: exact simulation of random residual networks with the true backward pass (the same weights forward
// and backward, projections included).
//
// Engines (same observables, same law):
//   conditioned  never forms a weight matrix: core/conditioning.h;
//   dense        draws every weight in tiles, once forward and again backward: memory of the order of the widths.
//
// Every number drawn is a function of (seed, trial, block, purpose): a trial's row does not depend on threads nor on
// how trials are split over calls.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/trials.h"
#include "systems/residual/recurrence.h"

namespace mft::residual {

// The order of the enumeration is that of its words in node/residual.cc.
enum class Engine : int { kConditioned = 0, kDense = 1 };

struct Simulation {
  Network network;
  std::size_t inputs = 2;  // 1 or 2
  // Drawn inputs: |x_a|^2 = N_0 second_moment and cosine 1 - angular_deficit exactly, directions uniform; or vectors
  // (inputs x N_0), the same in every trial.
  double second_moment = 1.0;
  double angular_deficit = 0.5;
  std::vector<double> vectors;

  Engine engine = Engine::kConditioned;
  std::uint64_t seed = 0;
  TrialRange range;
};

// A row holds one trial. The gradient of the last layer is one random vector for all inputs; gradients are relative to
// its norm. n = inputs, pairs = n - 1. Layers l = 0..L, each
//     logSquaredNorm n      log |x_a|^2
//     logGradient    n      log |dE_a/dx_a|^2 / |dE_a/dx_L|^2
//     logDistance    pairs  log |x_0 - x_1|^2; -Infinity for equal vectors
// then blocks l = 1..L, each
//     logPreactivation n      log |h_a|^2
//     logActivation    n      log |phi(h_a)|^2
//     logHidden        n      log |dE_a/dh_a|^2 / |dE_a/dx_L|^2
//     correlation      pairs  h_0 . h_1 / ((|h_0|^2 + |h_1|^2) / 2)
//     logBranch        n      log (b / tau)^2; only under stochastic depth
// phi(h) is masked.
// Nothing is ever NaN; a correlation of two zero vectors is 1.
struct RowLayout {
  std::size_t inputs = 0, pairs = 0, depth = 0;
  std::size_t branches = 0;  // inputs under stochastic depth, else 0
  std::size_t layer_stride = 0, block_stride = 0;
  std::size_t row_length = 0;
  double* layer(std::span<double> row, std::size_t l) const { return row.data() + l * layer_stride; }
  double* block(std::span<double> row, std::size_t l) const {
    return row.data() + (depth + 1) * layer_stride + (l - 1) * block_stride;
  }
};
RowLayout row_layout(const Simulation& simulation);

// The same as a table for whoever reads the rows.
RowTable row_table(const Simulation& simulation);

// Throws Error naming the parameter.
void validate(const Simulation& simulation);

// Bytes the call will hold at most, rows and all workers included.
double memory_estimate(const Simulation& simulation);

// rows: trials * row_length doubles, trial t at row t - range.first. Throws Error (also NOT_FINITE naming layer and
// trial) and Cancelled. One progress unit per trial.
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::residual
