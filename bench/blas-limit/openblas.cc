// One product of a library C (m x n) = A (m x k) op(B), single precision: how near it comes to the multiply-add peak.
#include "../competitor/generators.h"
#include "../competitor/product.h"
#include "../competitor/serve.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t m = options.whole("m"), n = options.whole("n"), k = options.whole("k");
  const bool transposed = options.text("transposed") == "yes";
  const int products = static_cast<int>(options.number("products"));
  bench::use_threads(static_cast<int>(options.number("threads")));
  std::vector<float> a(m * k), b(k * n), c(m * n);
  bench::hashed_normals(1, 1.0F, a);
  bench::hashed_normals(2, 1.0F, b);
  bench::serve([&](std::uint64_t) {
    for (int i = 0; i < products; ++i)
      bench::product(false, transposed, m, n, k, 1.0F, a.data(), k, b.data(), transposed ? k : n, 0.0F, c.data(), n);
    double error = 0.0;  // one entry in the middle against a sum in double precision
    const std::size_t row = m / 2, column = n / 2;
    for (std::size_t j = 0; j < k; ++j)
      error +=
          static_cast<double>(a[row * k + j]) * static_cast<double>(transposed ? b[column * k + j] : b[j * n + column]);
    error -= static_cast<double>(c[row * n + column]);
    return bench::Answer{1, {{"error", {error / std::sqrt(static_cast<double>(k))}}}};
  });
}
