// Full-batch gradient descent of a linear autoencoder xhat = W2 W1 (x + e) in moment form: the data are seen through
// S = (1/N) sum x x^T only, the noise through the quadratic form P of its penalty, E |W e|^2 = tr(W P W^T).
//
// Everything stands in the eigenbasis of S (variances nu_i), where W1 is `first` and W2^T is `second`, both hidden x
// dimension. With A = W2^T W2 and B = W1 (S + P) W1^T,
//   dE/dW1   = A W1 (S + P) - W2^T S + g W1
//   dE/dW2^T = B W2^T - W1 S + g W2^T
// and no product of dimension x dimension is formed: 6 D H^2 + O(D H) operations a step, since A and B are symmetric
// (8 D H^2 when they are not made use of). A penalty that is not diagonal adds 2 H D^2.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/aligned.h"
#include "core/team.h"

namespace mft::autoencoder {

struct LinearProblem {
  std::vector<double> variances;  // nu, dimension of them
  // Of the noise: dimension numbers (P is diagonal) or dimension^2 (symmetric); empty: no noise.
  std::vector<double> penalty;
  std::size_t hidden = 1;
  double weight_decay = 0;
  double learning_rate = 0;
  bool is_tied = false;  // W2 = W1^T: the gradient of the shared matrix is the sum of both
};

// What a state of the network is worth.
struct Measured {
  double loss = 0;                             // [tr S - 2 tr(W S) + tr(A B)]/2 + g (|W1|^2 + |W2|^2)/2
  double first_square = 0, second_square = 0;  // |W1|^2, |W2|^2
  // (a): v_i^T W v_i, the reconstructed part of mode i.
  std::vector<double> mapping;
};

// ((1 - p)/p) diag(S) in the basis of the directions (rows): the penalty of masking, D x D.
std::vector<double> masking_penalty(std::span<const double> directions, std::span<const double> diagonal, double keep);

class LinearDescent {
 public:
  // Starts at W = 0. The team does the work of a step; its size changes no bit.
  LinearDescent(const LinearProblem& problem, Team& team);

  std::size_t dimension() const { return dimension_; }
  std::size_t hidden() const { return hidden_; }

  // hidden x dimension, row-major; the second is ignored where the weights are tied.
  void set(std::span<const double> first, std::span<const double> second);
  std::span<const double> first() const { return {first_.data(), first_.size()}; }
  std::span<const double> second() const { return {problem_.is_tied ? first_.data() : second_.data(), first_.size()}; }

  // Another penalty of every mode, decay and rate from now on.
  void change(double penalty, double weight_decay, double learning_rate);

  // One step of descent. False, and no change of the weights, when the loss is not finite.
  bool step() { return step(problem_.learning_rate); }
  bool step(double rate);

  Measured measure();
  // (b): singular values of W2 W1, decreasing, min(hidden, dimension) of them.
  std::vector<double> singular_values() const;
  // Frobenius norms of dE/dW1 and dE/dW2 (equal when tied: that of the shared matrix).
  struct GradientNorms {
    double first, second;
  };
  GradientNorms gradient_norms();

  // Bytes that a descent of this size allocates.
  static double bytes(std::size_t dimension, std::size_t hidden, bool is_tied, bool has_full_penalty);

 private:
  struct Columns {
    std::size_t first, count;
  };
  Columns columns(std::size_t tile) const;
  void weigh(Columns at, const double* weights);  // weighted_ = W1 (S + P)
  void weigh_all();
  void grams();
  void gram_tile(std::size_t tile);
  // next = (1 - rate g) W + rate (other S - product): rate = 1 and keep = 0 give minus the gradient of the loss itself.
  void advance(Columns at, double keep, double rate);
  void advance_all(double keep, double rate);
  double* other() { return problem_.is_tied ? first_.data() : second_.data(); }

  LinearProblem problem_;
  Team& team_;
  struct Piece {
    std::size_t row, column;  // in blocks
  };
  std::size_t dimension_, hidden_, column_tiles_;
  std::vector<Piece> pieces_;  // of a Gram matrix
  double trace_ = 0;
  std::vector<double> scale_;  // nu + P where P is diagonal
  bool is_ready_ = false;      // whether A and B are those of the weights at hand
  AlignedVector<double> first_, second_, weighted_, next_first_, next_second_;
  AlignedVector<double> second_gram_, first_gram_;  // A, B
};

}  // namespace mft::autoencoder
