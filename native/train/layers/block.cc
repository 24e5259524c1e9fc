#include "train/layers/block.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/product.h"
#include "train/elementwise.h"
#include "train/layers/kinds.h"

namespace mft::train {
namespace {

// Streams of the block's second matrix and of its projection: layers far beyond any network's.
constexpr std::size_t kOuterStream = std::size_t{1} << 28;
constexpr std::size_t kProjectionStream = std::size_t{1} << 29;

template <typename T>
std::unique_ptr<Layer<T>> make_block(const LayerFields& f, const LayerPlace& place) {
  const auto initial = [&](const std::string& part) {
    return Initial{InitialLaw::kGaussian, f.variance(part + "WeightVariance"), f.variance(part + "BiasVariance")};
  };
  return std::make_unique<ResidualLayer<T>>(
      ResidualShape{place.inputs, f.count("hidden"), f.count("units"), f.flag("hasBiases"), f.flag("hasOuter"),
                    f.number("skip"), f.activation("activation"), initial("inner"), initial("outer"),
                    f.number("innerForwardMultiplier", 1), f.number("outerForwardMultiplier", 1), place.number,
                    f.number("keepProbability", 1), f.number("branchKeepProbability", 1)});
}

[[maybe_unused]] const bool kIsRegistered = register_layer("block", {make_block<float>, make_block<double>});

}  // namespace

template <typename T>
ResidualLayer<T>::ResidualLayer(ResidualShape shape)
    : shape_(std::move(shape)),
      inner_(shape_.inputs, shape_.hidden, shape_.has_bias, shape_.inner_multiplier),
      outer_(shape_.has_outer ? Affine<T>(shape_.hidden, shape_.outputs, shape_.has_bias, shape_.outer_multiplier)
                              : Affine<T>()) {}

template <typename T>
std::size_t ResidualLayer<T>::update_scratch() const {
  return std::max(inner_.update_scratch(), outer_.update_scratch());
}

template <typename T>
std::vector<Tensor> ResidualLayer<T>::tensors() const {
  std::vector<Tensor> all = inner_.tensors("inner.");
  if (!shape_.has_outer) return all;
  const std::vector<Tensor> outer = outer_.tensors("outer.");
  all.insert(all.end(), outer.begin(), outer.end());
  return all;
}

template <typename T>
std::vector<Tensor> ResidualLayer<T>::fixed_tensors() const {
  if (!has_projection()) return {};
  return {{"projection", {shape_.outputs, shape_.inputs}}};
}

template <typename T>
void ResidualLayer<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  const std::size_t inner_tensors = std::min<std::size_t>(rates.size(), shape_.has_bias ? 2 : 1);
  inner_.bind(block, rates.first(inner_tensors));
  outer_.bind(block.from(inner_.parameters()), rates.subspan(inner_tensors));
}

template <typename T>
void ResidualLayer<T>::fix(std::uint64_t seed, std::size_t layer) {
  projection_.resize(fixed_numbers());
  if (has_projection())
    initialise_weights(Initial{}, seed, layer + kProjectionStream, shape_.outputs, shape_.inputs, projection_.data());
}

template <typename T>
void ResidualLayer<T>::initialise(std::uint64_t seed, std::size_t layer, T* values) const {
  initialise_affine(shape_.inner, seed, layer, inner_, values);
  if (shape_.has_outer)
    initialise_affine(shape_.outer, seed, layer + kOuterStream, outer_, values + inner_.parameters());
}

template <typename T>
void ResidualLayer<T>::scale_branches(const Pass<T>& pass, Rows rows, T* output, T* tape, std::uint64_t* bits) const {
  const std::size_t units = shape_.outputs, stride = tape_per_row();
  const std::size_t mask_layer = kBranchMasks + shape_.mask_layer;
  pass.masks->draw(mask_layer, rows.first, rows.count, 1, std::span(bits, rows.count));
  const T scale = static_cast<T>(pass.masks->scale(mask_layer));
  for (std::size_t row = 0; row < rows.count; ++row) {
    const T factor = (bits[row] & 1) != 0 ? scale : T(0);
    tape[row * stride + stride - 1] = factor;
    elementwise<T>().scale(factor, output + row * units, units);
  }
}

template <typename T>
void ResidualLayer<T>::add_shortcut(std::size_t rows, const T* input, T* output) const {
  const std::size_t units = shape_.outputs;
  if (has_projection())
    matrix_product(false, true, rows, units, shape_.inputs, T(1), input, shape_.inputs, projection_.data(),
                   shape_.inputs, T(1), output, units);
  else
    for (std::size_t i = 0; i < rows * units; ++i) output[i] += static_cast<T>(shape_.skip) * input[i];
}

template <typename T>
void ResidualLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                               std::uint64_t* mask_bits) const {
  const std::size_t hidden = shape_.hidden, units = shape_.outputs, stride = pass.is_training ? tape_per_row() : hidden;
  const Elementwise<T>& loops = elementwise<T>();
  inner_.forward(rows.count, {input, shape_.inputs}, false, {tape, stride});
  for (std::size_t row = 0; row < rows.count; ++row) {
    const std::span<T> values(tape + row * stride, hidden);
    if (pass.is_training)
      activate_both(shape_.activation, std::span<const T>(values), values,
                    std::span<T>(values.data() + hidden, hidden));
    else
      activate(shape_.activation, std::span<const T>(values), values);
  }
  const bool has_masks = pass.is_training && pass.masks != nullptr;
  if (has_masks && pass.masks->masks(shape_.mask_layer)) {
    const std::size_t words = words_for(hidden);
    pass.masks->draw(shape_.mask_layer, rows.first, rows.count, hidden, std::span(mask_bits, rows.count * words));
    const T scale = static_cast<T>(pass.masks->scale(shape_.mask_layer));
    for (std::size_t row = 0; row < rows.count; ++row)
      loops.mask_both(tape + row * stride, tape + row * stride + hidden, mask_bits + row * words, scale, hidden);
  }
  if (has_masks && drops_branch()) {
    outer_.forward(rows.count, {tape, stride}, false, {output, units});
    scale_branches(pass, rows, output, tape, mask_bits);
    add_shortcut(rows.count, input, output);
    record_values(pass.statistics, rows, output, units);
    return;
  }
  if (has_projection()) {
    matrix_product(false, true, rows.count, units, shape_.inputs, T(1), input, shape_.inputs, projection_.data(),
                   shape_.inputs, T(0), output, units);
  } else {
    std::copy_n(input, rows.count * units, output);
    if (shape_.skip != 1) loops.scale(static_cast<T>(shape_.skip), output, rows.count * units);
  }
  if (shape_.has_outer) {
    outer_.forward(rows.count, {tape, stride}, true, {output, units});
  } else {
    for (std::size_t row = 0; row < rows.count; ++row) loops.add(tape + row * stride, output + row * units, units);
  }
  record_values(pass.statistics, rows, output, units);
}

template <typename T>
void ResidualLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const {
  const std::size_t hidden = shape_.hidden, units = shape_.outputs, stride = tape_per_row();
  const Elementwise<T>& loops = elementwise<T>();
  record_errors(pass.statistics, rows, output_error, units);
  if (drops_branch()) {
    for (std::size_t row = 0; row < rows.count; ++row) {
      T* branch = tape + row * stride + 3 * hidden;
      std::copy_n(output_error + row * units, units, branch);
      loops.scale(branch[units], branch, units);
    }
    outer_.backward(rows.count, {tape + 3 * hidden, stride}, T(0), {tape + 2 * hidden, stride});
  } else if (shape_.has_outer) {
    outer_.backward(rows.count, {output_error, units}, T(0), {tape + 2 * hidden, stride});
  }
  for (std::size_t row = 0; row < rows.count; ++row) {
    const T* derivative = tape + row * stride + hidden;
    T* delta = tape + row * stride + 2 * hidden;
    loops.multiply(shape_.has_outer ? delta : output_error + row * units, derivative, delta, hidden);
    if (shape_.has_outer && !drops_branch()) std::copy_n(output_error + row * units, units, delta + hidden);
  }
  if (input_error == nullptr) return;
  if (has_projection()) {
    matrix_product(false, false, rows.count, shape_.inputs, units, T(1), output_error, units, projection_.data(),
                   shape_.inputs, T(0), input_error, shape_.inputs);
  } else {
    std::copy_n(output_error, rows.count * units, input_error);
    if (shape_.skip != 1) loops.scale(static_cast<T>(shape_.skip), input_error, rows.count * units);
  }
  inner_.backward(rows.count, {tape + 2 * hidden, stride}, T(1), {input_error, shape_.inputs});
}

template <typename T>
template <typename Body>
auto ResidualLayer<T>::with_tile(std::size_t tile, const T* input, const T* tape, Body body) const {
  const std::size_t stride = tape_per_row();
  if (tile < inner_.update_tiles())
    return body(inner_, tile, RowView<const T>{input, shape_.inputs},
                RowView<const T>{tape + 2 * shape_.hidden, stride});
  return body(outer_, tile - inner_.update_tiles(), RowView<const T>{tape, stride},
              RowView<const T>{tape + 3 * shape_.hidden, stride});
}

template <typename T>
void ResidualLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
                              T* scratch) const {
  with_tile(tile, input, tape,
            [&](const Affine<T>& affine, std::size_t part, RowView<const T> from, RowView<const T> delta) {
              affine.update(part, batch, from, delta, step, scratch);
            });
}

template <typename T>
double ResidualLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                          T* scratch) const {
  return with_tile(tile, input, tape,
                   [&](const Affine<T>& affine, std::size_t part, RowView<const T> from, RowView<const T> delta) {
                     return affine.squared_gradient(part, batch, from, delta, scratch);
                   });
}

template <typename T>
bool ResidualLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                    T* scratch) const {
  return with_tile(tile, input, tape,
                   [&](const Affine<T>& affine, std::size_t part, RowView<const T> from, RowView<const T> delta) {
                     return affine.has_gradient(part, batch, from, delta, scratch);
                   });
}

template class ResidualLayer<float>;
template class ResidualLayer<double>;

}  // namespace mft::train
