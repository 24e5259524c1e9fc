// The cells of system `recurrent`: kinds, gates and the law of the inputs, as the theory and the simulation take them.
#pragma once
#include <array>
#include <cstddef>

#include "core/gaussian.h"

namespace mft::recurrent {

enum class CellKind { kVanilla = 0, kMinimal, kGru, kPeepholeLstm, kLstm, kMinGru, kMinLstm };
enum class GateFunction { kLogistic = 0, kProbit };

// One pre-activation: W ~ N(0, recurrent/N), V ~ N(0, input/M), b ~ N(bias_mean, bias_variance).
struct Gate {
  double recurrent = 1;
  double input = 1;
  double bias_variance = 0;
  double bias_mean = 0;

  double variance(double state_second, double input_variance) const {
    return recurrent * state_second + input * input_variance + bias_variance;
  }
  double covariance(double state_covariance, double input_covariance) const {
    return recurrent * state_covariance + input * input_covariance + bias_variance;
  }
};

constexpr std::size_t kGates = 4;

// Gates in their order: vanilla, minimal: the one; gru: z, r, g; peephole and lstm: i, f, g, o; minGru: z, g;
// minLstm: i, f, g. The rest is not read.
struct Cell {
  CellKind kind = CellKind::kVanilla;
  GaussianFunction function;  // vanilla: phi, shifted by the mean of the bias
  GateFunction gate = GateFunction::kLogistic;
  bool reset_after = false;             // gru: r acts on W_g h + b_hn, not on h
  double candidate_recurrent_bias = 0;  // gru with reset_after: variance of b_hn
  std::array<Gate, kGates> gates{};
  double input_variance = 1;       // R
  double input_fourth_moment = 3;  // E x^4
  bool is_orthogonal = false;      // recurrent weights sigma O with O Haar
};

inline std::size_t gates_of(const Cell& cell) {
  constexpr std::array<std::size_t, 7> kCounts = {1, 1, 3, 3, 4, 2, 3};
  return kCounts[static_cast<std::size_t>(cell.kind)];
}

}  // namespace mft::recurrent
