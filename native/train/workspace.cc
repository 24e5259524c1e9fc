#include "train/workspace.h"

#include <algorithm>

#include "train/initialise.h"

namespace mft::train {

template <typename T>
Workspace<T>::Workspace(const TrainingOptions& options, const Network<T>& network, int worker_count) {
  const std::size_t batch = options.batch, depth = network.depth();
  input.resize(batch * options.dimension);
  for (Buffer<T>& error : errors) error.resize(batch * network.largest_width());
  for (std::size_t l = 0; l < depth; ++l) {
    outputs.emplace_back(batch * network.layer(l).outputs());
    tapes.emplace_back(batch * network.layer(l).tape_per_row());
    for (std::size_t tile = 0; tile < network.layer(l).update_tiles(); ++tile)
      update_units.push_back({static_cast<std::uint32_t>(l), static_cast<std::uint32_t>(tile)});
  }
  loss.resize(std::max(batch, kEvaluationRows));
  is_correct.resize(std::max(batch, kEvaluationRows));
  labels.resize(batch);
  if (options.statistics_every > 0) {
    square.resize(depth * batch);
    product.resize(depth * batch);
    error_square.resize(depth * batch);
  }
  if (options.statistics_every > 0 || options.optimiser.clip_norm > 0) tile_squares.resize(update_units.size());
  workers.resize(static_cast<std::size_t>(worker_count));
  for (Worker& worker : workers) {
    for (Buffer<T>& values : worker.values) values.resize(kRowTile * network.largest_width());
    worker.mask_bits.resize(network.mask_words());
    worker.update_scratch.resize(network.update_scratch());
  }
}

namespace {

// The same sizes, without allocating anything.
template <typename T>
std::size_t bytes_of(const TrainingOptions& o) {
  std::size_t parameters = 0, units = 0, widest = o.dimension, largest_matrix = 0, orthogonal = 0, inputs = o.dimension;
  for (std::size_t l = 0; l < o.widths.size(); ++l) {
    const std::size_t outputs = o.widths[l];
    parameters += outputs * (inputs + (o.has_bias ? 1 : 0));
    units += outputs;
    widest = std::max(widest, outputs);
    largest_matrix = std::max(largest_matrix, std::min<std::size_t>(outputs, 392) * (inputs + 1));
    orthogonal = std::max(orthogonal, initialisation_scratch({o.law, 1, 0}, outputs, inputs));
    inputs = outputs;
  }
  const std::size_t workers = static_cast<std::size_t>(std::max(1, o.threads));
  const std::size_t per_worker = sizeof(T) * (2 * kRowTile * widest + largest_matrix) + 8 * kRowTile * words_for(widest);
  const std::size_t statistics = o.statistics_every > 0 ? 24 * o.widths.size() * o.batch : 0;
  const std::size_t paths = o.counts_paths ? o.batch * (8 * words_for(widest) + 1) : 0;
  const std::size_t steps = sizeof(T) * o.batch * (o.dimension + 2 * units + 2 * widest) + o.batch + 9 * std::max(o.batch, kEvaluationRows) + statistics + paths + workers * per_worker;
  const std::size_t kept = sizeof(T) * parameters * (1 + moment_count(o.optimiser.kind)) + 8 * o.rates.size();
  return kept + std::max(steps, 8 * orthogonal) + (o.returns_parameters ? 8 * parameters : 0);
}

}  // namespace

std::size_t planned_bytes(const TrainingOptions& options) {
  return options.is_double ? bytes_of<double>(options) : bytes_of<float>(options);
}

template struct Workspace<float>;
template struct Workspace<double>;

}  // namespace mft::train
