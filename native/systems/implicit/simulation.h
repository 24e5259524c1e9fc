// Exact simulation of system `implicit`: random equilibrium layers h = phi(W (m h)/p + u), solved forward by plain
// iteration from h = 0 and backward by the Neumann series of (I - J)^T z = g.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/activation.h"
#include "core/control.h"
#include "core/trials.h"

namespace mft::implicit {

struct Simulation {
  Activation activation;
  double weight_variance = 1;   // of a weight times the width
  double input_variance = 1;    // of the drive u
  double keep_probability = 1;  // p: the mask m is drawn once per trial and stays for the whole solve
  std::size_t width = 1;
  std::size_t terms = 1;  // terms of the series, and iterations from 0, that are recorded
  std::uint64_t seed = 0;
  TrialRange range;
};

// Not-a-number stands where a trial has no value: iteration or series did not settle within kMostSteps steps.
inline constexpr std::size_t kMostSteps = 4000;

RowTable row_table(const Simulation& simulation);
double memory_estimate(const Simulation& simulation);  // bytes of the engines, without the rows
void simulate(const Simulation& simulation, const Control& control, std::span<double> rows);

}  // namespace mft::implicit
