#include "systems/kernel/empirical.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "core/aligned.h"
#include "core/blas.h"
#include "core/error.h"
#include "core/parallel.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kTile = 128;

std::size_t tiles(std::size_t count) { return (count + kTile - 1) / kTile; }

// h[l]: inputs of layer l, rows x layers[l].inputs; slope[l]: derivatives of the activation behind layer l.
struct Passed {
  std::size_t rows = 0;
  std::vector<AlignedVector<double>> h, slope;
};

// Rows of b = rows of a times W^T, or times W, in tiles of rows.
void multiply(const double* a, std::size_t rows, const DenseLayer& layer, bool backward, double* b, int threads) {
  const std::size_t from = backward ? layer.outputs : layer.inputs, to = backward ? layer.inputs : layer.outputs;
  parallel_for(tiles(rows), threads, [&](std::size_t t, int) {
    const std::size_t first = t * kTile, count = std::min(kTile, rows - first);
    blas::gemm(false, !backward, count, to, from, 1.0, a + first * from, from, layer.weight.data(), layer.inputs, 0.0,
               b + first * to, to);
  });
}

void check_finite(std::span<const double> values, std::size_t layer) {
  if (!std::all_of(values.begin(), values.end(), [](double x) { return std::isfinite(x); }))
    throw Error("NOT_FINITE", "weights",
                "The outputs of layer " + std::to_string(layer) + " of the network are not finite on these inputs.");
}

Passed forward(const EmpiricalCall& call, const std::vector<double>& inputs, const Control& control) {
  Passed passed;
  passed.rows = inputs.size() / call.layers.front().inputs;
  passed.h.emplace_back(inputs.begin(), inputs.end());
  for (std::size_t l = 0; l < call.layers.size(); ++l) {
    control.throw_if_cancelled();
    const DenseLayer& layer = call.layers[l];
    AlignedVector<double> z(passed.rows * layer.outputs);
    multiply(passed.h[l].data(), passed.rows, layer, false, z.data(), call.threads);
    if (!layer.bias.empty())
      for (std::size_t i = 0; i < passed.rows; ++i)
        for (std::size_t j = 0; j < layer.outputs; ++j) z[i * layer.outputs + j] += layer.bias[j];
    check_finite(z, l + 1);
    if (l + 1 == call.layers.size()) break;
    AlignedVector<double> slope(z.size());
    activate_both(layer.activation, z, z, slope);
    check_finite(z, l + 1);
    passed.h.push_back(std::move(z));
    passed.slope.push_back(std::move(slope));
  }
  return passed;
}

// Derivatives of every output by the pre-activations of the last layer: rows (input, output).
AlignedVector<double> unit_derivatives(std::size_t rows, std::size_t outputs) {
  AlignedVector<double> result(rows * outputs * outputs, 0.0);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t c = 0; c < outputs; ++c) result[(i * outputs + c) * outputs + c] = 1.0;
  return result;
}

// From the pre-activations of layer l + 1 to those of layer l.
AlignedVector<double> step_back(const AlignedVector<double>& derivatives, const EmpiricalCall& call, std::size_t l,
                                const Passed& passed) {
  const DenseLayer& above = call.layers[l + 1];
  const std::size_t outputs = call.layers.back().outputs, width = above.inputs;
  AlignedVector<double> result(passed.rows * outputs * width);
  multiply(derivatives.data(), passed.rows * outputs, above, true, result.data(), call.threads);
  parallel_for(passed.rows, call.threads, [&](std::size_t i, int) {
    const double* slope = passed.slope[l].data() + i * width;
    for (std::size_t c = 0; c < outputs; ++c) {
      double* row = result.data() + (i * outputs + c) * width;
      for (std::size_t j = 0; j < width; ++j) row[j] *= slope[j];
    }
  });
  return result;
}

struct Tile {
  std::size_t row, height, column, width;
};

// Adds a layer's part to the tiles of the kernel; of a symmetric one to the lower triangle.
class Adder {
 public:
  Adder(const EmpiricalCall& call, std::size_t rows, std::size_t columns)
      : call_(call), rows_(rows), columns_(columns), outputs_(call.layers.back().outputs) {}

  void add(const DenseLayer& layer, const double* h, const double* h_other, const double* d, const double* d_other,
           double* into, const Control& control) const {
    const bool is_full = call_.classes == Classes::kFull;
    const std::size_t per_input = is_full ? outputs_ : 1;
    // Whole inputs in a tile, so that the gram of the inputs is read in place.
    const std::size_t step = std::max<std::size_t>(1, kTile / per_input);
    const std::size_t across = (columns_ + step - 1) / step, down = (rows_ + step - 1) / step;
    parallel_for(across * down, call_.threads, [&](std::size_t unit, int) {
      control.throw_if_cancelled();
      const Tile tile = {unit / across * step, std::min(step, rows_ - unit / across * step), unit % across * step,
                         std::min(step, columns_ - unit % across * step)};
      if (is_self() && tile.column > tile.row) return;
      AlignedVector<double> inner(tile.height * tile.width);
      multiply_rows(tile, h, h_other, layer.inputs, layer.inputs, inner.data());
      const double bias = layer.bias.empty() ? 0.0 : layer.bias_rate;
      for (double& x : inner) x = layer.weight_rate * x + bias;
      if (is_full)
        add_full(tile, layer.outputs, inner.data(), d, d_other, into);
      else
        add_averaged(tile, layer.outputs, inner.data(), d, d_other, into);
    });
  }

  void add_features(std::size_t width, const double* h, const double* h_other, double* into) const {
    const std::size_t across = tiles(columns_);
    parallel_for(tiles(rows_) * across, call_.threads, [&](std::size_t unit, int) {
      const Tile tile = {unit / across * kTile, std::min(kTile, rows_ - unit / across * kTile), unit % across * kTile,
                         std::min(kTile, columns_ - unit % across * kTile)};
      if (is_self() && tile.column > tile.row) return;
      AlignedVector<double> inner(tile.height * tile.width);
      multiply_rows(tile, h, h_other, width, width, inner.data());
      for (std::size_t i = 0; i < tile.height; ++i)
        for (std::size_t j = 0; j < tile.width; ++j)
          into[(tile.row + i) * columns_ + tile.column + j] = inner[i * tile.width + j] / static_cast<double>(width);
    });
  }

  bool is_self() const { return call_.others.empty(); }

 private:
  // inner = rows of a times rows of b, `length` long and `stride` apart. A tile with itself by its lower half,
  // mirrored.
  void multiply_rows(const Tile& tile, const double* a, const double* b, std::size_t length, std::size_t stride,
                     double* inner) const {
    if (a == b && tile.row == tile.column)
      blas::gram(tile.height, length, a + tile.row * stride, stride, inner);
    else
      blas::gemm(false, true, tile.height, tile.width, length, 1.0, a + tile.row * stride, stride,
                 b + tile.column * stride, stride, 0.0, inner, tile.width);
  }

  void add_averaged(const Tile& tile, std::size_t width, const double* inner, const double* d, const double* d_other,
                    double* into) const {
    AlignedVector<double> gram(tile.height * tile.width);
    for (std::size_t c = 0; c < outputs_; ++c) {
      const bool is_same = d == d_other;
      multiply_rows(tile, d + c * width, is_same ? d + c * width : d_other + c * width, width, outputs_ * width,
                    gram.data());
      for (std::size_t i = 0; i < tile.height; ++i)
        for (std::size_t j = 0; j < tile.width; ++j)
          into[(tile.row + i) * columns_ + tile.column + j] +=
              inner[i * tile.width + j] * gram[i * tile.width + j] / static_cast<double>(outputs_);
    }
  }

  void add_full(const Tile& tile, std::size_t width, const double* inner, const double* d, const double* d_other,
                double* into) const {
    const Tile wide = {tile.row * outputs_, tile.height * outputs_, tile.column * outputs_, tile.width * outputs_};
    AlignedVector<double> gram(wide.height * wide.width);
    multiply_rows(wide, d, d_other, width, width, gram.data());
    for (std::size_t i = 0; i < wide.height; ++i)
      for (std::size_t j = 0; j < wide.width; ++j)
        into[(wide.row + i) * columns_ * outputs_ + wide.column + j] +=
            inner[i / outputs_ * tile.width + j / outputs_] * gram[i * wide.width + j];
  }

  const EmpiricalCall& call_;
  const std::size_t rows_, columns_, outputs_;
};

void mirror(std::vector<double>& matrix, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = i + 1; j < count; ++j) matrix[i * count + j] = matrix[j * count + i];
}

void check_shapes(const EmpiricalCall& call) {
  if (call.layers.empty()) throw Error("SHAPE", "weights", "Expected a network of at least one layer.");
  for (std::size_t l = 0; l < call.layers.size(); ++l) {
    const DenseLayer& layer = call.layers[l];
    const bool fits = layer.weight.size() == layer.inputs * layer.outputs &&
                      (layer.bias.empty() || layer.bias.size() == layer.outputs) &&
                      (l == 0 || layer.inputs == call.layers[l - 1].outputs);
    if (!fits)
      throw Error("SHAPE", "weights", "Expected layer " + std::to_string(l + 1) + " to fit the one before it.");
  }
  const std::size_t dimension = call.layers.front().inputs;
  if (call.inputs.empty() || call.inputs.size() % dimension != 0 || call.others.size() % dimension != 0)
    throw Error("SHAPE", "inputs", "Expected inputs of " + std::to_string(dimension) + " numbers each.");
}

}  // namespace

double empirical_bytes(const EmpiricalCall& call) {
  const auto dimension = static_cast<double>(call.layers.front().inputs);
  const auto outputs = static_cast<double>(call.layers.back().outputs);
  const double rows = static_cast<double>(call.inputs.size()) / dimension;
  const double columns = call.others.empty() ? rows : static_cast<double>(call.others.size()) / dimension;
  const double all = call.others.empty() ? rows : rows + columns;
  double numbers = all * dimension, widest = 0.0;
  for (const DenseLayer& layer : call.layers) {
    const auto width = static_cast<double>(layer.outputs);
    numbers += static_cast<double>(layer.weight.size() + layer.bias.size()) + 2.0 * all * width;
    widest = std::max(widest, width);
  }
  const double per_pair = call.classes == Classes::kFull ? outputs * outputs : 1.0;
  return 8.0 * (numbers + 2.0 * all * outputs * widest + rows * columns * (per_pair + 1.0));
}

EmpiricalKernels empirical_kernels(const EmpiricalCall& call, const Control& control) {
  check_shapes(call);
  const bool is_self = call.others.empty();
  const std::size_t outputs = call.layers.back().outputs, count = call.layers.size();
  const Passed left = forward(call, call.inputs, control);
  const Passed right_own = is_self ? Passed() : forward(call, call.others, control);
  const Passed& right = is_self ? left : right_own;

  EmpiricalKernels result;
  const std::size_t per_input = call.classes == Classes::kFull ? outputs : 1;
  result.rows = left.rows * per_input;
  result.columns = right.rows * per_input;
  result.tangent.assign(result.rows * result.columns, 0.0);
  result.features.assign(left.rows * right.rows, 0.0);

  const Adder adder(call, left.rows, right.rows);
  AlignedVector<double> d = unit_derivatives(left.rows, outputs), d_right;
  if (!is_self) d_right = unit_derivatives(right.rows, outputs);
  for (std::size_t l = count; l-- > 0;) {
    if (l + 1 < count) {
      d = step_back(d, call, l, left);
      if (!is_self) d_right = step_back(d_right, call, l, right);
    }
    adder.add(call.layers[l], left.h[l].data(), right.h[l].data(), d.data(), is_self ? d.data() : d_right.data(),
              result.tangent.data(), control);
    control.advance(1);
  }
  adder.add_features(call.layers.back().inputs, left.h.back().data(), right.h.back().data(), result.features.data());
  if (is_self) {
    mirror(result.tangent, result.rows);
    mirror(result.features, left.rows);
  }
  return result;
}

}  // namespace mft::kernel
