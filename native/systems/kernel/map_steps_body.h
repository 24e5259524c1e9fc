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

MFT_INLINE bool is_any(LongIntegers mask) {
#if MFT_VECTOR_BYTES == 64
  return _mm512_movepi64_mask(reinterpret_cast<__m512i>(mask)) != 0;
#elif MFT_VECTOR_BYTES == 32
  return _mm256_movemask_pd(reinterpret_cast<__m256d>(mask)) != 0;
#else
  bool any = false;
  for (std::size_t i = 0; i < kLanes<Doubles>; ++i) any |= mask[i] != 0;
  return any;
#endif
}

// Of columns side by side.
struct Given {
  Doubles variance, root, amplitude, gap;
};

// kSide vectors are met side by side where a chain of operations would keep the units waiting.
struct RectifierMap {
  static constexpr std::size_t kSide = 2;
  MFT_INLINE static void of(const kernel::LayerConstants& layer, const kernel::OneRow& row, const Given (&given)[kSide],
                            Expectations (&found)[kSide]) {
#define MFT_EACH _Pragma("GCC unroll 8") for (std::size_t j = 0; j < kSide; ++j)
    // tan(theta/2) = sin(theta)/(2 - g).
    Doubles rest[kSide], sine[kSide], theta[kSide], excess[kSide];
    MFT_EACH rest[j] = at_least(2 - given[j].gap, 1e-300);
    MFT_EACH sine[j] = square_root(given[j].gap * rest[j]);
    arc_tangents_of_ratios(sine, rest, theta);
    MFT_EACH theta[j] = 2 * theta[j];
    MFT_EACH excess[j] = sine[j] - theta[j] * (1 - given[j].gap);
    MFT_EACH {
      const LongIntegers is_small = theta[j] < 0.3;
      if (__builtin_expect(is_any(is_small), false)) excess[j] = is_small ? small_sine_excess(theta[j]) : excess[j];
    }
    const double bend = layer.bend / layer.even;
    MFT_EACH {
      const Doubles behind = at_least(given[j].gap - bend * excess[j], 0.0);
      const Doubles product = row.amplitude * given[j].amplitude * (1 - behind);
      found[j] = {behind, product, layer.even - layer.bend * theta[j]};
    }
#undef MFT_EACH
  }
};

struct ErrorFunctionMap {
  static constexpr std::size_t kSide = 1;
  MFT_INLINE static void of(const kernel::LayerConstants& layer, const kernel::OneRow& row, const Given (&given)[kSide],
                            Expectations (&result)[kSide]) {
    const auto& [variance, root, amplitude, gap] = given[0];
    const double twice = 2 * layer.scale_squared;
    const Doubles first = twice * row.variance + Doubles{}, second = twice * variance;
    const Doubles determinant = square_root(1 + first + second + first * second * gap * (2 - gap));
    const Doubles product = 2 * kInversePi * arc_tangent(twice * row.root * root * (1 - gap) / determinant);
    const Doubles whole = row.amplitude * amplitude;
    const Doubles behind = whole > 0 ? at_least(1 - product / whole, 0.0) : broadcast<Doubles>(1.0);
    result[0] = {behind, product, 4 * kInversePi * layer.scale_squared / determinant};
  }
};

struct GeluMap {
  static constexpr std::size_t kSide = 1;
  MFT_INLINE static void of(const kernel::LayerConstants&, const kernel::OneRow& row, const Given (&given)[kSide],
                            Expectations (&result)[kSide]) {
    const auto& [variance, root, amplitude, gap] = given[0];
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
    result[0] = {behind, product, slope};
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
    // Everything relative to sqrt(q1' q2').
    const Doubles amplitude = load<Doubles>(columns.amplitude + j), inverse = load<Doubles>(columns.inverse + j);
    const Doubles shared = (layer.factor * row.amplitude * row.inverse) * (amplitude * inverse);
    const Doubles bias = (layer.bias * row.inverse) * inverse;
    const Doubles apart = row.amplitude - amplitude;
    const Doubles lengths = layer.factor * (apart * row.inverse) * (apart * inverse);
    next = bias * lengths / (1 + shared + bias) + shared * lost;
  }
  store<Doubles>(next, gap + j);
  if (tangent != nullptr) {
    const Doubles own = layer.own_factor > 0 ? layer.own_factor * found.product + layer.own_bias : behind;
    store<Doubles>(own + layer.pair_factor * found.slope * load<Doubles>(tangent + j), tangent + j);
  }
  if (covariance != nullptr) store<Doubles>(behind, covariance + j);
}

// 1 - cos of products with columns; whether one is within `near` of 0 or 2, where the product has lost digits of it.
bool gaps_of(double amplitude, const double* amplitudes, const double* product, std::size_t count, double near,
             double* gap) {
  Doubles least = broadcast<Doubles>(1.0);
  for (std::size_t j = 0; j < count; j += kLanes<Doubles>) {
    const Doubles whole = amplitude * load<Doubles>(amplitudes + j);
    const Doubles quotient = 1 - load<Doubles>(product + j) / whole;
    const Doubles found = whole > 0 ? at_most(at_least(quotient, 0.0), 2.0) : broadcast<Doubles>(1.0);
    const Doubles distance = found < 2 - found ? found : 2 - found;
    least = distance < least ? distance : least;
    store<Doubles>(found, gap + j);
  }
  bool is_near = false;
  for (std::size_t lane = 0; lane < kLanes<Doubles>; ++lane) is_near |= least[lane] < near;
  return is_near;
}

// The first dense layer, from products and gaps of the inputs: K^1 in the place of the product, Theta^1, the gap.
void first_step(const kernel::LayerConstants& layer, const kernel::OneRow& row, const kernel::ColumnRows& columns,
                std::size_t count, double* product, double* gap, double* tangent) {
  for (std::size_t j = 0; j < count; j += kLanes<Doubles>) {
    const Doubles given = load<Doubles>(product + j);
    const Expectations found = {load<Doubles>(gap + j), given, Doubles{}};
    if (tangent != nullptr) store<Doubles>(Doubles{}, tangent + j);
    settle(layer, row, columns, j, found, gap, tangent, product);
    // A row without length has no angle.
    const Doubles inverse = row.inverse * load<Doubles>(columns.inverse + j);
    store<Doubles>(inverse > 0 ? load<Doubles>(gap + j) : broadcast<Doubles>(1.0), gap + j);
  }
}

template <typename Map>
void step(const kernel::LayerConstants& layer, const kernel::OneRow& row, const kernel::ColumnRows& columns,
          std::size_t count, double* gap, double* tangent, double* covariance) {
  constexpr std::size_t kLength = kLanes<Doubles>, kSide = Map::kSide;
  for (std::size_t j = 0; j < count; j += kSide * kLength) {
    // The last of an odd number of vectors is met twice.
    Given given[kSide];
    Expectations found[kSide];
    std::size_t at[kSide];
    for (std::size_t side = 0; side < kSide; ++side) {
      at[side] = j + side * kLength < count ? j + side * kLength : j;
      given[side] = {load<Doubles>(columns.variance + at[side]), load<Doubles>(columns.root + at[side]),
                     load<Doubles>(columns.amplitude + at[side]), load<Doubles>(gap + at[side])};
    }
    Map::of(layer, row, given, found);
    for (std::size_t side = 0; side < kSide; ++side)
      if (side == 0 || at[side] != j) settle(layer, row, columns, at[side], found[side], gap, tangent, covariance);
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

// a[0], b[0], a[1], b[1], ...: the lower halves, then the upper ones.
MFT_INLINE void interleave(Doubles a, Doubles b, Doubles& lower, Doubles& upper) {
#if MFT_VECTOR_BYTES == 64
  lower = __builtin_shuffle(a, b, LongIntegers{0, 8, 1, 9, 2, 10, 3, 11});
  upper = __builtin_shuffle(a, b, LongIntegers{4, 12, 5, 13, 6, 14, 7, 15});
#elif MFT_VECTOR_BYTES == 32
  lower = __builtin_shuffle(a, b, LongIntegers{0, 4, 1, 5});
  upper = __builtin_shuffle(a, b, LongIntegers{2, 6, 3, 7});
#else
  lower = __builtin_shuffle(a, b, LongIntegers{0, 2});
  upper = __builtin_shuffle(a, b, LongIntegers{1, 3});
#endif
}

// Squares of as many rows as a vector has numbers: interleaving halves log2 times is the mirror image.
void mirror_block(const double* block, std::size_t stride, double* out, std::size_t out_stride) {
  constexpr std::size_t kSide = kLanes<Doubles>;
  for (std::size_t i0 = 0; i0 < kernel::kMirror; i0 += kSide)
    for (std::size_t j0 = 0; j0 < kernel::kMirror; j0 += kSide) {
      Doubles rows[kSide], next[kSide];
      for (std::size_t i = 0; i < kSide; ++i) rows[i] = load<Doubles>(block + (i0 + i) * stride + j0);
#pragma GCC unroll 4
      for (std::size_t done = 1; done < kSide; done *= 2) {
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kSide / 2; ++i)
          interleave(rows[i], rows[i + kSide / 2], next[2 * i], next[2 * i + 1]);
#pragma GCC unroll 8
        for (std::size_t i = 0; i < kSide; ++i) rows[i] = next[i];
      }
      for (std::size_t j = 0; j < kSide; ++j) store<Doubles>(rows[j], out + (j0 + j) * out_stride + i0);
    }
}

// x - x is 0 of finite numbers only.
bool place_row(const double* values, std::size_t count, double* out) {
  constexpr std::size_t kLength = kLanes<Doubles>;
  Doubles lost = {};
  std::size_t i = 0;
  for (; i + kLength <= count; i += kLength) {
    const Doubles x = load<Doubles>(values + i);
    store<Doubles>(x, out + i);
    lost += x - x;
  }
  double rest = 0;
  for (; i < count; ++i) {
    out[i] = values[i];
    rest += values[i] - values[i];
  }
  for (std::size_t lane = 0; lane < kLength; ++lane) rest += lost[lane];
  return rest == 0;
}

constexpr kernel::Steps kSteps = {step<RectifierMap>, step<ErrorFunctionMap>, step<GeluMap>, given_step, gaps_of,
                                  first_step,         mirror_block,           place_row};

}  // namespace
}  // namespace mft
