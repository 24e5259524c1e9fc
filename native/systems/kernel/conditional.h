// E phi phi of a layer of random weights given what enters it: the normal part of the weights is integrated in closed
// form, only what mixes it (a scale of a weight or of a row) is drawn, or summed over where it takes few values. Where
// E phi phi has a derivative in closed form, what it moves by to first order in the scales, whose mean is 1, is taken
// off: it has mean 0.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/activation.h"
#include "systems/kernel/pair_derivatives.h"
#include "systems/kernel/weights.h"

namespace mft::kernel {

// A layer with `units` rows of weights of variance factor for every one of `columns` components of hidden vectors
// (inputs x columns), and biases of variance `bias`.
struct ConditionalLayer {
  std::uint32_t trial = 0, layer = 0;
  std::size_t units = 1, inputs = 1, columns = 1;
  const double* hidden = nullptr;
  double factor = 1, bias = 0;
};

class ConditionalKernels {
 public:
  ConditionalKernels(Law law, double parameter, std::uint64_t seed, const Activation& activation);

  // inputs x inputs means of phi phi, symmetric; false where the law gives none (signs of wide layers, or with biases).
  bool average(const ConditionalLayer& layer, std::span<double> means);

  // Throws Error (UNSUPPORTED) for an activation without a closed form, or a law that mixes no normal weights.
  static void require(Law law, const Activation& activation, bool has_biases);
  // Doubles of the workspace.
  static std::size_t room(std::size_t inputs, std::size_t columns);

 private:
  bool is_free(double bias) const;
  void add_rows(const ConditionalLayer& layer, const double* scales, std::size_t count, const double* shares);
  bool gains_by_center() const;
  void set_center(const ConditionalLayer& layer);
  void add_signs(const ConditionalLayer& layer);
  void add_sparse(const ConditionalLayer& layer);
  double own(double q) const;
  double pair(double q1, double q2, double k) const;

  Law law_;
  double parameter_;
  Activation activation_;
  bool is_homogeneous_;
  double at_zero_;
  std::optional<PairFunction> function_;  // with derivatives
  bool is_centered_ = false;
  std::vector<PairPoint> points_;  // inputs x inputs (i >= j) where every scale is 1
  std::vector<PairDerivatives> slopes_;
  WeightRows rows_;
  std::vector<double> scales_, squares_, diagonal_, products_, weighted_, sums_, shares_;
};

}  // namespace mft::kernel
