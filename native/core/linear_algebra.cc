#include "core/linear_algebra.h"

#include <algorithm>
#include <cmath>

#include "core/blas.h"
#include "core/scratch.h"

namespace mft {
namespace {

constexpr double kSmallestGramPivot = 1e-4;
constexpr std::size_t kFrameBlock = 32;
constexpr std::size_t kFactorBlock = 64;

void subtract_multiple(double factor, const double* x, double* y, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) y[i] -= factor * x[i];
}

void scale(double factor, double* x, std::size_t length) {
  for (std::size_t i = 0; i < length; ++i) x[i] *= factor;
}

}  // namespace

void gram_matrix(const double* x, std::size_t x_stride, const double* y, std::size_t y_stride, std::size_t x_count,
                 std::size_t y_count, std::size_t length, double* gram) {
  if (x == y && x_stride == y_stride && x_count == y_count) {
    blas::gram(x_count, length, x, x_stride, gram);
    return;
  }
  blas::gemm(false, true, x_count, y_count, length, 1.0, x, x_stride, y, y_stride, 0.0, gram, y_count);
}

void multiply_by_factor(bool transposed, const double* factor, std::size_t rows, std::size_t columns, const double* x,
                        std::size_t x_stride, std::size_t length, double* y, std::size_t y_stride) {
  const std::size_t outputs = transposed ? columns : rows, inputs = transposed ? rows : columns;
  const auto entry = [&](std::size_t out, std::size_t in) {
    return transposed ? factor[in * columns + out] : factor[out * columns + in];
  };
  for (std::size_t first = 0; first < outputs; first += kFactorBlock) {
    const std::size_t count = std::min(kFactorBlock, outputs - first);
    std::size_t used = inputs;
    const auto is_unused = [&](std::size_t in) {
      for (std::size_t k = 0; k < count; ++k)
        if (entry(first + k, in) != 0.0) return false;
      return true;
    };
    while (used > 1 && is_unused(used - 1)) --used;
    const double* block = factor + (transposed ? first : first * columns);
    blas::gemm(transposed, false, count, length, used, 1.0, block, columns, x, x_stride, 0.0, y + first * y_stride,
               y_stride);
  }
}

double dot_product(const double* x, const double* y, std::size_t length) {
  double lanes[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= length; i += 8)
    for (std::size_t k = 0; k < 8; ++k) lanes[k] += x[i + k] * y[i + k];
  for (std::size_t k = 0; i < length; ++i, ++k) lanes[k] += x[i] * y[i];
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

std::size_t RangeFactor::factor(const double* u, std::size_t stride, std::size_t count, std::size_t length,
                                double tolerance, const double* reference_lengths, double* q, double* r) {
  if (count == 0 || length == 0) return 0;
  room(gram_, count * count);
  room(lengths_, count);
  gram_matrix(u, stride, u, stride, count, count, length, gram_.data());
  order_.clear();
  for (std::size_t a = 0; a < count; ++a) {
    lengths_[a] = std::sqrt(gram_[a * count + a]);
    const double reference = reference_lengths != nullptr ? reference_lengths[a] : 0.0;
    if (lengths_[a] > tolerance * reference)
      order_.push_back(a);
    else
      lengths_[a] = 0.0;
  }
  // Vectors short of their reference by a large factor must not be blown up to unit length before the tolerance test.
  if (reference_lengths != nullptr)
    for (const std::size_t a : order_) lengths_[a] = std::max(lengths_[a], reference_lengths[a]);
  // In the given order first: the factor is then triangular, which saves a third of the products with it.
  if (order_.size() <= length)
    for (const bool pivoted : {false, true})
      if (factor_by_gram(u, stride, count, length, pivoted, q, r)) return order_.size();
  return factor_by_projection(u, stride, count, length, tolerance, q, r);
}

bool RangeFactor::factor_by_gram(const double* u, std::size_t stride, std::size_t count, std::size_t length,
                                 bool pivoted, double* q, double* r) {
  const std::size_t rank = order_.size();
  std::sort(order_.begin(), order_.end());
  // factor_ row k: the k-th row of the Cholesky factor over the scaled vectors in pivot order (upper triangular).
  room(factor_, rank * rank);
  room(squares_, rank);
  double* upper = factor_.data();
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t a = order_[i];
    squares_[i] = gram_[a * count + a] / (lengths_[a] * lengths_[a]);
  }
  for (std::size_t k = 0; k < rank; ++k) {
    std::size_t best = k;
    for (std::size_t i = k + 1; pivoted && i < rank; ++i)
      if (squares_[i] > squares_[best]) best = i;
    if (!(squares_[best] > kSmallestGramPivot)) return false;
    if (best != k) {
      std::swap(order_[k], order_[best]);
      std::swap(squares_[k], squares_[best]);
      for (std::size_t j = 0; j < k; ++j) std::swap(upper[j * rank + k], upper[j * rank + best]);
    }
    const double pivot = std::sqrt(squares_[k]);
    upper[k * rank + k] = pivot;
    const std::size_t a = order_[k];
    double* row = upper + k * rank;
    for (std::size_t i = k + 1; i < rank; ++i) {
      const std::size_t b = order_[i];
      row[i] = gram_[a * count + b] / (lengths_[a] * lengths_[b]);
    }
    for (std::size_t j = 0; j < k; ++j) {
      const double* above = upper + j * rank;
      const double factor = above[k];
      for (std::size_t i = k + 1; i < rank; ++i) row[i] -= factor * above[i];
    }
    for (std::size_t i = k + 1; i < rank; ++i) {
      row[i] /= pivot;
      squares_[i] -= row[i] * row[i];
    }
  }
  std::fill(r, r + rank * count, 0.0);
  for (std::size_t k = 0; k < rank; ++k)
    for (std::size_t i = k; i < rank; ++i) r[k * count + order_[i]] = upper[k * rank + i] * lengths_[order_[i]];
  if (q == nullptr) return true;
  // Q = transform * U with transform = (upper^T)^-1 over the scaled vectors in pivot order.
  room(transform_, rank * count + rank * rank);
  double* transform = transform_.data();
  double* inverse = transform + rank * count;  // lower triangular, row-major
  std::fill(inverse, inverse + rank * rank, 0.0);
  for (std::size_t i = 0; i < rank; ++i) {
    double* row = inverse + i * rank;
    row[i] = 1.0;
    for (std::size_t k = 0; k < i; ++k) {
      const double factor = upper[k * rank + i];
      const double* above = inverse + k * rank;
      for (std::size_t j = 0; j <= k; ++j) row[j] -= factor * above[j];
    }
    scale(1.0 / upper[i * rank + i], row, i + 1);
  }
  std::fill(transform, transform + rank * count, 0.0);
  for (std::size_t i = 0; i < rank; ++i)
    for (std::size_t j = 0; j <= i; ++j) transform[i * count + order_[j]] = inverse[i * rank + j] / lengths_[order_[j]];
  multiply_by_factor(false, transform, rank, count, u, stride, length, q, length);
  return true;
}

std::size_t RangeFactor::factor_by_projection(const double* u, std::size_t stride, std::size_t count,
                                              std::size_t length, double tolerance, double* q, double* r) {
  const std::size_t candidates = order_.size();
  const std::size_t most = std::min(candidates, length);
  std::sort(order_.begin(), order_.end());
  room(remainder_, candidates * length);
  room(squares_, candidates);
  if (q == nullptr) {
    room(directions_, most * length);
    q = directions_.data();
  }
  std::fill(r, r + most * count, 0.0);
  for (std::size_t i = 0; i < candidates; ++i) {
    double* row = remainder_.data() + i * length;
    const double* source = u + order_[i] * stride;
    const double inverse = 1.0 / lengths_[order_[i]];
    for (std::size_t j = 0; j < length; ++j) row[j] = source[j] * inverse;
    squares_[i] = dot_product(row, row, length);
  }
  std::size_t rank = 0;
  while (rank < most) {
    const std::size_t best = static_cast<std::size_t>(
        std::max_element(squares_.begin(), squares_.begin() + static_cast<std::ptrdiff_t>(candidates)) -
        squares_.begin());
    if (!(squares_[best] > tolerance * tolerance)) break;
    double* chosen = remainder_.data() + best * length;
    // It was projected once when each earlier direction was found; this is the second time.
    for (std::size_t k = 0; k < rank; ++k) {
      const double coefficient = dot_product(q + k * length, chosen, length);
      subtract_multiple(coefficient, q + k * length, chosen, length);
      r[k * count + order_[best]] += coefficient;
    }
    const double norm = std::sqrt(dot_product(chosen, chosen, length));
    squares_[best] = -1.0;
    if (!(norm > tolerance)) continue;
    double* direction = q + rank * length;
    for (std::size_t j = 0; j < length; ++j) direction[j] = chosen[j] / norm;
    r[rank * count + order_[best]] = norm;
    for (std::size_t i = 0; i < candidates; ++i) {
      if (squares_[i] < 0.0) continue;
      double* other = remainder_.data() + i * length;
      const double coefficient = dot_product(direction, other, length);
      subtract_multiple(coefficient, direction, other, length);
      r[rank * count + order_[i]] += coefficient;
      squares_[i] = dot_product(other, other, length);
    }
    ++rank;
  }
  for (std::size_t k = 0; k < rank; ++k)
    for (const std::size_t a : order_) r[k * count + a] *= lengths_[a];
  return rank;
}

void project_off(const double* q, std::size_t q_stride, std::size_t q_count, double* y, std::size_t y_stride,
                 std::size_t y_count, std::size_t length, std::vector<double>& coefficients) {
  if (q_count == 0 || y_count == 0) return;
  room(coefficients, y_count * q_count);
  for (int pass = 0; pass < 2; ++pass) {
    gram_matrix(y, y_stride, q, q_stride, y_count, q_count, length, coefficients.data());
    blas::gemm(false, false, y_count, length, q_count, -1.0, coefficients.data(), q_count, q, q_stride, 1.0, y,
               y_stride);
  }
}

void OrthonormalFrame::orthonormalise(double* x, std::size_t stride, std::size_t count, std::size_t length) {
  for (std::size_t first = 0; first < count; first += kFrameBlock) {
    const std::size_t last = std::min(count, first + kFrameBlock);
    project_off(x, stride, first, x + first * stride, stride, last - first, length, coefficients_);
    for (std::size_t i = first; i < last; ++i) {
      double* row = x + i * stride;
      for (int pass = 0; pass < 2; ++pass)
        for (std::size_t k = first; k < i; ++k)
          subtract_multiple(dot_product(x + k * stride, row, length), x + k * stride, row, length);
      scale(1.0 / std::sqrt(dot_product(row, row, length)), row, length);
    }
  }
}

bool semidefinite_cholesky(const double* matrix, std::size_t count, double tolerance, double* lower) {
  std::fill(lower, lower + count * count, 0.0);
  for (std::size_t k = 0; k < count; ++k) {
    const double* known = lower + k * count;
    const double diagonal = matrix[k * count + k];
    double square = diagonal;
    for (std::size_t j = 0; j < k; ++j) square -= known[j] * known[j];
    if (square < -tolerance * diagonal) return false;
    const bool is_direction = square > tolerance * diagonal;
    const double pivot = is_direction ? std::sqrt(square) : 0.0;
    lower[k * count + k] = pivot;
    for (std::size_t i = k + 1; i < count; ++i) {
      double entry = matrix[i * count + k];
      for (std::size_t j = 0; j < k; ++j) entry -= lower[i * count + j] * known[j];
      if (is_direction)
        lower[i * count + k] = entry / pivot;
      else if (std::abs(entry) > std::sqrt(tolerance) * std::sqrt(diagonal * matrix[i * count + i]))
        return false;
    }
  }
  return true;
}

}  // namespace mft
