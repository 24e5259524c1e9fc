// The loops of core/activation.h for one instruction set: the kind is chosen once per block. See vector_types.h.
#pragma once
#include "core/activation_points.h"
#include "core/activation_table.h"

namespace mft {
namespace {

// Calls put(i, point) for the points of every vector of z: several at once where P knows how; the last, partial vector
// goes through a padded copy.
template <typename P, typename V, typename T, typename Put>
MFT_INLINE void for_points(const ActivationRequest<T>& request, const Put& put) {
  const auto a = static_cast<ScalarOf<V>>(request.a);
  const auto b = static_cast<ScalarOf<V>>(request.b);
  const T* const z = request.z;
  const std::size_t count = request.count;
  std::size_t i = 0;
  if constexpr (requires { P::kSideBySide; }) {
    constexpr std::size_t kSideBySide = P::kSideBySide;
    for (; i + kSideBySide * kLanes<V> <= count; i += kSideBySide * kLanes<V>) {
      V x[kSideBySide];
      Point<V> points[kSideBySide];
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kSideBySide; ++j) x[j] = load<V>(z + i + j * kLanes<V>);
      P::template several<V>(x, points);
#pragma GCC unroll 8
      for (std::size_t j = 0; j < kSideBySide; ++j) put(i + j * kLanes<V>, points[j]);
    }
  }
  for (; i + kLanes<V> <= count; i += kLanes<V>) put(i, P::template at<V>(load<V>(z + i), a, b));
  if (i == count) return;
  T padded[kLanes<V>] = {};
  __builtin_memcpy(padded, z + i, (count - i) * sizeof(T));
  put(i, P::template at<V>(load<V>(padded), a, b));
}

// Element i and the following of x, as far as there are any.
template <typename V, typename T>
MFT_INLINE void put_vector(V x, T* to, std::size_t i, std::size_t count) {
  if (i + kLanes<V> <= count) return store<V>(x, to + i);
  T padded[kLanes<V>];
  store<V>(x, padded);
  __builtin_memcpy(to + i, padded, (count - i) * sizeof(T));
}

template <typename P, typename V, typename T>
void run(const ActivationRequest<T>& request) {
  const ActivationRequest<T> r = request;
  switch (r.output) {
    case ActivationOutput::kValue:
      return for_points<P, V>(
          r, [=](std::size_t i, const Point<V>& point)
                 __attribute__((always_inline)) { put_vector<V>(point.value, r.out, i, r.count); });
    case ActivationOutput::kDerivative:
      return for_points<P, V>(
          r, [=](std::size_t i, const Point<V>& point)
                 __attribute__((always_inline)) { put_vector<V>(point.first, r.out, i, r.count); });
    case ActivationOutput::kSecondDerivative:
      return for_points<P, V>(
          r, [=](std::size_t i, const Point<V>& point)
                 __attribute__((always_inline)) { put_vector<V>(point.second, r.out, i, r.count); });
    case ActivationOutput::kBoth:
      return for_points<P, V>(
          r, [=](std::size_t i, const Point<V>& point) __attribute__((always_inline)) {
            put_vector<V>(point.value, r.out, i, r.count);
            put_vector<V>(point.first, r.derivative, i, r.count);
          });
  }
}

// V: the vectors of the element type T; what is not written for float runs in double and is rounded once.
template <typename V, typename T>
void run_kind(const ActivationRequest<T>& request) {
  ActivationRequest<T> r = request;
  switch (r.kind) {
    case ActivationKind::kLinear:
      return run<LinearPoint, V>(r);
    case ActivationKind::kTanh:
      return run<TanhPoint, V>(r);
    case ActivationKind::kErf:
      return run<ErfPoint, Doubles>(r);
    case ActivationKind::kErfUnitSlope:
      return run<ErfUnitSlopePoint, Doubles>(r);
    case ActivationKind::kRelu:
      return run<ReluPoint, V>(r);
    case ActivationKind::kLeakyRelu:
      r.b = 1;
      return run<SlopesPoint, V>(r);
    case ActivationKind::kHardTanh:
      return run<HardTanhPoint, V>(r);
    case ActivationKind::kSigmoid:
      return run<SigmoidPoint, V>(r);
    case ActivationKind::kSoftplus:
      return run<SoftplusPoint, V>(r);
    case ActivationKind::kGelu:
      return run<GeluPoint, Doubles>(r);
    case ActivationKind::kSilu:
      return run<SiluPoint, V>(r);
    case ActivationKind::kElu:
      return run<EluPoint, V>(r);
    case ActivationKind::kSelu:
      return run<SeluPoint, V>(r);
    case ActivationKind::kSin:
      return run<SinPoint, Doubles>(r);
    case ActivationKind::kCos:
      return run<CosPoint, Doubles>(r);
    case ActivationKind::kAlphaRelu:
    case ActivationKind::kRectifiedMonomial:
      return run<PowerPoint, Doubles>(r);
    case ActivationKind::kAbRelu:
      return run<SlopesPoint, V>(r);
    case ActivationKind::kAbs:
      r.a = -1;
      r.b = 1;
      return run<SlopesPoint, V>(r);
    case ActivationKind::kStep:
      return run<StepPoint, V>(r);
    case ActivationKind::kSign:
      return run<SignPoint, V>(r);
    case ActivationKind::kClip:
      return run<ClipPoint, V>(r);
    case ActivationKind::kHardSigmoid:
      return run<HardSigmoidPoint, V>(r);
    case ActivationKind::kHardSwish:
      return run<HardSwishPoint, V>(r);
    case ActivationKind::kMish:
      return run<MishPoint, V>(r);
    case ActivationKind::kSwish:
      return run<SwishPoint, V>(r);
    case ActivationKind::kSoftsign:
      return run<SoftsignPoint, V>(r);
    case ActivationKind::kCelu:
      return run<CeluPoint, V>(r);
    case ActivationKind::kGeluTanh:
      return run<GeluTanhPoint, Doubles>(r);
    case ActivationKind::kSoftplusBeta:
      return run<SoftplusBetaPoint, V>(r);
    case ActivationKind::kSnake:
      return run<SnakePoint, Doubles>(r);
    case ActivationKind::kExpression:
      return;  // core/expression.h; never asked here
  }
}

}  // namespace
}  // namespace mft
