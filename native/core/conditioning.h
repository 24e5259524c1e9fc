// A random matrix met only through what is asked of it: once W U (forward), once W^T D (backward), exactly in
// distribution and without forming W.
//
//   Gaussian, entries N(0, 1):  U = R^T Q (rows are vectors), Z = R^T G with G = W Q i.i.d. N(0, 1);
//       W^T D = Q G^T D + (I - Q Q^T) E S,  E fresh N(0, 1), S^T S = D^T D.
//   Orthogonal (Haar, square):  Z = R^T F with F a uniform frame;
//       W^T D = Q F^T D + H S,  H a uniform frame in the complement of Q,  S^T S = D^T (I - F F^T) D.
//
// Derivation: W restricted to the span of U and to its complement are independent, and D may depend on W only through
// W U. Scale the vectors to get another variance or gain. When 2 * inputs >= columns the Gaussian matrix is drawn
// whole (Q = I), which needs fewer numbers.
#pragma once
#include <cstddef>
#include <vector>

#include "core/linear_algebra.h"
#include "core/random.h"

namespace mft {

enum class MatrixLaw { kGaussian, kOrthogonal };

// Faults planted by the tests to show that they are noticed.
enum class ConditioningFault { kNone, kNoProjector, kNoReturnTerm };

// Scratch memory shared by the layers of one worker; grows to the largest use and is then never reallocated.
struct ConditioningWorkspace {
  RangeFactor range;
  OrthonormalFrame frame;
  std::vector<double> fresh;      // E or H
  std::vector<double> factor;     // S
  std::vector<double> remainder;  // (I - F F^T) D
  std::vector<double> returned;   // G^T D, less what E holds along Q
  std::vector<double> overlap;    // Q^T E
  std::vector<double> coefficients;
  std::vector<double> lengths;
  std::vector<float> single;
};

class ConditionedMatrix {
 public:
  struct Options {
    MatrixLaw law = MatrixLaw::kGaussian;
    std::size_t rows = 0;     // length of Z's vectors
    std::size_t columns = 0;  // length of U's vectors
    std::size_t inputs = 0;   // vectors in U
    double rank_tolerance = 1e-12;
    bool single_precision_normals = false;  // draw the normals as float32
    ConditioningFault fault = ConditioningFault::kNone;
  };
  explicit ConditionedMatrix(const Options& options);

  // The caller owns the large arrays and may share them between matrices whose contents can be made again.
  std::size_t basis_size() const;  // doubles for Q
  std::size_t draw_size() const;   // doubles for G or F
  void bind(double* basis, double* draw) {
    basis_ = basis;
    draw_ = draw;
  }

  // Q and R of the inputs (inputs x columns, rows `stride` apart). Same inputs, same bits.
  void condition(const double* inputs, std::size_t stride, ConditioningWorkspace& workspace);
  // G (or F), a pure function of the stream and of the rank found by condition().
  void draw(const Stream& stream, ConditioningWorkspace& workspace);
  // Z (inputs x rows) = R^T G.
  void apply(double* outputs, std::size_t stride) const;
  // W^T D (count x columns) of D (count x rows).
  void apply_transposed(const double* errors, std::size_t error_stride, std::size_t count, const Stream& stream,
                        double* result, std::size_t result_stride, ConditioningWorkspace& workspace) const;
  // The same of an independent matrix of the same law (gradient independence): E S without projection.
  void apply_independent_transposed(const double* errors, std::size_t error_stride, std::size_t count,
                                    const Stream& stream, double* result, std::size_t result_stride,
                                    ConditioningWorkspace& workspace) const;
  std::size_t rank() const { return rank_; }

 private:
  void draw_normals(const Stream& stream, double* out, std::size_t count, ConditioningWorkspace& workspace) const;
  void gaussian_transposed(const double* errors, std::size_t error_stride, std::size_t count, const Stream& stream,
                           double* result, std::size_t result_stride, ConditioningWorkspace& workspace) const;
  void orthogonal_transposed(const double* errors, std::size_t error_stride, std::size_t count, const Stream& stream,
                             double* result, std::size_t result_stride, ConditioningWorkspace& workspace) const;

  Options options_;
  bool complete_ = false;  // Q = I, G = W^T
  std::size_t rank_ = 0;
  std::vector<double> factor_;  // R, rank x inputs
  double* basis_ = nullptr;
  double* draw_ = nullptr;
};

}  // namespace mft
