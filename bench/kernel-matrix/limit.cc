// The least that kernels of this size take: OpenBLAS's dsyrk, and for every layer one pass over the lower triangles of
// both matrices, with a multiply-add each (layer=no) or with what a layer must compute: a square root and an arc tangent
// of every pair, by the C library's vector functions (layer=yes). The mirror image comes on top. fresh=yes: the matrices
// are new ones, as results are, in large pages.
#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>
#include <thread>
#include <vector>

#include "../competitor/product.h"
#include "../competitor/serve.h"
#include "core/huge_pages.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const std::size_t m = options.whole("count"), d = options.whole("dimension"), depth = options.whole("depth");
  const std::size_t threads = options.whole("threads");
  bench::use_threads(static_cast<int>(threads));
  const bool is_fresh = options.text("fresh") == "yes", is_layer = options.text("layer") == "yes";
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
  std::vector<double> lengths(m, std::sqrt(static_cast<double>(d)));
  const auto pass = [&](std::size_t first) {
    for (std::size_t i = first; i < m; i += threads) {
      double *__restrict__ k = &nngp[i * m], *__restrict__ t = &ntk[i * m];
      if (is_layer) {
        // A rectifier: cos = k/(|a||b|), E phi phi = |a||b| (sin + (pi - theta) cos)/(2 pi).
        const double own = lengths[i];
        const double* __restrict__ other = lengths.data();
        for (std::size_t j = 0; j <= i; ++j) {
          const double both = own * other[j], sine = std::sqrt(std::max(0.0, both * both - k[j] * k[j]));
          const double rest = 1 - std::atan2(sine, k[j]) * (1 / std::numbers::pi);
          k[j] = rest * k[j] + sine * (1 / std::numbers::pi) + 0.1;
          t[j] = k[j] + rest * t[j];
        }
        continue;
      }
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
