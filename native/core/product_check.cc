#include "core/product_check.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

namespace mft {
namespace {

struct Shape {
  std::size_t m, n, k;
};

// One element; fewer than a register; one more than registers and than lines; deeper than any block of the depth (512);
// odd everywhere with several panels.
constexpr std::array<Shape, 5> kShapes{{{1, 1, 1}, {3, 5, 7}, {17, 33, 65}, {5, 9, 700}, {37, 70, 261}}};

// Multiples of 2^-11 in [-1, 1] from a multiplicative generator; any will do.
template <typename Real>
std::vector<Real> factors(std::size_t count, std::uint32_t state) {
  std::vector<Real> values(count);
  for (Real& value : values) {
    state = state * 1664525u + 1013904223u;
    value = static_cast<Real>(static_cast<int>(state >> 20) - 2048) / Real{2048};
  }
  return values;
}

template <typename Real>
std::vector<Real> transposed(const std::vector<Real>& matrix, std::size_t rows, std::size_t columns) {
  std::vector<Real> result(matrix.size());
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) result[j * rows + i] = matrix[i * columns + j];
  return result;
}

// The product and, element by element, the sum of the sizes of its terms; exact in double.
struct Twin {
  std::vector<double> value, size;
};

template <typename Real>
Twin twin(const Shape& s, const std::vector<Real>& a, const std::vector<Real>& b) {
  Twin result{std::vector<double>(s.m * s.n), std::vector<double>(s.m * s.n)};
  for (std::size_t i = 0; i < s.m; ++i)
    for (std::size_t p = 0; p < s.k; ++p)
      for (std::size_t j = 0; j < s.n; ++j) {
        const double term = static_cast<double>(a[i * s.k + p]) * static_cast<double>(b[p * s.n + j]);
        result.value[i * s.n + j] += term;
        result.size[i * s.n + j] += std::abs(term);
      }
  return result;
}

// Whether c is factor times the twin's product plus `before`, up to rounding.
template <typename Real>
bool agrees(const Shape& s, const Twin& twin, double factor, double before, const std::vector<Real>& c) {
  constexpr double kUnit = std::is_same_v<Real, float> ? 0x1p-24 : 0.0;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const double bound = kUnit * static_cast<double>(s.k + 2) * (std::abs(factor) * twin.size[i] + std::abs(before));
    if (!(std::abs(static_cast<double>(c[i]) - (factor * twin.value[i] + before)) <= bound)) return false;
  }
  return true;
}

}  // namespace

template <typename Real>
bool products_are_right(Product<Real> product) {
  for (const Shape& s : kShapes) {
    const std::vector<Real> a = factors<Real>(s.m * s.k, 1), b = factors<Real>(s.k * s.n, 2);
    const std::vector<Real> at = transposed(a, s.m, s.k), bt = transposed(b, s.k, s.n);
    const Twin wanted = twin(s, a, b);
    for (const bool ta : {false, true})
      for (const bool tb : {false, true}) {
        const Real* left = ta ? at.data() : a.data();
        const Real* right = tb ? bt.data() : b.data();
        const std::size_t lda = ta ? s.m : s.k, ldb = tb ? s.k : s.n;
        std::vector<Real> c(s.m * s.n, std::numeric_limits<Real>::quiet_NaN());
        product(ta, tb, s.m, s.n, s.k, Real{1}, left, lda, right, ldb, Real{0}, c.data(), s.n);
        if (!agrees(s, wanted, 1.0, 0.0, c)) return false;
        c.assign(c.size(), Real{3});
        product(ta, tb, s.m, s.n, s.k, Real{-2}, left, lda, right, ldb, Real{0.5}, c.data(), s.n);
        if (!agrees(s, wanted, -2.0, 1.5, c)) return false;
      }
  }
  return true;
}

template bool products_are_right<float>(Product<float>);
template bool products_are_right<double>(Product<double>);

}  // namespace mft
