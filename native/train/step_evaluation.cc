// Losses and projections of a training run without masks, noise and tapes.
#include <algorithm>

#include "core/product.h"
#include "train/flush.h"
#include "train/step.h"

namespace mft::train {

template <typename T>
BatchSums Stepper<T>::evaluate(const Images& images, std::size_t count) {
  BatchSums sums;
  // What a row gives is kept until the sum, which has a fixed order.
  const auto add = [&](const Chunk& chunk) {
    evaluate_chunk(images, chunk);
    for (std::size_t row = 0; row < chunk.rows; ++row) {
      sums.loss += workspace_.loss[row];
      sums.correct += workspace_.correct[row];
    }
  };
  if (options_.carries_state) {
    for (Buffer<T>& state : workspace_.evaluation_states) std::fill(state.begin(), state.end(), T(0));
    const std::size_t streams = std::min(options_.batch, count), length = (count + streams - 1) / streams;
    // The last streams may be shorter: rows that have ended are the last ones.
    for (std::size_t k = 0; k < length; ++k) add({k, length, (count - k + length - 1) / length});
    return sums;
  }
  for (std::size_t first = 0; first < count; first += kEvaluationRows)
    add({first, 1, std::min(kEvaluationRows, count - first)});
  return sums;
}

template <typename T>
void Stepper<T>::evaluate_chunk(const Images& images, Chunk chunk) {
  auto body = [&](std::size_t tile, int worker) {
    const FlushSubnormals flush;
    evaluate_tile(images, chunk, tile_rows(tile, chunk.rows), worker_at(worker));
  };
  team_.run(tiles_of(chunk.rows), body);
}

template <typename T>
void Stepper<T>::evaluate_tile(const Images& images, Chunk chunk, Rows at, Worker& worker) {
  const std::size_t dimension = options_.dimension;
  T* values = worker.values[0].data();
  T* next = worker.values[1].data();
  for (std::size_t row = 0; row < at.count; ++row) {
    const std::size_t index = chunk.first + (at.first + row) * chunk.stride;
    image(images, index, values + row * dimension);
    if (options_.target == Target::kInputs) continue;
    for (std::size_t p = 0; p < options_.positions; ++p)
      worker.labels[row * options_.positions + p] = images.label(index * options_.positions + p);
  }
  if (options_.target == Target::kInputs) std::copy_n(values, at.count * dimension, worker.clean.data());
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const Layer<T>& layer = network_.layer(l);
    Pass<T> pass;
    pass.step = kEvaluationStep;
    pass.first_row = chunk.first;
    pass.row_stride = chunk.stride;
    if (options_.carries_state) pass.state = workspace_.evaluation_states[l].data() + at.first * layer.state_per_row();
    layer.forward(pass, at, values, next, worker.evaluation_scratch.data(), nullptr);
    std::swap(values, next);
  }
  if (is_projecting_) return project_tile(values, at, worker);
  target_losses(values, worker.labels.data(), worker.clean.data(), at.count, workspace_.loss.data() + at.first,
                workspace_.correct.data() + at.first, nullptr);
}

template <typename T>
void Stepper<T>::project_tile(const T* outputs, Rows rows, Worker& worker) {
  const std::size_t n = options_.dimension, count = workspace_.directions.size() / n;
  T* of_outputs = worker.projections.data();
  T* of_inputs = of_outputs + kRowTile * count;
  const auto project = [&](const T* from, T* to) {
    matrix_product(false, true, rows.count, count, n, T(1), from, n, workspace_.directions.data(), n, T(0), to, count);
  };
  project(outputs, of_outputs);
  project(worker.clean.data(), of_inputs);
  double* out = workspace_.projected.data() + rows.first * count;
  for (std::size_t k = 0; k < rows.count * count; ++k)
    out[k] = static_cast<double>(of_outputs[k]) * static_cast<double>(of_inputs[k]);
}

template <typename T>
std::vector<double> Stepper<T>::project(const Images& images) {
  const std::size_t count = workspace_.directions.size() / options_.dimension;
  std::vector<double> sums(count, 0.0);
  is_projecting_ = true;
  for (std::size_t first = 0; first < images.count; first += kEvaluationRows) {
    const Chunk chunk{first, 1, std::min(kEvaluationRows, images.count - first)};
    evaluate_chunk(images, chunk);
    for (std::size_t row = 0; row < chunk.rows; ++row)
      for (std::size_t k = 0; k < count; ++k) sums[k] += workspace_.projected[row * count + k];
  }
  is_projecting_ = false;
  for (double& sum : sums) sum /= static_cast<double>(images.count);
  return sums;
}

template BatchSums Stepper<float>::evaluate(const Images&, std::size_t);
template BatchSums Stepper<double>::evaluate(const Images&, std::size_t);
template std::vector<double> Stepper<float>::project(const Images&);
template std::vector<double> Stepper<double>::project(const Images&);

}  // namespace mft::train
