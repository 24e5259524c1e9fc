// One OpenBLAS product C (m x n) = A (m x k) op(B), single precision: how near it comes to the multiply-add peak.
#include <cblas.h>

#include "../competitor/generators.h"
#include "../competitor/serve.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const int m = static_cast<int>(options.number("m")), n = static_cast<int>(options.number("n")),
            k = static_cast<int>(options.number("k"));
  const bool transposed = options.text("transposed") == "yes";
  const int products = static_cast<int>(options.number("products"));
  openblas_set_num_threads(static_cast<int>(options.number("threads")));
  const auto size = [](int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  std::vector<float> a(size(m, k)), b(size(k, n)), c(size(m, n));
  bench::hashed_normals(1, 1.0F, a);
  bench::hashed_normals(2, 1.0F, b);
  bench::serve([&](std::uint64_t) {
    for (int i = 0; i < products; ++i)
      cblas_sgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasTrans : CblasNoTrans, m, n, k, 1.0F, a.data(), k,
                  b.data(), transposed ? k : n, 0.0F, c.data(), n);
    double error = 0.0;  // one entry in the middle against a sum in double precision
    const std::size_t row = static_cast<std::size_t>(m) / 2, column = static_cast<std::size_t>(n) / 2;
    for (std::size_t j = 0; j < static_cast<std::size_t>(k); ++j)
      error += static_cast<double>(a[row * static_cast<std::size_t>(k) + j]) *
               static_cast<double>(transposed ? b[column * static_cast<std::size_t>(k) + j]
                                              : b[j * static_cast<std::size_t>(n) + column]);
    error -= static_cast<double>(c[row * static_cast<std::size_t>(n) + column]);
    return bench::Answer{1, {{"error", {error / std::sqrt(static_cast<double>(k))}}}};
  });
}
