#include "systems/feedforward/parts.h"

#include <limits>
#include <numbers>
#include <string>

#include "core/blas.h"
#include "core/error.h"

namespace mft::feedforward {

InputVectors::InputVectors(const Parameters& parameters) : parameters_(parameters) {
  if (!parameters.input_vectors.empty()) return;
  const std::size_t n = parameters.inputs, length = parameters.widths[0];
  std::vector<double> lower(n * n);
  if (!semidefinite_cholesky(parameters.input_correlation.data(), n, 1e-12, lower.data()))
    throw Error("OUT_OF_RANGE", "inputCorrelation",
                "Expected `inputCorrelation` to be a positive semidefinite matrix, received one that is not.");
  std::vector<std::size_t> used;
  for (std::size_t k = 0; k < n; ++k)
    if (lower[k * n + k] > 0.0) used.push_back(k);
  directions_ = used.size();
  if (directions_ > length)
    throw Error("SHAPE", "widths",
                "Expected `widths` to start with at least the rank of `inputCorrelation` (" +
                    std::to_string(directions_) + "), received " + std::to_string(length) + ".");
  mixing_.resize(n * directions_);
  for (std::size_t a = 0; a < n; ++a) {
    // Rows of unit length exactly, so that the norms are the stated ones.
    double square = 0.0;
    for (const std::size_t k : used) square += lower[a * n + k] * lower[a * n + k];
    const double scale = std::sqrt(parameters.input_variance[a] * static_cast<double>(length) / square);
    for (std::size_t k = 0; k < directions_; ++k) mixing_[a * directions_ + k] = lower[a * n + used[k]] * scale;
  }
  frame_.resize(directions_ * length);
  vectors_.resize(n * length);
}

const double* InputVectors::draw(std::uint32_t trial) {
  if (!parameters_.input_vectors.empty()) return parameters_.input_vectors.data();
  const std::size_t length = parameters_.widths[0];
  random_normals({parameters_.seed, trial, 0, Purpose::kInputs}, 0, std::span<double>(frame_));
  orthonormal_.orthonormalise(frame_.data(), length, directions_, length);
  blas::gemm(false, false, parameters_.inputs, length, directions_, 1.0, mixing_.data(), directions_, frame_.data(),
             length, 0.0, vectors_.data(), length);
  return vectors_.data();
}

double InputVectors::memory(const Parameters& parameters) {
  if (!parameters.input_vectors.empty()) return 0.0;
  return 16.0 * static_cast<double>(parameters.inputs) * static_cast<double>(parameters.widths[0]);
}

void Masks::draw(std::uint32_t trial, std::size_t layer, std::size_t input, std::size_t first,
                 std::span<std::uint64_t> out) const {
  const std::size_t source = parameters_.mask_sharing == MaskSharing::kShared ? 0 : input;
  random_bernoulli({parameters_.seed, trial, static_cast<std::uint32_t>(layer), Purpose::kMasks},
                   source * words(layer) + first, keep(layer), out);
}

void RowWriter::check_finite(const double* gram, std::uint32_t trial, std::size_t layer) const {
  const std::size_t n = layout_.inputs;
  for (std::size_t a = 0; a < n; ++a) check_finite(gram[a * n + a], trial, layer);
}

void RowWriter::check_finite(double value, std::uint32_t trial, std::size_t layer) const {
  if (!std::isfinite(value))
    throw Error("NOT_FINITE", "",
                "Expected finite numbers in layer " + std::to_string(layer) + " of trial " + std::to_string(trial) +
                    ", received an overflow.");
}

void RowWriter::backward(std::span<double> row, std::uint32_t trial, std::size_t layer, const double* log_scale,
                         const double* error_gram, const double* error_absolute, const double* input_gram,
                         const double* input_absolute, const int* input_exponents) const {
  check_finite(error_gram, trial, layer);
  double* out = row.data() + (layer - 1) * layout_.layer_stride;
  const std::size_t n = layout_.inputs;
  const double log_entries = std::log(static_cast<double>(parameters_.widths[layer])) +
                             std::log(static_cast<double>(parameters_.widths[layer - 1]));
  for (std::size_t a = 0; a < n; ++a) {
    const double log_norm = std::log(error_gram[a * n + a]) + log_scale[a];
    out[layout_.log_error_squared_norm + a] = log_norm;
    out[layout_.log_gradient_single + a] =
        log_norm + std::log(input_gram[a * n + a]) - log_entries + 2.0 * input_exponents[a] * std::numbers::ln2;
  }
  std::size_t pair = 0;
  for (std::size_t a = 0; a < layout_.paired_inputs; ++a)
    for (std::size_t b = a + 1; b < layout_.paired_inputs; ++b, ++pair) {
      const double lengths = std::sqrt(error_gram[a * n + a]) * std::sqrt(error_gram[b * n + b]);
      const bool is_defined = lengths > 0.0;
      const double dot = error_gram[a * n + b], input_dot = input_gram[a * n + b];
      const double scale = (log_scale[a] + log_scale[b]) / 2.0 - log_entries +
                           (input_exponents[a] + input_exponents[b]) * std::numbers::ln2;
      const bool is_zero = dot == 0.0 || input_dot == 0.0;
      out[layout_.error_cosine + pair] = is_defined ? std::clamp(dot / lengths, -1.0, 1.0) : 0.0;
      out[layout_.error_cosine_defined + pair] = is_defined ? 1.0 : 0.0;
      out[layout_.gradient_pair_sign + pair] = is_zero ? 0.0 : ((dot > 0.0) == (input_dot > 0.0) ? 1.0 : -1.0);
      out[layout_.log_gradient_pair + pair] = is_zero ? -std::numeric_limits<double>::infinity()
                                                      : std::log(std::abs(dot)) + std::log(std::abs(input_dot)) + scale;
      out[layout_.log_gradient_pair_absolute + pair] =
          is_zero && (error_absolute[a * n + b] == 0.0 || input_absolute[a * n + b] == 0.0)
              ? -std::numeric_limits<double>::infinity()
              : std::log(error_absolute[a * n + b]) + std::log(input_absolute[a * n + b]) + scale;
    }
}

template <typename Real>
void RowProducts<Real>::measure(const Real* x, std::size_t stride, std::size_t length, double* gram, double* absolute) {
  const std::size_t n = layout_.inputs, paired = layout_.pairs > 0 ? layout_.paired_inputs : 0;
  const auto lane_sums = [&](const Real* left, const Real* right, double* signed_sum, double* absolute_sum) {
    double lanes[8] = {}, magnitudes[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= length; i += 8)
      for (std::size_t k = 0; k < 8; ++k) {
        const double product = static_cast<double>(left[i + k]) * static_cast<double>(right[i + k]);
        lanes[k] += product;
        magnitudes[k] += std::abs(product);
      }
    for (std::size_t k = 0; i < length; ++i, ++k) {
      const double product = static_cast<double>(left[i]) * static_cast<double>(right[i]);
      lanes[k] += product;
      magnitudes[k] += std::abs(product);
    }
    const auto total = [](const double* v) {
      return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
    };
    *signed_sum = total(lanes);
    if (absolute_sum != nullptr) *absolute_sum = total(magnitudes);
  };
  for (std::size_t a = 0; a < n; ++a) lane_sums(x + a * stride, x + a * stride, gram + a * n + a, nullptr);
  if (paired <= kFewRows) {
    for (std::size_t a = 0; a < paired; ++a)
      for (std::size_t b = a + 1; b < paired; ++b) {
        lane_sums(x + a * stride, x + b * stride, gram + a * n + b,
                  absolute == nullptr ? nullptr : absolute + a * n + b);
        gram[b * n + a] = gram[a * n + b];
        if (absolute != nullptr) absolute[b * n + a] = absolute[a * n + b];
      }
    return;
  }
  products_.resize(paired * paired);
  const auto through_blas = [&](const Real* rows, double* out) {
    blas::gemm(false, true, paired, paired, length, Real{1}, rows, stride, rows, stride, Real{0}, products_.data(),
               paired);
    for (std::size_t a = 0; a < paired; ++a)
      for (std::size_t b = 0; b < paired; ++b)
        if (a != b) out[a * n + b] = static_cast<double>(products_[a * paired + b]);
  };
  through_blas(x, gram);
  if (absolute == nullptr) return;
  magnitudes_.resize(paired * stride);
  for (std::size_t a = 0; a < paired; ++a)
    for (std::size_t i = 0; i < length; ++i) magnitudes_[a * stride + i] = std::abs(x[a * stride + i]);
  through_blas(magnitudes_.data(), absolute);
}

template <typename Real>
double RowProducts<Real>::memory(const Layout& layout, std::size_t length) {
  if (layout.paired_inputs <= kFewRows) return 0.0;
  return static_cast<double>(sizeof(Real)) * static_cast<double>(layout.paired_inputs) *
         static_cast<double>(length + layout.paired_inputs);
}

template class RowProducts<double>;
template class RowProducts<float>;

}  // namespace mft::feedforward
