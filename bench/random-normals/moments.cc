// The long statistical test of our generator: moments 1 to 8, tails beyond 1 to 6 standard deviations on both sides,
// products of neighbours and of their squares (the two normals of a Box-Muller pair are 8 or 16 apart). Every figure is
// returned as a z-score.
#include <algorithm>
#include <array>
#include <thread>

#include "../competitor/serve.h"
#include "core/random.h"

namespace {

constexpr int kMoments = 8, kTails = 6, kLags = 4;
constexpr std::array<std::size_t, kLags> kLag{1, 8, 16, 32};

struct Sums {
  std::array<double, kMoments + 1> powers{};
  std::array<std::uint64_t, kTails> above{}, below{};
  std::array<double, kLags> products{}, square_products{};
  std::array<std::uint64_t, kLags> pairs{};
  double largest = 0.0;
};

template <class Real>
void add_block(std::span<const Real> block, Sums& sums) {
  std::array<double, kMoments + 1> powers{};
  std::array<std::uint64_t, kTails> above{}, below{};
  for (const Real value : block) {
    const auto x = static_cast<double>(value);
    double power = 1.0;
    for (int k = 1; k <= kMoments; ++k) powers[static_cast<std::size_t>(k)] += power *= x;
    for (std::size_t k = 0; k < kTails; ++k) {
      above[k] += x > static_cast<double>(k + 1);
      below[k] += x < -static_cast<double>(k + 1);
    }
    sums.largest = std::max(sums.largest, std::abs(x));
  }
  for (std::size_t k = 0; k < powers.size(); ++k) sums.powers[k] += powers[k];
  for (std::size_t k = 0; k < kTails; ++k) sums.above[k] += above[k], sums.below[k] += below[k];
  for (std::size_t k = 0; k < kLags; ++k) {
    double products = 0.0, squares = 0.0;
    for (std::size_t i = 0; i + kLag[k] < block.size(); ++i) {
      const double product = static_cast<double>(block[i]) * static_cast<double>(block[i + kLag[k]]);
      products += product;
      const double x2 = static_cast<double>(block[i]) * static_cast<double>(block[i]) - 1.0;
      squares += x2 * (static_cast<double>(block[i + kLag[k]]) * static_cast<double>(block[i + kLag[k]]) - 1.0);
    }
    sums.products[k] += products, sums.square_products[k] += squares, sums.pairs[k] += block.size() - kLag[k];
  }
}

template <class Real>
Sums sums_of(std::uint64_t seed, std::size_t draws, int threads) {
  std::vector<Sums> parts(static_cast<std::size_t>(threads));
  const auto work = [&](std::size_t part) {
    alignas(64) std::array<Real, 4096> block;
    const std::size_t blocks = draws / block.size();
    for (std::size_t b = part; b < blocks; b += parts.size()) {
      mft::random_normals({.seed = seed}, b * block.size(), block);
      add_block<Real>(block, parts[part]);
    }
  };
  std::vector<std::thread> team;
  for (std::size_t part = 1; part < parts.size(); ++part) team.emplace_back(work, part);
  work(0);
  for (auto& member : team) member.join();
  Sums total = parts[0];
  for (std::size_t part = 1; part < parts.size(); ++part) {
    for (std::size_t k = 0; k < total.powers.size(); ++k) total.powers[k] += parts[part].powers[k];
    for (std::size_t k = 0; k < kTails; ++k)
      total.above[k] += parts[part].above[k], total.below[k] += parts[part].below[k];
    for (std::size_t k = 0; k < kLags; ++k) {
      total.products[k] += parts[part].products[k], total.square_products[k] += parts[part].square_products[k],
          total.pairs[k] += parts[part].pairs[k];
    }
    total.largest = std::max(total.largest, parts[part].largest);
  }
  return total;
}

double double_factorial(int k) {  // (k - 1)!!: the k-th moment, k even
  double result = 1.0;
  for (int i = k - 1; i > 1; i -= 2) result *= i;
  return result;
}

bench::Answer scores(const Sums& sums, double n) {
  bench::Answer answer;
  auto& moments = answer.observables["moments"];
  for (int k = 1; k <= kMoments; ++k) {
    const double mean = k % 2 == 0 ? double_factorial(k) : 0.0;
    const double variance = double_factorial(2 * k) - mean * mean;
    moments.push_back((sums.powers[static_cast<std::size_t>(k)] / n - mean) / std::sqrt(variance / n));
  }
  for (const auto& [name, counts] : {std::pair{"tailAbove", sums.above}, std::pair{"tailBelow", sums.below}}) {
    auto& tail = answer.observables[name];
    auto& count = answer.observables[std::string(name) + "Count"];
    for (std::size_t k = 0; k < kTails; ++k) {
      const double expected = n * 0.5 * std::erfc(static_cast<double>(k + 1) / std::sqrt(2.0));
      tail.push_back((static_cast<double>(counts[k]) - expected) / std::sqrt(expected));
      count.push_back(static_cast<double>(counts[k]));
    }
  }
  for (std::size_t k = 0; k < kLags; ++k) {
    const auto pairs = static_cast<double>(sums.pairs[k]);
    answer.observables["neighbours"].push_back(sums.products[k] / std::sqrt(pairs));
    answer.observables["squaresOfNeighbours"].push_back(sums.square_products[k] / std::sqrt(4.0 * pairs));
  }
  answer.observables["largest"] = {sums.largest};
  return answer;
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t draws = options.whole("draws") / 4096 * 4096;
  const int threads = static_cast<int>(options.number("threads"));
  const bool is_single = options.text("precision") == "float32";
  bench::serve([&](std::uint64_t seed) {
    return scores(is_single ? sums_of<float>(seed, draws, threads) : sums_of<double>(seed, draws, threads),
                  static_cast<double>(draws));
  });
}
