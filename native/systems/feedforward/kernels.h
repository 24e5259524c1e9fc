// Vector kernels of the pair engine and of the dense engine with few inputs, compiled once per instruction set. Sums
// are kept in eight double lanes (floats: see the body) and no multiply-add is contracted, so all instruction sets give
// the same bits.
//
// Lengths are multiples of kPad; what lies beyond the true length must be zero.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mft::feedforward {

inline constexpr std::size_t kPad = 16;

struct LaneSum {
  alignas(64) double lane[8];
  double total() const {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
  }
};

// z_a = aa g_1,  z_b = ba g_1 + bb g_2
struct PairFactor {
  double aa, ba, bb;
};

// delta_a = d_a (u_a ua + w wa + e_1 ea1),  delta_b = d_b (u_a ub + w wb + e_1 eb1 + e_2 eb2)
struct PairCoefficients {
  double ua, wa, ea1, ub, wb, eb1, eb2;
};

// w = (u_b - alpha u_a) - beta u_a; precise: computed in double precision whatever Real is.
struct PairRemainder {
  double alpha, beta;
  bool precise;
};

// For one input (`single`) everything of b is ignored and may be null.
template <typename Real>
struct PairKernels {
  // sums: g_1 g_1, g_2 g_2, g_1 g_2
  void (*preactivations)(const Real* g1, const Real* g2, const PairFactor& factor, Real* za, Real* zb,
                         std::size_t count, LaneSum* sums);
  void (*preactivations_single)(const Real* g1, const Real* g2, const PairFactor& factor, Real* za, Real* zb,
                                std::size_t count, LaneSum* sums);
  // u and d (left alone when da is null) *= scale where the mask bit is set, else 0 (no mask: null);
  // sums: u_a u_a, u_b u_b, u_a u_b, |u_a u_b|
  void (*activities)(Real* ua, Real* ub, Real* da, Real* db, const std::uint64_t* mask_a, const std::uint64_t* mask_b,
                     double scale, std::size_t count, LaneSum* sums);
  void (*activities_single)(Real* ua, Real* ub, Real* da, Real* db, const std::uint64_t* mask_a,
                            const std::uint64_t* mask_b, double scale, std::size_t count, LaneSum* sums);
  // w = (u_b - alpha u_a) - beta u_a; sums: u_a w, w w
  void (*remainder)(const Real* ua, const Real* ub, const PairRemainder& remainder, std::size_t count, LaneSum* sums);
  // u_b -> w in place; sums: u_a e_1, u_a e_2, w e_1, w e_2
  void (*overlaps)(const Real* ua, Real* ub, const PairRemainder& remainder, const Real* e1, const Real* e2,
                   std::size_t count, LaneSum* sums);
  void (*overlaps_single)(const Real* ua, Real* ub, const PairRemainder& remainder, const Real* e1, const Real* e2,
                          std::size_t count, LaneSum* sums);
  // The errors themselves; stored only when delta_a is not null. Sums as error_sums.
  void (*errors)(const Real* ua, const Real* w, const Real* da, const Real* db, const Real* e1, const Real* e2,
                 const Real* g1, const Real* g2, const PairCoefficients& c, Real* delta_a, Real* delta_b,
                 std::size_t count, LaneSum* sums);
  void (*errors_single)(const Real* ua, const Real* w, const Real* da, const Real* db, const Real* e1, const Real* e2,
                        const Real* g1, const Real* g2, const PairCoefficients& c, Real* delta_a, Real* delta_b,
                        std::size_t count, LaneSum* sums);
  // sums: aa, bb, ab, |ab| of delta, then g_1 delta_a, g_1 delta_b, g_2 delta_a, g_2 delta_b
  void (*error_sums)(const Real* delta_a, const Real* delta_b, const Real* g1, const Real* g2, std::size_t count,
                     LaneSum* sums);
  void (*error_sums_single)(const Real* delta_a, const Real* delta_b, const Real* g1, const Real* g2, std::size_t count,
                            LaneSum* sums);
};

inline constexpr std::size_t kInputSums = 4;  // of `activities`
inline constexpr std::size_t kErrorSums = 8;

// A tile of weights is `rows` x `columns`, rows `columns` apart, columns a multiple of kPad not required (the rest of a
// row is handled one by one). Vectors of the inputs lie `stride` apart.
inline constexpr std::size_t kMostFewInputs = 8;

template <typename Real>
struct TileKernels {
  // sums[r * inputs + a] += weights[r] . u_a
  void (*forward[kMostFewInputs])(const Real* weights, std::size_t rows, std::size_t columns, const Real* u,
                                  std::size_t stride, double* sums);
  // v_a[j] += sum_r weights[r][j] delta[r * inputs + a]
  void (*backward[kMostFewInputs])(const Real* weights, std::size_t rows, std::size_t columns, const Real* delta,
                                   Real* v, std::size_t stride);
};

// The versions of the active instruction set.
template <typename Real>
const PairKernels<Real>& pair_kernels();
template <typename Real>
const TileKernels<Real>& tile_kernels();

}  // namespace mft::feedforward
