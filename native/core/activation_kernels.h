// The loops of core/activation.h for one instruction set: the kind is chosen once per block. See vector_types.h.
#pragma once
#include "core/activation_points.h"
#include "core/activation_table.h"

namespace mft {
namespace {

template <typename P, typename V, typename T>
MFT_INLINE void both_elements(const ActivationRequest<T>& r) {
  const auto a = static_cast<ScalarOf<V>>(r.a);
  const auto b = static_cast<ScalarOf<V>>(r.b);
  std::size_t i = 0;
  for (; i + kLanes<V> <= r.count; i += kLanes<V>) {
    const Point<V> point = P::template at<V>(load<V>(r.z + i), a, b);
    store<V>(point.value, r.out + i);
    store<V>(point.first, r.derivative + i);
  }
  if (i == r.count) return;
  T padded[kLanes<V>] = {};
  __builtin_memcpy(padded, r.z + i, (r.count - i) * sizeof(T));
  const Point<V> point = P::template at<V>(load<V>(padded), a, b);
  store<V>(point.value, padded);
  __builtin_memcpy(r.out + i, padded, (r.count - i) * sizeof(T));
  store<V>(point.first, padded);
  __builtin_memcpy(r.derivative + i, padded, (r.count - i) * sizeof(T));
}

template <typename P, typename V, typename T>
void run(const ActivationRequest<T>& r) {
  const auto a = static_cast<ScalarOf<V>>(r.a);
  const auto b = static_cast<ScalarOf<V>>(r.b);
  switch (r.output) {
    case ActivationOutput::kValue:
      return map_elements<V>(r.z, r.out, r.count, [=](V x) __attribute__((always_inline)) {
        return P::template at<V>(x, a, b).value;
      });
    case ActivationOutput::kDerivative:
      return map_elements<V>(r.z, r.out, r.count, [=](V x) __attribute__((always_inline)) {
        return P::template at<V>(x, a, b).first;
      });
    case ActivationOutput::kSecondDerivative:
      return map_elements<V>(r.z, r.out, r.count, [=](V x) __attribute__((always_inline)) {
        return P::template at<V>(x, a, b).second;
      });
    case ActivationOutput::kBoth: return both_elements<P, V, T>(r);
  }
}

// V: the vectors of the element type T; what is not written for float runs in double and is rounded once.
template <typename V, typename T>
void run_kind(const ActivationRequest<T>& request) {
  ActivationRequest<T> r = request;
  switch (r.kind) {
    case ActivationKind::kLinear: return run<LinearPoint, V>(r);
    case ActivationKind::kTanh: return run<TanhPoint, V>(r);
    case ActivationKind::kErf: return run<ErfPoint, Doubles>(r);
    case ActivationKind::kErfUnitSlope: return run<ErfUnitSlopePoint, Doubles>(r);
    case ActivationKind::kRelu: return run<ReluPoint, V>(r);
    case ActivationKind::kLeakyRelu: r.b = 1; return run<SlopesPoint, V>(r);
    case ActivationKind::kHardTanh: return run<HardTanhPoint, V>(r);
    case ActivationKind::kSigmoid: return run<SigmoidPoint, V>(r);
    case ActivationKind::kSoftplus: return run<SoftplusPoint, V>(r);
    case ActivationKind::kGelu: return run<GeluPoint, Doubles>(r);
    case ActivationKind::kSilu: return run<SiluPoint, V>(r);
    case ActivationKind::kElu: return run<EluPoint, V>(r);
    case ActivationKind::kSelu: return run<SeluPoint, V>(r);
    case ActivationKind::kSin: return run<SinPoint, Doubles>(r);
    case ActivationKind::kCos: return run<CosPoint, Doubles>(r);
    case ActivationKind::kAlphaRelu:
    case ActivationKind::kRectifiedMonomial: return run<PowerPoint, Doubles>(r);
    case ActivationKind::kAbRelu: return run<SlopesPoint, V>(r);
    case ActivationKind::kAbs: r.a = -1; r.b = 1; return run<SlopesPoint, V>(r);
    case ActivationKind::kStep: return run<StepPoint, V>(r);
    case ActivationKind::kSign: return run<SignPoint, V>(r);
    case ActivationKind::kExpression: return;  // core/expression.h; never asked here
  }
}

}  // namespace
}  // namespace mft
