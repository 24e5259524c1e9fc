#include "core/team.h"

#include <system_error>
#include <utility>

namespace mft {

Team::Team(int threads) {
  for (int worker = 1; worker < threads; ++worker) {
    try {
      threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error&) {
      break;  // no further thread could be started: the others do all the work
    }
  }
}

Team::~Team() {
  is_ending_.store(true);
  round_.fetch_add(1);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Team::run_erased(std::size_t count, Call call, void* body) {
  if (threads_.empty() || count <= 1) {
    for (std::size_t unit = 0; unit < count; ++unit) call(body, unit, 0);
    return;
  }
  call_ = call;
  body_ = body;
  count_ = count;
  next_.store(0, std::memory_order_relaxed);
  busy_.store(static_cast<std::uint32_t>(threads_.size()), std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  work(0);
  for (std::uint32_t busy = busy_.load(std::memory_order_acquire); busy != 0;
       busy = busy_.load(std::memory_order_acquire))
    busy_.wait(busy, std::memory_order_acquire);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void Team::work(int worker) {
  try {
    for (std::size_t unit = next_.fetch_add(1); unit < count_; unit = next_.fetch_add(1)) call_(body_, unit, worker);
  } catch (...) {
    next_.store(count_);
    const std::lock_guard<std::mutex> lock(error_mutex_);
    if (!error_) error_ = std::current_exception();
  }
}

void Team::serve(int worker) {
  std::uint32_t seen = 0;
  while (true) {
    round_.wait(seen, std::memory_order_acquire);
    seen = round_.load(std::memory_order_acquire);
    if (is_ending_.load()) return;
    work(worker);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
  }
}

}  // namespace mft
