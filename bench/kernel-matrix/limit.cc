// The least that kernels of this size take: OpenBLAS's dsyrk, and for every layer one pass over the lower triangles of
// both matrices with a multiply-add each. What a layer computes and the mirror image come on top; fresh=yes: the
// matrices are new ones, as results are, in large pages.
#include <cblas.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "../competitor/product.h"
#include "../competitor/serve.h"
#include "core/huge_pages.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t m = options.whole("count"), d = options.whole("dimension"), depth = options.whole("depth");
  const std::size_t threads = options.whole("threads");
  bench::use_threads(static_cast<int>(threads));
  const bool is_fresh = options.text("fresh") == "yes";
  std::vector<double> inputs(m * d);
  std::unique_ptr<double[]> nngp, ntk;
  const auto renew = [&](std::unique_ptr<double[]>& matrix) {
    matrix.reset();
    matrix.reset(new double[m * m]);
    mft::prefer_huge_pages(matrix.get(), m * m * sizeof(double));
  };
  const auto renew_both = [&] {
    renew(nngp);
    renew(ntk);
  };
  renew_both();
  std::fill_n(ntk.get(), m * m, 1.0);
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = static_cast<double>(i * 2654435761U % 4294967296U) / 4294967296.0;
  const auto pass = [&](std::size_t first) {
    for (std::size_t i = first; i < m; i += threads) {
      double *k = &nngp[i * m], *t = &ntk[i * m];
      for (std::size_t j = 0; j <= i; ++j) {
        k[j] = 0.5 * k[j] + 0.1;
        t[j] = k[j] + 0.4 * t[j];
      }
    }
  };
  bench::serve([&](std::uint64_t) {
    if (is_fresh) renew_both();
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, static_cast<int>(m), static_cast<int>(d), 1.0, inputs.data(),
                static_cast<int>(d), 0.0, nngp.get(), static_cast<int>(m));
    for (std::size_t layer = 0; layer < depth; ++layer) {
      std::vector<std::thread> others;
      for (std::size_t other = 1; other < threads; ++other) others.emplace_back(pass, other);
      pass(0);
      for (std::thread& other : others) other.join();
    }
    return bench::Answer{1, {{"last", {nngp[(m - 1) * m], ntk[(m - 1) * m]}}}};
  });
}
