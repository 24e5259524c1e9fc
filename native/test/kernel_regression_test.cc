// Cholesky of large matrices against its definition, dependent rows, not-a-number; kernels of a finite network against
// the products of its derivatives by every parameter, taken forward one parameter at a time.
#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "check.h"
#include "core/activation.h"
#include "core/blas.h"
#include "core/cholesky.h"
#include "core/error.h"
#include "core/lapack.h"
#include "core/random.h"
#include "systems/kernel/empirical.h"

namespace {

using namespace mft;
using kernel::Classes;
using kernel::DenseLayer;
using kernel::EmpiricalCall;

std::vector<double> normals(std::size_t count, std::uint32_t trial) {
  std::vector<double> x(count);
  random_normals(Stream{7, trial, 0, Purpose::kDataset}, 0, std::span<double>(x));
  return x;
}

// Gram of `count` rows of `length` numbers; equal rows where `repeated` says so.
std::vector<double> gram_of(std::vector<double> x, std::size_t count) {
  std::vector<double> gram(count * count);
  blas::gram(count, x.size() / count, x.data(), x.size() / count, gram.data());
  return gram;
}

void factor(test::Tally& tally, std::size_t n) {
  const std::string size = " of size " + std::to_string(n);
  const std::vector<double> matrix = gram_of(normals(n * (n + 10), 1), n);
  std::vector<double> one = matrix, three = matrix;
  const double shift = 0.5;
  const CholeskyOutcome outcome = cholesky_factor(one.data(), n, shift, 1, Control());
  cholesky_factor(three.data(), n, shift, 3, Control());
  tally.check(one == three, "the same bits on three threads" + size);
  tally.check(outcome.pivot == n && outcome.smallest_ratio > 0 && outcome.smallest_ratio <= 1, "definite" + size);
  double worst = 0, largest = 0, log_determinant = 0;
  bool is_kept = true;
  for (std::size_t i = 0; i < n; ++i) {
    log_determinant += 2 * std::log(one[i * n + i]);
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k <= j; ++k) sum += one[i * n + k] * one[j * n + k];
      worst = std::max(worst, std::abs(sum - matrix[i * n + j] - (i == j ? shift : 0)));
      largest = std::max(largest, std::abs(sum));
      if (j < i) is_kept = is_kept && one[j * n + i] == matrix[j * n + i];
    }
  }
  tally.within(worst / largest, 0, 1e-14 * std::sqrt(static_cast<double>(n)), "L L^T" + size);
  tally.check(is_kept, "the strict upper triangle keeps the matrix" + size);
  tally.within(log_determinant - outcome.log_determinant, -1e-9, 1e-9, "logarithm of the determinant" + size);

  // L x = b, then L^T y = x: (matrix + shift) y = b.
  const std::size_t rows = 70;
  const std::vector<double> b = normals(rows * n, 2);
  std::vector<double> x = b;
  solve_lower(one.data(), n, x.data(), rows, false, 2, Control());
  solve_lower(one.data(), n, x.data(), rows, true, 2, Control());
  std::vector<double> shifted = matrix, back(rows * n);
  for (std::size_t i = 0; i < n; ++i) shifted[i * n + i] += shift;
  product_of_rows(x.data(), rows, shifted.data(), n, n, back.data(), 2, Control());
  double off = 0;
  for (std::size_t i = 0; i < back.size(); ++i) off = std::max(off, std::abs(back[i] - b[i]));
  tally.within(off, 0, 1e-9, "solved" + size);

  lapack::inverse_from_cholesky(n, one.data(), n);
  double identity = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(n, 5); ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k)
        sum += (k <= i ? one[i * n + k] : one[k * n + i]) * shifted[std::max(k, j) * n + std::min(k, j)];
      identity = std::max(identity, std::abs(sum - (i == j ? 1 : 0)));
    }
  }
  tally.within(identity, 0, 1e-9, "inverse" + size);
}

// LAPACK alone finds about half of them; the rule by pivots finds every one.
void repeated_rows(test::Tally& tally) {
  int found = 0, stopped = 0;
  constexpr int kMatrices = 60;
  for (std::uint32_t trial = 0; trial < kMatrices; ++trial) {
    const std::size_t n = 100 + trial, length = 300;
    std::vector<double> x = normals(n * length, 100 + trial);
    std::copy_n(x.begin() + 3 * length, length, x.begin() + static_cast<std::ptrdiff_t>((n - 20) * length));
    std::vector<double> matrix = gram_of(x, n), plain = matrix;
    found += cholesky_factor(matrix.data(), n, 0.0, 1, Control()).pivot == n - 20;
    stopped += lapack::cholesky(n, plain.data(), n) < n;
    if (trial == 0) {
      std::vector<double> again = gram_of(x, n);
      tally.check(lapack::semidefinite_rank(n, again.data(), n, 1e-13) == n - 1, "rank");
    }
  }
  tally.check(found == kMatrices, "every repeated row found: " + std::to_string(found));
  tally.check(stopped < kMatrices, "LAPACK itself stops at " + std::to_string(stopped) + " of 60");
}

void not_a_number(test::Tally& tally) {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    std::vector<double> matrix = gram_of(normals(9 * 12, 3), 9);
    matrix[5 * 9 + 2] = bad;
    std::string message;
    try {
      cholesky_factor(matrix.data(), 9, 1.0, 2, Control());
    } catch (const Error& error) {
      message = error.code() + error.what();
    }
    tally.check(message.find("NOT_FINITE") == 0 && message.find("row 5") != std::string::npos, "named: " + message);
  }
}

EmpiricalCall small_network(ActivationKind kind) {
  EmpiricalCall call;
  const std::vector<std::size_t> sizes = {4, 6, 5, 3};
  for (std::size_t l = 0; l + 1 < sizes.size(); ++l) {
    DenseLayer layer;
    layer.inputs = sizes[l];
    layer.outputs = sizes[l + 1];
    const auto at = static_cast<std::uint32_t>(l);
    layer.weight = normals(layer.inputs * layer.outputs, 20 + at);
    if (l != 1) layer.bias = normals(layer.outputs, 30 + at);
    layer.weight_rate = 0.5 + static_cast<double>(l);
    layer.bias_rate = 0.25;
    layer.activation.kind = kind;
    call.layers.push_back(layer);
  }
  call.inputs = normals(7 * 4, 40);
  return call;
}

// Derivatives of all outputs by parameter `p` of layer `at` (the weights, then the biases), at one input.
std::vector<double> forward_derivative(const EmpiricalCall& call, const double* input, std::size_t at, std::size_t p) {
  std::vector<double> h(input, input + call.layers[0].inputs), t(h.size(), 0.0);
  for (std::size_t l = 0; l < call.layers.size(); ++l) {
    const DenseLayer& layer = call.layers[l];
    std::vector<double> z(layer.outputs), dz(layer.outputs, 0.0), slope(layer.outputs);
    for (std::size_t i = 0; i < layer.outputs; ++i) {
      z[i] = layer.bias.empty() ? 0.0 : layer.bias[i];
      for (std::size_t j = 0; j < layer.inputs; ++j) {
        z[i] += layer.weight[i * layer.inputs + j] * h[j];
        dz[i] += layer.weight[i * layer.inputs + j] * t[j];
        if (l == at && p == i * layer.inputs + j) dz[i] += h[j];
      }
      if (l == at && p == layer.weight.size() + i) dz[i] += 1.0;
    }
    if (l + 1 < call.layers.size()) {
      activate_both(layer.activation, z, z, slope);
      for (std::size_t i = 0; i < dz.size(); ++i) dz[i] *= slope[i];
    }
    h = z;
    t = dz;
  }
  return t;
}

void explicit_jacobians(test::Tally& tally, ActivationKind kind) {
  EmpiricalCall call = small_network(kind);
  const std::size_t rows = 7, outputs = 3, size = rows * outputs;
  std::vector<double> full(size * size, 0.0), averaged(rows * rows, 0.0);
  for (std::size_t l = 0; l < call.layers.size(); ++l) {
    const DenseLayer& layer = call.layers[l];
    for (std::size_t p = 0; p < layer.weight.size() + layer.bias.size(); ++p) {
      std::vector<double> column;
      for (std::size_t i = 0; i < rows; ++i)
        for (const double d : forward_derivative(call, call.inputs.data() + 4 * i, l, p)) column.push_back(d);
      const double rate = p < layer.weight.size() ? layer.weight_rate : layer.bias_rate;
      for (std::size_t i = 0; i < size; ++i)
        for (std::size_t j = 0; j < size; ++j) full[i * size + j] += rate * column[i] * column[j];
    }
  }
  for (std::size_t i = 0; i < size; ++i)
    for (std::size_t j = 0; j < rows; ++j)
      averaged[i / outputs * rows + j] += full[i * size + j * outputs + i % outputs] / static_cast<double>(outputs);
  const double largest = *std::max_element(full.begin(), full.end());
  const auto off = [&](const std::vector<double>& found, const std::vector<double>& wanted) {
    double worst = found.size() == wanted.size() ? 0.0 : 1.0;
    for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i)
      worst = std::max(worst, std::abs(found[i] - wanted[i]) / largest);
    return worst;
  };
  const auto tangent = [&](Classes classes, int threads) {
    call.classes = classes;
    call.threads = threads;
    return kernel::empirical_kernels(call, Control()).tangent;
  };
  tally.within(off(tangent(Classes::kFull, 1), full), 0, 1e-12, "full kernel against explicit derivatives");
  tally.within(off(tangent(Classes::kAveraged, 1), averaged), 0, 1e-12, "mean over outputs");
  tally.check(tangent(Classes::kFull, 3) == tangent(Classes::kFull, 1), "the same bits on three threads");
  call.others = call.inputs;
  tally.within(off(tangent(Classes::kFull, 2), full), 0, 1e-12, "as two sets of inputs");
  tally.within(off(tangent(Classes::kAveraged, 2), averaged), 0, 1e-12, "averaged, as two sets");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  for (const std::size_t n : {1u, 7u, 256u, 257u, 600u, 1300u}) factor(tally, n);
  repeated_rows(tally);
  not_a_number(tally);
  for (const ActivationKind kind : {ActivationKind::kTanh, ActivationKind::kRelu}) explicit_jacobians(tally, kind);
  return tally.finish();
}
