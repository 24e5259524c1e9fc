#include "train/layers/dense.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/error.h"
#include "train/elementwise.h"
#include "train/layers/kinds.h"
#include "train/row_statistics.h"

namespace mft::train {
namespace {

// Numbers that one elementwise pass works on before the next pass: they stay in the L1 cache.
constexpr std::size_t kBlock = 3072;

// What alpha dropout adds to the masked and scaled values: b to kept units, c to dropped ones.
template <typename T>
void add_alpha(const AlphaDropout& alpha, const std::uint64_t* bits, T* values, std::size_t units) {
  const T kept = static_cast<T>(alpha.b), dropped = static_cast<T>(alpha.c);
  for (std::size_t i = 0; i < units; ++i) values[i] += (bits[i / 64] >> (i % 64)) & 1 ? kept : dropped;
}

template <typename T>
std::unique_ptr<Layer<T>> make_dense(const LayerFields& f, const LayerPlace& place) {
  const InitialLaw law = f.word("law") == "orthogonal" ? InitialLaw::kOrthogonal : InitialLaw::kGaussian;
  const std::size_t positions = f.numbers.count("positions") == 0 ? 1 : f.count("positions");
  if (place.inputs % positions != 0)
    throw Error("SHAPE", "layers", "Expected a whole number of inputs for every position of a dense layer.");
  DenseShape shape{place.inputs / positions,
                   f.count("units"),
                   f.flag("hasBiases"),
                   f.activation("activation"),
                   place.number,
                   f.number("keepProbability"),
                   f.number("forwardMultiplier", 1),
                   {law, f.variance("weightVariance"), f.variance("biasVariance"), f.number("biasMean", 0)}};
  if (const double a = f.number("alphaScale", 0); a != 0)
    shape.alpha = AlphaDropout{a, f.number("alphaOffset", 0), f.number("alphaDropped", 0)};
  shape.positions = positions;
  shape.held = held_of(f);
  return std::make_unique<DenseLayer<T>>(std::move(shape));
}

[[maybe_unused]] const bool kIsRegistered = register_layer("dense", {make_dense<float>, make_dense<double>});

}  // namespace

template <typename T>
DenseLayer<T>::DenseLayer(DenseShape shape)
    : shape_(std::move(shape)), affine_(shape_.inputs, shape_.outputs, shape_.has_bias, shape_.multiplier) {}

template <typename T>
void DenseLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                            std::uint64_t* mask_bits) const {
  const std::size_t units = outputs();
  affine_.forward(rows.count * shape_.positions, {input, shape_.inputs}, false, {output, shape_.outputs});
  if (!pass.is_training)
    return activate(shape_.activation, std::span<const T>(output, rows.count * units),
                    std::span<T>(output, rows.count * units));
  const bool is_masked = pass.masks != nullptr && pass.masks->masks(shape_.mask_layer);
  const std::size_t words = words_for(units);
  T scale = T(1);
  if (is_masked) {
    scale = static_cast<T>(shape_.alpha ? shape_.alpha->a : pass.masks->scale(shape_.mask_layer));
    pass.masks->draw(shape_.mask_layer, rows.first, rows.count, units, std::span(mask_bits, rows.count * words));
  }
  record_values(pass.statistics, rows, output, units);
  if (is_identity()) return;
  const Elementwise<T>& loops = elementwise<T>();
  const std::size_t block_rows = std::max<std::size_t>(1, kBlock / units);
  for (std::size_t first = 0; first < rows.count; first += block_rows) {
    const std::size_t count = std::min(block_rows, rows.count - first);
    const std::span<T> values(output + first * units, count * units);
    const std::span<T> derivatives(tape + first * units, count * units);
    activate_both(shape_.activation, std::span<const T>(values), values, derivatives);
    if (!is_masked) continue;
    for (std::size_t row = first; row < first + count; ++row) {
      loops.mask_both(output + row * units, tape + row * units, mask_bits + row * words, scale, units);
      if (shape_.alpha) add_alpha(*shape_.alpha, mask_bits + row * words, output + row * units, units);
    }
  }
}

template <typename T>
void DenseLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const {
  const std::size_t units = outputs();
  if (is_identity())
    std::copy_n(output_error, rows.count * units, tape);
  else
    elementwise<T>().multiply(output_error, tape, tape, rows.count * units);
  record_errors(pass.statistics, rows, tape, units);
  if (input_error != nullptr)
    affine_.backward(rows.count * shape_.positions, {tape, shape_.outputs}, T(0), {input_error, shape_.inputs});
}

template <typename T>
void DenseLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
                           T* scratch) const {
  affine_.update(tile, batch * shape_.positions, {input, shape_.inputs}, {tape, shape_.outputs}, step, scratch);
}

template <typename T>
double DenseLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                       T* scratch) const {
  return affine_.squared_gradient(tile, batch * shape_.positions, {input, shape_.inputs}, {tape, shape_.outputs},
                                  scratch, shape_.positions);
}

template <typename T>
bool DenseLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const {
  return affine_.has_gradient(tile, batch * shape_.positions, {input, shape_.inputs}, {tape, shape_.outputs}, scratch);
}

template class DenseLayer<float>;
template class DenseLayer<double>;

}  // namespace mft::train
