#include "train/layers/equilibrium.h"

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/random.h"
#include "core/statistics.h"
#include "train/elementwise.h"
#include "train/layers/kinds.h"

namespace mft::train {
namespace {

// Stream of W: layers far beyond any network's.
constexpr std::size_t kStateStream = std::size_t{1} << 28;

AdjointMethod method_of(const std::string& name) {
  if (name == "neumann") return AdjointMethod::kNeumann;
  if (name == "originalRbp") return AdjointMethod::kOriginalRbp;
  if (name == "conjugateGradient") return AdjointMethod::kConjugateGradient;
  if (name == "unrolled") return AdjointMethod::kUnrolled;
  throw Error("INVALID_ARGUMENT", "layers", "Expected `gradient` of an equilibrium layer to be one it has.");
}

template <typename T>
std::unique_ptr<Layer<T>> make_equilibrium(const LayerFields& f, const LayerPlace& place) {
  const InitialLaw law = InitialLaw::kGaussian;
  return std::make_unique<EquilibriumLayer<T>>(
      EquilibriumShape{place.inputs,
                       f.count("units"),
                       f.flag("hasBiases"),
                       f.activation("activation"),
                       {law, f.variance("inputWeightVariance"), f.variance("biasVariance")},
                       {law, f.variance("recurrentWeightVariance")},
                       f.number("inputForwardMultiplier", 1),
                       f.number("recurrentForwardMultiplier", 1),
                       place.number,
                       f.number("keepProbability", 1),
                       f.number("tolerance"),
                       f.count("updateLimit"),
                       method_of(f.word("gradient")),
                       f.count("terms"),
                       f.number("rowNorm", 0)});
}

[[maybe_unused]] const bool kIsRegistered =
    register_layer("equilibrium", {make_equilibrium<float>, make_equilibrium<double>});

// ||a - b||^2
template <typename T>
double distance_square(const T* a, const T* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace

template <typename T>
EquilibriumLayer<T>::EquilibriumLayer(EquilibriumShape shape)
    : shape_(std::move(shape)),
      input_(shape_.inputs, shape_.units, shape_.has_bias, shape_.input_multiplier),
      state_(shape_.units, shape_.units, false, shape_.state_multiplier) {}

template <typename T>
std::vector<Tensor> EquilibriumLayer<T>::tensors() const {
  std::vector<Tensor> all = input_.tensors("input.");
  for (Tensor& tensor : state_.tensors("recurrent.")) all.push_back(std::move(tensor));
  return all;
}

template <typename T>
std::size_t EquilibriumLayer<T>::update_scratch() const {
  return std::max(input_.update_scratch(), state_.update_scratch());
}

template <typename T>
void EquilibriumLayer<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  const std::size_t input_tensors = std::min<std::size_t>(rates.size(), shape_.has_bias ? 2 : 1);
  input_.bind(block, rates.first(input_tensors));
  const ParameterBlock<T> state = block.from(input_.parameters());
  state_.bind(state, rates.subspan(input_tensors));
  state_values_ = state.values;
}

template <typename T>
void EquilibriumLayer<T>::fix(std::uint64_t seed, std::size_t layer) {
  seed_ = seed;
  layer_ = static_cast<std::uint32_t>(layer);
}

template <typename T>
void EquilibriumLayer<T>::initialise(std::uint64_t seed, std::size_t layer, T* values) const {
  initialise_affine(shape_.input, seed, layer, input_, values);
  T* weights = values + input_.parameters();
  initialise_affine(shape_.state, seed, layer + kStateStream, state_, weights);
  if (shape_.row_norm == 0) return;
  std::vector<T> scratch(shape_.units);
  project_rows(weights, shape_.units, scratch.data());
}

// The nearest point of the l1 ball: |w| less a common number, where that is positive.
template <typename T>
void EquilibriumLayer<T>::project_rows(T* weights, std::size_t rows, T* scratch) const {
  const std::size_t n = shape_.units;
  const double multiplier = std::abs(shape_.state_multiplier);
  const double radius = multiplier > 0 ? shape_.row_norm / multiplier : HUGE_VAL;
  for (std::size_t row = 0; row < rows; ++row) {
    T* w = weights + row * n;
    double norm = 0;
    for (std::size_t i = 0; i < n; ++i) norm += std::abs(static_cast<double>(w[i]));
    if (!(norm > radius)) continue;
    for (std::size_t i = 0; i < n; ++i) scratch[i] = std::abs(w[i]);
    std::sort(scratch, scratch + n, std::greater<T>());
    double sum = 0, cut = 0;
    for (std::size_t k = 0; k < n; ++k) {
      sum += static_cast<double>(scratch[k]);
      const double level = (sum - radius) / static_cast<double>(k + 1);
      if (!(static_cast<double>(scratch[k]) > level)) break;
      cut = level;
    }
    for (std::size_t i = 0; i < n; ++i)
      w[i] = static_cast<T>(std::copysign(std::max(0.0, std::abs(static_cast<double>(w[i])) - cut), w[i]));
  }
}

template <typename T>
void EquilibriumLayer<T>::draw_masks(const Pass<T>& pass, Rows rows, T* tape, std::uint64_t* bits) const {
  const std::size_t n = shape_.units, words = words_for(n), stride = tape_per_row();
  pass.masks->draw(shape_.mask_layer, rows.first, rows.count, n, std::span(bits, rows.count * words));
  const T scale = static_cast<T>(pass.masks->scale(shape_.mask_layer));
  for (std::size_t row = 0; row < rows.count; ++row) {
    T* factors = tape + row * stride + mask();
    std::fill_n(factors, n, T(1));
    elementwise<T>().mask(factors, bits + row * words, scale, n);
  }
}

template <typename T>
void EquilibriumLayer<T>::evaluate(std::size_t rows, const T* input, T* output, T* scratch) const {
  const std::size_t n = shape_.units, stride = evaluation_scratch_per_row();
  input_.forward(rows, {input, shape_.inputs}, false, {scratch + n, stride});
  for (std::size_t row = 0; row < rows; ++row) {
    std::fill_n(scratch + row * stride, n, T(0));
    scratch[row * stride + 2 * n] = T(0);
  }
  const double limit = shape_.tolerance * shape_.tolerance * static_cast<double>(n);
  std::size_t first = 0, end = rows;  // rows outside are at rest
  for (std::size_t t = 0; t < shape_.update_limit && first < end; ++t) {
    for (std::size_t row = first; row < end; ++row) std::copy_n(scratch + row * stride + n, n, output + row * n);
    state_.forward(end - first, {scratch + first * stride, stride}, true, {output + first * n, n});
    for (std::size_t row = first; row < end; ++row) {
      T *state = scratch + row * stride, *next = output + row * n;
      if (state[2 * n] != T(0)) continue;
      activate(shape_.activation, std::span<const T>(next, n), std::span<T>(next, n));
      if (!(distance_square(next, state, n) > limit)) state[2 * n] = T(1);
      std::copy_n(next, n, state);
    }
    while (first < end && scratch[first * stride + 2 * n] != T(0)) ++first;
    while (first < end && scratch[(end - 1) * stride + 2 * n] != T(0)) --end;
  }
  for (std::size_t row = 0; row < rows; ++row) std::copy_n(scratch + row * stride, n, output + row * n);
}

template <typename T>
void EquilibriumLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                                  std::uint64_t* mask_bits) const {
  if (!pass.is_training) return evaluate(rows.count, input, output, tape);
  const std::size_t n = shape_.units, stride = tape_per_row();
  const bool has_mask = is_masked(pass);
  if (has_mask) draw_masks(pass, rows, tape, mask_bits);
  input_.forward(rows.count, {input, shape_.inputs}, false, at(tape, drive()));
  for (std::size_t row = 0; row < rows.count; ++row) {
    std::fill_n(tape + row * stride + state(), n, T(0));
    tape[row * stride + updates()] = T(0);
  }
  const double limit = shape_.tolerance * shape_.tolerance * static_cast<double>(n);
  std::size_t first = 0, end = rows.count;  // rows outside are at rest
  for (std::size_t t = 0; first < end; ++t) {
    const bool is_last = t + 1 == shape_.update_limit;
    const std::size_t bundle = t % bundles();
    for (std::size_t row = first; row < end; ++row) {
      T* own = tape + row * stride;
      if (own[updates()] != T(0)) continue;
      T* fed = own + masked_state(bundle);
      if (has_mask)
        elementwise<T>().multiply(own + state(), own + mask(), fed, n);
      else
        std::copy_n(own + state(), n, fed);
      std::copy_n(own + drive(), n, output + row * n);
    }
    state_.forward(end - first, from(tape + first * stride, masked_state(bundle)), true, {output + first * n, n});
    for (std::size_t row = first; row < end; ++row) {
      T* own = tape + row * stride;
      if (own[updates()] != T(0)) continue;
      const T* z = output + row * n;
      T* next = own + delta(bundle);
      activate_both(shape_.activation, std::span<const T>(z, n), std::span<T>(next, n),
                    std::span<T>(own + slope(bundle), n));
      const double residual = distance_square(next, own + state(), n);
      std::copy_n(next, n, own + state());
      // A residual that is no number does not become one: the loss will say so.
      if (residual > limit && !is_last) continue;
      own[updates()] = static_cast<T>(t + 1);
      std::copy_n(z, n, own + drive());
      if (pass.counts == nullptr) continue;
      pass.counts[3 * row] = static_cast<double>(t + 1);
      pass.counts[3 * row + 1] = residual <= limit ? 0 : 1;
    }
    while (first < end && tape[first * stride + updates()] != T(0)) ++first;
    while (first < end && tape[(end - 1) * stride + updates()] != T(0)) --end;
  }
  if (pass.statistics) {
    for (std::size_t row = 0; row < rows.count; ++row) std::copy_n(tape + row * stride + drive(), n, output + row * n);
    record_values(pass.statistics, rows, output, n);
  }
  for (std::size_t row = 0; row < rows.count; ++row) std::copy_n(tape + row * stride + state(), n, output + row * n);
  if (shape_.method != AdjointMethod::kOriginalRbp) return;
  const Stream stream{seed_, pass.step, layer_, Purpose::kAdjointStart};
  std::array<double, 256> drawn;
  for (std::size_t row = 0; row < rows.count; ++row)
    for (std::size_t i = 0; i < n; i += drawn.size()) {
      const std::size_t count = std::min(drawn.size(), n - i);
      random_uniforms(stream, pass.row_number(rows.first + row) * n + i, std::span(drawn).first(count));
      std::copy_n(drawn.begin(), count, tape + row * stride + start() + i);
    }
}

template <typename T>
void EquilibriumLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error,
                                   T* tape) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  const bool has_mask = is_masked(pass);
  switch (shape_.method) {
    case AdjointMethod::kNeumann:
      solve_neumann(has_mask, rows.count, output_error, tape, pass.counts);
      break;
    case AdjointMethod::kOriginalRbp:
      solve_original(has_mask, rows.count, output_error, tape, pass.counts);
      break;
    case AdjointMethod::kConjugateGradient:
      solve_conjugate_gradient(has_mask, rows.count, output_error, tape, pass.counts);
      break;
    case AdjointMethod::kUnrolled:
      go_back(has_mask, rows.count, output_error, tape, pass.counts);
      break;
  }
  const std::size_t through = is_unrolled() ? delta_sum() : delta(0);
  for (std::size_t row = 0; row < rows.count; ++row) {
    T* own = tape + row * stride;
    if (!is_unrolled()) elementwise<T>().multiply(own + slope(0), own + state(), own + delta(0), n);
    if (pass.statistics)
      pass.statistics.error_square[rows.first + row] = sum_of_squares(std::span<const T>(own + through, n));
  }
  if (input_error != nullptr) input_.backward(rows.count, from(tape, through), T(0), {input_error, shape_.inputs});
}

template <typename T>
template <typename Body>
auto EquilibriumLayer<T>::with_tile(std::size_t tile, const T* input, const T* tape, Body body) const {
  const std::size_t own = input_.update_tiles(), n = shape_.units;
  if (tile < own)
    return body(input_, tile, RowView<const T>{input, shape_.inputs},
                from(tape, is_unrolled() ? delta_sum() : delta(0)), std::size_t{1});
  if (!is_unrolled())
    return body(state_, tile - own, from(tape, masked_state(0)), from(tape, delta(0)), std::size_t{1});
  return body(state_, tile - own, RowView<const T>{tape, 3 * n}, RowView<const T>{tape + 2 * n, 3 * n}, bundles() + 2);
}

template <typename T>
void EquilibriumLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                 const Update<T>& step, T* scratch) const {
  with_tile(tile, input, tape,
            [&](const Affine<T>& affine, std::size_t part, RowView<const T> fed, RowView<const T> delta,
                std::size_t positions) { affine.update(part, batch * positions, fed, delta, step, scratch); });
  if (tile < input_.update_tiles() || shape_.row_norm == 0) return;
  const auto [first, rows] = state_.tile_at(tile - input_.update_tiles());
  if (rows > 0) project_rows(state_values_ + first * shape_.units, rows, scratch);
}

template <typename T>
double EquilibriumLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                             T* scratch) const {
  return with_tile(tile, input, tape,
                   [&](const Affine<T>& affine, std::size_t part, RowView<const T> fed, RowView<const T> delta,
                       std::size_t positions) {
                     return affine.squared_gradient(part, batch * positions, fed, delta, scratch, positions);
                   });
}

template <typename T>
bool EquilibriumLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                       T* scratch) const {
  return with_tile(
      tile, input, tape,
      [&](const Affine<T>& affine, std::size_t part, RowView<const T> fed, RowView<const T> delta,
          std::size_t positions) { return affine.has_gradient(part, batch * positions, fed, delta, scratch); });
}

template class EquilibriumLayer<float>;
template class EquilibriumLayer<double>;

}  // namespace mft::train
