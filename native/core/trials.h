// What the simulations of all systems share: trials spread over workers, and rows with a declared layout.
//
// A row holds one trial as doubles. Its layout names the places: entry (i, j) of a place (i along the outer axis, such
// as the layers; j along the inner one, such as the inputs) stands at offset + i stride + j. Whoever reads rows asks
// for the layout and computes no offset of its own.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/error.h"
#include "core/parallel.h"

namespace mft {

struct RowAxis {
  const char* name;
  std::size_t count, start;  // coordinates start .. start + count - 1
};

// kLog: a natural logarithm, -Infinity for 0. kSign: -1, 0, 1. kDefined: 1, or 0 where the value it speaks of is none.
enum class RowScale { kLinear, kLog, kSign, kDefined };

struct RowPlace {
  const char* name;
  RowScale scale;
  std::size_t offset, stride;
  RowAxis outer, inner;
};

struct RowTable {
  std::size_t row_length = 0;
  std::vector<RowPlace> places;
};

struct TrialRange {
  std::uint32_t first = 0, count = 1;
  int threads = 1;
  // One worker a trial at most; the threads that are left over may help inside a trial.
  int workers() const {
    return static_cast<int>(std::min<std::size_t>(count, static_cast<std::size_t>(std::max(1, threads))));
  }
  int threads_inside() const { return std::max(1, std::max(1, threads) / workers()); }
};

// One per worker: holds its workspace, runs any trial.
class TrialEngine {
 public:
  TrialEngine() = default;
  TrialEngine(const TrialEngine&) = delete;
  TrialEngine& operator=(const TrialEngine&) = delete;
  virtual ~TrialEngine() = default;
  virtual void run(std::uint32_t trial, const Control& control, std::span<double> row) = 0;
};

// Runs every trial on the engine of its worker; `make()` builds an engine, which has run(trial, control, row).
// rows: count * row_length doubles, trial t at row t - first: the same on any number of threads.
template <typename Make>
void run_trials(const TrialRange& range, std::size_t row_length, const Control& control, std::span<double> rows,
                Make make) {
  if (rows.size() != range.count * row_length) throw Error("SHAPE", "rows", "The rows have the wrong length.");
  std::vector<decltype(make())> engines(static_cast<std::size_t>(range.workers()));
  parallel_for(range.count, range.workers(), [&](std::size_t unit, int worker) {
    control.throw_if_cancelled();
    auto& engine = engines[static_cast<std::size_t>(worker)];
    if (!engine) engine = make();
    engine->run(range.first + static_cast<std::uint32_t>(unit), control, rows.subspan(unit * row_length, row_length));
  });
}

}  // namespace mft
