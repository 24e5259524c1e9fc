// Factorisations of core/lapack.h against what they mean: residuals, orthogonality, values known in closed form.
#include "core/lapack.h"

#include <cmath>
#include <numbers>

#include "core/blas.h"
#include "core/error.h"
#include "core/random.h"
#include "test/check.h"

using namespace mft;

namespace {

std::vector<double> normals(std::size_t count, std::uint32_t trial) {
  std::vector<double> values(count);
  random_normals(Stream{1, trial, 0, Purpose::kDataset}, 0, std::span<double>(values));
  return values;
}

void eigen(test::Tally& tally, std::size_t n) {
  const std::vector<double> x = normals(2 * n * n, 1);
  std::vector<double> matrix(n * n), vectors, product(n * n);
  blas::gram(n, 2 * n, x.data(), 2 * n, matrix.data());
  vectors = matrix;
  const std::vector<double> values = lapack::symmetric_eigen(n, vectors.data());
  blas::gemm(false, false, n, n, n, 1.0, vectors.data(), n, matrix.data(), n, 0.0, product.data(), n);
  double residual = 0, skew = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      residual = std::max(residual, std::abs(product[i * n + j] - values[i] * vectors[i * n + j]));
  blas::gram(n, n, vectors.data(), n, product.data());
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) skew = std::max(skew, std::abs(product[i * n + j] - (i == j ? 1.0 : 0.0)));
  const std::string size = " of " + std::to_string(n);
  tally.within(residual / values[0], 0, 1e-13, "residual" + size);
  tally.within(skew, 0, 1e-12, "orthogonality" + size);
  for (std::size_t i = 1; i < n; ++i) tally.check(values[i] <= values[i - 1], "decreasing order" + size);
}

// The second difference matrix: eigenvalues 4 sin^2(pi k / (2 (n + 1))).
void known_eigenvalues(test::Tally& tally) {
  constexpr std::size_t n = 50;
  std::vector<double> matrix(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    matrix[i * n + i] = 2;
    if (i > 0) matrix[i * n + i - 1] = matrix[(i - 1) * n + i] = -1;
  }
  const std::vector<double> values = lapack::symmetric_eigen(n, matrix.data());
  for (std::size_t k = 1; k <= n; ++k) {
    const double sine = std::sin(std::numbers::pi * static_cast<double>(k) / (2.0 * (n + 1)));
    tally.within(values[n - k] - 4 * sine * sine, -2e-15 * n, 2e-15 * n, "eigenvalue of the second difference");
  }
}

// x^T y has the values of the product formed: wide, square and tall blocks.
void products(test::Tally& tally, std::size_t count, std::size_t length) {
  std::vector<double> x = normals(count * length, 2), y = normals(count * length, 3), product(length * length);
  blas::gemm(true, false, length, length, count, 1.0, x.data(), length, y.data(), length, 0.0, product.data(), length);
  const std::vector<double> formed = lapack::singular_values(length, length, product.data());
  const std::vector<double> found = lapack::product_singular_values(count, length, x.data(), y.data());
  tally.check(found.size() == std::min(count, length), "number of values");
  for (std::size_t i = 0; i < found.size(); ++i)
    tally.within((found[i] - formed[i]) / formed[0], -1e-13, 1e-13, "singular value of a product");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  for (const std::size_t n : {1u, 2u, 7u, 60u}) eigen(tally, n);
  known_eigenvalues(tally);
  products(tally, 3, 20);
  products(tally, 12, 12);
  products(tally, 20, 6);
  std::vector<double> wrong = {1, std::nan(""), std::nan(""), 1};
  bool is_refused = false;
  try {
    lapack::symmetric_eigen(2, wrong.data());
  } catch (const Error& error) {
    is_refused = error.code() == "NOT_FINITE";
  }
  tally.check(is_refused, "NaN is refused");
  return tally.finish();
}
