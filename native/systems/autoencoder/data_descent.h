// Full-batch gradient descent of an autoencoder xhat = W2 phi(W1 (x + e)) on the examples themselves, phi the identity
// or max(0, .): E = (1/2N) sum |xhat - x|^2 + (g/2)(|W1|^2 + |W2|^2), in the basis of the data's components.
//
// The input is m x / keep + e, mask m and noise e drawn afresh in every step: (seed, trial, step, component) give their
// bits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned.h"
#include "core/team.h"

namespace mft::autoencoder {

// The order is that of the words in node/autoencoder.cc.
enum class NoiseKind : int { kGaussian = 0, kUniform = 1, kSign = 2 };

struct DataProblem {
  std::size_t dimension = 1, hidden = 1;
  std::vector<double> data;  // examples x dimension
  bool is_rectified = false;
  NoiseKind noise = NoiseKind::kGaussian;
  double noise_variance = 0;    // per component
  double keep_probability = 1;  // of the mask
  double weight_decay = 0;
  double learning_rate = 0;
  bool is_tied = false;  // W2 = W1^T: the gradient of the shared matrix is the sum of both
  std::uint64_t seed = 0;
  std::uint32_t trial = 0;
};

class DataDescent {
 public:
  DataDescent(const DataProblem& problem, Team& team);
  std::size_t examples() const { return examples_; }

  // first: W1, second: W2^T, both hidden x dimension, and equal where they are tied.
  void set(std::span<const double> first, std::span<const double> second);
  std::span<const double> first() const { return {first_.data(), first_.size()}; }
  std::span<const double> second() const { return {second_.data(), second_.size()}; }

  // Another variance of the noise, decay and rate from now on.
  void change(double noise_variance, double weight_decay, double learning_rate);

  // One step with the noise of `step`. False, and no change of the weights, when the loss is not finite.
  bool step(std::uint32_t step);
  // Gradients of the loss with the noise of `step`, decay included: hidden x dimension each.
  void gradients(std::uint32_t step, std::span<double> first, std::span<double> second);
  // Loss without noise, decay included.
  double loss();
  // v^T C v for each row v of `directions` (count x dimension), C = (1/N) sum xhat x^T without noise.
  std::vector<double> projections(std::span<const double> directions);

  // Bytes that a descent allocates beside the data.
  static double bytes(std::size_t examples, std::size_t dimension, std::size_t hidden);

 private:
  struct Rows {
    std::size_t first, count;
  };
  Rows rows(std::size_t tile) const;
  void disturb(std::uint32_t step, Rows at);
  // From noisy_ to hidden_values_ and residual_ = xhat - x.
  void forward(Rows at);
  // All rows with the noise of a step (or without): the mean of |xhat - x|^2 / 2.
  double pass(const std::uint32_t* step);
  void products(std::span<double> first, std::span<double> second);
  double decay_loss() const;

  DataProblem problem_;
  Team& team_;
  std::size_t examples_, row_tiles_;
  std::vector<double> tile_loss_;
  AlignedVector<double> first_, second_, noisy_, hidden_values_, hidden_errors_, residual_, first_step_, second_step_;
};

}  // namespace mft::autoencoder
