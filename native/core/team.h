// Threads that stay: for loops that are run thousands of times a second, where parallel_for's starting of threads would
// cost more than the work. Same rules: units write to their own places, results never depend on the number of threads.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mft {

class Team {
 public:
  // Starts threads - 1 threads (fewer when the system refuses); the caller of run() is the remaining one.
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // body(unit, worker) for unit in [0, count), worker in [0, size()). The first exception ends the loop and is thrown
  // again here. Allocates nothing.
  template <typename Body>
  void run(std::size_t count, Body& body) {
    run_erased(
        count, [](void* self, std::size_t unit, int worker) { (*static_cast<Body*>(self))(unit, worker); }, &body);
  }

 private:
  using Call = void (*)(void* body, std::size_t unit, int worker);
  void run_erased(std::size_t count, Call call, void* body);
  void work(int worker);
  void serve(int worker);

  Call call_ = nullptr;
  void* body_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> busy_{0};
  std::atomic<bool> is_ending_{false};
  std::mutex error_mutex_;
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

}  // namespace mft
