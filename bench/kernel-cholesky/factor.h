// The same matrix for both factorisations: positive definite, copied anew for every run; the copy is not timed apart,
// it is a hundredth of the work.
#pragma once
#include <algorithm>
#include <cmath>

#include "../competitor/product.h"
#include "../competitor/serve.h"

namespace bench {

template <typename Factor>
void factorise(int count, char** arguments, Factor factor) {
  const Options options(count, arguments);
  const std::size_t size = options.whole("size");
  std::vector<double> matrix(size * size), work(size * size);
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < size; ++j)
      matrix[i * size + j] = std::exp(-std::abs(static_cast<double>(i) - static_cast<double>(j)) / 50.0);
  const int threads = static_cast<int>(options.number("threads"));
  serve([&](std::uint64_t) {
    std::copy(matrix.begin(), matrix.end(), work.begin());
    const bool is_done = factor(work.data(), size, threads);
    double logarithm = 0;  // of the determinant
    for (std::size_t i = 0; i < size; ++i) logarithm += 2 * std::log(work[i * size + i]);
    return Answer{1, {{"logDeterminant", {is_done ? logarithm : 0.0}}}};
  });
}

}  // namespace bench
