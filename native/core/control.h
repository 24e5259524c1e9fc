// Progress and cancellation of a running kernel through a small Int32Array over shared memory:
//   slot 0: cancel requested (0 or 1), slot 1: units done (wraps never: at most 2^31 - 1 units are planned per call).
// Works with asynchronous workers and inside worker_threads. `is_ending` cancels too: the environment that asked for
// the work is coming to its end (native/node/ending.h). A default-constructed Control never cancels.
#pragma once
#include <atomic>
#include <cstdint>

#include "core/error.h"

namespace mft {

class Control {
 public:
  static constexpr int kSlots = 2;
  Control() = default;
  explicit Control(std::int32_t* slots, const std::atomic<bool>* is_ending = nullptr)
      : slots_(slots), is_ending_(is_ending) {}

  bool is_cancelled() const {
    return (slots_ != nullptr && std::atomic_ref<std::int32_t>(slots_[0]).load(std::memory_order_relaxed) != 0) ||
           (is_ending_ != nullptr && is_ending_->load(std::memory_order_relaxed));
  }
  void throw_if_cancelled() const {
    if (is_cancelled()) throw Cancelled();
  }
  void advance(std::int32_t units) const {
    if (slots_ != nullptr) std::atomic_ref<std::int32_t>(slots_[1]).fetch_add(units, std::memory_order_relaxed);
  }

 private:
  std::int32_t* slots_ = nullptr;
  const std::atomic<bool>* is_ending_ = nullptr;
};

}  // namespace mft
