#include "train/workspace.h"

#include <algorithm>

namespace mft::train {

namespace {

// Rows of a tile of an evaluation: where states are carried over there are no more streams than rows of the batch.
std::size_t evaluation_rows(const TrainingOptions& options) {
  return options.carries_state ? std::min(kRowTile, options.batch) : kRowTile;
}

}  // namespace

template <typename T>
Workspace<T>::Workspace(const TrainingOptions& options, const Network<T>& network, int worker_count) {
  const std::size_t batch = options.batch, depth = network.depth();
  input.resize(batch * options.dimension);
  for (Buffer<T>& error : errors) error.resize(batch * network.largest_width());
  for (std::size_t l = 0; l < depth; ++l) {
    outputs.emplace_back(batch * network.layer(l).outputs());
    tapes.emplace_back(batch * network.layer(l).tape_per_row());
    for (std::vector<Buffer<T>>* each : {&states, &evaluation_states})
      each->emplace_back(options.carries_state ? batch * network.layer(l).state_per_row() : 0);
    counters.push_back(network.layer(l).counters().size());
    counts.emplace_back(batch * counters.back());
    for (std::size_t tile = 0; tile < network.layer(l).update_tiles(); ++tile)
      update_units.push_back({static_cast<std::uint32_t>(l), static_cast<std::uint32_t>(tile)});
  }
  loss.resize(std::max(batch, kEvaluationRows));
  correct.resize(std::max(batch, kEvaluationRows));
  labels.resize(batch * options.positions);
  const bool is_reconstruction = options.target == Target::kInputs;
  clean.resize(is_reconstruction ? batch * options.dimension : 0);
  if (options.statistics_every > 0) {
    square.resize(depth * batch);
    product.resize(depth * batch);
    error_square.resize(depth * batch);
  }
  if (options.statistics_every > 0 || options.optimizer.clip_norm > 0) tile_squares.resize(update_units.size());
  directions.assign(options.directions.begin(), options.directions.end());
  const std::size_t count = options.directions.size() / options.dimension;
  projected.resize(kEvaluationRows * count);
  workers.resize(static_cast<std::size_t>(worker_count));
  const std::size_t evaluated = evaluation_rows(options);
  for (Worker& worker : workers) {
    for (Buffer<T>& values : worker.values) values.resize(evaluated * network.largest_width());
    worker.mask_bits.resize(network.mask_words());
    worker.update_scratch.resize(network.update_scratch());
    worker.evaluation_scratch.resize(network.evaluation_scratch() / kRowTile * evaluated);
    worker.labels.resize(kRowTile * options.positions);
    worker.clean.resize(is_reconstruction ? kRowTile * options.dimension : 0);
    worker.noise.resize(options.noise == NoiseKind::kNone ? 0 : options.dimension);
    worker.projections.resize(2 * kRowTile * count);
  }
}

namespace {

// The same sizes, without allocating anything.
template <typename T>
std::size_t bytes_of(const TrainingOptions& o) {
  std::size_t parameters = 0, fixed = 0, per_row = o.dimension, widest = o.dimension, update = 0, evaluation = 0,
              initialisation = 0, counters = 0;
  for (const auto& layer : make_layers<T>(o)) {
    parameters += layer->parameters();
    fixed += layer->fixed_numbers();
    per_row += layer->outputs() + layer->tape_per_row() + (o.carries_state ? 2 * layer->state_per_row() : 0);
    counters += layer->counters().size();
    widest = std::max(widest, layer->outputs());
    update = std::max(update, layer->update_scratch());
    evaluation = std::max(evaluation, layer->evaluation_scratch_per_row());
    initialisation = std::max(initialisation, layer->initialisation_scratch());
  }
  const std::size_t workers = static_cast<std::size_t>(std::max(1, o.threads));
  const std::size_t clean = o.target == Target::kInputs ? o.dimension : 0;
  const std::size_t noise = o.noise == NoiseKind::kNone ? 0 : o.dimension;
  const std::size_t per_worker =
      sizeof(T) * (evaluation_rows(o) * (2 * widest + evaluation) + update + kRowTile * clean) +
      8 * kPassRows * words_for(widest) + 4 * kRowTile * o.positions + 8 * noise;
  const std::size_t directions = o.directions.size() / o.dimension;
  const std::size_t projections =
      directions * (sizeof(T) * (o.dimension + 2 * kRowTile * workers) + 8 * kEvaluationRows) + 8 * o.directions.size();
  // Both matrices turned, their triangular factors and the product of these (core/lapack).
  const std::size_t hidden = parameters / (2 * o.dimension), rank = std::min(hidden, o.dimension);
  const std::size_t singular =
      o.has_singular_values ? 8 * (parameters + 2 * rank * hidden + rank * rank + 64 * hidden) : 0;
  const std::size_t statistics = 8 * o.batch * ((o.statistics_every > 0 ? 3 * o.layers.size() : 0) + counters);
  const std::size_t paths = o.counts_paths ? o.batch * (8 * words_for(widest) + 1) : 0;
  const std::size_t steps = sizeof(T) * o.batch * (per_row + 2 * widest + clean) + 4 * o.batch * o.positions +
                            12 * std::max(o.batch, kEvaluationRows) + statistics + projections + singular + paths +
                            workers * per_worker;
  const std::size_t kept = sizeof(T) * (parameters * (1 + moment_count(o.optimizer.kind)) + fixed) + 8 * o.rates.size();
  return kept + std::max(steps, 8 * initialisation) + (o.returns_parameters ? 8 * (parameters + fixed) : 0);
}

}  // namespace

std::size_t planned_bytes(const TrainingOptions& options) {
  return options.is_double ? bytes_of<double>(options) : bytes_of<float>(options);
}

template struct Workspace<float>;
template struct Workspace<double>;

}  // namespace mft::train
