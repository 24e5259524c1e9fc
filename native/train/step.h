// One step of a training run: gather, forward, loss, backward, update; and evaluation without masks.
#pragma once
#include <algorithm>
#include <memory>
#include <span>

#include "core/team.h"
#include "train/path_count.h"
#include "train/workspace.h"

namespace mft::train {

// Sums over one minibatch or one evaluation.
struct BatchSums {
  double loss = 0;
  std::size_t correct = 0;
};

// The pieces of a minibatch or of an evaluation that one worker takes at a time.
inline std::size_t tiles_of(std::size_t rows) { return (rows + kRowTile - 1) / kRowTile; }

inline Rows tile_rows(std::size_t tile, std::size_t rows) {
  return {tile * kRowTile, std::min(kRowTile, rows - tile * kRowTile)};
}

template <typename T>
class Stepper {
 public:
  Stepper(const TrainingOptions& options, Network<T>& network, Team& team);

  // Forward of the images `indices` (a whole minibatch) with the masks of `step`, and the losses.
  BatchSums forward(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step,
                    bool with_statistics);
  // The rows of the next forward() begin sequences: what layers carry over is zero.
  void begin_sequences();
  // What is carried over to the next forward(), layer after layer.
  std::vector<T> states() const;
  void set_states(std::span<const T> values);
  // Adds what the layers counted in the last forward() to `totals`, counter after counter.
  void add_counts(std::span<double> totals) const;
  // Back through the layers of the last forward(); afterwards the tapes hold what gradients are made of.
  void backward();
  // Applies the gradients.
  void update(std::uint64_t step);
  // Both, and between them the record of the statistics when forward() collected any, and the count of masks and
  // gradients that the options ask for. On one thread a layer is updated as soon as its error has been passed on, while
  // its weights are still in the cache: the same bits.
  void backward_and_update(std::uint64_t step, TrainingResult& result, PathCounts& counts);
  // Loss and hits of the first `count` images, without masks. Where states are carried over the images are cut into at
  // most as many streams as the batch has rows.
  BatchSums evaluate(const Images& images, std::size_t count);
  // Of the options' directions v, the mean of (v . output)(v . input) over all images, without noise and masks.
  std::vector<double> project(const Images& images);
  // The first layer with a number that is not finite; the loss when there is none.
  Stop divergence(std::uint64_t step) const;

 private:
  using Worker = typename Workspace<T>::Worker;
  // Tiles [first, end) of a minibatch of so many rows.
  struct Tiles {
    std::size_t first, end, rows;
  };
  void image(const Images& images, std::size_t index, T* out) const;
  // Adds the noise of a row of the step.
  void disturb(std::uint64_t step, std::size_t row, T* input, Worker& worker) const;
  // Losses, hits and, when wanted, dE/dz of rows whose labels and clean inputs are given.
  void target_losses(const T* z, const std::uint32_t* labels, const T* clean, std::size_t rows, double* loss,
                     std::uint32_t* correct, T* error) const;
  void gather(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step, Tiles tiles,
              Worker& worker);
  static Rows rows_from(Tiles tiles, std::size_t first);
  void forward_tiles(Tiles tiles, std::uint64_t step, Worker& worker);
  void losses(Tiles tiles);
  void backward_layer(std::size_t layer, Tiles tiles);
  void update_unit(std::size_t unit, const Update<T>& rule, Worker& worker);
  // Rows of an evaluation that are worked on together: the images first, first + stride, ...
  struct Chunk {
    std::size_t first, stride, rows;
  };
  void evaluate_chunk(const Images& images, Chunk chunk);
  void evaluate_tile(const Images& images, Chunk chunk, Rows rows, Worker& worker);
  void project_tile(const T* outputs, Rows rows, Worker& worker);
  void record(std::uint64_t step, TrainingResult& result);
  const T* input_of(std::size_t layer) const {
    return layer == 0 ? workspace_.input.data() : workspace_.outputs[layer - 1].data();
  }
  void gradient_squares();
  void count_paths(PathCounts& counts);
  bool has_gradient();
  RowStatistics statistics_of(std::size_t layer);
  Worker& worker_at(int worker) { return workspace_.workers[static_cast<std::size_t>(worker)]; }
  template <typename Body>
  void for_groups(Body body);

  const TrainingOptions& options_;
  Network<T>& network_;
  Team& team_;
  Workspace<T> workspace_;
  std::unique_ptr<MaskSource> masks_;
  BlockedMasks blocked_;
  Buffer<T> input_scale_, input_shift_;
  std::size_t rows_ = 0;         // of the minibatch at hand
  bool has_statistics_ = false;  // whether it collects statistics
  bool is_projecting_ = false;   // whether an evaluation gives projections instead of losses
};

}  // namespace mft::train
