#include "systems/autoencoder/linear_descent.h"

#include <algorithm>
#include <cmath>

#include "core/blas.h"
#include "core/error.h"
#include "core/lapack.h"

namespace mft::autoencoder {
namespace {

// Sizes of the tiles that threads share: part of the results' bits.
constexpr std::size_t kColumns = 256;
constexpr std::size_t kGramBlock = 64;
constexpr std::size_t kGramPiece = 8;  // blocks of a piece, at most

std::size_t parts(std::size_t count, std::size_t size) { return (count + size - 1) / size; }

double sum_of_products(const double* x, const double* y, std::size_t count) {
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += x[i] * y[i];
  return sum;
}

// Row-major C = alpha A op(B) + beta C. Of a few numbers the call of BLAS would take longer than the product.
void multiply(bool transpose, std::size_t m, std::size_t n, std::size_t k, double alpha, const double* a,
              std::size_t lda, const double* b, std::size_t ldb, double beta, double* c, std::size_t ldc) {
  constexpr std::size_t kFew = 1000;
  if (m * n * k > kFew) return blas::gemm(false, transpose, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < k; ++l) sum += a[i * lda + l] * (transpose ? b[j * ldb + l] : b[l * ldb + j]);
      // As in BLAS, beta 0 does not read what stood there.
      c[i * ldc + j] = alpha * sum + (beta == 0 ? 0.0 : beta * c[i * ldc + j]);
    }
}

}  // namespace

std::vector<double> masking_penalty(std::span<const double> directions, std::span<const double> diagonal, double keep) {
  const std::size_t d = diagonal.size();
  std::vector<double> scaled(d * d), penalty(d * d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) scaled[i * d + j] = (1 - keep) / keep * diagonal[j] * directions[i * d + j];
  blas::gemm(false, true, d, d, d, 1.0, scaled.data(), d, directions.data(), d, 0.0, penalty.data(), d);
  return penalty;
}

LinearDescent::LinearDescent(const LinearProblem& problem, Team& team)
    : problem_(problem),
      team_(team),
      dimension_(problem.variances.size()),
      hidden_(problem.hidden),
      column_tiles_(parts(dimension_, kColumns)) {
  const std::size_t d = dimension_, given = problem.penalty.size();
  if (d == 0 || hidden_ == 0) throw Error("OUT_OF_RANGE", "hidden", "Expected at least one mode and one hidden unit.");
  if (given != 0 && given != d && given != d * d)
    throw Error("SHAPE", "penalty", "Expected a penalty of one number a mode, or of one a pair of modes.");
  for (const double nu : problem.variances) trace_ += nu;
  if (given != d * d) {
    scale_ = problem.variances;
    for (std::size_t i = 0; i < given; ++i) scale_[i] += problem.penalty[i];
  }
  // The longest first, so that threads end together.
  for (std::size_t row = parts(hidden_, kGramBlock); row-- > 0;)
    for (std::size_t column = 0; column <= row; column += kGramPiece) pieces_.push_back({row, column});
  const std::size_t size = hidden_ * d;
  for (AlignedVector<double>* each : {&first_, &weighted_, &next_first_}) each->assign(size, 0.0);
  second_.assign(problem.is_tied ? 0 : size, 0.0);
  next_second_.assign(problem.is_tied ? 0 : size, 0.0);
  second_gram_.assign(hidden_ * hidden_, 0.0);
  first_gram_.assign(hidden_ * hidden_, 0.0);
}

double LinearDescent::bytes(std::size_t dimension, std::size_t hidden, bool is_tied, bool has_full_penalty) {
  const auto d = static_cast<double>(dimension), h = static_cast<double>(hidden);
  return 8 * ((is_tied ? 3 : 5) * d * h + 2 * h * h + (has_full_penalty ? d * d : d) + 2 * d);
}

void LinearDescent::set(std::span<const double> first, std::span<const double> second) {
  if (first.size() != first_.size() || second.size() != second_.size())
    throw Error("SHAPE", "weights", "Expected weights of as many rows as hidden units and one column a mode.");
  std::copy(first.begin(), first.end(), first_.begin());
  std::copy(second.begin(), second.end(), second_.begin());
  weigh_all();
}

void LinearDescent::change(double penalty, double weight_decay, double learning_rate) {
  problem_.weight_decay = weight_decay;
  problem_.learning_rate = learning_rate;
  problem_.penalty.assign(dimension_, penalty);
  scale_ = problem_.variances;
  for (double& each : scale_) each += penalty;
  weigh_all();
}

LinearDescent::Columns LinearDescent::columns(std::size_t tile) const {
  const std::size_t first = tile * kColumns;
  return {first, std::min(kColumns, dimension_ - first)};
}

void LinearDescent::weigh(Columns at, const double* weights) {
  const std::size_t d = dimension_;
  const double* scale = scale_.empty() ? problem_.variances.data() : scale_.data();
  for (std::size_t h = 0; h < hidden_; ++h) {
    const double* from = weights + h * d;
    double* to = weighted_.data() + h * d;
    for (std::size_t i = at.first; i < at.first + at.count; ++i) to[i] = from[i] * scale[i];
  }
  if (scale_.empty())
    multiply(false, hidden_, at.count, d, 1.0, weights, d, problem_.penalty.data() + at.first, d, 1.0,
             weighted_.data() + at.first, d);
}

void LinearDescent::weigh_all() {
  auto body = [&](std::size_t tile, int) { weigh(columns(tile), first_.data()); };
  team_.run(column_tiles_, body);
  is_ready_ = false;
}

// Strips of rows up to and with their block on the diagonal, in pieces of some blocks, those of A first; what lies
// above the diagonal is the mirror image. A long piece copies its rows into the order of the product once, not once a
// block.
void LinearDescent::gram_tile(std::size_t tile) {
  const std::size_t d = dimension_, n = hidden_, half = pieces_.size();
  const auto [row, column] = pieces_[tile % half];
  const std::size_t i = row * kGramBlock, j = column * kGramBlock;
  const std::size_t rows = std::min(kGramBlock, n - i);
  const std::size_t columns = std::min(kGramPiece * kGramBlock, i + rows - j);
  const bool is_second = tile < half;
  const double* left = is_second ? other() : weighted_.data();
  const double* right = is_second ? other() : first_.data();
  double* out = is_second ? second_gram_.data() : first_gram_.data();
  multiply(true, rows, columns, d, 1.0, left + i * d, d, right + j * d, d, 0.0, out + i * n + j, n);
  for (std::size_t a = i; a < i + rows; ++a)
    for (std::size_t b = j; b < std::min(j + columns, i); ++b) out[b * n + a] = out[a * n + b];
}

void LinearDescent::grams() {
  if (is_ready_) return;
  auto body = [&](std::size_t tile, int) { gram_tile(tile); };
  team_.run(2 * pieces_.size(), body);
  is_ready_ = true;
}

void LinearDescent::advance(Columns at, double keep, double rate) {
  const std::size_t d = dimension_, n = hidden_;
  const bool is_tied = problem_.is_tied;
  const double* nu = problem_.variances.data();
  for (std::size_t h = 0; h < n; ++h) {
    const double* w = first_.data() + h * d;
    const double* u = other() + h * d;
    double* next_w = next_first_.data() + h * d;
    double* next_u = is_tied ? nullptr : next_second_.data() + h * d;
    for (std::size_t i = at.first; i < at.first + at.count; ++i) {
      next_w[i] = keep * w[i] + rate * (is_tied ? 2 : 1) * nu[i] * u[i];
      if (!is_tied) next_u[i] = keep * u[i] + rate * nu[i] * w[i];
    }
  }
  const auto subtract = [&](const double* gram, const double* weights, double* next) {
    multiply(false, n, at.count, n, -rate, gram, n, weights + at.first, d, 1.0, next + at.first, d);
  };
  subtract(second_gram_.data(), weighted_.data(), next_first_.data());
  subtract(first_gram_.data(), other(), is_tied ? next_first_.data() : next_second_.data());
}

void LinearDescent::advance_all(double keep, double rate) {
  auto body = [&](std::size_t tile, int) { advance(columns(tile), keep, rate); };
  team_.run(column_tiles_, body);
}

bool LinearDescent::step(double rate) {
  grams();
  // tr(A B) is the part of the loss that grows without bound; what is not finite in the weights shows in it.
  if (!std::isfinite(sum_of_products(second_gram_.data(), first_gram_.data(), hidden_ * hidden_))) return false;
  const double decay = rate * problem_.weight_decay;
  advance_all(1 - (problem_.is_tied ? 2 : 1) * decay, rate);
  std::swap(first_, next_first_);
  if (!problem_.is_tied) std::swap(second_, next_second_);
  // A full penalty needs all columns of the new weights.
  weigh_all();
  return true;
}

Measured LinearDescent::measure() {
  grams();
  const std::size_t d = dimension_;
  Measured result;
  result.mapping.assign(d, 0.0);
  for (std::size_t h = 0; h < hidden_; ++h) {
    const double* w = first_.data() + h * d;
    const double* u = other() + h * d;
    result.first_square += sum_of_products(w, w, d);
    result.second_square += sum_of_products(u, u, d);
    for (std::size_t i = 0; i < d; ++i) result.mapping[i] += u[i] * w[i];
  }
  const double cross = sum_of_products(result.mapping.data(), problem_.variances.data(), d);
  const double square = sum_of_products(second_gram_.data(), first_gram_.data(), hidden_ * hidden_);
  result.loss =
      0.5 * (trace_ - 2 * cross + square) + 0.5 * problem_.weight_decay * (result.first_square + result.second_square);
  return result;
}

std::vector<double> LinearDescent::singular_values() const {
  std::vector<double> w(first_.begin(), first_.end());
  const std::span<const double> from = second();
  std::vector<double> u(from.begin(), from.end());
  return lapack::product_singular_values(hidden_, dimension_, u.data(), w.data());
}

LinearDescent::GradientNorms LinearDescent::gradient_norms() {
  grams();
  const double factor = problem_.is_tied ? 2 : 1;
  advance_all(-factor * problem_.weight_decay, 1);
  const auto norm = [](const AlignedVector<double>& x) {
    return std::sqrt(sum_of_products(x.data(), x.data(), x.size()));
  };
  const double first = norm(next_first_);
  return {first, problem_.is_tied ? first : norm(next_second_)};
}

}  // namespace mft::autoencoder
