// Exact simulation of system `recurrent`: networks of N units with real matrices, shared over time or drawn anew at
// each step, two input sequences, and small perturbations of the first state carried along.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/control.h"
#include "core/trials.h"
#include "systems/recurrent/cell.h"

namespace mft::recurrent {

struct Simulation {
  Cell cell;
  bool is_tied = true;
  bool has_jacobian = false;         // carries the whole Jacobian of the first state, not one direction
  bool has_singular_values = false;  // those of the last step alone, and nothing else
  double input_correlation = 0;
  double start_variance = 0;
  double start_correlation = 1;
  std::size_t width = 100;
  std::size_t input_width = 100;
  std::size_t steps = 10;
  std::uint64_t seed = 0;
  TrialRange range;
};

RowTable row_table(const Simulation& simulation);
double memory_estimate(const Simulation& simulation);  // bytes of the engines, without the rows
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::recurrent
