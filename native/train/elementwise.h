// The loops of a training step that are no matrix products, once per instruction set. Same bits on all of them: only
// separate additions, products, quotients and square roots, no fused ones, no reordering.
#pragma once
#include <cstddef>
#include <cstdint>

namespace mft::train {

// Factors of one optimizer update; which are used depends on the rule (train/optimizer.h).
template <typename T>
struct UpdateFactors {
  T rate, weight_decay, momentum, decay, beta1, beta2, epsilon, correction1, correction2;
};

template <typename T>
struct Elementwise {
  // value[i] = keep_i ? value[i] scale : 0, the same for derivative; bit i mod 64 of word i / 64 is keep_i.
  void (*mask_both)(T* value, T* derivative, const std::uint64_t* bits, T scale, std::size_t n);
  void (*mask)(T* value, const std::uint64_t* bits, T scale, std::size_t n);
  void (*multiply)(const T* a, const T* b, T* product, std::size_t n);
  void (*add)(const T* term, T* sum, std::size_t n);  // sum += term
  void (*scale)(T factor, T* values, std::size_t n);  // values *= factor
  // out[i] = byte[i] scale[i] + shift[i]
  void (*from_bytes)(const std::uint8_t* bytes, const T* scale, const T* shift, T* out, std::size_t n);
  void (*from_floats)(const float* floats, const T* scale, const T* shift, T* out, std::size_t n);
  // The rules of train/optimizer.h: weights w, gradient g, and what the rule keeps (the first block of it, then the
  // second).
  void (*sgd)(const UpdateFactors<T>& f, const T* g, T* w, std::size_t n);
  void (*momentum)(const UpdateFactors<T>& f, T* velocity_with_gradient, T* w, std::size_t n);
  void (*nesterov)(const UpdateFactors<T>& f, const T* g, T* velocity, T* w, std::size_t n);
  void (*rms_prop)(const UpdateFactors<T>& f, const T* g, T* square, T* w, std::size_t n);
  void (*adam)(const UpdateFactors<T>& f, const T* g, T* first, T* second, T* w, std::size_t n);
};

// The loops for the active instruction set.
template <typename T>
const Elementwise<T>& elementwise();

struct ElementwiseLoops {
  Elementwise<float> of_floats;
  Elementwise<double> of_doubles;
};
const ElementwiseLoops& elementwise_baseline();
const ElementwiseLoops& elementwise_avx2();
const ElementwiseLoops& elementwise_avx512();

}  // namespace mft::train
