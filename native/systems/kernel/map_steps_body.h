// The steps of map_steps.h for one instruction set; see core/vector_types.h.
#pragma once
#include "core/vector_trigonometric.h"
#include "systems/kernel/map_steps.h"

namespace mft {
namespace {

constexpr double kInversePi = 0x1.45f306dc9c883p-2;

MFT_INLINE Doubles square_root(Doubles x) {
#if MFT_VECTOR_BYTES == 64
  return _mm512_sqrt_pd(x);
#elif MFT_VECTOR_BYTES == 32
  return _mm256_sqrt_pd(x);
#else
  for (std::size_t i = 0; i < kLanes<Doubles>; ++i) x[i] = __builtin_sqrt(x[i]);
  return x;
#endif
}

// sin x - x cos x for 0 <= x < 0.3: sum of (-1)^(j+1) 2j x^(2j+1)/(2j+1)!.
MFT_INLINE Doubles small_sine_excess(Doubles x) {
  static constexpr double kSeries[] = {1.0 / 3,       -1.0 / 30,          1.0 / 840,          -1.0 / 45360,
                                       1.0 / 3991680, -1.0 / 518918400.0, 1.0 / 93405312000.0};
  const Doubles square = x * x;
  return x * square * polynomial(square, kSeries);
}

// 1 - E phi phi / sqrt(E phi^2 E phi^2), E phi phi and E phi' phi' of a pair.
struct Expectations {
  Doubles gap, product, slope;
};

struct RectifierMap {
  MFT_INLINE static Expectations of(const kernel::LayerConstants& layer, const kernel::OneRow& row, Doubles, Doubles,
                                    Doubles amplitude, Doubles gap) {
    // tan(theta/2) = sqrt(g/(2 - g)).
    const Doubles rest = at_least(2 - gap, 1e-300);
    const Doubles half_tangent = square_root(gap / rest);
    const Doubles theta = 2 * arc_tangent(half_tangent);
    const Doubles sine = half_tangent * rest;
    const Doubles large = sine - theta * (1 - gap);
    const Doubles excess = theta < 0.3 ? small_sine_excess(theta) : large;
    const Doubles behind = at_least(gap - (layer.bend / layer.even) * excess, 0.0);
    const Doubles product = row.amplitude * amplitude * (1 - behind);
    return {behind, product, layer.even - layer.bend * theta};
  }
};

struct ErrorFunctionMap {
  MFT_INLINE static Expectations of(const kernel::LayerConstants& layer, const kernel::OneRow& row, Doubles variance,
                                    Doubles root, Doubles amplitude, Doubles gap) {
    const double twice = 2 * layer.scale_squared;
    const Doubles first = twice * row.variance + Doubles{}, second = twice * variance;
    const Doubles determinant = square_root(1 + first + second + first * second * gap * (2 - gap));
    const Doubles product = 2 * kInversePi * arc_tangent(twice * row.root * root * (1 - gap) / determinant);
    const Doubles whole = row.amplitude * amplitude;
    const Doubles behind = whole > 0 ? at_least(1 - product / whole, 0.0) : broadcast<Doubles>(1.0);
    return {behind, product, 4 * kInversePi * layer.scale_squared / determinant};
  }
};

struct GeluMap {
  MFT_INLINE static Expectations of(const kernel::LayerConstants&, const kernel::OneRow& row, Doubles variance,
                                    Doubles root, Doubles amplitude, Doubles gap) {
    const Doubles q = row.variance + Doubles{};
    const Doubles k = row.root * root * (1 - gap);
    const Doubles squares = q * variance;
    const Doubles determinant = 1 + q + variance + squares * gap * (2 - gap);
    const Doubles s = square_root(determinant);
    const Doubles turn = arc_tangent(k / s);
    const Doubles both = (1 + q) * (1 + variance);
    const Doubles product = 0.25 * k + (0.5 * kInversePi) * ((k * k + squares * determinant) / (both * s) + k * turn);
    const Doubles slope = 0.25 + (0.5 * kInversePi) * (turn + (k / s) * (1 / determinant + (1 - squares) / both + 1));
    const Doubles whole = row.amplitude * amplitude;
    const Doubles behind = whole > 0 ? at_least(1 - product / whole, 0.0) : broadcast<Doubles>(1.0);
    return {behind, product, slope};
  }
};

// What stands behind the dense layer at columns j, j + 1, ...
MFT_INLINE void settle(const kernel::LayerConstants& layer, const kernel::OneRow& row,
                       const kernel::ColumnRows& columns, std::size_t j, const Expectations& found, double* gap,
                       double* tangent, double* covariance) {
  const Doubles behind = layer.pair_factor * found.product + layer.bias;
  const Doubles lost = (1 - layer.common) + layer.common * found.gap;
  Doubles next = lost;
  if (layer.bias > 0) {
    const Doubles amplitude = load<Doubles>(columns.amplitude + j);
    const Doubles root = row.next_root * load<Doubles>(columns.next_root + j);
    const Doubles shared = layer.factor * row.amplitude * amplitude;
    const Doubles apart = row.amplitude - amplitude;
    next = (layer.bias * layer.factor * apart * apart / (root + shared + layer.bias) + shared * lost) / root;
  }
  store<Doubles>(next, gap + j);
  if (tangent != nullptr) {
    const Doubles own = layer.own_factor > 0 ? layer.own_factor * found.product + layer.own_bias : behind;
    store<Doubles>(own + layer.pair_factor * found.slope * load<Doubles>(tangent + j), tangent + j);
  }
  if (covariance != nullptr) store<Doubles>(behind, covariance + j);
}

template <typename Map>
void step(const kernel::LayerConstants& layer, const kernel::OneRow& row, const kernel::ColumnRows& columns,
          std::size_t count, double* gap, double* tangent, double* covariance) {
  for (std::size_t j = 0; j < count; j += kLanes<Doubles>) {
    const Doubles amplitude = load<Doubles>(columns.amplitude + j);
    const Expectations found = Map::of(layer, row, load<Doubles>(columns.variance + j), load<Doubles>(columns.root + j),
                                       amplitude, load<Doubles>(gap + j));
    settle(layer, row, columns, j, found, gap, tangent, covariance);
  }
}

void given_step(const kernel::LayerConstants& layer, const kernel::OneRow& row, const kernel::ColumnRows& columns,
                std::size_t count, const kernel::GivenExpectations& given, double* gap, double* tangent,
                double* covariance) {
  for (std::size_t j = 0; j < count; j += kLanes<Doubles>) {
    const Doubles whole = row.amplitude * load<Doubles>(columns.amplitude + j);
    const Doubles product = load<Doubles>(given.product + j);
    const Doubles behind = whole > 0 ? at_least(1 - product / whole, 0.0) : broadcast<Doubles>(1.0);
    const Doubles slope = tangent != nullptr ? load<Doubles>(given.slope + j) : Doubles{};
    settle(layer, row, columns, j, {behind, product, slope}, gap, tangent, covariance);
  }
}

constexpr kernel::Steps kSteps = {step<RectifierMap>, step<ErrorFunctionMap>, step<GeluMap>, given_step};

}  // namespace
}  // namespace mft
