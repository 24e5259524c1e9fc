// What is recorded of a step: statistics of the layers, gradients and paths, and where numbers stopped being finite.
#include <algorithm>
#include <cmath>
#include <limits>

#include "train/flush.h"
#include "train/step.h"

namespace mft::train {
namespace {

template <typename T>
bool is_finite(const T* values, std::size_t count) {
  return std::all_of(values, values + count, [](T x) { return std::isfinite(x); });
}

}  // namespace

template <typename T>
void Stepper<T>::gradient_squares() {
  auto body = [&](std::size_t unit, int worker) {
    const FlushSubnormals flush;
    const auto [layer, tile] = workspace_.update_units[unit];
    workspace_.tile_squares[unit] = network_.layer(layer).squared_gradient(
        tile, rows_, input_of(layer), workspace_.tapes[layer].data(), worker_at(worker).update_scratch.data());
  };
  team_.run(workspace_.update_units.size(), body);
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
    result.variance.push_back(squares / (rows * static_cast<double>(network_.layer(l).recorded_values())));
    result.correlation.push_back(pairs > 0 ? correlations / static_cast<double>(pairs)
                                           : std::numeric_limits<double>::quiet_NaN());
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
    if (network_.layer(layer).has_gradient(tile, rows_, input_of(layer), workspace_.tapes[layer].data(), scratch))
      return true;
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
    if (!is_finite(workspace_.outputs[l].data(), workspace_.outputs[l].size()))
      return {true, step, l + 1, "activations"};
  }
  return {true, step, network_.depth(), "loss"};
}

template void Stepper<float>::gradient_squares();
template void Stepper<double>::gradient_squares();
template void Stepper<float>::record(std::uint64_t, TrainingResult&);
template void Stepper<double>::record(std::uint64_t, TrainingResult&);
template void Stepper<float>::count_paths(PathCounts&);
template void Stepper<double>::count_paths(PathCounts&);
template Stop Stepper<float>::divergence(std::uint64_t) const;
template Stop Stepper<double>::divergence(std::uint64_t) const;

}  // namespace mft::train
