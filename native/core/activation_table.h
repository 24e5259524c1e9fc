// One request to the activation kernels, and the kernels of each instruction set. See activation_kernels.h.
#pragma once
#include <cstddef>

#include "core/activation.h"

namespace mft {

enum class ActivationOutput { kValue, kDerivative, kBoth, kSecondDerivative };

template <typename T>
struct ActivationRequest {
  ActivationKind kind;  // not kExpression
  double a;             // parameters
  double b;
  ActivationOutput output;
  const T* z;
  T* out;         // the value, the derivative or the second derivative
  T* derivative;  // kBoth only
  std::size_t count;
};

void activate_baseline(const ActivationRequest<double>& request);
void activate_baseline(const ActivationRequest<float>& request);
void activate_avx2(const ActivationRequest<double>& request);
void activate_avx2(const ActivationRequest<float>& request);
void activate_avx512(const ActivationRequest<double>& request);
void activate_avx512(const ActivationRequest<float>& request);

}  // namespace mft
