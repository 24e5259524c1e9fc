// The product of core/product against its twin, bit for bit: shapes around every tile, both orientations, strides that
// collide, every instruction set; its bound; what must not be read or written; rows alone and in company.
#include "core/product.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/blas.h"
#include "core/cpu.h"
#include "core/product_check.h"
#include "core/product_naive.h"
#include "core/random.h"
#include "test/check.h"

using namespace mft;

namespace {

struct Shape {
  std::size_t m, n, k;
};

// Rows are `gap` numbers longer than they need be, but for the last one: what is read or written beyond is found by the
// sanitizer.
template <typename T>
std::vector<T> matrix(std::size_t rows, std::size_t columns, std::size_t gap, std::uint32_t trial) {
  std::vector<T> values(rows == 0 ? 0 : (rows - 1) * (columns + gap) + columns);
  random_normals(Stream{1, trial, 0, Purpose::kDataset}, 0, std::span<T>(values));
  return values;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0);
}

template <typename T>
struct Case {
  Shape shape;
  bool transpose_a, transpose_b;
  T alpha, beta;
  bool has_bias;
  std::size_t gap;

  std::vector<T> a() const {
    return transpose_a ? matrix<T>(shape.k, shape.m, gap, 1) : matrix<T>(shape.m, shape.k, gap, 1);
  }
  std::vector<T> b() const {
    return transpose_b ? matrix<T>(shape.n, shape.k, gap, 2) : matrix<T>(shape.k, shape.n, gap, 2);
  }
  std::vector<T> c() const { return matrix<T>(shape.m, shape.n, gap, 3); }
  std::size_t lda() const { return (transpose_a ? shape.m : shape.k) + gap; }
  std::size_t ldb() const { return (transpose_b ? shape.k : shape.n) + gap; }
  std::string name() const {
    return std::string(sizeof(T) == 4 ? "float " : "double ") + std::to_string(shape.m) + "x" +
           std::to_string(shape.n) + "x" + std::to_string(shape.k) + (transpose_a ? "T" : "N") +
           (transpose_b ? "T" : "N") + " alpha " + std::to_string(alpha) + " beta " + std::to_string(beta) +
           (has_bias ? " bias" : "") + " gap " + std::to_string(gap);
  }
};

template <typename T>
void equals_twin(test::Tally& tally, const Case<T>& q) {
  const auto& [m, n, k] = q.shape;
  const std::vector<T> a = q.a(), b = q.b(), bias = matrix<T>(1, n, 0, 4), before = q.c();
  std::vector<T> expected = before;
  naive_matrix_product<T>(q.transpose_a, q.transpose_b, m, n, k, q.alpha, a.data(), q.lda(), b.data(), q.ldb(), q.beta,
                          q.has_bias ? bias.data() : nullptr, expected.data(), n + q.gap);
  for (const InstructionSet set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (set > best_instruction_set()) break;
    set_instruction_set(set);
    std::vector<T> c = before;
    if (q.has_bias)
      matrix_product_with_bias(q.transpose_a, q.transpose_b, m, n, k, q.alpha, a.data(), q.lda(), b.data(), q.ldb(),
                               bias.data(), c.data(), n + q.gap);
    else
      matrix_product(q.transpose_a, q.transpose_b, m, n, k, q.alpha, a.data(), q.lda(), b.data(), q.ldb(), q.beta,
                     c.data(), n + q.gap);
    const std::string name = q.name() + ", " + instruction_set_name(set);
    if (set != InstructionSet::kBaseline) {
      tally.check(same_bits(c, expected), "bits of " + name);
      continue;
    }
    double largest = 0;  // OpenBLAS has bits of its own
    for (std::size_t i = 0; i < c.size(); ++i)
      largest = std::max(largest, std::abs(static_cast<double>(c[i] - expected[i])));
    tally.within(largest, 0,
                 (1 + std::abs(static_cast<double>(q.alpha)) * std::sqrt(static_cast<double>(k))) * 8 *
                     static_cast<double>(std::numeric_limits<T>::epsilon()) * std::sqrt(static_cast<double>(k + 4)),
                 "difference of " + name);
  }
}

template <typename T>
void all_shapes(test::Tally& tally) {
  const std::vector<Shape> shapes = {{1, 1, 1},    {3, 5, 2},     {6, 16, 7},   {7, 17, 33},   {13, 31, 64},
                                     {14, 32, 65}, {15, 33, 40},  {29, 49, 20}, {64, 10, 30},  {5, 300, 31},
                                     {2, 3, 513},  {9, 20, 1025}, {259, 12, 6}, {257, 35, 260}};
  for (const Shape& shape : shapes)
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        equals_twin<T>(tally, {shape, ta, tb, T(1), T(0), false, 0});
        equals_twin<T>(tally, {shape, ta, tb, T(-0.7), T(0.3), false, 3});
        equals_twin<T>(tally, {shape, ta, tb, T(1.3), T(0), true, 0});
      }
  // Rows a page apart, and nearly.
  for (const bool ta : {false, true})
    for (const std::size_t gap : {std::size_t{0}, std::size_t{1}})
      equals_twin<T>(tally, {{ta ? std::size_t{1024} : std::size_t{20}, 6, ta ? std::size_t{20} : std::size_t{1024}},
                             ta,
                             false,
                             T(1),
                             T(1),
                             false,
                             gap});
  equals_twin<T>(tally, {{20, 1024, 24}, false, false, T(1), T(0), false, 0});
}

// |error| <= ((s + b + 2) u)(|alpha| sum |a b| + |beta c|), against sums in extended precision.
template <typename T>
void bound(test::Tally& tally) {
  constexpr std::size_t m = 11, n = 13, k = 700;
  const Case<T> q{{m, n, k}, false, false, T(0.7), T(-1.1), false, 0};
  const std::vector<T> a = q.a(), b = q.b(), before = q.c();
  std::vector<T> c = before;
  matrix_product(false, false, m, n, k, q.alpha, a.data(), k, b.data(), n, q.beta, c.data(), n);
  const double blocks = static_cast<double>(parts_of(k, kDepthBlock<T>)), terms = std::ceil(k / blocks);
  double worst = 0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      long double sum = 0, size = 0;
      for (std::size_t p = 0; p < k; ++p) {
        const long double term = static_cast<long double>(a[i * k + p]) * b[p * n + j];
        sum += term;
        size += std::abs(term);
      }
      const long double old = static_cast<long double>(q.beta) * before[i * n + j];
      const long double error = std::abs(q.alpha * sum + old - c[i * n + j]);
      const long double unit = std::numeric_limits<T>::epsilon() / 2;
      worst = std::max(worst, static_cast<double>(error / (unit * (std::abs(q.alpha) * size + std::abs(old)))));
    }
  tally.within(worst, 0.1, terms + blocks + 2, "error in units of its bound");
}

template <typename T>
void reads_nothing_unwanted(test::Tally& tally) {
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  const std::vector<T> a(20 * 40, T(1)), bad(20 * 40, nan), bias(33, T(5));
  const auto product = [&](std::size_t k, T alpha, const std::vector<T>& left, T beta, T old) {
    std::vector<T> c(20 * 33, old);
    matrix_product(false, true, 20, 33, k, alpha, left.data(), 20, left.data(), 20, beta, c.data(), 33);
    return c;
  };
  tally.check(same_bits(product(0, T(1), bad, T(2), T(3)), std::vector<T>(20 * 33, T(6))), "depth 0 is beta C");
  tally.check(same_bits(product(0, T(1), bad, T(0), nan), std::vector<T>(20 * 33, T(0))), "depth 0 clears C");
  tally.check(same_bits(product(20, T(0), bad, T(2), T(3)), std::vector<T>(20 * 33, T(6))), "alpha 0 reads no factor");
  tally.check(same_bits(product(20, T(0), bad, T(0), nan), std::vector<T>(20 * 33, T(0))), "alpha and beta 0 clear C");
  tally.check(same_bits(product(20, T(1), a, T(0), nan), std::vector<T>(20 * 33, T(20))), "beta 0 reads no C");
  std::vector<T> c(20 * 33, nan);
  matrix_product_with_bias(false, true, 20, 33, 0, T(1), bad.data(), 20, bad.data(), 20, bias.data(), c.data(), 33);
  tally.check(same_bits(c, std::vector<T>(20 * 33, T(5))), "depth 0 with a bias is the bias");
}

// An element's bits in the whole product, in its row alone, and in its column alone.
template <typename T>
void stands_alone(test::Tally& tally) {
  if (best_instruction_set() == InstructionSet::kBaseline) return;
  constexpr std::size_t m = 270, n = 37, k = 600;
  const Case<T> q{{m, n, k}, false, true, T(1), T(0), false, 0};
  const std::vector<T> a = q.a(), b = q.b();
  std::vector<T> whole(m * n), row(n), column(m);
  matrix_product(false, true, m, n, k, T(1), a.data(), k, b.data(), k, T(0), whole.data(), n);
  bool are_rows = true, are_columns = true;
  for (std::size_t i = 0; i < m; i += 17) {
    matrix_product(false, true, 1, n, k, T(1), a.data() + i * k, k, b.data(), k, T(0), row.data(), n);
    are_rows = are_rows && std::memcmp(row.data(), whole.data() + i * n, n * sizeof(T)) == 0;
  }
  for (std::size_t j = 0; j < n; j += 5) {
    matrix_product(false, true, m, 1, k, T(1), a.data(), k, b.data() + j * k, k, T(0), column.data(), 1);
    for (std::size_t i = 0; i < m; ++i) are_columns = are_columns && column[i] == whole[i * n + j];
  }
  tally.check(are_rows, "a row alone");
  tally.check(are_columns, "a column alone");
}

template <typename T>
void of_type(test::Tally& tally) {
  all_shapes<T>(tally);
  for (const InstructionSet set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (set > best_instruction_set()) break;
    set_instruction_set(set);
    tally.check(products_are_right<T>(matrix_product<T>), "the check of products passes");
    bound<T>(tally);
    reads_nothing_unwanted<T>(tally);
    if (set != InstructionSet::kBaseline) stands_alone<T>(tally);
  }
}

}  // namespace

int main() {
  test::Tally tally;
  blas::prepare();
  of_type<float>(tally);
  of_type<double>(tally);
  return tally.finish();
}
