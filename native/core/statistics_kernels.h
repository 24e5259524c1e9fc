// Inside of core/statistics: the loops that exist once per instruction set. Each adds `chunks` chunks of 32 terms to 32
// lanes, lane l taking term l of each chunk, in order.
#pragma once
#include <cstddef>

namespace mft {

inline constexpr std::size_t kLanesOfSum = 32;

template <class T>
struct SumKernels {
  void (*add_terms)(std::size_t chunks, const T* a, const T* b, double* lanes);  // a; b is not read
  void (*add_products)(std::size_t chunks, const T* a, const T* b, double* lanes);
  void (*add_abs_products)(std::size_t chunks, const T* a, const T* b, double* lanes);
};

struct StatisticsKernels {
  SumKernels<float> of_floats;
  SumKernels<double> of_doubles;
};

const StatisticsKernels& statistics_kernels_baseline();
const StatisticsKernels& statistics_kernels_avx2();
const StatisticsKernels& statistics_kernels_avx512();

}  // namespace mft
