// The parallel loop: every unit once, and of several failures the one of the lowest unit on any number of threads.
#include "core/parallel.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "check.h"

int main() {
  mft::test::Tally tally;
  for (const int threads : {1, 2, 3, 8}) {
    std::vector<std::atomic<int>> done(1000);
    mft::parallel_for(done.size(), threads, [&](std::size_t unit, int) { done[unit].fetch_add(1); });
    bool is_once = true;
    for (const std::atomic<int>& times : done) is_once = is_once && times.load() == 1;
    tally.check(is_once, "every unit once on " + std::to_string(threads) + " threads");

    // Unit 3 fails last by the clock: the ones after it have failed long before.
    for (int repeat = 0; repeat < 20; ++repeat) {
      std::string named;
      try {
        mft::parallel_for(64, threads, [](std::size_t unit, int) {
          if (unit == 3) std::this_thread::sleep_for(std::chrono::milliseconds(2));
          if (unit >= 3) throw std::runtime_error(std::to_string(unit));
        });
      } catch (const std::runtime_error& error) {
        named = error.what();
      }
      tally.check(named == "3", "the lowest failing unit on " + std::to_string(threads) + " threads, not " + named);
    }
  }
  return tally.finish();
}
