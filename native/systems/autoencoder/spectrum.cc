#include "systems/autoencoder/spectrum.h"

#include <algorithm>
#include <limits>

#include "core/aligned.h"
#include "core/blas.h"
#include "core/error.h"
#include "core/lapack.h"
#include "core/team.h"

namespace mft::autoencoder {
namespace {

// Part of the results' bits.
constexpr std::size_t kRows = 512;
constexpr std::size_t kBlock = 256;
constexpr std::size_t kSmallest = 64;
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

std::size_t parts(std::size_t count, std::size_t size) { return (count + size - 1) / size; }

class Moments {
 public:
  Moments(const ExampleSet& examples, int threads)
      : examples_(examples), d_(examples.dimension), blocks_(parts(d_, kBlock)), team_(threads) {
    rows_.resize(kRows * d_);
    products_.assign(d_ * d_, 0.0);
    centre_.assign(d_, 0.0);
    // Before the products: taken off afterwards, large means would leave their rounding behind.
    if (examples.is_centred) centre_ = means();
  }

  void add(std::size_t first) {
    const std::size_t count = std::min(kRows, examples_.count - first);
    auto read = [&](std::size_t block, int) { read_columns(first, count, block * kBlock); };
    team_.run(blocks_, read);
    auto multiply = [&](std::size_t tile, int) { add_tile(count, tile); };
    team_.run(blocks_ * (blocks_ + 1) / 2, multiply);
  }

  // S, with both halves filled in, and the means.
  std::vector<double> matrix(std::vector<double>& mean) {
    const double share = 1.0 / static_cast<double>(examples_.count),
                 scale = examples_.scales.empty() ? examples_.scale : 1.0;
    mean = means();
    for (double& value : mean) value *= scale;
    for (std::size_t i = 0; i < d_; ++i)
      for (std::size_t j = 0; j <= i; ++j)
        products_[i * d_ + j] = products_[j * d_ + i] = products_[i * d_ + j] * share * scale * scale;
    return std::move(products_);
  }

 private:
  void read_columns(std::size_t first, std::size_t count, std::size_t column) {
    const std::size_t end = std::min(column + kBlock, d_);
    for (std::size_t row = 0; row < count; ++row) {
      const std::size_t at = (first + row) * d_;
      double* out = rows_.data() + row * d_;
      if (examples_.bytes != nullptr)
        for (std::size_t i = column; i < end; ++i) out[i] = examples_.bytes[at + i];
      else if (examples_.floats != nullptr)
        for (std::size_t i = column; i < end; ++i) out[i] = static_cast<double>(examples_.floats[at + i]);
      else
        std::copy(examples_.doubles + at + column, examples_.doubles + at + end, out + column);
      if (!examples_.scales.empty())
        for (std::size_t i = column; i < end; ++i) out[i] = out[i] * examples_.scales[i] + examples_.shifts[i];
      if (examples_.is_centred)
        for (std::size_t i = column; i < end; ++i) out[i] -= centre_[i];
    }
  }

  double component(std::size_t at) const {
    return examples_.bytes != nullptr    ? static_cast<double>(examples_.bytes[at])
           : examples_.floats != nullptr ? static_cast<double>(examples_.floats[at])
                                         : examples_.doubles[at];
  }

  std::vector<double> means() const {
    std::vector<double> sums(d_, 0.0);
    for (std::size_t row = 0; row < examples_.count; ++row)
      for (std::size_t i = 0; i < d_; ++i) sums[i] += component(row * d_ + i);
    for (std::size_t i = 0; i < d_; ++i) {
      sums[i] /= static_cast<double>(examples_.count);
      if (!examples_.scales.empty()) sums[i] = sums[i] * examples_.scales[i] + examples_.shifts[i];
    }
    return sums;
  }

  // Blocks on and below the diagonal.
  void add_tile(std::size_t count, std::size_t tile) {
    std::size_t row = 0;
    while (tile > row) tile -= ++row;
    const std::size_t i = row * kBlock, j = tile * kBlock, rows = std::min(kBlock, d_ - i);
    if (i == j)
      add_square(count, i, rows);
    else
      add_product(count, i, j, rows, std::min(kBlock, d_ - j));
  }

  // Of a square on the diagonal what lies above it is not needed.
  void add_square(std::size_t count, std::size_t first, std::size_t size) {
    if (size <= kSmallest) return add_product(count, first, first, size, size);
    const std::size_t half = size / 2 / kSmallest * kSmallest + (size / 2 % kSmallest == 0 ? 0 : kSmallest);
    add_square(count, first, half);
    add_product(count, first + half, first, size - half, half);
    add_square(count, first + half, size - half);
  }

  void add_product(std::size_t count, std::size_t i, std::size_t j, std::size_t rows, std::size_t columns) {
    blas::gemm(true, false, rows, columns, count, 1.0, rows_.data() + i, d_, rows_.data() + j, d_, 1.0,
               products_.data() + i * d_ + j, d_);
  }

  const ExampleSet& examples_;
  std::size_t d_, blocks_;
  Team team_;
  AlignedVector<double> rows_;
  std::vector<double> products_, centre_;
};

}  // namespace

std::size_t spectrum_units(std::size_t count) { return parts(count, kRows) + 1; }

// The matrix, its eigenvectors while they are found (three more of the size), a block of rows.
double spectrum_bytes(std::size_t dimension) {
  const auto d = static_cast<double>(dimension);
  return 8 * (4 * d * d + static_cast<double>(kRows) * d + 16 * d);
}

SecondMoment second_moment(const ExampleSet& examples, int threads, const Control& control) {
  const std::size_t d = examples.dimension;
  if (examples.scales.size() != examples.shifts.size() || (!examples.scales.empty() && examples.scales.size() != d))
    throw Error("SHAPE", "scales", "Expected one scale and one shift a component.");
  if (examples.count == 0 || d == 0)
    throw Error("SHAPE", "examples", "Expected at least one example of one component.");
  SecondMoment result;
  {
    Moments moments(examples, threads);
    for (std::size_t first = 0; first < examples.count; first += kRows) {
      control.throw_if_cancelled();
      moments.add(first);
      control.advance(1);
    }
    result.directions = moments.matrix(result.mean);
  }
  for (std::size_t i = 0; i < d; ++i) {
    result.diagonal.push_back(result.directions[i * d + i]);
    result.trace += result.diagonal.back();
  }
  result.variances = lapack::symmetric_eigen(d, result.directions.data());
  const double largest = result.variances.front();
  const auto above = [&](double factor) {
    return static_cast<std::size_t>(std::count_if(result.variances.begin(), result.variances.end(),
                                                  [&](double nu) { return nu > 0 && nu > factor * largest; }));
  };
  result.rank = above(64 * kEpsilon);
  result.smallest_rank = std::min(result.rank, above(static_cast<double>(d) * kEpsilon));
  result.largest_rank = std::max(result.rank, above(kEpsilon));
  control.advance(1);
  return result;
}

}  // namespace mft::autoencoder
