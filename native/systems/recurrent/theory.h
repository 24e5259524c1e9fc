// Mean field theory of the cells with untied weights: moments of the state step by step, fixed points, pairs of
// sequences, first and second moments of the state-to-state Jacobian. The lstm's cell state has no closed moments:
// lstm.h.
#pragma once
#include <cstddef>
#include <optional>
#include <vector>

#include "core/control.h"
#include "systems/recurrent/cell.h"
#include "systems/recurrent/unit_moments.h"

namespace mft::recurrent {

// Of the state of one unit (h; of the peephole cell c).
struct StateMoments {
  double second = 0;  // Q = E h^2
  double mean = 0;    // E h
};

struct FixedPoint {
  StateMoments state;
  bool is_stable = true;
};

struct PairPoint {
  double covariance = 0;                // Q12 = E h_a h_b
  double susceptibility_minus_one = 0;  // chi - 1
  bool is_at_unity = false;             // Q12 = Q
};

struct JacobianMoments {
  double first_minus_one = 0;    // m1 - 1
  std::optional<double> second;  // m2; not derived for a GRU with reset_after
};

// The gates of a cell at one state, computed once and used for everything that follows from that state.
struct Gates {
  std::array<UnitMoments, kGates> of{};
  std::array<double, kGates> variance{};
};

class Theory {
 public:
  explicit Theory(const Cell& cell);
  const Cell& cell() const { return cell_; }

  Gates gates(double second) const;
  // The moments one step later.
  StateMoments next(const StateMoments& state) const;
  StateMoments next(const StateMoments& state, const Gates& gates) const;
  // The Q and E h that would stand still if the gates kept the statistics they have at this Q: fixed points have both
  // equal.
  StateMoments settled(double second) const;
  // Ascending. Throws NO_FIXED_POINT when the state diverges.
  std::vector<FixedPoint> fixed_points(const Control& control) const;

  // d Q' / d Q at fixed statistics of the mean (minimal), d q' / d q (vanilla).
  double variance_map_slope(const StateMoments& state) const;

  // Q12 one step later, and its derivative minus one.
  double next_covariance(const StateMoments& state, double covariance, double input_covariance) const;
  double susceptibility_minus_one(const StateMoments& state, double covariance, double input_covariance) const;
  // The stable fixed point of the pair at a fixed point of the state.
  PairPoint pair_fixed_point(const StateMoments& state, double input_correlation) const;

  // chi_1 - 1 for the step that starts from this state.
  double chi1_minus_one(const StateMoments& state) const;
  double chi1_minus_one(const StateMoments& state, const Gates& gates) const;
  // chi_1 itself, which chi_1 - 1 rounds away where it is small.
  double chi1(const StateMoments& state) const;
  // The step that starts from this state, with the fourth (and of the GRU third) moments of the state.
  JacobianMoments jacobian(const StateMoments& state, double third, double fourth) const;
  // Stationary third and fourth moments of h.
  double third_moment(const StateMoments& state) const;
  double fourth_moment(const StateMoments& state) const;
  // E h^4 one step later, minimal only.
  double next_fourth_moment(const StateMoments& state, double fourth) const;

  // Roots of chi_1 = 1 in sigma_w^2 (vanilla, minimal: all of them, through q; else the common recurrent variance).
  std::vector<double> critical_recurrent_variances(const Control& control) const;
  // Roots of chi_1 = 1 in the mean of the first gate's bias within [low, high], on the branch that starts from zero.
  std::vector<double> critical_bias_means(double low, double high, const Control& control) const;

 private:
  UnitFunction gate_function() const;
  double map_ratio(double second) const;  // log of settled(second) / second
  double upper_end() const;
  UnitMoments candidate_after_reset(double second) const;
  UnitPair candidate_pair(const StateMoments& state, double covariance, double input_covariance) const;
  double candidate_pair_product(const StateMoments& state, double covariance, double input_covariance) const;

  Cell cell_;
  bool has_candidate_after_reset() const { return cell_.kind == CellKind::kGru && cell_.reset_after; }
};

// Normalised second moments m2/m1^2 of the products of 1, 2, ... steps along states[0..], stationary or not. Vanilla:
// free product; minimal: exact recursion; otherwise only the first step is known and the list is shorter.
std::vector<double> product_second_moments(const Theory& theory, const std::vector<StateMoments>& states,
                                           const std::vector<double>& fourth_moments);

}  // namespace mft::recurrent
