// Optimizers. With g the gradient of the mean loss, lambda the weight decay (L2, weights only) and d = g + lambda w:
//   sgd       w -= eta d
//   momentum  v = mu v + d;  w -= eta v
//   nesterov  v = mu v + d;  w -= eta (d + mu v)
//   rmsProp   s = rho s + (1 - rho) d^2;  w -= eta d / (sqrt(s) + eps)
//   adam      m = b1 m + (1 - b1) d;  s = b2 s + (1 - b2) d^2;  w -= eta m / (1 - b1^t) / (sqrt(s / (1 - b2^t)) + eps)
// Gradient clipping scales the whole gradient by min(1, clip / (norm + 1e-6)) before the rule.
#pragma once
#include <cstddef>
#include <cstdint>

#include "train/elementwise.h"

namespace mft::train {

enum class OptimizerKind : std::uint32_t { kSgd = 0, kMomentum = 1, kNesterov = 2, kRmsProp = 3, kAdam = 4 };

struct Optimizer {
  OptimizerKind kind = OptimizerKind::kSgd;
  double momentum = 0.9;
  double decay = 0.9;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;  // 0 = no clipping
};

// Arrays of the size of the parameters that the rule keeps.
std::size_t moment_count(OptimizerKind kind);

// The parameters of a layer and what the optimizer keeps about them; moments not kept are null.
template <typename T>
struct ParameterBlock {
  T* values = nullptr;
  T* first = nullptr;
  T* second = nullptr;
  T rate = 1;  // multiplies the learning rate; 1 changes no bit
  ParameterBlock from(std::size_t offset) const {
    return {values + offset, first == nullptr ? nullptr : first + offset, second == nullptr ? nullptr : second + offset,
            rate};
  }
};

// A product that is a gradient: factor * delta^T input, delta is batch x rows (leading dimension given), input is
// batch x columns.
template <typename T>
struct GradientProduct {
  std::size_t rows, columns, batch;
  const T* delta;
  std::size_t delta_stride;
  const T* input;
  std::size_t input_stride;
  T factor = 1;  // of the product, besides that of the batch; 1 changes no bit
};

// One step of the optimizer. Cheap to make; says nothing about which parameters.
template <typename T>
class Update {
 public:
  // gradient_factor: what the products of deltas and inputs are multiplied with (1 / batch, times the clipping factor).
  Update(const Optimizer& optimizer, double rate, double gradient_factor, std::uint64_t step);

  // Weights of rows x columns, contiguous. Plain SGD and momentum form no gradient: the product is added to the weights
  // or to the velocity inside the GEMM. `scratch` holds rows * columns numbers.
  void weights(const GradientProduct<T>& product, ParameterBlock<T> block, T* scratch) const;

  // Weights and biases whose gradients the layer has added up itself: `sums` over the batch, overwritten.
  void summed_weights(T* sums, ParameterBlock<T> block, std::size_t count) const;
  void biases(T* sums, ParameterBlock<T> block, std::size_t count) const;

  T gradient_factor() const { return gradient_factor_; }
  // Whether a gradient of 0 leaves a parameter, and what is kept of it, as they are.
  bool ignores_zeros() const { return kind_ == OptimizerKind::kSgd && factors_.weight_decay == T(0); }

 private:
  UpdateFactors<T> factors_of(const ParameterBlock<T>& block) const;
  void summed(UpdateFactors<T> factors, T* sums, ParameterBlock<T> block, std::size_t count) const;
  void apply(const UpdateFactors<T>& factors, const T* gradient, ParameterBlock<T> block, std::size_t count) const;

  OptimizerKind kind_;
  T gradient_factor_;
  UpdateFactors<T> factors_;
  const Elementwise<T>* loops_;
};

// gradient = factor * delta^T input, rows x columns.
template <typename T>
void gradient_of(const GradientProduct<T>& product, T factor, T* gradient);

}  // namespace mft::train
