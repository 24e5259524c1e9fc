// Parallel loop over independent units (trials, tiles, jobs). Results never depend on the number of threads: every unit
// writes to its own place, and what is summed is summed afterwards in a fixed order.
#pragma once
#include <cstddef>
#include <functional>

namespace mft {

// body(unit, worker) for unit in [0, count); worker in [0, threads) names the workspace to use. An exception
// stops the loop; of several the one of the lowest unit is thrown again here, on any number of threads. threads <= 1
// runs on the calling thread.
void parallel_for(std::size_t count, int threads, const std::function<void(std::size_t unit, int worker)>& body);

// Processors this process may run on (affinity mask and cgroup quota).
int available_processors();

}  // namespace mft
