// The layer that runs to rest: h* = phi(W s + U x + c) with s = (m / rho) o h*, the mask m drawn once for a solve, and
// the gradient through h* by the adjoint system (I - J)^T z = g, J = D W (m / rho), D = diag phi'.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "core/activation.h"
#include "train/affine.h"
#include "train/initialise.h"
#include "train/layer.h"

namespace mft::train {

// How z is found. Unrolled: back through the last `terms` updates, whose states the tape keeps; terms >= limit is whole
// back-propagation through time. The others keep the state at rest only.
enum class AdjointMethod : std::uint8_t { kNeumann, kOriginalRbp, kConjugateGradient, kUnrolled };

struct EquilibriumShape {
  std::size_t inputs = 0;
  std::size_t units = 0;
  bool has_bias = true;
  Activation activation;
  Initial input, state;                               // of U and c, of W
  double input_multiplier = 1, state_multiplier = 1;  // of U x and W s
  std::size_t mask_layer = 0;
  double keep_probability = 1;
  // A row is at rest where ||F(h) - h|| <= tolerance sqrt(units); an adjoint is found where its residual is at most
  // tolerance ||g||.
  double tolerance = 1e-5;
  std::size_t update_limit = 100;
  AdjointMethod method = AdjointMethod::kNeumann;
  // Terms of the series, products of the original iteration, iterations of the conjugate gradient, updates gone back.
  std::size_t terms = 10;
  // After every update rows of W are projected onto the l1 ball of this radius: ||W||_inf <= radius. 0: they are not.
  double row_norm = 0;
};

// Parameters: U (units x inputs), c, then W (units x units). A row's bits do not depend on the rows beside it: one that
// is at rest is left alone. Statistics are those of the pre-activations at rest and of dE/d(pre-activation).
// Tape of a row: slots of `units` numbers. A bundle is (s, D, delta) of one update; `bundles` of them, the update t in
// number t mod bundles; then the slots below, those of masks and of a start only where there are any. Unrolled, all
// deltas of a row lie a bundle apart, so that the gradient of W is one product: the third slots behind the bundles then
// stay 0.
template <typename T>
class EquilibriumLayer final : public Layer<T> {
 public:
  explicit EquilibriumLayer(EquilibriumShape shape);
  std::size_t inputs() const override { return shape_.inputs; }
  std::size_t outputs() const override { return shape_.units; }
  std::size_t parameters() const override { return input_.parameters() + state_.parameters(); }
  std::vector<Tensor> tensors() const override;
  double keep_probability() const override { return shape_.keep_probability; }
  std::size_t tape_per_row() const override {
    return is_unrolled() ? 3 * shape_.units * (bundles() + 2) : slot(slots()) + kTailNumbers;
  }
  std::size_t evaluation_scratch_per_row() const override { return 2 * shape_.units + 1; }
  std::size_t mask_words(std::size_t rows) const override {
    return shape_.keep_probability < 1 ? rows * words_for(shape_.units) : 0;
  }
  // F evaluated, rows that did not come to rest, products with J or its transpose.
  std::vector<std::string> counters() const override { return {"updates", "unsettled", "products"}; }
  std::size_t update_scratch() const override;
  std::size_t update_tiles() const override { return input_.update_tiles() + state_.update_tiles(); }
  std::size_t initialisation_scratch() const override {
    return train::initialisation_scratch(shape_.state, shape_.units, shape_.units);
  }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override;
  void fix(std::uint64_t seed, std::size_t layer) override;
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override;
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
               std::uint64_t* mask_bits) const override;
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override;
  void update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
              T* scratch) const override;
  double squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                          T* scratch) const override;
  bool has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const override;

 private:
  static constexpr std::size_t kTailNumbers = 2;
  bool is_unrolled() const { return shape_.method == AdjointMethod::kUnrolled; }
  std::size_t bundles() const { return is_unrolled() ? std::min(shape_.terms, shape_.update_limit) : 1; }
  std::size_t slot(std::size_t index) const { return index * shape_.units; }
  // Places in the tape of a row.
  std::size_t masked_state(std::size_t bundle) const { return slot(3 * bundle); }
  std::size_t slope(std::size_t bundle) const { return slot(3 * bundle + 1); }
  std::size_t delta(std::size_t bundle) const { return slot(3 * bundle + 2); }
  std::size_t state() const { return slot(3 * bundles()); }          // backward: the adjoint, or the error on its way
  std::size_t delta_sum() const { return slot(3 * bundles() + 1); }  // unrolled only; forward: its number of updates
  std::size_t first_free() const { return is_unrolled() ? slot(3 * bundles() + 2) : slot(4); }
  std::size_t drive() const {
    return is_unrolled() ? slot(3 * bundles() + 3) : slot(5);
  }  // U x + c; at rest: before phi
  std::size_t mask() const { return is_unrolled() ? slot(3 * bundles() + 4) : slot(6); }
  std::size_t start() const { return slot(slots() - 1); }  // of the original iteration, and of conjugate gradient
  std::size_t slots() const {
    const bool has_start =
        shape_.method == AdjointMethod::kOriginalRbp || shape_.method == AdjointMethod::kConjugateGradient;
    return 6 + (shape_.keep_probability < 1 ? 1 : 0) + (has_start ? 1 : 0);
  }
  std::size_t updates() const { return is_unrolled() ? delta_sum() : slot(slots()); }
  bool is_masked(const Pass<T>& pass) const { return pass.masks != nullptr && pass.masks->masks(shape_.mask_layer); }
  // Rows of a view into the tape.
  RowView<T> at(T* tape, std::size_t place) const { return {tape + place, tape_per_row()}; }
  RowView<const T> from(const T* tape, std::size_t place) const { return {tape + place, tape_per_row()}; }

  void draw_masks(const Pass<T>& pass, Rows rows, T* tape, std::uint64_t* bits) const;
  void evaluate(std::size_t rows, const T* input, T* output, T* scratch) const;
  void solve_neumann(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const;
  void solve_original(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const;
  void solve_conjugate_gradient(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const;
  void go_back(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const;
  // product <- J^T v; the third slot of the bundle is overwritten.
  void transposed_product(bool has_mask, std::size_t rows, std::size_t v, std::size_t product, T* tape) const;
  // product <- J v
  void product(bool has_mask, std::size_t rows, std::size_t v, std::size_t product, T* tape) const;
  void project_rows(T* weights, std::size_t rows, T* scratch) const;
  // body(affine, tile of it, inputs, deltas, positions)
  template <typename Body>
  auto with_tile(std::size_t tile, const T* input, const T* tape, Body body) const;

  EquilibriumShape shape_;
  Affine<T> input_, state_;
  T* state_values_ = nullptr;
  std::uint64_t seed_ = 0;
  std::uint32_t layer_ = 0;
};

}  // namespace mft::train
