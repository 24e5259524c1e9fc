// Bodies of the kernels of kernels.h; included by one file per instruction set, which names the namespace
// MFT_KERNEL_SET. Everything has internal linkage: a function compiled for AVX-512 must never be picked by the linker
// for the baseline.
#include "systems/feedforward/kernels.h"

#ifdef __AVX512F__
#include <immintrin.h>
#endif

namespace mft::feedforward::MFT_KERNEL_SET {
namespace {

using Doubles = double __attribute__((vector_size(64)));
using Floats = float __attribute__((vector_size(64)));
using HalfFloats = float __attribute__((vector_size(32)));
using Longs = long long __attribute__((vector_size(64)));
using Ints = int __attribute__((vector_size(64)));

template <typename Real>
struct VectorOf;
template <>
struct VectorOf<double> {
  using Type = Doubles;
};
template <>
struct VectorOf<float> {
  using Type = Floats;
};
template <typename Real>
using Vector = typename VectorOf<Real>::Type;
template <typename Real>
constexpr std::size_t kLanes = 64 / sizeof(Real);

template <typename Real>
inline Vector<Real> load(const Real* x) {
  Vector<Real> v;
  __builtin_memcpy(&v, x, sizeof(v));
  return v;
}
inline void store(double* x, Doubles v) { __builtin_memcpy(x, &v, sizeof(v)); }
inline void store(float* x, Floats v) { __builtin_memcpy(x, &v, sizeof(v)); }

inline Doubles load_wide(const double* x) { return load(x); }
inline Doubles load_wide(const float* x) {
  HalfFloats v;
  __builtin_memcpy(&v, x, sizeof(v));
  return __builtin_convertvector(v, Doubles);
}
inline void store_narrow(double* x, Doubles v) { store(x, v); }
inline void store_narrow(float* x, Doubles v) {
  const HalfFloats narrow = __builtin_convertvector(v, HalfFloats);
  __builtin_memcpy(x, &narrow, sizeof(narrow));
}

inline void add_wide(Doubles& sum, Doubles v) { sum += v; }
inline void add_wide(Doubles& sum, Floats v) {
  const HalfFloats low = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
  const HalfFloats high = __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  sum += __builtin_convertvector(low, Doubles);
  sum += __builtin_convertvector(high, Doubles);
}

inline Doubles magnitude(Doubles v) { return (Doubles)((Longs)v & 0x7fffffffffffffffLL); }
inline Floats magnitude(Floats v) { return (Floats)((Ints)v & 0x7fffffff); }

inline Doubles masked(Doubles v, const std::uint64_t* bits, std::size_t i) {
  const std::uint64_t word = bits[i / 64] >> (i % 64);
#ifdef __AVX512F__
  return (Doubles)_mm512_maskz_mov_pd(static_cast<__mmask8>(word), (__m512d)v);
#else
  const Longs index = {0, 1, 2, 3, 4, 5, 6, 7};
  const Longs all = Longs{} + static_cast<long long>(word & 0xff);
  return (Doubles)((Longs)v & -((all >> index) & 1));
#endif
}
inline Floats masked(Floats v, const std::uint64_t* bits, std::size_t i) {
  const std::uint64_t word = bits[i / 64] >> (i % 64);
#ifdef __AVX512F__
  return (Floats)_mm512_maskz_mov_ps(static_cast<__mmask16>(word), (__m512)v);
#else
  const Ints index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const Ints all = Ints{} + static_cast<int>(word & 0xffff);
  return (Floats)((Ints)v & -((all >> index) & 1));
#endif
}

// Lane sums in registers for the length of one block. Floats are added in single precision over kGroup elements (eight
// terms a lane, hardly more rounding than in the terms themselves) before they enter the double sums.
constexpr std::size_t kGroup = 128;

template <typename Real, std::size_t kCount>
struct Sums {
  Doubles value[kCount];
  Vector<Real> group[kCount];
  LaneSum* target;
  explicit Sums(LaneSum* sums) : target(sums) {
    for (std::size_t k = 0; k < kCount; ++k) {
      value[k] = load(target[k].lane);
      group[k] = Vector<Real>{};
    }
  }
  ~Sums() {
    for (std::size_t k = 0; k < kCount; ++k) store(target[k].lane, value[k]);
  }
  void add(std::size_t k, Vector<Real> v) {
    if constexpr (sizeof(Real) == 8)
      value[k] += v;
    else
      group[k] += v;
  }
  void finish_group() {
    if constexpr (sizeof(Real) == 8) return;
    for (std::size_t k = 0; k < kCount; ++k) {
      add_wide(value[k], group[k]);
      group[k] = Vector<Real>{};
    }
  }
};

// body(i) for every vector of a block, with the groups of the sums finished in between.
template <typename Real, typename SumsType, typename Body>
inline __attribute__((always_inline)) void for_vectors(std::size_t count, SumsType& sums, const Body& body) {
  for (std::size_t first = 0; first < count; first += kGroup) {
    const std::size_t last = first + kGroup < count ? first + kGroup : count;
    for (std::size_t i = first; i < last; i += kLanes<Real>) body(i);
    sums.finish_group();
  }
}

template <typename Real, bool kPair>
void preactivations(const Real* g1, const Real* g2, const PairFactor& factor, Real* za, Real* zb, std::size_t count,
                    LaneSum* totals) {
  const Vector<Real> aa = Vector<Real>{} + static_cast<Real>(factor.aa);
  const Vector<Real> ba = Vector<Real>{} + static_cast<Real>(factor.ba);
  const Vector<Real> bb = Vector<Real>{} + static_cast<Real>(factor.bb);
  Sums<Real, 3> sums(totals);
  for_vectors<Real>(
      count, sums, [&](std::size_t i) __attribute__((always_inline)) {
        const Vector<Real> first = load(g1 + i);
        store(za + i, aa * first);
        sums.add(0, first * first);
        if constexpr (kPair) {
          const Vector<Real> second = load(g2 + i);
          store(zb + i, ba * first + bb * second);
          sums.add(1, second * second);
          sums.add(2, first * second);
        }
      });
}

template <typename Real, bool kPair, bool kDerivatives>
void masked_activities(Real* ua, Real* ub, Real* da, Real* db, const std::uint64_t* mask_a, const std::uint64_t* mask_b,
                       double scale, std::size_t count, LaneSum* totals) {
  const Vector<Real> factor = Vector<Real>{} + static_cast<Real>(scale);
  Sums<Real, 4> sums(totals);
  for_vectors<Real>(
      count, sums, [&](std::size_t i) __attribute__((always_inline)) {
        Vector<Real> a = load(ua + i);
        if (mask_a != nullptr) {
          a = masked(a * factor, mask_a, i);
          store(ua + i, a);
          if constexpr (kDerivatives) store(da + i, masked(load(da + i) * factor, mask_a, i));
        }
        sums.add(0, a * a);
        if constexpr (kPair) {
          Vector<Real> b = load(ub + i);
          if (mask_b != nullptr) {
            b = masked(b * factor, mask_b, i);
            store(ub + i, b);
            if constexpr (kDerivatives) store(db + i, masked(load(db + i) * factor, mask_b, i));
          }
          const Vector<Real> product = a * b;
          sums.add(1, b * b);
          sums.add(2, product);
          sums.add(3, magnitude(product));
        }
      });
}

template <typename Real, bool kPair>
void activities(Real* ua, Real* ub, Real* da, Real* db, const std::uint64_t* mask_a, const std::uint64_t* mask_b,
                double scale, std::size_t count, LaneSum* totals) {
  const auto kernel = da != nullptr ? masked_activities<Real, kPair, true> : masked_activities<Real, kPair, false>;
  kernel(ua, ub, da, db, mask_a, mask_b, scale, count, totals);
}

template <typename Real>
void remainder(const Real* ua, const Real* ub, const PairRemainder& r, std::size_t count, LaneSum* totals) {
  Sums<double, 2> sums(totals);
  for (std::size_t i = 0; i < count; i += 8) {
    const Doubles a = load_wide(ua + i);
    const Doubles w = (load_wide(ub + i) - r.alpha * a) - r.beta * a;
    sums.add(0, a * w);
    sums.add(1, w * w);
  }
}

template <typename Real, bool kPair>
void overlaps(const Real* ua, Real* ub, const PairRemainder& r, const Real* e1, const Real* e2, std::size_t count,
              LaneSum* totals) {
  const Vector<Real> alpha = Vector<Real>{} + static_cast<Real>(r.alpha);
  const Vector<Real> beta = Vector<Real>{} + static_cast<Real>(r.beta);
  Sums<Real, 4> sums(totals);
  for_vectors<Real>(
      count, sums, [&](std::size_t i) __attribute__((always_inline)) {
        const Vector<Real> a = load(ua + i), first = load(e1 + i);
        sums.add(0, a * first);
        if constexpr (kPair) {
          if (r.precise) {
            for (std::size_t k = i; k < i + kLanes<Real>; k += 8) {
              const Doubles wide = load_wide(ua + k);
              store_narrow(ub + k, (load_wide(ub + k) - r.alpha * wide) - r.beta * wide);
            }
          } else {
            store(ub + i, (load(ub + i) - alpha * a) - beta * a);
          }
          const Vector<Real> w = load(ub + i), second = load(e2 + i);
          sums.add(1, a * second);
          sums.add(2, w * first);
          sums.add(3, w * second);
        }
      });
}

template <typename Real, bool kPair>
inline __attribute__((always_inline)) void add_errors(Sums<Real, kErrorSums>& sums, Vector<Real> a, Vector<Real> b,
                                                      const Real* g1, const Real* g2, std::size_t i) {
  const Vector<Real> first = load(g1 + i);
  sums.add(0, a * a);
  sums.add(4, first * a);
  if constexpr (kPair) {
    const Vector<Real> second = load(g2 + i), product = a * b;
    sums.add(1, b * b);
    sums.add(2, product);
    sums.add(3, magnitude(product));
    sums.add(5, first * b);
    sums.add(6, second * a);
    sums.add(7, second * b);
  }
}

template <typename Real, bool kPair>
void errors(const Real* ua, const Real* w, const Real* da, const Real* db, const Real* e1, const Real* e2,
            const Real* g1, const Real* g2, const PairCoefficients& c, Real* delta_a, Real* delta_b, std::size_t count,
            LaneSum* totals) {
  const auto all = [](double x) { return Vector<Real>{} + static_cast<Real>(x); };
  const Vector<Real> cua = all(c.ua), cwa = all(c.wa), cea1 = all(c.ea1), cub = all(c.ub), cwb = all(c.wb);
  const Vector<Real> ceb1 = all(c.eb1), ceb2 = all(c.eb2);
  Sums<Real, kErrorSums> sums(totals);
  for_vectors<Real>(
      count, sums, [&](std::size_t i) __attribute__((always_inline)) {
        const Vector<Real> u = load(ua + i), first = load(e1 + i);
        Vector<Real> a = u * cua + first * cea1, b{};
        if constexpr (kPair) {
          const Vector<Real> rest = load(w + i);
          a += rest * cwa;
          b = load(db + i) * ((u * cub + rest * cwb) + (first * ceb1 + load(e2 + i) * ceb2));
          if (delta_a != nullptr) store(delta_b + i, b);
        }
        a *= load(da + i);
        if (delta_a != nullptr) store(delta_a + i, a);
        add_errors<Real, kPair>(sums, a, b, g1, g2, i);
      });
}

template <typename Real, bool kPair>
void error_sums(const Real* delta_a, const Real* delta_b, const Real* g1, const Real* g2, std::size_t count,
                LaneSum* totals) {
  Sums<Real, kErrorSums> sums(totals);
  for_vectors<Real>(
      count, sums, [&](std::size_t i) __attribute__((always_inline)) {
        Vector<Real> b{};
        if constexpr (kPair) b = load(delta_b + i);
        add_errors<Real, kPair>(sums, load(delta_a + i), b, g1, g2, i);
      });
}

// kRows rows at once: each vector of u is loaded once for all of them.
template <typename Real, std::size_t kInputs, std::size_t kRows>
inline __attribute__((always_inline)) void rows_forward(const Real* weights, std::size_t columns, const Real* u,
                                                        std::size_t stride, double* totals) {
  const std::size_t whole = columns / kLanes<Real> * kLanes<Real>;
  Vector<Real> sums[kRows][kInputs] = {};
  for (std::size_t j = 0; j < whole; j += kLanes<Real>)
    for (std::size_t a = 0; a < kInputs; ++a) {
      const Vector<Real> x = load(u + a * stride + j);
      for (std::size_t r = 0; r < kRows; ++r) sums[r][a] += load(weights + r * columns + j) * x;
    }
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t a = 0; a < kInputs; ++a) {
      Doubles lanes{};
      add_wide(lanes, sums[r][a]);
      double total = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
      for (std::size_t j = whole; j < columns; ++j)
        total += static_cast<double>(weights[r * columns + j]) * static_cast<double>(u[a * stride + j]);
      totals[r * kInputs + a] += total;
    }
}

template <typename Real, std::size_t kInputs>
void tile_forward(const Real* weights, std::size_t rows, std::size_t columns, const Real* u, std::size_t stride,
                  double* totals) {
  constexpr std::size_t kRows = kInputs <= 2 ? 4 : kInputs <= 4 ? 2 : 1;
  std::size_t r = 0;
  for (; r + kRows <= rows; r += kRows)
    rows_forward<Real, kInputs, kRows>(weights + r * columns, columns, u, stride, totals + r * kInputs);
  for (; r < rows; ++r) rows_forward<Real, kInputs, 1>(weights + r * columns, columns, u, stride, totals + r * kInputs);
}

// kVectors vectors of columns at once: each error is broadcast once for all of them.
template <typename Real, std::size_t kInputs, std::size_t kVectors>
inline __attribute__((always_inline)) void columns_backward(const Real* weights, std::size_t rows, std::size_t columns,
                                                            const Real* delta, Real* v, std::size_t stride) {
  Vector<Real> sums[kVectors][kInputs] = {};
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t a = 0; a < kInputs; ++a) {
      const Vector<Real> error = Vector<Real>{} + delta[r * kInputs + a];
      for (std::size_t k = 0; k < kVectors; ++k) sums[k][a] += load(weights + r * columns + k * kLanes<Real>) * error;
    }
  for (std::size_t k = 0; k < kVectors; ++k)
    for (std::size_t a = 0; a < kInputs; ++a) {
      Real* target = v + a * stride + k * kLanes<Real>;
      store(target, load(target) + sums[k][a]);
    }
}

template <typename Real, std::size_t kInputs>
void tile_backward(const Real* weights, std::size_t rows, std::size_t columns, const Real* delta, Real* v,
                   std::size_t stride) {
  constexpr std::size_t kVectors = kInputs <= 4 ? 4 : 2, kStep = kVectors * kLanes<Real>;
  std::size_t j = 0;
  for (; j + kStep <= columns; j += kStep)
    columns_backward<Real, kInputs, kVectors>(weights + j, rows, columns, delta, v + j, stride);
  for (; j + kLanes<Real> <= columns; j += kLanes<Real>)
    columns_backward<Real, kInputs, 1>(weights + j, rows, columns, delta, v + j, stride);
  for (; j < columns; ++j)
    for (std::size_t a = 0; a < kInputs; ++a) {
      Real sum = 0;
      for (std::size_t r = 0; r < rows; ++r) sum += weights[r * columns + j] * delta[r * kInputs + a];
      v[a * stride + j] += sum;
    }
}

template <typename Real>
constexpr PairKernels<Real> kPairTable = {preactivations<Real, true>,
                                          preactivations<Real, false>,
                                          activities<Real, true>,
                                          activities<Real, false>,
                                          remainder<Real>,
                                          overlaps<Real, true>,
                                          overlaps<Real, false>,
                                          errors<Real, true>,
                                          errors<Real, false>,
                                          error_sums<Real, true>,
                                          error_sums<Real, false>};

template <typename Real>
constexpr TileKernels<Real> kTileTable = {
    {tile_forward<Real, 1>, tile_forward<Real, 2>, tile_forward<Real, 3>, tile_forward<Real, 4>, tile_forward<Real, 5>,
     tile_forward<Real, 6>, tile_forward<Real, 7>, tile_forward<Real, 8>},
    {tile_backward<Real, 1>, tile_backward<Real, 2>, tile_backward<Real, 3>, tile_backward<Real, 4>,
     tile_backward<Real, 5>, tile_backward<Real, 6>, tile_backward<Real, 7>, tile_backward<Real, 8>}};

}  // namespace

const PairKernels<double>& pair_double() { return kPairTable<double>; }
const PairKernels<float>& pair_single() { return kPairTable<float>; }
const TileKernels<double>& tile_double() { return kTileTable<double>; }
const TileKernels<float>& tile_single() { return kTileTable<float>; }

}  // namespace mft::feedforward::MFT_KERNEL_SET
