#include "train/dense_layer.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/blas.h"
#include "core/statistics.h"

namespace mft::train {
namespace {

// Units of a parameter tile: enough for the GEMM to run at full speed, few enough to share a layer among threads.
constexpr std::size_t kTileUnits = 384;
// Numbers that one elementwise pass works on before the next pass: they stay in the L1 cache.
constexpr std::size_t kBlock = 3072;

}  // namespace

template <typename T>
DenseLayer<T>::DenseLayer(DenseShape shape) : shape_(std::move(shape)) {
  tiles_ = std::max<std::size_t>(1, (shape_.outputs + kTileUnits - 1) / kTileUnits);
  tile_rows_ = std::min(shape_.outputs, ((shape_.outputs + tiles_ - 1) / tiles_ + 7) / 8 * 8);
}

template <typename T>
void DenseLayer<T>::forward(const Pass& pass, Rows rows, const T* input, T* output, T* tape, std::uint64_t* mask_bits) const {
  const std::size_t units = shape_.outputs;
  // The product is added to the biases: the GEMM would otherwise first write zeros.
  if (shape_.has_bias) {
    const T* bias = block_.values + units * shape_.inputs;
    for (std::size_t row = 0; row < rows.count; ++row) std::copy_n(bias, units, output + row * units);
  }
  blas::gemm(false, true, rows.count, units, shape_.inputs, T(1), input, shape_.inputs, block_.values, shape_.inputs,
             shape_.has_bias ? T(1) : T(0), output, units);
  if (!pass.is_training) return activate(shape_.activation, std::span<const T>(output, rows.count * units),
                                         std::span<T>(output, rows.count * units));
  const bool is_masked = pass.masks != nullptr && pass.masks->masks(shape_.mask_layer);
  const std::size_t words = words_for(units);
  T scale = T(1);
  if (is_masked) {
    scale = static_cast<T>(pass.masks->scale(shape_.mask_layer));
    pass.masks->draw(shape_.mask_layer, rows.first, rows.count, units, std::span(mask_bits, rows.count * words));
  }
  if (pass.statistics) {
    for (std::size_t row = 0; row < rows.count; ++row) {
      const std::span<const T> z(output + row * units, units);
      pass.statistics.square[rows.first + row] = sum_of_squares(z);
      if (row % 2 == 0 && row + 1 < rows.count)
        pass.statistics.product[rows.first + row] = dot(z, std::span<const T>(z.data() + units, units));
    }
  }
  const Elementwise<T>& loops = elementwise<T>();
  const std::size_t block_rows = std::max<std::size_t>(1, kBlock / units);
  for (std::size_t first = 0; first < rows.count; first += block_rows) {
    const std::size_t count = std::min(block_rows, rows.count - first);
    const std::span<T> values(output + first * units, count * units);
    const std::span<T> derivatives(tape + first * units, count * units);
    activate_both(shape_.activation, std::span<const T>(values), values, derivatives);
    if (!is_masked) continue;
    for (std::size_t row = first; row < first + count; ++row)
      loops.mask_both(output + row * units, tape + row * units, mask_bits + row * words, scale, units);
  }
}

template <typename T>
void DenseLayer<T>::backward(const Pass& pass, Rows rows, const T* output_error, T* input_error, T* tape) const {
  const std::size_t units = shape_.outputs;
  elementwise<T>().multiply(output_error, tape, tape, rows.count * units);
  if (pass.statistics)
    for (std::size_t row = 0; row < rows.count; ++row)
      pass.statistics.error_square[rows.first + row] = sum_of_squares(std::span<const T>(tape + row * units, units));
  if (input_error == nullptr) return;
  blas::gemm(false, false, rows.count, shape_.inputs, units, T(1), tape, units, block_.values, shape_.inputs, T(0), input_error,
             shape_.inputs);
}

template <typename T>
typename DenseLayer<T>::Tile DenseLayer<T>::tile_at(std::size_t tile) const {
  const std::size_t first = std::min(tile * tile_rows_, shape_.outputs);
  return {first, std::min(tile_rows_, shape_.outputs - first)};
}

template <typename T>
ParameterBlock<T> DenseLayer<T>::at(std::size_t offset) const {
  return {block_.values + offset, block_.first == nullptr ? nullptr : block_.first + offset,
          block_.second == nullptr ? nullptr : block_.second + offset};
}

template <typename T>
void DenseLayer<T>::sum_over_batch(Tile tile, std::size_t batch, const T* tape, T* sums) const {
  std::fill_n(sums, tile.rows, T(0));
  const Elementwise<T>& loops = elementwise<T>();
  for (std::size_t row = 0; row < batch; ++row) loops.add(tape + row * shape_.outputs + tile.first, sums, tile.rows);
}

template <typename T>
GradientProduct<T> DenseLayer<T>::product(Tile tile, std::size_t batch, const T* input, const T* tape) const {
  return {tile.rows, shape_.inputs, batch, tape + tile.first, shape_.outputs, input, shape_.inputs};
}

template <typename T>
void DenseLayer<T>::update(std::size_t tile_index, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
                           T* scratch) const {
  const Tile tile = tile_at(tile_index);
  if (tile.rows == 0) return;
  if (shape_.has_bias) {
    sum_over_batch(tile, batch, tape, scratch);
    step.biases(scratch, at(shape_.outputs * shape_.inputs + tile.first), tile.rows);
  }
  step.weights(product(tile, batch, input, tape), at(tile.first * shape_.inputs), scratch);
}

template <typename T>
double DenseLayer<T>::squared_gradient(std::size_t tile_index, std::size_t batch, const T* input, const T* tape,
                                       T* scratch) const {
  const Tile tile = tile_at(tile_index);
  if (tile.rows == 0) return 0;
  const T factor = T(1) / static_cast<T>(batch);
  const std::size_t count = tile.rows * shape_.inputs;
  gradient_of(product(tile, batch, input, tape), factor, scratch);
  double total = sum_of_squares(std::span<const T>(scratch, count));
  if (shape_.has_bias) {
    sum_over_batch(tile, batch, tape, scratch);
    elementwise<T>().scale(factor, scratch, tile.rows);
    total += sum_of_squares(std::span<const T>(scratch, tile.rows));
  }
  return total;
}

template <typename T>
bool DenseLayer<T>::has_gradient(std::size_t tile_index, std::size_t batch, const T* input, const T* tape, T* scratch) const {
  const Tile tile = tile_at(tile_index);
  const auto is_some = [](const T* values, std::size_t count) { return std::any_of(values, values + count, [](T x) { return x != T(0); }); };
  if (shape_.has_bias) {
    sum_over_batch(tile, batch, tape, scratch);
    if (is_some(scratch, tile.rows)) return true;
  }
  if (tile.rows == 0) return false;
  gradient_of(product(tile, batch, input, tape), T(1), scratch);
  return is_some(scratch, tile.rows * shape_.inputs);
}

template class DenseLayer<float>;
template class DenseLayer<double>;

}  // namespace mft::train
