#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/cpu.h"
#include "core/error.h"
#include "core/statistics_kernels.h"

namespace mft {
namespace {

constexpr std::size_t kBlock = 4096;

const StatisticsKernels& kernels() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return statistics_kernels_avx512();
    case InstructionSet::kAvx2:
      return statistics_kernels_avx2();
    default:
      break;
  }
#endif
  return statistics_kernels_baseline();
}

template <class T>
using AddToLanes = void (*)(std::size_t, const T*, const T*, double*);

template <class T>
double sum_of_terms(std::span<const T> a, std::span<const T> b, AddToLanes<T> add) {
  if (a.size() != b.size())
    throw Error("SHAPE", "",
                "Expected two arrays of one length, received lengths " + std::to_string(a.size()) + " and " +
                    std::to_string(b.size()) + ".");
  double total = 0, compensation = 0;
  for (std::size_t start = 0; start < a.size(); start += kBlock) {
    const std::size_t count = std::min(kBlock, a.size() - start);
    const std::size_t chunks = count / kLanesOfSum, rest = count % kLanesOfSum;
    alignas(64) double lanes[kLanesOfSum] = {};
    add(chunks, a.data() + start, b.data() + start, lanes);
    if (rest != 0) {  // padded with zeros, which change no lane
      alignas(64) T last_a[kLanesOfSum] = {}, last_b[kLanesOfSum] = {};
      std::copy_n(a.data() + start + chunks * kLanesOfSum, rest, last_a);
      std::copy_n(b.data() + start + chunks * kLanesOfSum, rest, last_b);
      add(1, last_a, last_b, lanes);
    }
    for (std::size_t half = kLanesOfSum / 2; half > 0; half /= 2)
      for (std::size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
    const double block = lanes[0], next = total + block;
    compensation += std::abs(total) >= std::abs(block) ? (total - next) + block : (block - next) + total;
    total = next;
  }
  // An infinite total has a compensation that is not a number.
  return std::isfinite(total) ? total + compensation : total;
}

}  // namespace

double sum(std::span<const float> a) { return sum_of_terms(a, a, kernels().of_floats.add_terms); }
double sum(std::span<const double> a) { return sum_of_terms(a, a, kernels().of_doubles.add_terms); }

double dot(std::span<const float> a, std::span<const float> b) {
  return sum_of_terms(a, b, kernels().of_floats.add_products);
}
double dot(std::span<const double> a, std::span<const double> b) {
  return sum_of_terms(a, b, kernels().of_doubles.add_products);
}

double sum_of_squares(std::span<const float> a) { return dot(a, a); }
double sum_of_squares(std::span<const double> a) { return dot(a, a); }

double sum_abs_products(std::span<const float> a, std::span<const float> b) {
  return sum_of_terms(a, b, kernels().of_floats.add_abs_products);
}
double sum_abs_products(std::span<const double> a, std::span<const double> b) {
  return sum_of_terms(a, b, kernels().of_doubles.add_abs_products);
}

void RunningMoments::add(double value) {
  ++count;
  const double before = value - mean;
  mean += before / static_cast<double>(count);
  squared_deviations += before * (value - mean);
}

void RunningMoments::merge(const RunningMoments& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  const double own = static_cast<double>(count), theirs = static_cast<double>(other.count);
  const double distance = other.mean - mean;
  count += other.count;
  mean += distance * (theirs / (own + theirs));
  squared_deviations += other.squared_deviations + distance * distance * (own * theirs / (own + theirs));
}

double RunningMoments::variance() const {
  return count < 2 ? std::numeric_limits<double>::quiet_NaN() : squared_deviations / static_cast<double>(count - 1);
}

double RunningMoments::standard_error() const { return std::sqrt(variance() / static_cast<double>(count)); }

}  // namespace mft
