#include "systems/kernel/maps.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/parallel.h"
#include "systems/kernel/map_steps.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kTile = 256;
// Below this gap the product has lost digits of it: it is summed over the coordinates.
constexpr double kNearGap = 1e-3;

enum class Map { kRectifier, kErrorFunction, kGelu, kNone };

Map map_of(const Activation& activation) {
  if (!activation.is_plain()) return Map::kNone;
  switch (activation.kind) {
    case ActivationKind::kLinear:
    case ActivationKind::kRelu:
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kAbRelu:
    case ActivationKind::kAbs:
      return Map::kRectifier;
    case ActivationKind::kErf:
    case ActivationKind::kErfUnitSlope:
      return Map::kErrorFunction;
    case ActivationKind::kGelu:
      return Map::kGelu;
    default:
      return Map::kNone;
  }
}

// Slopes below and above zero.
std::pair<double, double> slopes_of(const Activation& activation) {
  switch (activation.kind) {
    case ActivationKind::kLinear:
      return {1.0, 1.0};
    case ActivationKind::kLeakyRelu:
      return {activation.parameters[0], 1.0};
    case ActivationKind::kAbRelu:
      return {activation.parameters[0], activation.parameters[1]};
    case ActivationKind::kAbs:
      return {-1.0, 1.0};
    default:
      return {0.0, 1.0};
  }
}

// What depends on one input alone: arrays over inputs, one for every layer l = 0 .. depth (before phi of hidden layer l
// and behind it; `next` is K of dense layer l + 1). Layer 0 has the inputs themselves in the place of phi.
struct Inputs {
  const double* values = nullptr;
  std::size_t count = 0;
  std::vector<double> squares, norms;  // |x|^2 / scale, |x|
  std::vector<std::vector<double>> variance, root, amplitude, next, next_root, diagonal_tangent;
};

class Kernels {
 public:
  Kernels(const MapCall& call, const Control& control)
      : call_(call), control_(control), step_(chosen_step(call.function.activation)) {
    for (std::size_t l = 0; l <= call.depth(); ++l) layers_.push_back(constants(l));
    rows_ = prepared(call.inputs);
    if (!call.is_self()) columns_ = prepared(call.others);
  }

  void run(std::span<double> result) {
    const std::size_t m = call_.rows, n = call_.columns();
    for (std::size_t l = 0; l <= call_.depth(); ++l)
      std::copy_n(rows_.next[l].begin() + static_cast<std::ptrdiff_t>(call_.first_row), m, &result[l * m]);
    double* nngp = &result[(call_.depth() + 1) * m];
    double* ntk = call_.has_tangent ? nngp + m * n : nullptr;
    const bool is_triangle = call_.is_self() && m == call_.input_count();
    struct Place {
      std::size_t row, column;
    };
    std::vector<Place> tiles;
    for (std::size_t i = 0; i < m; i += kTile)
      for (std::size_t j = 0; j < (is_triangle ? i + 1 : n); j += kTile) tiles.push_back({i, j});
    std::vector<Workspace> rooms(static_cast<std::size_t>(std::max(1, call_.threads)));
    parallel_for(tiles.size(), call_.threads, [&](std::size_t unit, int worker) {
      control_.throw_if_cancelled();
      const auto [i, j] = tiles[unit];
      tile(i, j, std::min(kTile, m - i), std::min(kTile, n - j), rooms[static_cast<std::size_t>(worker)], nngp, ntk,
           is_triangle);
      control_.advance(1);
    });
  }

 private:
  struct Workspace {
    std::vector<double> gaps, covariances, tangents;
    std::vector<double> columns;
  };

  static Step chosen_step(const Activation& activation) {
    switch (map_of(activation)) {
      case Map::kErrorFunction:
        return steps().error_function;
      case Map::kGelu:
        return steps().gelu;
      default:
        return steps().rectifier;
    }
  }

  LayerConstants constants(std::size_t l) const {
    LayerConstants c;
    const double keep = l == 0 ? call_.input_keep : call_.keeps[l - 1];
    c.factor = call_.weights[l] / keep;
    c.pair_factor = call_.shares_masks ? c.factor : call_.weights[l];
    c.bias = call_.biases[l];
    c.common = call_.shares_masks ? 1.0 : keep;
    if (call_.is_standard) {
      const double fan_in = l > 0 ? call_.widths[l - 1] : (call_.scales_inputs ? double(call_.dimension) : 1.0);
      c.own_factor = fan_in / (call_.shares_masks ? keep : 1.0);
      c.own_bias = c.bias > 0 ? 1.0 : 0.0;
    }
    const Activation& activation = call_.function.activation;
    const auto [a, b] = slopes_of(activation);
    c.even = 0.5 * (a * a + b * b);
    c.bend = (b - a) * (b - a) / (2 * std::numbers::pi);
    c.scale_squared = activation.kind == ActivationKind::kErfUnitSlope ? 0.25 * std::numbers::pi : 1.0;
    return c;
  }

  Inputs prepared(const std::vector<double>& values) const {
    Inputs in;
    in.values = values.data();
    in.count = values.size() / call_.dimension;
    const std::size_t d = call_.dimension;
    const double scale = call_.scales_inputs ? 1.0 / static_cast<double>(d) : 1.0;
    in.squares.resize(in.count);
    in.norms.resize(in.count);
    parallel_for(in.count, call_.threads, [&](std::size_t i, int) {
      double sum = 0;
      for (std::size_t k = 0; k < d; ++k) sum += values[i * d + k] * values[i * d + k];
      in.squares[i] = sum * scale;
      in.norms[i] = std::sqrt(sum);
    });
    std::vector<double> second = in.squares;
    std::vector<double> tangent(in.count, 0.0), slope(in.count, 0.0);
    for (std::size_t l = 0; l <= call_.depth(); ++l) {
      control_.throw_if_cancelled();
      const double keep = l == 0 ? call_.input_keep : call_.keeps[l - 1];
      const LayerConstants& c = layers_[l];
      std::vector<double> before = l == 0 ? in.squares : in.next[l - 1];
      if (l > 0)
        parallel_for(in.count, call_.threads, [&](std::size_t i, int) {
          second[i] = gaussian_moment(call_.function, {.value = 2}, before[i]);
          if (call_.has_tangent) slope[i] = gaussian_moment(call_.function, {.first = 2}, before[i]);
        });
      std::vector<double> root(in.count), amplitude(in.count), next(in.count), next_root(in.count);
      for (std::size_t i = 0; i < in.count; ++i) {
        root[i] = std::sqrt(before[i]);
        amplitude[i] = std::sqrt(second[i]);
        next[i] = c.factor * second[i] + c.bias;
        next_root[i] = std::sqrt(next[i]);
        // A row with itself: one pass, one mask.
        const double own = call_.is_standard
                               ? c.own_factor * (call_.shares_masks ? 1.0 : 1.0 / keep) * second[i] + c.own_bias
                               : next[i];
        tangent[i] = own + (l > 0 ? c.factor * slope[i] * tangent[i] : 0.0);
      }
      in.variance.push_back(std::move(before));
      in.root.push_back(std::move(root));
      in.amplitude.push_back(std::move(amplitude));
      in.next.push_back(std::move(next));
      in.next_root.push_back(std::move(next_root));
    }
    in.diagonal_tangent.push_back(std::move(tangent));
    return in;
  }

  const Inputs& columns() const { return call_.is_self() ? rows_ : columns_; }

  // 1 - cos(x, y) over the coordinates, where x/|x| - y/|y| = (x - y)/|x| + y (1/|x| - 1/|y|); of nearly opposite
  // rows 2 - (1 - cos(x, -y)), so that exactly opposite ones have the gap 2.
  double near_gap(const double* x, const double* y, double a, double b, double sign) const {
    double difference = 0;
    for (std::size_t k = 0; k < call_.dimension; ++k) difference += (x[k] - y[k]) * (x[k] + y[k]);
    const double turn = -difference / (a + b) / b;
    double sum = 0;
    for (std::size_t k = 0; k < call_.dimension; ++k) {
      const double other = sign * y[k];
      const double each = (x[k] - other + other * turn) / a;
      sum += each * each;
    }
    return std::min(2.0, sign > 0 ? 0.5 * sum : 2.0 - 0.5 * sum);
  }

  // Products of the inputs of a tile.
  void products(std::size_t i, std::size_t j, std::size_t rows, std::size_t columns_in, std::size_t stride,
                double* out) const {
    const std::size_t d = call_.dimension;
    const double scale = call_.scales_inputs ? 1.0 / static_cast<double>(d) : 1.0;
    blas::gemm(false, true, rows, columns_in, d, scale, rows_.values + i * d, d, columns().values + j * d, d, 0.0, out,
               stride);
  }

  void tile(std::size_t i0, std::size_t j0, std::size_t rows, std::size_t count, Workspace& room, double* nngp,
            double* ntk, bool is_triangle) const {
    const std::size_t n = call_.columns(), stride = kTile;
    const std::size_t padded = (count + 7) / 8 * 8;
    room.covariances.resize(kTile * kTile);
    if (ntk != nullptr) room.tangents.resize(kTile * kTile);
    room.gaps.assign(kTile, 1.0);
    const Inputs& cols = columns();
    // Columns of every layer, padded.
    const std::size_t depth = call_.depth();
    room.columns.assign(4 * kTile * (depth + 1), 1.0);
    const auto column = [&](std::size_t l, std::size_t which) { return &room.columns[(4 * l + which) * kTile]; };
    for (std::size_t l = 0; l <= depth; ++l) {
      std::copy_n(&cols.variance[l][j0], count, column(l, 0));
      std::copy_n(&cols.root[l][j0], count, column(l, 1));
      std::copy_n(&cols.amplitude[l][j0], count, column(l, 2));
      std::copy_n(&cols.next_root[l][j0], count, column(l, 3));
    }
    products(call_.first_row + i0, j0, rows, count, stride, room.covariances.data());
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t row = call_.first_row + i0 + i;
      double* covariance = &room.covariances[i * stride];
      double* tangent = ntk != nullptr ? &room.tangents[i * stride] : nullptr;
      first_layer(row, j0, count, covariance, tangent, room.gaps.data());
      for (std::size_t l = 1; l <= depth; ++l) {
        const OneRow one{rows_.variance[l][row], rows_.root[l][row], rows_.amplitude[l][row], rows_.next_root[l][row]};
        step_(layers_[l], one, {column(l, 0), column(l, 1), column(l, 2), column(l, 3)}, padded, room.gaps.data(),
              tangent, l == depth ? covariance : nullptr);
      }
      if (call_.is_self() && row >= j0 && row < j0 + count) {
        covariance[row - j0] = rows_.next[depth][row];
        if (tangent != nullptr) tangent[row - j0] = rows_.diagonal_tangent[0][row];
      }
    }
    write(room.covariances.data(), nngp, i0, j0, rows, count, n, is_triangle);
    if (ntk != nullptr) write(room.tangents.data(), ntk, i0, j0, rows, count, n, is_triangle);
  }

  // From products of inputs: K^1, Theta^1 and the gap behind the first dense layer.
  void first_layer(std::size_t row, std::size_t j0, std::size_t count, double* product, double* tangent,
                   double* gaps) const {
    const LayerConstants& c = layers_[0];
    const Inputs& cols = columns();
    const std::size_t d = call_.dimension;
    const double amplitude = rows_.amplitude[0][row], next_root = rows_.next_root[0][row];
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t at = j0 + j;
      const double whole = amplitude * cols.amplitude[0][at];
      double gap = whole > 0 ? std::clamp(1.0 - product[j] / whole, 0.0, 2.0) : 1.0;
      if (gap < kNearGap || gap > 2.0 - kNearGap)
        gap = near_gap(rows_.values + row * d, cols.values + at * d, rows_.norms[row], cols.norms[at],
                       gap < 1.0 ? 1.0 : -1.0);
      const double behind = c.pair_factor * product[j] + c.bias;
      const double root = next_root * cols.next_root[0][at];
      const double lost = 1.0 - c.common + c.common * gap;
      if (root == 0.0) {
        gaps[j] = 1.0;
      } else if (c.bias > 0) {
        const double shared = c.factor * whole, apart = amplitude - cols.amplitude[0][at];
        gaps[j] = (c.bias * c.factor * apart * apart / (root + shared + c.bias) + shared * lost) / root;
      } else {
        gaps[j] = lost;
      }
      if (tangent != nullptr) tangent[j] = call_.is_standard ? c.own_factor * product[j] + c.own_bias : behind;
      product[j] = behind;
    }
  }

  static void write(const double* tile, double* out, std::size_t i0, std::size_t j0, std::size_t rows,
                    std::size_t count, std::size_t n, bool is_triangle) {
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t shown = is_triangle ? std::min(count, i0 + i + 1 - j0) : count;
      std::copy_n(tile + i * kTile, shown, out + (i0 + i) * n + j0);
    }
    if (!is_triangle) return;
    // The mirror image, in blocks that fit the cache's lines.
    constexpr std::size_t kBlock = 8;
    for (std::size_t jb = 0; jb < count; jb += kBlock)
      for (std::size_t ib = 0; ib < rows; ib += kBlock)
        for (std::size_t j = jb; j < std::min(count, jb + kBlock); ++j)
          for (std::size_t i = ib; i < std::min(rows, ib + kBlock); ++i)
            if (i0 + i > j0 + j) out[(j0 + j) * n + i0 + i] = tile[i * kTile + j];
  }

  const MapCall& call_;
  const Control& control_;
  const Step step_;
  std::vector<LayerConstants> layers_;
  Inputs rows_, columns_;
};

void require_length(const char* name, std::size_t length, std::size_t wanted) {
  if (length != wanted)
    throw Error("SHAPE", name, std::string("Expected `") + name + "` to have " + std::to_string(wanted) + " entries.");
}

}  // namespace

bool has_map(const Activation& activation) {
  if (map_of(activation) != Map::kRectifier) return map_of(activation) != Map::kNone;
  const auto [a, b] = slopes_of(activation);
  return a * a + b * b > 0;
}

void validate(const MapCall& call) {
  if (!has_map(call.function.activation))
    throw Error("UNSUPPORTED", "activation", "Expected `activation` to have a vectorised map.");
  require_length("weightVariance", call.weights.size(), call.depth() + 1);
  require_length("biasVariance", call.biases.size(), call.depth() + 1);
  if (call.is_standard) require_length("width", call.widths.size(), call.depth());
  if (call.dimension == 0 || call.inputs.size() % call.dimension != 0 || call.others.size() % call.dimension != 0)
    throw Error("SHAPE", "inputs", "Expected whole rows of inputs.");
  if (call.rows == 0 || call.first_row + call.rows > call.input_count())
    throw Error("OUT_OF_RANGE", "rows", "Expected rows that are inputs.");
}

std::size_t result_size(const MapCall& call) {
  return call.rows * (call.depth() + 1 + call.columns() * (call.has_tangent ? 2 : 1));
}

std::size_t tile_count(const MapCall& call) {
  const auto tiles = [](std::size_t count) { return (count + kTile - 1) / kTile; };
  const std::size_t rows = tiles(call.rows);
  return call.is_self() && call.rows == call.input_count() ? rows * (rows + 1) / 2 : rows * tiles(call.columns());
}

void map_kernels(const MapCall& call, const Control& control, std::span<double> result) {
  if (result.size() != result_size(call)) throw Error("SHAPE", "result", "The result has the wrong length.");
  Kernels(call, control).run(result);
}

}  // namespace mft::kernel
