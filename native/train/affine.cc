#include "train/affine.h"

#include <algorithm>
#include <span>

#include "core/product.h"
#include "core/statistics.h"

namespace mft::train {
namespace {

// Units of a parameter tile: enough for the GEMM to run at full speed, few enough to share a layer among threads.
constexpr std::size_t kTileUnits = 384;

}  // namespace

template <typename T>
Affine<T>::Affine(std::size_t inputs, std::size_t outputs, bool has_bias, double multiplier)
    : inputs_(inputs), outputs_(outputs), has_bias_(has_bias), multiplier_(static_cast<T>(multiplier)) {
  tiles_ = std::max<std::size_t>(1, (outputs_ + kTileUnits - 1) / kTileUnits);
  tile_rows_ = std::min(outputs_, ((outputs_ + tiles_ - 1) / tiles_ + 7) / 8 * 8);
}

template <typename T>
std::vector<Tensor> Affine<T>::tensors(const std::string& prefix) const {
  std::vector<Tensor> result{{prefix + "weight", {outputs_, inputs_}}};
  if (has_bias_) result.push_back({prefix + "bias", {outputs_}});
  return result;
}

template <typename T>
void Affine<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  block_ = block;
  if (!rates.empty()) block_.rate = static_cast<T>(rates[0]);
  if (rates.size() > 1) bias_rate_ = static_cast<T>(rates[1]);
}

template <typename T>
void Affine<T>::forward(std::size_t rows, RowView<const T> input, bool is_added, RowView<T> output) const {
  const T* bias = has_bias_ ? block_.values + outputs_ * inputs_ : nullptr;
  if (has_bias_ && !is_added)
    return matrix_product_with_bias(false, true, rows, outputs_, inputs_, multiplier_, input.values, input.stride,
                                    block_.values, inputs_, bias, output.values, output.stride);
  if (has_bias_)
    for (std::size_t row = 0; row < rows; ++row)
      elementwise<T>().add(bias, output.values + row * output.stride, outputs_);
  matrix_product(false, true, rows, outputs_, inputs_, multiplier_, input.values, input.stride, block_.values, inputs_,
                 is_added ? T(1) : T(0), output.values, output.stride);
}

template <typename T>
void Affine<T>::backward(std::size_t rows, RowView<const T> delta, T beta, RowView<T> input_error) const {
  matrix_product(false, false, rows, inputs_, outputs_, multiplier_, delta.values, delta.stride, block_.values, inputs_,
                 beta, input_error.values, input_error.stride);
}

template <typename T>
typename Affine<T>::Tile Affine<T>::tile_at(std::size_t tile) const {
  const std::size_t first = std::min(tile * tile_rows_, outputs_);
  return {first, std::min(tile_rows_, outputs_ - first)};
}

template <typename T>
void Affine<T>::sum_over_batch(Tile tile, std::size_t batch, RowView<const T> delta, T* sums) const {
  std::fill_n(sums, tile.rows, T(0));
  const Elementwise<T>& loops = elementwise<T>();
  for (std::size_t row = 0; row < batch; ++row)
    loops.add(delta.values + row * delta.stride + tile.first, sums, tile.rows);
}

template <typename T>
GradientProduct<T> Affine<T>::product(Tile tile, std::size_t batch, RowView<const T> input,
                                      RowView<const T> delta) const {
  return {tile.rows, inputs_, batch, delta.values + tile.first, delta.stride, input.values, input.stride, multiplier_};
}

template <typename T>
void Affine<T>::update(std::size_t tile_index, std::size_t batch, RowView<const T> input, RowView<const T> delta,
                       const Update<T>& step, T* scratch) const {
  const Tile tile = tile_at(tile_index);
  if (tile.rows == 0) return;
  if (has_bias_) {
    sum_over_batch(tile, batch, delta, scratch);
    ParameterBlock<T> biases = block_.from(outputs_ * inputs_ + tile.first);
    biases.rate = bias_rate_;
    step.biases(scratch, biases, tile.rows);
  }
  step.weights(product(tile, batch, input, delta), block_.from(tile.first * inputs_), scratch);
}

template <typename T>
void Affine<T>::hold(const Held& held) const {
  hold_rank(held.rank, outputs_, inputs_, block_.values);
  hold_norm(held.norm, outputs_ * inputs_, block_.values);
}

template <typename T>
double Affine<T>::squared_gradient(std::size_t tile_index, std::size_t batch, RowView<const T> input,
                                   RowView<const T> delta, T* scratch, std::size_t positions) const {
  const Tile tile = tile_at(tile_index);
  if (tile.rows == 0) return 0;
  const T factor = T(1) / static_cast<T>(batch / positions);
  gradient_of(product(tile, batch, input, delta), factor, scratch);
  double total = sum_of_squares(std::span<const T>(scratch, tile.rows * inputs_));
  if (has_bias_) {
    sum_over_batch(tile, batch, delta, scratch);
    elementwise<T>().scale(factor, scratch, tile.rows);
    total += sum_of_squares(std::span<const T>(scratch, tile.rows));
  }
  return total;
}

template <typename T>
bool Affine<T>::has_gradient(std::size_t tile_index, std::size_t batch, RowView<const T> input, RowView<const T> delta,
                             T* scratch) const {
  const Tile tile = tile_at(tile_index);
  const auto is_some = [](const T* values, std::size_t count) {
    return std::any_of(values, values + count, [](T x) { return x != T(0); });
  };
  if (has_bias_) {
    sum_over_batch(tile, batch, delta, scratch);
    if (is_some(scratch, tile.rows)) return true;
  }
  if (tile.rows == 0) return false;
  gradient_of(product(tile, batch, input, delta), T(1), scratch);
  return is_some(scratch, tile.rows * inputs_);
}

template class Affine<float>;
template class Affine<double>;

}  // namespace mft::train
