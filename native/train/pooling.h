// Pools of maps and the way back through them, once per instruction set. Same bits on all of them: comparisons, sums in
// the order of a pool's rows, products.
#pragma once
#include <cstddef>

namespace mft::train {

// Maps of `rows` rows of pools, side by pool rows of `width` numbers each: width a multiple of side. Channels that lie
// one after the other count as one map.
struct PoolShape {
  std::size_t side, rows, width;
};

template <typename T>
struct Pools {
  // pooled: mean or maximum of each pool. Derivatives (null: not wanted) become those of what the pool passes on: times
  // 1/side^2, or kept at the first maximum and 0 elsewhere.
  void (*average)(const PoolShape& shape, const T* values, T* derivatives, T* pooled);
  void (*maximum)(const PoolShape& shape, const T* values, T* derivatives, T* pooled);
  // deltas *= the error of their pool.
  void (*back)(const PoolShape& shape, const T* errors, T* deltas);
};

// Those of the active instruction set.
template <typename T>
const Pools<T>& pools();

struct AllPools {
  Pools<float> of_floats;
  Pools<double> of_doubles;
};
const AllPools& pools_baseline();
const AllPools& pools_avx2();
const AllPools& pools_avx512();

}  // namespace mft::train
