// The C++ standard library's normals, and a hashed counter with a vectorised Box-Muller, block by block.
#include "../competitor/generators.h"
#include "../competitor/serve.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t draws = options.whole("draws");
  const bool is_standard = options.text("generator") == "standard";
  std::vector<float> block(4096);
  bench::serve([&](std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<float> normal;
    double sum = 0.0, squares = 0.0;
    for (std::size_t first = 0; first < draws; first += block.size()) {
      if (is_standard)
        for (float& value : block) value = normal(engine);
      else
        bench::hashed_normals(seed * 1000003U + first, 1.0F, block);
      sum += static_cast<double>(block[0]), squares += static_cast<double>(block[0]) * static_cast<double>(block[0]);
    }
    const double blocks = static_cast<double>((draws + block.size() - 1) / block.size());
    return bench::Answer{1, {{"sample", {blocks, sum / blocks, squares / blocks}}}};
  });
}
