#include "train/optimizer.h"

#include <algorithm>
#include <cmath>

#include "core/product.h"

namespace mft::train {

std::size_t moment_count(OptimizerKind kind) {
  switch (kind) {
    case OptimizerKind::kSgd:
      return 0;
    case OptimizerKind::kAdam:
      return 2;
    default:
      return 1;
  }
}

template <typename T>
void gradient_of(const GradientProduct<T>& p, T factor, T* gradient) {
  matrix_product(true, false, p.rows, p.columns, p.batch, factor * p.factor, p.delta, p.delta_stride, p.input,
                 p.input_stride, T(0), gradient, p.columns);
}

template <typename T>
Update<T>::Update(const Optimizer& o, double rate, double gradient_factor, std::uint64_t step)
    : kind_(o.kind), gradient_factor_(static_cast<T>(gradient_factor)), loops_(&elementwise<T>()) {
  factors_.rate = static_cast<T>(rate);
  factors_.weight_decay = static_cast<T>(o.weight_decay);
  factors_.momentum = static_cast<T>(o.momentum);
  factors_.decay = static_cast<T>(o.decay);
  factors_.beta1 = static_cast<T>(o.beta1);
  factors_.beta2 = static_cast<T>(o.beta2);
  factors_.epsilon = static_cast<T>(o.epsilon);
  const double t = static_cast<double>(step) + 1;
  factors_.correction1 = static_cast<T>(1 / (1 - std::pow(o.beta1, t)));
  factors_.correction2 = static_cast<T>(1 / (1 - std::pow(o.beta2, t)));
}

template <typename T>
UpdateFactors<T> Update<T>::factors_of(const ParameterBlock<T>& block) const {
  UpdateFactors<T> factors = factors_;
  factors.rate = factors_.rate * block.rate;
  return factors;
}

template <typename T>
void Update<T>::weights(const GradientProduct<T>& p, ParameterBlock<T> block, T* scratch) const {
  const std::size_t count = p.rows * p.columns;
  const UpdateFactors<T> factors = factors_of(block);
  const T gradient_factor = gradient_factor_ * p.factor;
  if (kind_ == OptimizerKind::kSgd) {
    const T shrink = T(1) - factors.rate * factors.weight_decay;
    return matrix_product(true, false, p.rows, p.columns, p.batch, -factors.rate * gradient_factor, p.delta,
                          p.delta_stride, p.input, p.input_stride, shrink, block.values, p.columns);
  }
  if (kind_ == OptimizerKind::kMomentum) {
    matrix_product(true, false, p.rows, p.columns, p.batch, gradient_factor, p.delta, p.delta_stride, p.input,
                   p.input_stride, factors.momentum, block.first, p.columns);
    return loops_->momentum(factors, block.first, block.values, count);
  }
  gradient_of(p, gradient_factor_, scratch);
  apply(factors, scratch, block, count);
}

template <typename T>
void Update<T>::biases(T* sums, ParameterBlock<T> block, std::size_t count) const {
  UpdateFactors<T> factors = factors_of(block);
  factors.weight_decay = T(0);
  summed(factors, sums, block, count);
}

template <typename T>
void Update<T>::summed_weights(T* sums, ParameterBlock<T> block, std::size_t count) const {
  summed(factors_of(block), sums, block, count);
}

template <typename T>
void Update<T>::summed(UpdateFactors<T> factors, T* sums, ParameterBlock<T> block, std::size_t count) const {
  loops_->scale(gradient_factor_, sums, count);
  if (kind_ == OptimizerKind::kMomentum) {
    loops_->scale(factors.momentum, block.first, count);
    loops_->add(sums, block.first, count);
    return loops_->momentum(factors, block.first, block.values, count);
  }
  apply(factors, sums, block, count);
}

template <typename T>
void Update<T>::apply(const UpdateFactors<T>& factors, const T* gradient, ParameterBlock<T> block,
                      std::size_t count) const {
  switch (kind_) {
    case OptimizerKind::kSgd:
      return loops_->sgd(factors, gradient, block.values, count);
    case OptimizerKind::kMomentum:
      return;  // velocity already holds the gradient: weights(), summed()
    case OptimizerKind::kNesterov:
      return loops_->nesterov(factors, gradient, block.first, block.values, count);
    case OptimizerKind::kRmsProp:
      return loops_->rms_prop(factors, gradient, block.first, block.values, count);
    case OptimizerKind::kAdam:
      return loops_->adam(factors, gradient, block.first, block.second, block.values, count);
  }
}

template void gradient_of(const GradientProduct<float>&, float, float*);
template void gradient_of(const GradientProduct<double>&, double, double*);
template class Update<float>;
template class Update<double>;

}  // namespace mft::train
