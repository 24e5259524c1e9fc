// Our generator, block by block as the engines use it.
#include <algorithm>

#include "../competitor/serve.h"
#include "core/random.h"

namespace {

template <class Real>
bench::Answer draw(std::uint64_t seed, std::size_t draws) {
  alignas(64) static Real block[16384 / sizeof(Real)];
  const std::size_t size = std::size(block);
  double sum = 0.0, squares = 0.0;
  for (std::size_t first = 0; first < draws; first += size) {
    mft::random_normals({.seed = seed}, first, std::span<Real>(block));
    sum += static_cast<double>(block[0]),
        squares +=
        static_cast<double>(block[0]) * static_cast<double>(block[0]);  // a sample, so that nothing is optimised away
  }
  const double blocks = static_cast<double>((draws + size - 1) / size);
  return {1, {{"sample", {blocks, sum / blocks, squares / blocks}}}};
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t draws = options.whole("draws");
  const bool is_single = options.text("precision") == "float32";
  bench::serve([&](std::uint64_t seed) { return is_single ? draw<float>(seed, draws) : draw<double>(seed, draws); });
}
