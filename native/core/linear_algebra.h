// Small dense linear algebra on blocks of long vectors. A block is row-major: row a is vector a, `length` entries long,
// rows `stride` apart. OpenBLAS packages come without LAPACKE, so the factorisations are ours.
#pragma once
#include <cstddef>
#include <vector>

namespace mft {

// gram[a * count + b] = x_a . y_b over `length` entries.
void gram_matrix(const double* x, std::size_t x_stride, const double* y, std::size_t y_stride, std::size_t x_count,
                 std::size_t y_count, std::size_t length, double* gram);

// Rows of y = factor x, or factor^T x, for a factor (rows x columns) whose zeros, as of a triangular one, are skipped
// in blocks. x: rows x_stride apart, `length` long.
void multiply_by_factor(bool transposed, const double* factor, std::size_t rows, std::size_t columns, const double* x,
                        std::size_t x_stride, std::size_t length, double* y, std::size_t y_stride);

// Dot product in eight lanes, summed in a fixed order.
double dot_product(const double* x, const double* y, std::size_t length);

// Rank-revealing factorisation U = R^T Q of a block of vectors: Q has `rank` orthonormal rows, R is rank x count, so
// that u_a = sum_k R[k][a] q_k. Vectors are scaled to unit length first and directions are taken in pivot order, so a
// long vector hides no short one; what remains below `tolerance` of a vector's own length is not a direction.
//
// Two routes with the same meaning: a Cholesky factor of the scaled Gram matrix, in the given order or else pivoted,
// while every squared pivot is above 1e-4 (orthogonality then holds to 1e-12), otherwise pivoted Gram-Schmidt, each
// direction projected twice.
class RangeFactor {
 public:
  // q: rank x length rows (room for min(count, length) of them) or nullptr when only R is wanted.
  // r: rank x count, row-major (room for min(count, length) * count).
  // reference_lengths: lengths the tolerance refers to (nullptr: the vectors' own). Returns the rank.
  std::size_t factor(const double* u, std::size_t stride, std::size_t count, std::size_t length, double tolerance,
                     const double* reference_lengths, double* q, double* r);

 private:
  bool factor_by_gram(const double* u, std::size_t stride, std::size_t count, std::size_t length, bool pivoted,
                      double* q, double* r);
  std::size_t factor_by_projection(const double* u, std::size_t stride, std::size_t count, std::size_t length,
                                   double tolerance, double* q, double* r);

  std::vector<double> gram_;
  std::vector<double> lengths_;
  std::vector<double> factor_;
  std::vector<double> transform_;
  std::vector<double> remainder_;
  std::vector<double> squares_;
  std::vector<double> directions_;
  std::vector<std::size_t> order_;
};

// Replaces the rows of x by the Q factor of their QR decomposition with positive diagonal (count <= length). Gaussian
// rows give a uniformly distributed (Haar) frame. Blocks of rows, every projection done twice.
class OrthonormalFrame {
 public:
  void orthonormalise(double* x, std::size_t stride, std::size_t count, std::size_t length);

 private:
  std::vector<double> coefficients_;
};

// y -= (y q^T) q for orthonormal rows q, done twice. coefficients: room for y_count * q_count.
void project_off(const double* q, std::size_t q_stride, std::size_t q_count, double* y, std::size_t y_stride,
                 std::size_t y_count, std::size_t length, std::vector<double>& coefficients);

// Lower-triangular L (count x count) with L L^T = matrix for a positive semidefinite matrix; a pivot below
// tolerance * its diagonal gives a zero column. Returns false when the matrix is not positive semidefinite to
// tolerance.
bool semidefinite_cholesky(const double* matrix, std::size_t count, double tolerance, double* lower);

}  // namespace mft
