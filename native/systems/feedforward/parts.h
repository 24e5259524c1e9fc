// What the engines of system `feedforward` share: inputs, masks, output errors and the writing of observables.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/conditioning.h"
#include "core/linear_algebra.h"
#include "core/random.h"
#include "systems/feedforward/simulation.h"

namespace mft::feedforward {

// budget: bytes this worker may spend on keeping what it would otherwise draw again; threads: those of one trial;
// fault: planted by tests alone, which must notice it. Pair: Gaussian weights, one or two inputs; block: any number of
// inputs.
std::unique_ptr<TrialEngine> make_pair_engine(const Parameters& parameters, double budget,
                                              ConditioningFault fault = ConditioningFault::kNone);
std::unique_ptr<TrialEngine> make_block_engine(const Parameters& parameters, double budget,
                                               ConditioningFault fault = ConditioningFault::kNone);
std::unique_ptr<TrialEngine> make_dense_engine(const Parameters& parameters, double budget, int threads);
double pair_engine_memory(const Parameters& parameters, double budget);
double block_engine_memory(const Parameters& parameters, double budget);
double dense_engine_memory(const Parameters& parameters, double budget, int threads);

inline std::size_t rounded_up(std::size_t value, std::size_t step) { return (value + step - 1) / step * step; }

// The vectors x_a of a trial (n x widths[0]).
class InputVectors {
 public:
  explicit InputVectors(const Parameters& parameters);
  // Row-major n x widths[0]; the same storage every time, valid until the next call.
  const double* draw(std::uint32_t trial);
  static double memory(const Parameters& parameters);

 private:
  const Parameters& parameters_;
  std::size_t directions_ = 0;
  std::vector<double> mixing_;  // n x directions
  std::vector<double> frame_;
  std::vector<double> vectors_;
  OrthonormalFrame orthonormal_;
};

// Masks of layer l (0 = input): bit words of input a start at word a * words(l) of the layer's stream.
class Masks {
 public:
  explicit Masks(const Parameters& parameters) : parameters_(parameters) {}
  double keep(std::size_t layer) const {
    if (layer == 0) return parameters_.input_keep_probability;
    return layer < parameters_.widths.size() - 1 ? parameters_.keep_probability[layer - 1] : 1.0;
  }
  bool is_masked(std::size_t layer) const { return keep(layer) < 1.0; }
  // What a masked unit of u^layer is.
  double dropped(std::size_t layer) const {
    const bool has_value = layer > 0 && layer < parameters_.widths.size() - 1 && !parameters_.dropped_value.empty();
    return has_value ? parameters_.dropped_value[layer - 1] : 0.0;
  }
  std::size_t words(std::size_t layer) const { return rounded_up(parameters_.widths[layer], 64) / 64; }
  // Words [first, first + out.size()) of input a.
  void draw(std::uint32_t trial, std::size_t layer, std::size_t input, std::size_t first,
            std::span<std::uint64_t> out) const;

 private:
  const Parameters& parameters_;
};

// x[i] *= bit i ? factor : 0, four at a time.
template <typename Real>
void apply_mask(const std::uint64_t* bits, Real factor, Real* x, std::size_t count) {
  Real factors[16][4];
  for (std::size_t nibble = 0; nibble < 16; ++nibble)
    for (std::size_t k = 0; k < 4; ++k) factors[nibble][k] = (nibble >> k) & 1 ? factor : Real{0};
  const auto nibble_at = [&](std::size_t i) { return (bits[i / 64] >> (i % 64)) & 15; };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const Real* four = factors[nibble_at(i)];
    for (std::size_t k = 0; k < 4; ++k) x[i + k] *= four[k];
  }
  for (std::size_t k = 0; i + k < count; ++k) x[i + k] *= factors[nibble_at(i)][k];
}

// x[i] = value where bit i is 0.
template <typename Real>
void fill_masked(const std::uint64_t* bits, Real value, Real* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    if (((bits[i / 64] >> (i % 64)) & 1) == 0) x[i] = value;
}

// Vectors are held in units of an exact power of two, 2^exponent: 1 while their size is ordinary, so that no bit
// changes there, and near their size where squares would leave the range of Real.
template <typename Real>
int exponent_of(double size) {
  constexpr int kOrdinary = sizeof(Real) == 4 ? 48 : 480;
  if (!(size > 0.0) || !std::isfinite(size)) return 0;
  const int exponent = std::ilogb(size);
  return std::abs(exponent) <= kOrdinary ? 0 : exponent;
}

// The largest absolute value of a row.
template <typename Real>
double largest_of(const Real* x, std::size_t count) {
  Real largest{0};
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(x[i]));
  return static_cast<double>(largest);
}

// Units of z, u = phi(z) and phi'(z) of an input in a layer.
struct LayerUnits {
  int z = 0, u = 0, slope = 0;
};

// The units of u and phi', z being of typical size `length` 2^z_exponent; dropped: what a masked unit is.
template <typename Real>
LayerUnits units_of(const Activation& activation, double length, int z_exponent, double dropped) {
  if (grows_linearly(activation)) return {z_exponent, z_exponent, 0};
  const double size = std::ldexp(length, z_exponent);
  double z[4] = {size, -size, 0.25 * size, -0.25 * size}, u[4], d[4];
  activate_both(activation, std::span<const double>(z), std::span<double>(u), std::span<double>(d));
  return {z_exponent, exponent_of<Real>(std::max(largest_of(u, 4), std::abs(dropped))),
          exponent_of<Real>(largest_of(d, 4))};
}

// u 2^units.u = phi(z 2^units.z), d 2^units.slope = phi' there; an empty u or d is not wanted. u may be z.
template <typename Real>
void activate_in_units(const Activation& activation, const LayerUnits& units, std::span<const Real> z,
                       std::span<Real> u, std::span<Real> d) {
  if (units.z == units.u && units.slope == 0 && (units.z == 0 || grows_linearly(activation))) {
    if (d.empty()) return activate(activation, z, u);
    if (u.empty()) return activate_derivative(activation, z, d);
    return activate_both(activation, z, u, d);
  }
  constexpr std::size_t kChunk = 64;
  double whole[kChunk], value[kChunk], slope[kChunk];
  for (std::size_t first = 0; first < z.size(); first += kChunk) {
    const std::size_t count = std::min(kChunk, z.size() - first);
    for (std::size_t i = 0; i < count; ++i) whole[i] = std::ldexp(static_cast<double>(z[first + i]), units.z);
    activate_both(activation, std::span<const double>(whole, count), std::span<double>(value, count),
                  std::span<double>(slope, count));
    for (std::size_t i = 0; i < count && !u.empty(); ++i)
      u[first + i] = static_cast<Real>(std::ldexp(value[i], -units.u));
    for (std::size_t i = 0; i < count && !d.empty(); ++i)
      d[first + i] = static_cast<Real>(std::ldexp(slope[i], -units.slope));
  }
}

// The units of the last layer, from the size of z^L.
template <typename Real>
LayerUnits output_units(const Parameters& p, double size, int z_exponent) {
  if (p.output_error != OutputError::kPostactivation) return {z_exponent, z_exponent, 0};
  return units_of<Real>(p.activation_of(p.widths.size() - 1), size, z_exponent, 0.0);
}

// Exponent of delta^L.
inline int output_exponent(const Parameters& p, const LayerUnits& units) {
  if (p.output_error == OutputError::kPreactivation) return units.z;
  return p.output_error == OutputError::kPostactivation ? units.u + units.slope : 0;
}

// delta^L of every input from z^L (rows `stride` apart); phi: scratch for one row.
template <typename Real>
void output_errors(const Parameters& p, std::uint32_t trial, const Real* z, std::size_t z_stride, Real* phi,
                   Real* errors, std::size_t stride, const LayerUnits* units) {
  const std::size_t depth = p.widths.size() - 1, width = p.widths[depth];
  for (std::size_t a = 0; a < p.inputs; ++a) {
    const std::span<const Real> z_row(z + a * z_stride, width);
    const std::span<Real> delta(errors + a * stride, width);
    switch (p.output_error) {
      case OutputError::kPreactivation:
        for (std::size_t i = 0; i < width; ++i) delta[i] = Real{2} * z_row[i];
        break;
      case OutputError::kPostactivation:
        activate_in_units(p.activation_of(depth), units[a], z_row, std::span<Real>(phi, width), delta);
        for (std::size_t i = 0; i < width; ++i) delta[i] *= Real{2} * phi[i];
        break;
      case OutputError::kRandomReadout:
      case OutputError::kSharedRandomReadout: {
        const std::size_t source = p.output_error == OutputError::kSharedRandomReadout ? 0 : a;
        random_normals({p.seed, trial, static_cast<std::uint32_t>(depth), Purpose::kOutputError},
                       source * rounded_up(width, 16), delta);
        break;
      }
    }
  }
}

// Dot products of the rows of a block and of their absolute values, into n x n matrices: all pairs of paired inputs and
// every row's own square. Double precision sums; many rows of floats go through BLAS in single precision.
template <typename Real>
class RowProducts {
 public:
  explicit RowProducts(const Layout& layout) : layout_(layout) {}
  // absolute may be null.
  void measure(const Real* x, std::size_t stride, std::size_t length, double* gram, double* absolute);
  static double memory(const Layout& layout, std::size_t length);
  static constexpr std::size_t kFewRows = 8;

 private:
  const Layout& layout_;
  std::vector<Real> magnitudes_, products_;
};

// |x - y|^2
template <typename Real>
double squared_distance(const Real* x, const Real* y, std::size_t length) {
  double lanes[8] = {};
  for (std::size_t i = 0; i < length; ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    lanes[i % 8] += difference * difference;
  }
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

// Writes the observables of one layer into its part of a row. Matrices are n x n, row-major.
class RowWriter {
 public:
  RowWriter(const Parameters& parameters, const Layout& layout) : parameters_(parameters), layout_(layout) {}

  // gram: z_a . z_b; difference(a, b): |z_a - z_b|^2, asked only for nearly parallel pairs. z_a stands for z_a
  // 2^units[a].z.
  template <typename Difference>
  void forward(std::span<double> row, std::uint32_t trial, std::size_t layer, const double* gram,
               const LayerUnits* units, const Difference& difference) const {
    check_finite(gram, trial, layer);
    double* out = row.data() + (layer - 1) * layout_.layer_stride;
    const std::size_t n = layout_.inputs;
    const auto width = static_cast<double>(parameters_.widths[layer]);
    for (std::size_t a = 0; a < n; ++a) out[layout_.variance + a] = std::ldexp(gram[a * n + a] / width, 2 * units[a].z);
    for (std::size_t a = 0; a < n; ++a) check_finite(out[layout_.variance + a], trial, layer);
    std::size_t pair = 0;
    for (std::size_t a = 0; a < layout_.paired_inputs; ++a)
      for (std::size_t b = a + 1; b < layout_.paired_inputs; ++b, ++pair)
        forward_pair(out, pair, gram[a * n + a], gram[b * n + b], gram[a * n + b], width, units[a].z, units[b].z,
                     [&] { return difference(a, b); });
  }

  // The error of input a is exp(log_scale[a] / 2) times a vector; error_gram, error_absolute hold the dot products of
  // those vectors and of their absolute values, input_* those of u^{l-1}, which are in units of 2^input_exponents.
  void backward(std::span<double> row, std::uint32_t trial, std::size_t layer, const double* log_scale,
                const double* error_gram, const double* error_absolute, const double* input_gram,
                const double* input_absolute, const int* input_exponents) const;

 private:
  template <typename Difference>
  void forward_pair(double* out, std::size_t pair, double aa, double bb, double ab, double width, int exponent_a,
                    int exponent_b, const Difference& difference) const {
    out[layout_.covariance + pair] = std::ldexp(ab / width, exponent_a + exponent_b);
    const double length_a = std::sqrt(aa), length_b = std::sqrt(bb);
    const bool is_defined = length_a > 0.0 && length_b > 0.0;
    out[layout_.correlation_defined + pair] = is_defined ? 1.0 : 0.0;
    double correlation = 0.0, one_minus = 0.0;
    if (is_defined) {
      correlation = std::clamp(ab / length_a / length_b, -1.0, 1.0);
      one_minus = 1.0 - correlation;
      // In different units one vector is negligible beside the other, and with it what a difference would tell.
      if (one_minus < kNearlyParallel && exponent_a == exponent_b) {
        const double stretch = (aa - bb) / (length_a + length_b);
        one_minus = std::max(0.0, (difference() - stretch * stretch) / 2.0 / length_a / length_b);
      }
    }
    out[layout_.correlation + pair] = correlation;
    out[layout_.one_minus_correlation + pair] = one_minus;
  }
  void check_finite(const double* gram, std::uint32_t trial, std::size_t layer) const;
  void check_finite(double value, std::uint32_t trial, std::size_t layer) const;

  static constexpr double kNearlyParallel = 1e-3;
  const Parameters& parameters_;
  const Layout& layout_;
};

}  // namespace mft::feedforward
