// Losses at the outputs z (rows x classes) of a network, with labels 0..classes-1:
//   softmax cross-entropy  E = log sum_k exp(z_k) - z_label,    dE/dz = softmax(z) - onehot
//   squared                E = 1/2 sum_k (z_k - onehot_k)^2,    dE/dz = z - onehot
//   brier                  E = 1/2 sum_k (v_k - onehot_k)^2 of v = softmax(z), r = v - onehot: dE/dz_k = v_k (r_k - v .
//   r)
#pragma once
#include <cstddef>
#include <cstdint>

namespace mft::train {

enum class LossKind : std::uint32_t { kCrossEntropy = 0, kSquared = 1, kBrier = 2 };

// Per row: the loss, whether the largest output (the first of equals) is the label's, and dE/dz when wanted (error may
// be null; it may not be z).
template <typename T>
void loss_of(LossKind kind, const T* z, const std::uint32_t* labels, std::size_t rows, std::size_t classes,
             double* loss, std::uint32_t* correct, T* error);

// A position whose label is this one (-1 in the data) has no loss, and is not correct.
inline constexpr std::uint32_t kNoLabel = 0xffffffff;

// A row of `positions` x classes outputs: the mean of the losses of its positions, how many of them are correct, and
// dE/dz.
template <typename T>
void sequence_loss_of(LossKind kind, const T* z, const std::uint32_t* labels, std::size_t rows, std::size_t positions,
                      std::size_t classes, double* loss, std::uint32_t* correct, T* error);

// Reconstruction: E = 1/2 sum_k (z_k - x_k)^2, dE/dz = z - x, of rows of `count` components.
template <typename T>
void reconstruction_loss_of(const T* z, const T* x, std::size_t rows, std::size_t count, double* loss, T* error);

}  // namespace mft::train
