// core/statistics: equal to the naive twin to the bit on every instruction set, accurate where plain sums are not, and
// running moments against long double.
#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "core/cpu.h"
#include "core/error.h"
#include "core/random.h"
#include "core/statistics_naive.h"
#include "test/check.h"

namespace {

using namespace mft;

test::Tally tally;

template <class T>
std::vector<T> normals(std::uint32_t layer, std::size_t count) {
  std::vector<T> out(count);
  random_normals({1, 2, layer, Purpose::kInputs}, 0, std::span<T>(out));
  return out;
}

template <class T>
void equals_naive_twin(const std::string& set) {
  const auto a = normals<T>(0, 20001), b = normals<T>(1, 20001);
  for (const std::size_t first : {0u, 1u, 5u}) {
    for (const std::size_t count : {0u, 1u, 31u, 32u, 33u, 4095u, 4096u, 4097u, 10000u, 19996u}) {
      const std::span<const T> x(a.data() + first, count), y(b.data() + first, count);
      std::vector<double> values, products, absolutes, squares;
      for (std::size_t i = 0; i < count; ++i) {
        const double xi = static_cast<double>(x[i]), yi = static_cast<double>(y[i]);
        values.push_back(xi);
        products.push_back(xi * yi);
        absolutes.push_back(std::abs(xi * yi));
        squares.push_back(xi * xi);
      }
      const std::string where = " of " + std::to_string(count) + (sizeof(T) == 4 ? " floats, " : " doubles, ") + set;
      tally.check(sum(x) == naive::ordered_sum(values), "sum" + where);
      tally.check(dot(x, y) == naive::ordered_sum(products), "dot" + where);
      tally.check(sum_of_squares(x) == naive::ordered_sum(squares), "sum of squares" + where);
      tally.check(sum_abs_products(x, y) == naive::ordered_sum(absolutes), "sum of absolute products" + where);
    }
  }
}

void accuracy() {
  // 3e6 terms of 0.1: a plain loop is wrong by about 1e-11 relative, the bound here is 136 2^-53.
  const std::vector<double> tenths(3000000, 0.1);
  const long double exact = 3000000.0L * 0.1;  // of the double 0.1
  double plain = 0;
  for (const double x : tenths) plain += x;
  const double bound = 136 * 0x1p-53 * static_cast<double>(exact);
  tally.within(static_cast<double>(std::abs(sum(tenths) - exact)), 0, bound, "error of a long sum");
  tally.check(std::abs(plain - exact) > bound, "a plain loop is outside that bound");
  // Blocks that cancel: 1e17, small terms, -1e17.
  std::vector<double> cancelling(3 * 4096, 0.0);
  cancelling[0] = 1e17;
  for (std::size_t i = 4096; i < 8192; ++i) cancelling[i] = 0.001;
  cancelling[8192] = -1e17;
  tally.within(sum(cancelling), 4.096 - 1e-12, 4.096 + 1e-12, "a sum whose blocks cancel");

  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> one(5, 1.0), infinite = {1, 2, infinity, 3, 4}, broken = {1, 2, std::nan(""), 3, 4};
  tally.check(dot(one, infinite) == infinity, "infinity propagates");
  tally.check(std::isnan(dot(one, broken)), "NaN propagates");
  bool thrown = false;
  try {
    dot(std::span<const double>(one), std::span<const double>(one).first(3));
  } catch (const Error& error) {
    thrown = error.code() == "SHAPE";
  }
  tally.check(thrown, "different lengths are refused");
}

void running_moments() {
  auto values = normals<double>(3, 10001);
  for (double& x : values) x += 1e6;  // the mean swamps the deviations
  long double mean = 0, deviations = 0;
  for (const double x : values) mean += x;
  mean /= static_cast<long double>(values.size());
  for (const double x : values) deviations += (x - mean) * (x - mean);
  const double variance = static_cast<double>(deviations / static_cast<long double>(values.size() - 1));

  RunningMoments whole, merged;
  for (const double x : values) whole.add(x);
  for (std::size_t start = 0; start < values.size(); start += 977) {
    RunningMoments part;
    for (std::size_t i = start; i < std::min(start + 977, values.size()); ++i) part.add(values[i]);
    merged.merge(part);
  }
  merged.merge(RunningMoments{});
  for (const auto& moments : {whole, merged}) {
    tally.check(moments.count == values.size(), "count");
    tally.within(static_cast<double>(std::abs(moments.mean - mean)), 0, 1e-8, "error of the mean");
    tally.within(std::abs(moments.variance() / variance - 1), 0, 1e-9, "error of the variance");
    tally.check(moments.standard_error() == std::sqrt(moments.variance() / 10001.0), "standard error");
  }
  RunningMoments single;
  single.add(3);
  tally.check(single.mean == 3 && std::isnan(single.variance()), "one value has a mean and no variance");
}

}  // namespace

int main() {
  for (const auto set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (set > best_instruction_set()) continue;
    set_instruction_set(set);
    equals_naive_twin<float>(instruction_set_name(set));
    equals_naive_twin<double>(instruction_set_name(set));
  }
  accuracy();
  running_moments();
  return tally.finish();
}
