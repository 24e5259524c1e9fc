#include "core/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mft {

void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t, int)>& body) {
  const std::size_t workers = std::min<std::size_t>(count, threads > 1 ? static_cast<std::size_t>(threads) : 1);
  if (workers <= 1) {
    for (std::size_t unit = 0; unit < count; ++unit) body(unit, 0);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr first_error;
  std::size_t failed = count;  // the unit of that error
  std::mutex error_mutex;
  const auto work = [&](int worker) {
    std::size_t unit = next.fetch_add(1);
    try {
      for (; unit < count; unit = next.fetch_add(1)) body(unit, worker);
    } catch (...) {
      // Units begin in their order, so all before this one have begun and end: the lowest that fails is always seen.
      next.store(count);
      const std::lock_guard<std::mutex> lock(error_mutex);
      if (unit < failed) {
        failed = unit;
        first_error = std::current_exception();
      }
    }
  };
  std::vector<std::thread> pool;
  pool.reserve(workers - 1);
  try {
    for (std::size_t worker = 1; worker < workers; ++worker) pool.emplace_back(work, static_cast<int>(worker));
  } catch (...) {
    // No further thread could be started: the ones that run, and this one, do all the work.
  }
  work(0);
  for (std::thread& thread : pool) thread.join();
  if (first_error) std::rethrow_exception(first_error);
}

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace mft
