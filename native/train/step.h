// One step of a training run: gather, forward, loss, backward, update; and evaluation without masks.
#pragma once
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

template <typename T>
class Stepper {
 public:
  Stepper(const TrainingOptions& options, Network<T>& network, Team& team);

  // Forward and backward of the images `indices` (a whole minibatch) with the masks of `step`.
  BatchSums gradients(const Images& images, std::span<const std::uint32_t> indices, std::uint64_t step, bool with_statistics);
  // Applies the gradients; call after gradients().
  void update(std::uint64_t step);
  // Loss and hits of the first `count` images, without masks.
  BatchSums evaluate(const Images& images, std::size_t count);
  // Appends this step's record to the statistics of the result; call after gradients(..., true).
  void record(std::uint64_t step, TrainingResult& result);
  // Adds the masks and the gradient of this step to the counts; call after gradients().
  void count_paths(PathCounts& counts);
  // The first layer with a number that is not finite; the loss when there is none.
  Stop divergence(std::uint64_t step) const;

 private:
  using Worker = typename Workspace<T>::Worker;
  void gather(const Images& images, std::size_t index, T* out) const;
  void row_tile(const Images& images, std::span<const std::uint32_t> indices, Rows rows, bool with_statistics, Worker& worker);
  void gradient_squares();
  bool has_gradient();
  RowStatistics statistics_of(std::size_t layer, bool with_statistics);

  const TrainingOptions& options_;
  Network<T>& network_;
  Team& team_;
  Workspace<T> workspace_;
  std::unique_ptr<MaskSource> masks_;
  BlockedMasks blocked_;
  Buffer<T> input_scale_, input_shift_;
};

}  // namespace mft::train
