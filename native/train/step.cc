#include "train/step.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/flush.h"

namespace mft::train {
namespace {

template <typename T>
bool is_finite(const T* values, std::size_t count) {
  return std::all_of(values, values + count, [](T x) { return std::isfinite(x); });
}

std::size_t tiles_of(std::size_t rows) { return (rows + kRowTile - 1) / kRowTile; }

Rows tile_rows(std::size_t tile, std::size_t rows) {
  return {tile * kRowTile, std::min(kRowTile, rows - tile * kRowTile)};
}

}  // namespace

template <typename T>
Stepper<T>::Stepper(const TrainingOptions& options, Network<T>& network, Team& team)
    : options_(options), network_(network), team_(team), workspace_(options, network, team.size()), masks_(make_masks(options)), blocked_(options) {
  input_scale_.assign(options.input_scale.begin(), options.input_scale.end());
  input_shift_.assign(options.input_shift.begin(), options.input_shift.end());
}

template <typename T>
void Stepper<T>::gather(const Images& images, std::size_t index, T* out) const {
  const std::size_t n = options_.dimension;
  const Elementwise<T>& loops = elementwise<T>();
  if (images.bytes != nullptr) return loops.from_bytes(images.bytes + index * n, input_scale_.data(), input_shift_.data(), out, n);
  loops.from_floats(images.floats + index * n, input_scale_.data(), input_shift_.data(), out, n);
}

template <typename T>
RowStatistics Stepper<T>::statistics_of(std::size_t layer, bool with_statistics) {
  if (!with_statistics) return {};
  const std::size_t at = layer * options_.batch;
  return {workspace_.square.data() + at, workspace_.product.data() + at, workspace_.error_square.data() + at};
}

template <typename T>
BatchSums Stepper<T>::gradients(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step,
                                bool with_statistics) {
  masks_->begin_step(step, indices.size());
  auto body = [&](std::size_t tile, int worker) {
    const FlushSubnormals flush;
    row_tile(images, indices, tile_rows(tile, indices.size()), with_statistics, workspace_.workers[static_cast<std::size_t>(worker)]);
  };
  team_.run(tiles_of(indices.size()), body);
  BatchSums sums;
  for (std::size_t row = 0; row < indices.size(); ++row) {
    sums.loss += workspace_.loss[row];
    sums.correct += workspace_.is_correct[row];
  }
  return sums;
}

template <typename T>
void Stepper<T>::row_tile(const Images& images, std::span<const std::uint32_t> indices, Rows rows, bool with_statistics,
                          Worker& worker) {
  const std::size_t dimension = options_.dimension, depth = network_.depth(), classes = options_.widths.back();
  Pass pass{true, masks_.get(), {}};
  T* input = workspace_.input.data() + rows.first * dimension;
  for (std::size_t row = 0; row < rows.count; ++row) {
    const std::uint32_t index = indices[rows.first + row];
    gather(images, index, input + row * dimension);
    workspace_.labels[rows.first + row] = images.labels[index];
  }
  if (masks_->masks(0)) {
    masks_->draw(0, rows.first, rows.count, dimension, worker.mask_bits);
    for (std::size_t row = 0; row < rows.count; ++row)
      elementwise<T>().mask(input + row * dimension, worker.mask_bits.data() + row * words_for(dimension),
                            static_cast<T>(masks_->scale(0)), dimension);
  }
  const auto output_of = [&](std::size_t l) { return workspace_.outputs[l].data() + rows.first * network_.layer(l).outputs(); };
  const auto tape_of = [&](std::size_t l) { return workspace_.tapes[l].data() + rows.first * network_.layer(l).tape_per_row(); };
  const T* layer_input = input;
  for (std::size_t l = 0; l < depth; ++l) {
    pass.statistics = statistics_of(l, with_statistics);
    network_.layer(l).forward(pass, rows, layer_input, output_of(l), tape_of(l), worker.mask_bits.data());
    layer_input = output_of(l);
  }
  T* error = worker.values[0].data();
  T* next_error = worker.values[1].data();
  loss_of(options_.loss, layer_input, workspace_.labels.data() + rows.first, rows.count, classes,
          workspace_.loss.data() + rows.first, workspace_.is_correct.data() + rows.first, error);
  for (std::size_t l = depth; l-- > 0;) {
    pass.statistics = statistics_of(l, with_statistics);
    network_.layer(l).backward(pass, rows, error, l > 0 ? next_error : nullptr, tape_of(l));
    std::swap(error, next_error);
  }
}

template <typename T>
void Stepper<T>::gradient_squares() {
  auto body = [&](std::size_t unit, int worker) {
    const FlushSubnormals flush;
    const auto [layer, tile] = workspace_.update_units[unit];
    const T* input = layer == 0 ? workspace_.input.data() : workspace_.outputs[layer - 1].data();
    workspace_.tile_squares[unit] =
        network_.layer(layer).squared_gradient(tile, options_.batch, input, workspace_.tapes[layer].data(),
                                               workspace_.workers[static_cast<std::size_t>(worker)].update_scratch.data());
  };
  team_.run(workspace_.update_units.size(), body);
}

template <typename T>
void Stepper<T>::update(std::uint64_t step) {
  double factor = 1.0 / static_cast<double>(options_.batch);
  if (options_.optimiser.clip_norm > 0) {
    gradient_squares();
    double square = 0;
    for (const double part : workspace_.tile_squares) square += part;
    factor *= std::min(1.0, options_.optimiser.clip_norm / (std::sqrt(square) + 1e-6));
  }
  const Update<T> rule(options_.optimiser, options_.rates[step], factor, step);
  auto body = [&](std::size_t unit, int worker) {
    const FlushSubnormals flush;
    const auto [layer, tile] = workspace_.update_units[unit];
    const T* input = layer == 0 ? workspace_.input.data() : workspace_.outputs[layer - 1].data();
    network_.layer(layer).update(tile, options_.batch, input, workspace_.tapes[layer].data(), rule,
                                 workspace_.workers[static_cast<std::size_t>(worker)].update_scratch.data());
  };
  team_.run(workspace_.update_units.size(), body);
}

template <typename T>
BatchSums Stepper<T>::evaluate(const Images& images, std::size_t count) {
  BatchSums sums;
  const std::size_t dimension = options_.dimension, classes = options_.widths.back();
  // What a row gives is kept until the sum, which has a fixed order.
  for (std::size_t first = 0; first < count; first += kEvaluationRows) {
    const std::size_t rows = std::min(kEvaluationRows, count - first);
    auto body = [&](std::size_t tile, int worker_index) {
      const FlushSubnormals flush;
      Worker& worker = workspace_.workers[static_cast<std::size_t>(worker_index)];
      const Rows at = tile_rows(tile, rows);
      T* values = worker.values[0].data();
      T* next = worker.values[1].data();
      for (std::size_t row = 0; row < at.count; ++row) gather(images, first + at.first + row, values + row * dimension);
      for (std::size_t l = 0; l < network_.depth(); ++l) {
        network_.layer(l).forward(Pass{}, at, values, next, nullptr, nullptr);
        std::swap(values, next);
      }
      loss_of<T>(options_.loss, values, images.labels + first + at.first, at.count, classes, workspace_.loss.data() + at.first,
                 workspace_.is_correct.data() + at.first, nullptr);
    };
    team_.run(tiles_of(rows), body);
    for (std::size_t row = 0; row < rows; ++row) {
      sums.loss += workspace_.loss[row];
      sums.correct += workspace_.is_correct[row];
    }
  }
  return sums;
}

template <typename T>
void Stepper<T>::record(std::uint64_t step, TrainingResult& result) {
  gradient_squares();
  result.statistics_steps.push_back(static_cast<double>(step));
  const std::size_t batch = options_.batch;
  std::size_t unit = 0;
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const double* square = workspace_.square.data() + l * batch;
    const double* product = workspace_.product.data() + l * batch;
    const double* error = workspace_.error_square.data() + l * batch;
    double squares = 0, errors = 0, correlations = 0, gradient = 0;
    std::size_t pairs = 0;
    for (std::size_t row = 0; row < batch; ++row) {
      squares += square[row];
      errors += error[row];
      if (row % 2 != 0 || row + 1 >= batch || !(square[row] > 0) || !(square[row + 1] > 0)) continue;
      correlations += product[row] / (std::sqrt(square[row]) * std::sqrt(square[row + 1]));
      ++pairs;
    }
    for (; unit < workspace_.update_units.size() && workspace_.update_units[unit].layer == l; ++unit)
      gradient += workspace_.tile_squares[unit];
    const auto rows = static_cast<double>(batch);
    result.variance.push_back(squares / (rows * static_cast<double>(network_.layer(l).outputs())));
    result.correlation.push_back(pairs > 0 ? correlations / static_cast<double>(pairs) : std::numeric_limits<double>::quiet_NaN());
    result.error_square.push_back(errors / rows);
    result.gradient_square.push_back(gradient);
  }
}

template <typename T>
bool Stepper<T>::has_gradient() {
  const FlushSubnormals flush;
  T* scratch = workspace_.workers.front().update_scratch.data();
  // From the outputs backwards: where there is a gradient the last layer shows it at once.
  for (std::size_t unit = workspace_.update_units.size(); unit-- > 0;) {
    const auto [layer, tile] = workspace_.update_units[unit];
    const T* input = layer == 0 ? workspace_.input.data() : workspace_.outputs[layer - 1].data();
    if (network_.layer(layer).has_gradient(tile, options_.batch, input, workspace_.tapes[layer].data(), scratch)) return true;
  }
  return false;
}

template <typename T>
void Stepper<T>::count_paths(PathCounts& counts) {
  const std::size_t blocked = blocked_.count(*masks_);
  const bool is_lost = blocked == blocked_.masks_per_step(), is_zero = !has_gradient();
  counts.steps += 1;
  counts.masks_per_step = blocked_.masks_per_step();
  counts.blocked_masks += blocked;
  counts.lost_steps += is_lost;
  counts.zero_gradient_steps += is_zero;
  counts.differing_steps += is_lost != is_zero;
}

template <typename T>
Stop Stepper<T>::divergence(std::uint64_t step) const {
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    if (!is_finite(network_.values_of(l), network_.layer(l).parameters())) return {true, step, l + 1, "weights"};
    if (!is_finite(workspace_.outputs[l].data(), workspace_.outputs[l].size())) return {true, step, l + 1, "activations"};
  }
  return {true, step, network_.depth(), "loss"};
}

template class Stepper<float>;
template class Stepper<double>;

}  // namespace mft::train
