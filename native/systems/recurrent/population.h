// The exact one-site process of an infinitely wide network, sampled: pre-activations are Gaussian over all times with
// the covariances W keeps between them when it is shared over time ("tied"), or independent over time ("untied").
//
// Given two sequences that are exchangeable, (e_a + e_b)/sqrt 2 and (e_a - e_b)/sqrt 2 are independent; a small random
// perturbation of the first is independent of both. Each of the three has its own covariance over time, built from the
// sampled states and factored row by row.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/control.h"
#include "core/trials.h"
#include "systems/recurrent/cell.h"

namespace mft::recurrent {

struct SiteProcess {
  Cell cell;
  bool is_tied = true;
  double input_correlation = 0;
  double start_variance = 0;     // of h at time 0 (lstm: of c), Gaussian
  double start_correlation = 1;  // between the sequences
  std::size_t steps = 1;
  std::size_t sites = 1;  // samples of a population
  std::uint64_t seed = 1;
  std::uint32_t first = 0;      // index of the first population
  std::size_t populations = 1;  // independent: their scatter is the standard error
  int threads = 1;
};

// A row per population: stateVariance, stateCovariance and perturbation (mean square over its start), times 0..steps.
std::size_t site_row_length(const SiteProcess& process);
double site_memory(const SiteProcess& process);  // bytes of one population
void sample_sites(const SiteProcess& process, const Control& control, std::span<double> rows);

// E h_t^2 for t = 1..3 of a tied minimal cell from the zero state, by quadrature over at most three pre-activations;
// relative error 1e-12.
std::array<double, 3> tied_minimal_moments(const Cell& cell);

}  // namespace mft::recurrent
