#include "systems/kernel/simulation.h"

#include "core/parallel.h"
#include "core/random.h"

namespace mft::kernel {

std::vector<double> simulate(const Simulation& simulation, const Control& control) {
  const std::size_t size = simulation.depth + 1;
  std::vector<double> rows(simulation.trials * size);
  std::vector<std::vector<double>> normals(static_cast<std::size_t>(simulation.threads),
                                           std::vector<double>(simulation.width));
  parallel_for(simulation.trials, simulation.threads, [&](std::size_t trial, int worker) {
    std::vector<double>& normal = normals[static_cast<std::size_t>(worker)];
    double* row = &rows[trial * size];
    row[0] = 1;
    for (std::size_t layer = 1; layer < size; ++layer) {
      control.throw_if_cancelled();
      const Stream stream{simulation.seed, static_cast<std::uint32_t>(simulation.first_trial + trial),
                          static_cast<std::uint32_t>(layer), Purpose::kForwardNormals};
      random_normals(stream, 0, normal);
      double squares = 0;
      for (const double value : normal) squares += value * value;
      row[layer] = simulation.weight_variance * row[layer - 1] * squares / static_cast<double>(simulation.width);
    }
    control.advance(1);
  });
  return rows;
}

}  // namespace mft::kernel
