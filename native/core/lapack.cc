#include "core/lapack.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "core/blas.h"
#include "core/error.h"

extern "C" {
// Lengths of the character arguments come last, as gfortran passes them. A row-major lower triangle is an upper one
// here.
void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info, std::size_t);
void dpotri_(const char* uplo, const int* n, double* a, const int* lda, int* info, std::size_t);
void dpstrf_(const char* uplo, const int* n, double* a, const int* lda, int* pivots, int* rank, const double* tolerance,
             double* work, int* info, std::size_t);
void dsyevd_(const char* jobz, const char* uplo, const int* n, double* a, const int* lda, double* w, double* work,
             const int* lwork, int* iwork, const int* liwork, int* info, std::size_t, std::size_t);
void dgesdd_(const char* jobz, const int* m, const int* n, double* a, const int* lda, double* s, double* u,
             const int* ldu, double* vt, const int* ldvt, double* work, const int* lwork, int* iwork, int* info,
             std::size_t);
void dgeev_(const char* jobvl, const char* jobvr, const int* n, double* a, const int* lda, double* wr, double* wi,
            double* vl, const int* ldvl, double* vr, const int* ldvr, double* work, const int* lwork, int* info,
            std::size_t, std::size_t);
void dgesv_(const int* n, const int* nrhs, double* a, const int* lda, int* pivots, double* b, const int* ldb,
            int* info);
void dgeqrf_(const int* m, const int* n, double* a, const int* lda, double* tau, double* work, const int* lwork,
             int* info);
}

namespace mft::lapack {
namespace {

int integer(std::size_t value) {
  if (value > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error("OUT_OF_RANGE", "matrix", "Expected a matrix with fewer than 2^31 rows and columns.");
  return static_cast<int>(value);
}

// LAPACK loops for ever, or returns anything, on what is not finite.
void require_finite(const double* values, std::size_t count) {
  if (!std::all_of(values, values + count, [](double x) { return std::isfinite(x); }))
    throw Error("NOT_FINITE", "matrix", "Expected a matrix of finite numbers.");
}

void require_success(int info) {
  if (info != 0) throw Error("NO_CONVERGENCE", "matrix", "The factorisation of a matrix did not converge.");
}

}  // namespace

std::vector<double> symmetric_eigen(std::size_t count, double* matrix) {
  if (count == 0) return {};
  if (count > kMostEigen)
    throw Error("OUT_OF_RANGE", "matrix",
                "Expected at most " + std::to_string(kMostEigen) + " rows for an eigendecomposition, received " +
                    std::to_string(count) + ".");
  require_finite(matrix, count * count);
  const int n = integer(count), query = -1;
  std::vector<double> values(count);
  double size = 0;
  int whole_size = 0, info = 0;
  dsyevd_("V", "U", &n, matrix, &n, values.data(), &size, &query, &whole_size, &query, &info, 1, 1);
  std::vector<double> work(static_cast<std::size_t>(size));
  std::vector<int> whole(static_cast<std::size_t>(whole_size));
  const int room = integer(work.size()), whole_room = integer(whole.size());
  dsyevd_("V", "U", &n, matrix, &n, values.data(), work.data(), &room, whole.data(), &whole_room, &info, 1, 1);
  require_success(info);
  // LAPACK's columns are our rows; its order is increasing.
  std::reverse(values.begin(), values.end());
  for (std::size_t i = 0; i < count / 2; ++i)
    std::swap_ranges(matrix + i * count, matrix + (i + 1) * count, matrix + (count - 1 - i) * count);
  return values;
}

std::vector<double> singular_values(std::size_t rows, std::size_t columns, double* matrix) {
  if (rows == 0 || columns == 0) return {};
  require_finite(matrix, rows * columns);
  const int m = integer(columns), n = integer(rows), query = -1, one = 1;
  std::vector<double> values(std::min(rows, columns));
  std::vector<int> whole(8 * values.size());
  double size = 0, none = 0;
  int info = 0;
  dgesdd_("N", &m, &n, matrix, &m, values.data(), &none, &one, &none, &one, &size, &query, whole.data(), &info, 1);
  std::vector<double> work(static_cast<std::size_t>(size));
  const int room = integer(work.size());
  dgesdd_("N", &m, &n, matrix, &m, values.data(), &none, &one, &none, &one, work.data(), &room, whole.data(), &info, 1);
  require_success(info);
  return values;
}

// The block as LAPACK reads it is the matrix itself, `length` x count by columns.
std::vector<double> triangle(std::size_t count, std::size_t length, double* block) {
  if (count == 0 || length == 0) return {};
  require_finite(block, count * length);
  const int m = integer(length), n = integer(count), query = -1;
  std::vector<double> tau(std::min(count, length));
  double size = 0;
  int info = 0;
  dgeqrf_(&m, &n, block, &m, tau.data(), &size, &query, &info);
  std::vector<double> work(static_cast<std::size_t>(size));
  const int room = integer(work.size());
  dgeqrf_(&m, &n, block, &m, tau.data(), work.data(), &room, &info);
  require_success(info);
  const std::size_t k = tau.size();
  std::vector<double> r(k * count, 0.0);
  for (std::size_t i = 0; i < k; ++i)
    for (std::size_t j = i; j < count; ++j) r[i * count + j] = block[j * length + i];
  return r;
}

std::vector<double> product_singular_values(std::size_t count, std::size_t length, double* x, double* y) {
  if (count == 0 || length == 0) return {};
  const std::vector<double> rx = triangle(count, length, x), ry = triangle(count, length, y);
  const std::size_t k = std::min(count, length);
  std::vector<double> core(k * k);
  blas::gemm(false, true, k, k, count, 1.0, rx.data(), count, ry.data(), count, 0.0, core.data(), k);
  return singular_values(k, k, core.data());
}

std::size_t cholesky(std::size_t count, double* matrix, std::size_t stride) {
  const int n = integer(count), lda = integer(stride);
  int info = 0;
  dpotrf_("U", &n, matrix, &lda, &info, 1);
  return info > 0 ? static_cast<std::size_t>(info - 1) : count;
}

void inverse_from_cholesky(std::size_t count, double* lower, std::size_t stride) {
  const int n = integer(count), lda = integer(stride);
  int info = 0;
  dpotri_("U", &n, lower, &lda, &info, 1);
  require_success(info);
}

std::size_t semidefinite_rank(std::size_t count, double* matrix, std::size_t stride, double tolerance) {
  const int n = integer(count), lda = integer(stride);
  double largest = 0.0;
  for (std::size_t i = 0; i < count; ++i) largest = std::max(largest, matrix[i * stride + i]);
  const double limit = tolerance * largest;
  std::vector<int> pivots(count);
  std::vector<double> work(2 * count);
  int found = 0, info = 0;
  dpstrf_("U", &n, matrix, &lda, pivots.data(), &found, &limit, work.data(), &info, 1);
  return static_cast<std::size_t>(found);
}

std::vector<std::complex<double>> eigenvalues(std::size_t count, double* matrix) {
  if (count == 0) return {};
  require_finite(matrix, count * count);
  const int n = integer(count), one = 1, query = -1;
  std::vector<double> real(count), imaginary(count);
  double size = 0;
  int info = 0;
  dgeev_("N", "N", &n, matrix, &n, real.data(), imaginary.data(), nullptr, &one, nullptr, &one, &size, &query, &info, 1,
         1);
  const int length = static_cast<int>(size);
  std::vector<double> work(static_cast<std::size_t>(length));
  dgeev_("N", "N", &n, matrix, &n, real.data(), imaginary.data(), nullptr, &one, nullptr, &one, work.data(), &length,
         &info, 1, 1);
  require_success(info);
  std::vector<std::complex<double>> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = {real[i], imaginary[i]};
  return values;
}

bool solve(std::size_t count, double* matrix, double* b) {
  if (count == 0) return true;
  require_finite(matrix, count * count);
  require_finite(b, count);
  // Columns are what rows are here: LAPACK is given the transpose of the transpose.
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < i; ++j) std::swap(matrix[i * count + j], matrix[j * count + i]);
  const int n = integer(count), one = 1;
  std::vector<int> pivots(count);
  int info = 0;
  dgesv_(&n, &one, matrix, &n, pivots.data(), b, &n, &info);
  return info == 0;
}

}  // namespace mft::lapack
