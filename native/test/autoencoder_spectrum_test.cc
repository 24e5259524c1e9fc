// Second moments of data sets: against loops, rank of what has less than full rank, bytes, floats and centring.
#include <cmath>

#include "core/blas.h"
#include "core/random.h"
#include "systems/autoencoder/spectrum.h"
#include "test/check.h"

using namespace mft;
using namespace mft::autoencoder;

namespace {

// More rows than a block of examples, more components than a block of columns; byte j is near 5 j mod 200.
std::vector<std::uint8_t> bytes(std::size_t count, std::size_t dimension) {
  std::vector<double> uniform(count * dimension);
  random_uniforms(Stream{5, 0, 0, Purpose::kDataset}, 0, uniform);
  std::vector<std::uint8_t> result(uniform.size());
  for (std::size_t i = 0; i < uniform.size(); ++i)
    result[i] = static_cast<std::uint8_t>(5 * (i % dimension) % 200 + std::floor(50 * uniform[i]));
  return result;
}

void against_loops(test::Tally& tally, bool is_centred) {
  constexpr std::size_t n = 700, d = 300;
  const std::vector<std::uint8_t> raw = bytes(n, d);
  const std::vector<float> floats(raw.begin(), raw.end());
  const std::vector<double> doubles(raw.begin(), raw.end());
  ExampleSet set{raw.data(), nullptr, nullptr, n, d, 1.0 / 255, is_centred};
  const SecondMoment one = second_moment(set, 1, Control()), three = second_moment(set, 3, Control());
  tally.check(one.variances == three.variances && one.directions == three.directions, "the same bits on threads");
  set.bytes = nullptr;
  set.floats = floats.data();
  tally.check(second_moment(set, 1, Control()).variances == one.variances, "floats that are bytes");
  set.floats = nullptr;
  set.doubles = doubles.data();
  tally.check(second_moment(set, 1, Control()).variances == one.variances, "doubles that are bytes");
  // v^T S v by the examples, for some directions.
  for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{150}, d - 1}) {
    double sum = 0;
    for (std::size_t row = 0; row < n; ++row) {
      double projection = 0;
      for (std::size_t i = 0; i < d; ++i)
        projection += one.directions[k * d + i] * (doubles[row * d + i] / 255 - (is_centred ? one.mean[i] : 0));
      sum += projection * projection / n;
    }
    tally.within((sum - one.variances[k]) / one.variances[0], -1e-13, 1e-13, "variance along a direction");
  }
  double trace = 0;
  for (const double nu : one.variances) trace += nu;
  tally.within(trace / one.trace - 1, -1e-12, 1e-12, "trace");
  tally.check(one.rank == d && one.smallest_rank == d && one.largest_rank == d, "full rank");
}

// Fewer examples than components, and columns that are constant or the same.
void deficient_rank(test::Tally& tally) {
  const std::vector<std::uint8_t> few = bytes(20, 50);
  const SecondMoment wide = second_moment({few.data(), nullptr, nullptr, 20, 50, 1, false}, 1, Control());
  tally.check(wide.rank == 20, "rank of 20 examples: " + std::to_string(wide.rank));
  const SecondMoment centred = second_moment({few.data(), nullptr, nullptr, 20, 50, 1, true}, 1, Control());
  tally.check(centred.rank == 19, "rank of 20 centred examples: " + std::to_string(centred.rank));
  std::vector<std::uint8_t> same = bytes(200, 6);
  for (std::size_t row = 0; row < 200; ++row) {
    same[row * 6 + 3] = same[row * 6 + 1];
    same[row * 6 + 5] = 0;
  }
  const SecondMoment twice = second_moment({same.data(), nullptr, nullptr, 200, 6, 1, false}, 1, Control());
  tally.check(twice.rank == 4 && twice.smallest_rank <= 4 && twice.largest_rank >= 4, "duplicate and zero columns");
  const std::vector<double> zero(30, 0.0);
  tally.check(second_moment({nullptr, nullptr, zero.data(), 10, 3, 1, false}, 1, Control()).rank == 0, "only zeros");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  against_loops(tally, false);
  against_loops(tally, true);
  deficient_rank(tally);
  return tally.finish();
}
