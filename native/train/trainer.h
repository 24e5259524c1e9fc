// The minibatch loop: one network, from its initial weights (or a checkpoint) to its last step.
#pragma once
#include <vector>

#include "core/control.h"
#include "train/options.h"

namespace mft::train {

// Trains one network. `test.count` may be 0. Progress: one unit per step. When cancelled, the state is saved first if
// the options name a checkpoint. Throws SHAPE, MEMORY (bad_alloc), DISK, DATA_CHECKSUM, DATA_FORMAT, JOURNAL_MISMATCH,
// Cancelled.
TrainingResult train_network(const TrainingOptions& options, const Images& train, const Images& test,
                             const Control& control);

// Trains several networks side by side on `threads` threads, each on one.
std::vector<TrainingResult> train_networks(const std::vector<TrainingOptions>& options, const Images& train,
                                           const Images& test, int threads, const Control& control);

}  // namespace mft::train
