// The memory of a step: what is kept for the whole minibatch, and what a worker needs for a tile. One place says how
// much, for the allocation and for the plan shown before the start.
#pragma once
#include "train/network.h"

namespace mft::train {

// Rows that evaluation hands to the workers at once.
inline constexpr std::size_t kEvaluationRows = 1024;

template <typename T>
struct Workspace {
  // Of the whole minibatch; layer l's rows are rows_of(outputs[l]).
  Buffer<T> input;
  std::vector<Buffer<T>> outputs, tapes;
  Buffer<T> errors[2];                           // dE/doutput on its way down, rows of the largest width
  Buffer<double> loss;                           // at least kEvaluationRows, as is_correct
  Buffer<std::uint32_t> correct, labels;         // labels: of every position
  Buffer<T> clean;                               // inputs before noise and masks, where they are the target
  std::vector<Buffer<T>> states;                 // of every layer and row, where they are carried over
  std::vector<Buffer<T>> evaluation_states;      // the same of an evaluation
  std::vector<Buffer<double>> counts;            // of every layer, row and counter
  std::vector<std::size_t> counters;             // how many every layer has
  Buffer<double> square, product, error_square;  // layer x row, when statistics are wanted
  Buffer<double> tile_squares;                   // of the gradient, one per update tile
  Buffer<T> directions;                          // of TrainingOptions
  Buffer<double> projected;                      // evaluation row x direction

  struct Worker {
    Buffer<T> values[2];
    Buffer<std::uint64_t> mask_bits;
    Buffer<T> update_scratch;
    Buffer<T> evaluation_scratch;
    Buffer<std::uint32_t> labels;
    Buffer<T> clean;
    Buffer<double> noise;
    Buffer<T> projections;  // row x direction, of outputs and of inputs
  };
  std::vector<Worker> workers;

  // A (layer, tile) of the update.
  struct UpdateUnit {
    std::uint32_t layer;
    std::uint32_t tile;
  };
  std::vector<UpdateUnit> update_units;

  Workspace(const TrainingOptions& options, const Network<T>& network, int worker_count);
};

}  // namespace mft::train
