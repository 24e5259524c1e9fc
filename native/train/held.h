// What training holds the weights of a layer to: bounds on norms and ranks, restored after every update (projected
// descent).
#pragma once
#include <cstddef>
#include <limits>

namespace mft::train {

struct Held {
  double norm = std::numeric_limits<double>::infinity();  // largest Frobenius norm of a matrix
  std::size_t rank = 0;                                   // largest rank; 0: any
  bool holds() const { return rank > 0 || norm < std::numeric_limits<double>::infinity(); }
};

// The nearest matrix (rows x columns) of such a rank: its part along the first singular vectors, by the eigenvectors of
// the smaller product with itself, in double precision: singular values below 1e-8 of the largest are not told apart.
// Left as it is where the rank is large enough or a number is not finite.
template <typename T>
void hold_rank(std::size_t rank, std::size_t rows, std::size_t columns, T* weights);

// Shrinks the matrix to the norm where it is larger: the nearest point of the ball. Rounding of T apart.
template <typename T>
void hold_norm(double norm, std::size_t count, T* weights);

}  // namespace mft::train
