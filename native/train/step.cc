#include "train/step.h"

#include <algorithm>
#include <cmath>

#include "core/product.h"
#include "core/random.h"
#include "train/flush.h"

namespace mft::train {
template <typename T>
Stepper<T>::Stepper(const TrainingOptions& options, Network<T>& network, Team& team)
    : options_(options),
      network_(network),
      team_(team),
      workspace_(options, network, team.size()),
      masks_(make_masks(options, network.masked_units(options))),
      blocked_(options, network.masked_units(options).units) {
  input_scale_.assign(options.input_scale.begin(), options.input_scale.end());
  input_shift_.assign(options.input_shift.begin(), options.input_shift.end());
  for (std::size_t l = 0; l < network.depth(); ++l)
    if (const std::size_t owner = network.layer(l).shares_with(); owner > 0)
      network.layer(owner - 1).lend(network.layer(l), input_of(l), workspace_.tapes[l].data());
}

template <typename T>
void Stepper<T>::image(const Images& images, std::size_t index, T* out) const {
  const std::size_t n = options_.dimension;
  const Elementwise<T>& loops = elementwise<T>();
  if (images.bytes != nullptr)
    return loops.from_bytes(images.bytes + index * n, input_scale_.data(), input_shift_.data(), out, n);
  if (images.wholes != nullptr) {
    for (std::size_t i = 0; i < n; ++i)
      out[i] = static_cast<T>(images.wholes[index * n + i]) * input_scale_[i] + input_shift_[i];
    return;
  }
  loops.from_floats(images.floats + index * n, input_scale_.data(), input_shift_.data(), out, n);
}

template <typename T>
void Stepper<T>::disturb(std::uint64_t step, std::size_t row, T* input, Worker& worker) const {
  const std::size_t n = options_.dimension;
  const Stream stream{options_.seed, static_cast<std::uint32_t>(step), 0, Purpose::kInputNoise};
  const std::span<double> noise(worker.noise);
  const std::uint64_t first = static_cast<std::uint64_t>(row) * n;
  double scale = std::sqrt(options_.noise_variance);
  if (options_.noise == NoiseKind::kGaussian) {
    random_normals(stream, first, noise);
  } else {
    random_uniforms(stream, first, noise);
    const bool is_sign = options_.noise == NoiseKind::kSign;
    for (double& u : noise) u = is_sign ? (u < 0.5 ? -1.0 : 1.0) : std::sqrt(12.0) * (u - 0.5);
  }
  for (std::size_t i = 0; i < n; ++i) input[i] += static_cast<T>(scale * noise[i]);
}

template <typename T>
void Stepper<T>::target_losses(const T* z, const std::uint32_t* labels, const T* clean, std::size_t rows, double* loss,
                               std::uint32_t* correct, T* error) const {
  const std::size_t outputs = network_.outputs();
  switch (options_.target) {
    case Target::kLabels:
      return loss_of(options_.loss, z, labels, rows, outputs, loss, correct, error);
    case Target::kSequence:
      return sequence_loss_of(options_.loss, z, labels, rows, options_.positions, outputs / options_.positions, loss,
                              correct, error);
    case Target::kInputs:
      std::fill_n(correct, rows, 0u);
      return reconstruction_loss_of(z, clean, rows, outputs, loss, error);
  }
}

template <typename T>
RowStatistics Stepper<T>::statistics_of(std::size_t layer) {
  if (!has_statistics_) return {};
  const std::size_t at = layer * options_.batch;
  return {workspace_.square.data() + at, workspace_.product.data() + at, workspace_.error_square.data() + at};
}

// Each worker takes a stretch of tiles. Which tiles it takes changes no bit: they are the same tiles.
template <typename T>
template <typename Body>
void Stepper<T>::for_groups(Body body) {
  const std::size_t tiles = tiles_of(rows_);
  const std::size_t groups = std::min(tiles, static_cast<std::size_t>(team_.size()));
  auto work = [&](std::size_t group, int worker) {
    const FlushSubnormals flush;
    body(Tiles{group * tiles / groups, (group + 1) * tiles / groups, rows_}, worker_at(worker));
  };
  team_.run(groups, work);
}

// Rows that go through a layer together. More than a tile where a row's bits do not depend on the rows beside it: the
// product then copies a layer's weights together once for all of them.
template <typename T>
Rows Stepper<T>::rows_from(Tiles tiles, std::size_t first) {
  const std::size_t end = std::min(tiles.end * kRowTile, tiles.rows);
  return {first, std::min(end - std::min(first, end), rows_are_independent() ? kPassRows : kRowTile)};
}

template <typename T>
BatchSums Stepper<T>::forward(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step,
                              bool with_statistics) {
  rows_ = indices.size();
  has_statistics_ = with_statistics;
  masks_->begin_step(step, rows_);
  for_groups([&](Tiles tiles, Worker& worker) {
    gather(images, indices, step, tiles, worker);
    forward_tiles(tiles, step, worker);
    losses(tiles);
  });
  BatchSums sums;
  for (std::size_t row = 0; row < rows_; ++row) {
    sums.loss += workspace_.loss[row];
    sums.correct += workspace_.correct[row];
  }
  return sums;
}

template <typename T>
void Stepper<T>::begin_sequences() {
  for (Buffer<T>& state : workspace_.states) std::fill(state.begin(), state.end(), T(0));
}

template <typename T>
std::vector<T> Stepper<T>::states() const {
  std::vector<T> all;
  for (const Buffer<T>& state : workspace_.states) all.insert(all.end(), state.begin(), state.end());
  return all;
}

template <typename T>
void Stepper<T>::set_states(std::span<const T> values) {
  for (Buffer<T>& state : workspace_.states) {
    std::copy_n(values.data(), state.size(), state.data());
    values = values.subspan(state.size());
  }
}

template <typename T>
void Stepper<T>::add_counts(std::span<double> totals) const {
  std::size_t first = 0;
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const std::size_t counters = workspace_.counters[l];
    for (std::size_t row = 0; row < rows_; ++row)
      for (std::size_t k = 0; k < counters; ++k) totals[first + k] += workspace_.counts[l].data()[row * counters + k];
    first += counters;
  }
}

template <typename T>
void Stepper<T>::backward() {
  for_groups([&](Tiles tiles, Worker&) {
    for (std::size_t l = network_.depth(); l-- > 0;) backward_layer(l, tiles);
  });
}

template <typename T>
void Stepper<T>::gather(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step, Tiles tiles,
                        Worker& worker) {
  const std::size_t dimension = options_.dimension;
  for (std::size_t tile = tiles.first; tile < tiles.end; ++tile) {
    const Rows rows = tile_rows(tile, tiles.rows);
    T* input = workspace_.input.data() + rows.first * dimension;
    for (std::size_t row = 0; row < rows.count; ++row) {
      const std::uint32_t index = indices[rows.first + row];
      image(images, index, input + row * dimension);
      const std::size_t at = rows.first + row;
      if (options_.target == Target::kInputs)
        std::copy_n(input + row * dimension, dimension, workspace_.clean.data() + at * dimension);
      else
        for (std::size_t p = 0; p < options_.positions; ++p)
          workspace_.labels[at * options_.positions + p] = images.label(index * options_.positions + p);
      if (options_.noise != NoiseKind::kNone) disturb(step, at, input + row * dimension, worker);
    }
    if (!masks_->masks(0)) continue;
    masks_->draw(0, rows.first, rows.count, dimension, worker.mask_bits);
    for (std::size_t row = 0; row < rows.count; ++row)
      elementwise<T>().mask(input + row * dimension, worker.mask_bits.data() + row * words_for(dimension),
                            static_cast<T>(masks_->scale(0)), dimension);
  }
}

// Layer by layer, and inside a layer some tiles at a time: the weights of a layer stay in the cache for all tiles.
template <typename T>
void Stepper<T>::forward_tiles(Tiles tiles, std::uint64_t step, Worker& worker) {
  Pass<T> pass{true, masks_.get()};
  pass.step = static_cast<std::uint32_t>(step);
  for (std::size_t l = 0; l < network_.depth(); ++l) {
    const Layer<T>& layer = network_.layer(l);
    pass.statistics = statistics_of(l);
    for (Rows rows = rows_from(tiles, tiles.first * kRowTile); rows.count > 0;
         rows = rows_from(tiles, rows.first + rows.count)) {
      if (options_.carries_state) pass.state = workspace_.states[l].data() + rows.first * layer.state_per_row();
      pass.counts = workspace_.counts[l].data() + rows.first * workspace_.counters[l];
      layer.forward(pass, rows, input_of(l) + rows.first * layer.inputs(),
                    workspace_.outputs[l].data() + rows.first * layer.outputs(),
                    workspace_.tapes[l].data() + rows.first * layer.tape_per_row(), worker.mask_bits.data());
    }
  }
}

template <typename T>
void Stepper<T>::losses(Tiles tiles) {
  const std::size_t outputs = network_.outputs();
  // In the same pieces as the way back: errors of the rows of a piece lie side by side.
  for (Rows rows = rows_from(tiles, tiles.first * kRowTile); rows.count > 0;
       rows = rows_from(tiles, rows.first + rows.count)) {
    const T* clean = workspace_.clean.empty() ? nullptr : workspace_.clean.data() + rows.first * options_.dimension;
    target_losses(workspace_.outputs.back().data() + rows.first * outputs,
                  workspace_.labels.data() + rows.first * options_.positions, clean, rows.count,
                  workspace_.loss.data() + rows.first, workspace_.correct.data() + rows.first,
                  workspace_.errors[network_.depth() % 2].data() + rows.first * network_.largest_width());
  }
}

template <typename T>
void Stepper<T>::backward_layer(std::size_t l, Tiles tiles) {
  const Layer<T>& layer = network_.layer(l);
  const std::size_t widest = network_.largest_width();
  Pass<T> pass{true, masks_.get(), statistics_of(l)};
  for (Rows rows = rows_from(tiles, tiles.first * kRowTile); rows.count > 0;
       rows = rows_from(tiles, rows.first + rows.count)) {
    pass.counts = workspace_.counts[l].data() + rows.first * workspace_.counters[l];
    layer.backward(pass, rows, workspace_.errors[(l + 1) % 2].data() + rows.first * widest,
                   l > 0 ? workspace_.errors[l % 2].data() + rows.first * widest : nullptr,
                   workspace_.tapes[l].data() + rows.first * layer.tape_per_row());
  }
}

template <typename T>
void Stepper<T>::update(std::uint64_t step) {
  double factor = 1.0 / static_cast<double>(options_.batch);
  if (options_.optimizer.clip_norm > 0) {
    gradient_squares();
    double square = 0;
    for (const double part : workspace_.tile_squares) square += part;
    factor *= std::min(1.0, options_.optimizer.clip_norm / (std::sqrt(square) + 1e-6));
  }
  const Update<T> rule(options_.optimizer, options_.rates[step], factor, step);
  auto body = [&](std::size_t unit, int worker) {
    const FlushSubnormals flush;
    update_unit(unit, rule, worker_at(worker));
  };
  team_.run(workspace_.update_units.size(), body);
  network_.hold();
}

template <typename T>
void Stepper<T>::update_unit(std::size_t unit, const Update<T>& rule, Worker& worker) {
  const auto [layer, tile] = workspace_.update_units[unit];
  network_.layer(layer).update(tile, rows_, input_of(layer), workspace_.tapes[layer].data(), rule,
                               worker.update_scratch.data());
}

template <typename T>
void Stepper<T>::backward_and_update(std::uint64_t step, TrainingResult& result, PathCounts& counts) {
  if (has_statistics_ || options_.counts_paths || options_.optimizer.clip_norm > 0 || team_.size() > 1) {
    backward();
    if (has_statistics_) record(step, result);
    if (options_.counts_paths) count_paths(counts);
    return update(step);
  }
  const FlushSubnormals flush;
  const Update<T> rule(options_.optimizer, options_.rates[step], 1.0 / static_cast<double>(rows_), step);
  std::size_t unit = workspace_.update_units.size();
  for (std::size_t l = network_.depth(); l-- > 0;) {
    backward_layer(l, {0, tiles_of(rows_), rows_});
    for (; unit > 0 && workspace_.update_units[unit - 1].layer == l; --unit) update_unit(unit - 1, rule, worker_at(0));
  }
  network_.hold();
}

template class Stepper<float>;
template class Stepper<double>;

}  // namespace mft::train
