#include "core/cholesky.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/blas.h"
#include "core/error.h"
#include "core/lapack.h"
#include "core/parallel.h"

namespace mft {
namespace {

constexpr std::size_t kTile = 256;
constexpr std::size_t kBlock = 768;  // rows of a product; no fewer for more threads, so that bits stay
constexpr double kDependent = 10.0 * std::numeric_limits<double>::epsilon();

std::size_t tiles(std::size_t count) { return (count + kTile - 1) / kTile; }

struct Tile {
  std::size_t first, size;
};

Tile tile(std::size_t index, std::size_t count) {
  const std::size_t first = index * kTile;
  return {first, std::min(kTile, count - first)};
}

[[noreturn]] void throw_not_finite(std::size_t row) {
  throw Error("NOT_FINITE", "inputs", "The kernel has a number that is not finite in row " + std::to_string(row) + ".");
}

// Every row, before anything is changed: a factorisation would carry the number elsewhere.
void check_finite(const double* matrix, std::size_t count, int threads) {
  std::vector<char> bad(count, 0);
  parallel_for(tiles(count), threads, [&](std::size_t t, int) {
    const auto [first, size] = tile(t, count);
    for (std::size_t i = first; i < first + size; ++i) {
      double sum = 0.0;  // 0 x is 0 only for finite x
      for (std::size_t j = 0; j <= i; ++j) sum += 0.0 * matrix[i * count + j];
      bad[i] = !(sum == 0.0);
    }
  });
  const auto found = std::find(bad.begin(), bad.end(), 1);
  if (found != bad.end()) throw_not_finite(static_cast<std::size_t>(found - bad.begin()));
}

}  // namespace

std::int32_t cholesky_units(std::size_t count) { return static_cast<std::int32_t>(tiles(count)); }

CholeskyOutcome cholesky_factor(double* matrix, std::size_t count, double shift, int threads, const Control& control) {
  check_finite(matrix, count, threads);
  std::vector<double> diagonal(count);
  for (std::size_t i = 0; i < count; ++i) diagonal[i] = (matrix[i * count + i] += shift);

  CholeskyOutcome outcome{.pivot = count, .smallest_ratio = 1.0, .log_determinant = 0.0};
  const double limit = kDependent * static_cast<double>(count);
  for (std::size_t k = 0; k < tiles(count); ++k) {
    control.throw_if_cancelled();
    const auto [first, size] = tile(k, count);
    double* corner = matrix + first * count + first;
    // The column of tiles less what the columns before it explain: of the diagonal, and of blocks of rows below, so
    // that an element is met once and a block of L serves many rows.
    const double* own = matrix + first * count;
    const std::size_t next = first + size, blocks = (count - next + kBlock - 1) / kBlock;
    parallel_for(first > 0 ? 1 + blocks : 0, threads, [&](std::size_t unit, int) {
      if (unit == 0) {
        blas::subtract_gram(size, first, own, count, corner, count);
        return;
      }
      const std::size_t row = next + (unit - 1) * kBlock;
      blas::gemm(false, true, std::min(kBlock, count - row), size, first, -1.0, matrix + row * count, count, own, count,
                 1.0, matrix + row * count + first, count);
    });
    const std::size_t stopped = lapack::cholesky(size, corner, count);
    for (std::size_t i = 0; i < size; ++i) {
      const double root = corner[i * count + i];
      const double ratio = i < stopped ? root * root / diagonal[first + i] : 0.0;
      if (std::isnan(ratio)) throw_not_finite(first + i);
      if (!(ratio > limit)) {
        outcome.pivot = first + i;
        return outcome;
      }
      outcome.smallest_ratio = std::min(outcome.smallest_ratio, ratio);
      outcome.log_determinant += 2.0 * std::log(root);
    }
    const std::size_t below = tiles(count) - k - 1;
    parallel_for(below, threads, [&](std::size_t t, int) {
      const auto [row, rows] = tile(k + 1 + t, count);
      blas::solve_rows(true, rows, size, corner, count, matrix + row * count + first, count);
    });
    control.advance(1);
  }
  return outcome;
}

void solve_lower(const double* lower, std::size_t count, double* b, std::size_t rows, bool transposed, int threads,
                 const Control& control) {
  // One right side wastes the matrix on every tile of rows: few rows are solved together.
  constexpr std::size_t kRows = 64;
  parallel_for((rows + kRows - 1) / kRows, threads, [&](std::size_t t, int) {
    control.throw_if_cancelled();
    const std::size_t first = t * kRows;
    blas::solve_rows(!transposed, std::min(kRows, rows - first), count, lower, count, b + first * count, count);
  });
}

void product_of_rows(const double* a, std::size_t rows, const double* b, std::size_t columns, std::size_t length,
                     double* out, int threads, const Control& control) {
  parallel_for(tiles(rows) * tiles(columns), threads, [&](std::size_t unit, int) {
    control.throw_if_cancelled();
    const auto [row, height] = tile(unit / tiles(columns), rows);
    const auto [column, width] = tile(unit % tiles(columns), columns);
    blas::gemm(false, true, height, width, length, 1.0, a + row * length, length, b + column * length, length, 0.0,
               out + row * columns + column, columns);
  });
}

}  // namespace mft
