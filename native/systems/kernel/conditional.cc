#include "systems/kernel/conditional.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/gaussian_closed.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kTile = 1 << 16;     // doubles of scales at once, and of products of components
constexpr std::size_t kMostSigns = 20;     // components of which all vectors of signs are summed over
constexpr std::size_t kMostPlaces = 14;    // the same of places that are not zero
constexpr std::size_t kEnumerated = 4096;  // vectors of signs or places at once

const Integrand kValue{1, 0, 0, 0, false}, kSquare{2, 0, 0, 0, false};

bool is_rotation_invariant(Law law) {
  return law == Law::kGaussian || law == Law::kMultivariateT || law == Law::kSphere || law == Law::kBall ||
         law == Law::kOrthogonal;
}

// Of degree 1: phi(c z) = c phi(z) for c > 0.
bool is_rectifier(const Activation& activation) {
  if (!activation.is_plain()) return false;
  const double up[] = {1.0, 2.0, 7.0, -1.0, -2.0, -7.0};
  double values[6];
  activate(activation, std::span<const double>(up, 6), std::span<double>(values, 6));
  return values[1] == 2 * values[0] && values[2] == 7 * values[0] && values[4] == 2 * values[3] &&
         values[5] == 7 * values[3];
}

// Activations of pair_derivatives.h.
std::optional<PairFunction> pair_function(const Activation& activation) {
  if (!activation.is_plain()) return std::nullopt;
  switch (activation.kind) {
    case ActivationKind::kErf:
      return PairFunction{PairKind::kErf};
    case ActivationKind::kGelu:
      return PairFunction{PairKind::kGelu};
    case ActivationKind::kSin:
      return PairFunction{PairKind::kSin};
    case ActivationKind::kCos:
      return PairFunction{PairKind::kCos};
    default:
      break;
  }
  if (!is_rectifier(activation)) return std::nullopt;
  const double ends[] = {-1.0, 1.0};
  double values[2];
  activate(activation, std::span<const double>(ends, 2), std::span<double>(values, 2));
  return PairFunction{PairKind::kRectifier, -values[0], values[1]};
}

double known(const std::optional<double>& value) {
  if (!value.has_value()) throw Error("INTERNAL", "", "A pair has no closed form though its activation was said to.");
  return *value;
}

}  // namespace

ConditionalKernels::ConditionalKernels(Law law, double parameter, std::uint64_t seed, const Activation& activation)
    : law_(law),
      parameter_(parameter),
      activation_(activation),
      is_homogeneous_(is_rectifier(activation)),
      at_zero_(0),
      function_(pair_function(activation)),
      rows_(law, parameter, seed) {
  const double zero = 0;
  activate(activation_, std::span<const double>(&zero, 1), std::span<double>(&at_zero_, 1));
}

void ConditionalKernels::require(Law law, const Activation& activation, bool has_biases) {
  const bool is_closed =
      closed_pair_moment(activation, kValue, 1.0, 2.0, 0.5).has_value() && closed_moment(activation, kSquare, 1.0);
  if (!is_closed)
    throw Error("UNSUPPORTED", "estimator",
                "Expected `estimator` to be plain for this activation: its pairs have no closed form to average with.");
  const bool is_mixture = law == Law::kGaussian || law == Law::kLaplace || law == Law::kStudentT ||
                          law == Law::kSparse || law == Law::kMultivariateT || law == Law::kRademacher;
  if (is_mixture || (is_rotation_invariant(law) && is_rectifier(activation) && !has_biases)) return;
  throw Error(
      "UNSUPPORTED", "estimator",
      "Expected `estimator` to be plain for this law of weights: it mixes no normal weights. Laws that do: gaussian, "
      "laplace, studentT, multivariateT, sparse; rademacher where few components enter; for rectifiers without "
      "biases also sphere, ball, orthogonal.");
}

std::size_t ConditionalKernels::room(std::size_t inputs, std::size_t columns) {
  const std::size_t rows = std::max(kEnumerated, kTile / columns + 1);
  const std::size_t pairs = std::max<std::size_t>(1, kTile / columns);
  return rows * (columns + inputs + pairs) + inputs * (columns + inputs) + pairs * columns;
}

// Rectifiers without biases have the kernel of the mean square of a rotation-invariant law's rows, which is 1.
bool ConditionalKernels::is_free(double bias) const {
  return law_ == Law::kGaussian || (is_rotation_invariant(law_) && is_homogeneous_ && bias == 0);
}

bool ConditionalKernels::average(const ConditionalLayer& layer, std::span<double> means) {
  const std::size_t m = layer.inputs, d = layer.columns;
  sums_.assign(m * m, 0.0);
  squares_.resize(m * d);
  for (std::size_t i = 0; i < m * d; ++i) squares_[i] = layer.hidden[i] * layer.hidden[i];
  double total = 1;
  if (law_ == Law::kRademacher) {
    if (d > kMostSigns || layer.bias > 0) return false;
    add_signs(layer);
  } else if (law_ == Law::kSparse && d <= kMostPlaces) {
    add_sparse(layer);
  } else if (is_free(layer.bias)) {
    scales_.assign(d, 1.0);
    add_rows(layer, scales_.data(), 1, nullptr);
  } else {
    if (gains_by_center()) set_center(layer);
    const std::size_t step = std::max<std::size_t>(1, kTile / d);
    scales_.resize(step * d);
    for (std::size_t first = 0; first < layer.units; first += step) {
      const std::size_t count = std::min(step, layer.units - first);
      rows_.draw_scales(layer.trial, layer.layer, first, count, d, scales_.data());
      add_rows(layer, scales_.data(), count, nullptr);
    }
    total = static_cast<double>(layer.units);
    is_centered_ = false;
  }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < m; ++j) means[i * m + j] = sums_[std::max(i, j) * m + std::min(i, j)] / total;
  return true;
}

// Adds E phi phi of `count` rows of scales of the components' variances, each with its share (nullptr: 1).
void ConditionalKernels::add_rows(const ConditionalLayer& layer, const double* scales, std::size_t count,
                                  const double* shares) {
  const std::size_t m = layer.inputs, d = layer.columns;
  diagonal_.resize(count * m);
  blas::gemm(false, true, count, m, d, layer.factor, scales, d, squares_.data(), d, 0.0, diagonal_.data(), m);
  const auto share = [&](std::size_t r) { return shares == nullptr ? 1.0 : shares[r]; };
  // To first order in the scales, from where all of them are 1.
  const auto moved = [&](std::size_t i, std::size_t j, double q1, double q2, double k) {
    if (!is_centered_) return 0.0;
    const PairPoint& from = points_[i * m + j];
    const PairDerivatives& by = slopes_[i * m + j];
    return by.by_q1 * (q1 - from.q1) + by.by_q2 * (q2 - from.q2) + by.by_k * (k - from.k);
  };
  for (std::size_t r = 0; r < count; ++r)
    for (std::size_t i = 0; i < m; ++i) {
      double& q = diagonal_[r * m + i];
      q += layer.bias;
      sums_[i * m + i] += share(r) * (own(q) - moved(i, i, q, q, q));
    }
  const std::size_t most = std::max<std::size_t>(1, kTile / d);
  for (std::size_t i = 1; i < m; ++i)
    for (std::size_t from = 0; from < i; from += most) {
      const std::size_t columns = std::min(most, i - from);
      products_.resize(columns * d);
      for (std::size_t j = 0; j < columns; ++j)
        for (std::size_t t = 0; t < d; ++t)
          products_[j * d + t] = layer.hidden[i * d + t] * layer.hidden[(from + j) * d + t];
      weighted_.resize(count * columns);
      blas::gemm(false, true, count, columns, d, layer.factor, scales, d, products_.data(), d, 0.0, weighted_.data(),
                 columns);
      for (std::size_t r = 0; r < count; ++r)
        for (std::size_t j = 0; j < columns; ++j) {
          const double q1 = diagonal_[r * m + i], q2 = diagonal_[r * m + from + j];
          const double k = weighted_[r * columns + j] + layer.bias;
          sums_[i * m + from + j] += share(r) * (pair(q1, q2, k) - moved(i, from + j, q1, q2, k));
        }
    }
}

// Of phi that stay bounded the first order does not: it pays where the scales hardly stray from 1.
bool ConditionalKernels::gains_by_center() const {
  if (!function_.has_value()) return false;
  if (function_->kind == PairKind::kRectifier || function_->kind == PairKind::kGelu) return true;
  return law_ == Law::kLaplace || law_ == Law::kSparse || (law_ == Law::kStudentT && parameter_ > 4);
}

void ConditionalKernels::set_center(const ConditionalLayer& layer) {
  const std::size_t m = layer.inputs, d = layer.columns;
  products_.resize(m * m);
  blas::gram(m, d, layer.hidden, d, products_.data());
  const auto product = [&](std::size_t i, std::size_t j) { return layer.factor * products_[i * m + j] + layer.bias; };
  points_.resize(m * m);
  slopes_.resize(m * m);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      points_[i * m + j] = {product(i, i), product(j, j), product(i, j)};
      slopes_[i * m + j] = i == j ? own_moments(*function_, product(i, i)).product
                                  : pair_moments(*function_, points_[i * m + j]).product;
    }
  is_centered_ = true;
}

double ConditionalKernels::own(double q) const {
  if (function_.has_value()) return own_moments(*function_, q).product.value;
  return q > 0 ? known(closed_moment(activation_, kSquare, q)) : at_zero_ * at_zero_;
}

double ConditionalKernels::pair(double q1, double q2, double k) const {
  if (function_.has_value()) return pair_moments(*function_, {q1, q2, k}).product.value;
  if (q1 > 0 && q2 > 0) {
    const double gap = std::clamp(1 - k / (std::sqrt(q1) * std::sqrt(q2)), 0.0, 2.0);
    return known(closed_pair_moment(activation_, kValue, q1, q2, gap));
  }
  const double q = std::max(q1, q2);
  if (at_zero_ == 0 || q == 0) return at_zero_ * at_zero_;
  return at_zero_ * known(closed_moment(activation_, kValue, q));
}

// All vectors of signs. phi takes them as they are: nothing normal is left.
void ConditionalKernels::add_signs(const ConditionalLayer& layer) {
  const std::size_t m = layer.inputs, d = layer.columns, all = std::size_t{1} << d;
  const double scale = std::sqrt(layer.factor), share = 1.0 / static_cast<double>(all);
  for (std::size_t first = 0; first < all; first += kEnumerated) {
    const std::size_t count = std::min(kEnumerated, all - first);
    scales_.resize(count * d);
    for (std::size_t r = 0; r < count; ++r)
      for (std::size_t t = 0; t < d; ++t) scales_[r * d + t] = ((first + r) >> t) & 1 ? 1.0 : -1.0;
    diagonal_.resize(m * count);
    blas::gemm(false, true, m, count, d, scale, layer.hidden, d, scales_.data(), d, 0.0, diagonal_.data(), count);
    weighted_.resize(m * count);
    activate(activation_, diagonal_, weighted_);
    products_.resize(m * m);
    blas::gram(m, count, weighted_.data(), count, products_.data());
    for (std::size_t i = 0; i < m * m; ++i) sums_[i] += share * products_[i];
  }
}

// All sets of places that are not zero; there the weights are normal.
void ConditionalKernels::add_sparse(const ConditionalLayer& layer) {
  const std::size_t d = layer.columns, all = std::size_t{1} << d;
  for (std::size_t first = 0; first < all; first += kEnumerated) {
    const std::size_t count = std::min(kEnumerated, all - first);
    scales_.resize(count * d);
    shares_.resize(count);
    for (std::size_t r = 0; r < count; ++r) {
      const std::size_t places = first + r;
      const auto kept = static_cast<double>(std::popcount(places));
      shares_[r] = std::pow(parameter_, kept) * std::pow(1 - parameter_, static_cast<double>(d) - kept);
      for (std::size_t t = 0; t < d; ++t) scales_[r * d + t] = (places >> t) & 1 ? 1 / parameter_ : 0.0;
    }
    add_rows(layer, scales_.data(), count, shares_.data());
  }
}

}  // namespace mft::kernel
