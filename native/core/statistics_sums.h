// The loops of core/statistics over vectors of kBytes. Included only by the per-instruction-set files.
#pragma once
#include <cstddef>
#include <cstdint>

#include "core/statistics_kernels.h"

namespace mft {
namespace {

template <int kBytes>
struct Doubles {
  typedef double Vector __attribute__((vector_size(kBytes)));
  typedef std::uint64_t Bits __attribute__((vector_size(kBytes)));
  typedef float Singles __attribute__((vector_size(kBytes / 2)));
  static constexpr std::size_t kLanes = kBytes / 8;
};

template <int kBytes>
inline typename Doubles<kBytes>::Vector load_doubles(const double* from) {
  typename Doubles<kBytes>::Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

template <int kBytes>
inline typename Doubles<kBytes>::Vector load_doubles(const float* from) {
  typename Doubles<kBytes>::Singles value;
  __builtin_memcpy(&value, from, sizeof value);
  return __builtin_convertvector(value, typename Doubles<kBytes>::Vector);
}

enum class Term { kValue, kProduct, kAbsProduct };

template <int kBytes, Term kTerm, class T>
void add_to_lanes(std::size_t chunks, const T* a, const T* b, double* lanes) {
  using D = Doubles<kBytes>;
  using Vector = typename D::Vector;
  constexpr std::size_t kVectors = kLanesOfSum / D::kLanes;
  Vector sums[kVectors];
  for (std::size_t v = 0; v < kVectors; ++v) sums[v] = load_doubles<kBytes>(lanes + v * D::kLanes);
  for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t offset = chunk * kLanesOfSum + v * D::kLanes;
      Vector term = load_doubles<kBytes>(a + offset);
      if constexpr (kTerm != Term::kValue) term *= load_doubles<kBytes>(b + offset);
      if constexpr (kTerm == Term::kAbsProduct) term = (Vector)((typename D::Bits)term & 0x7FFFFFFFFFFFFFFFu);
      sums[v] += term;
    }
  }
  for (std::size_t v = 0; v < kVectors; ++v) __builtin_memcpy(lanes + v * D::kLanes, &sums[v], sizeof(Vector));
}

template <int kBytes, class T>
constexpr SumKernels<T> kSumKernels = {&add_to_lanes<kBytes, Term::kValue, T>, &add_to_lanes<kBytes, Term::kProduct, T>,
                                       &add_to_lanes<kBytes, Term::kAbsProduct, T>};

}  // namespace
}  // namespace mft
