#include "systems/kernel/maps.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <tuple>

#include "core/error.h"
#include "core/parallel.h"
#include "core/product.h"
#include "systems/kernel/hermite_steps.h"
#include "systems/kernel/map_inputs.h"
#include "systems/kernel/near_pairs.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kTile = 256;
// Below this gap the product has lost digits of it: it is summed over the coordinates.
constexpr double kNearGap = 1e-3;

// Sum of term(k) in eight partial sums, which vectorise.
template <typename Term>
double sum_over(std::size_t count, Term term) {
  constexpr std::size_t kParts = 8;
  double parts[kParts] = {};
  std::size_t k = 0;
  for (; k + kParts <= count; k += kParts)
    for (std::size_t i = 0; i < kParts; ++i) parts[i] += term(k + i);
  for (; k < count; ++k) parts[0] += term(k);
  return ((parts[0] + parts[1]) + (parts[2] + parts[3])) + ((parts[4] + parts[5]) + (parts[6] + parts[7]));
}

class Kernels {
 public:
  Kernels(const MapCall& call, const Control& control)
      : call_(call),
        control_(control),
        map_(map_of(call.function.activation)),
        step_(chosen_step(map_)),
        steps_(steps()),
        hermite_(hermite_step()) {
    for (std::size_t l = 0; l <= call.depth(); ++l) layers_.push_back(constants_of(call, l));
    inputs_ = inputs_of(call_, map_, layers_, control_);
    if (!inputs_.expansions.empty()) prepare_near();
  }

  void run(std::span<double> result) {
    const std::size_t m = call_.rows, n = call_.columns();
    for (std::size_t l = 0; l <= call_.depth(); ++l)
      std::copy_n(inputs_.next[l].begin() + static_cast<std::ptrdiff_t>(call_.first_row), m, &result[l * m]);
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
    const auto finite = [](const Workspace& room) { return room.is_finite; };
    result.back() = std::all_of(rooms.begin(), rooms.end(), finite) ? 1.0 : 0.0;
  }

 private:
  struct Workspace {
    std::vector<double> gaps, covariances, tangents;
    std::vector<double> columns;
    std::vector<double> even, odd, products, slopes;  // Map::kExpansion
    bool is_finite = true;
  };

  static Step chosen_step(Map map) {
    switch (map) {
      case Map::kErrorFunction:
        return steps().error_function;
      case Map::kGelu:
        return steps().gelu;
      default:
        return steps().rectifier;
    }
  }

  // Of all layers: the variances there are, and the widest angle that a table of Hermite terms does not reach.
  void prepare_near() {
    double least = INFINITY, largest = 0, limit = 1;
    for (std::size_t l = 1; l <= call_.depth(); ++l) {
      limit = std::min(limit, inputs_.expansions[l - 1].limits.back());
      for (const double q : inputs_.variance[l])
        if (q > 0 && std::isfinite(q)) std::tie(least, largest) = std::pair(std::min(least, q), std::max(largest, q));
    }
    if (largest > 0)
      near_.emplace(call_.function, call_.has_tangent, least, largest, std::acos(limit), call_.rows * call_.columns(),
                    call_.threads, control_);
  }

  PairRow pair_row(std::size_t l, std::size_t row) const {
    const HermiteTable& table = inputs_.expansions[l - 1];
    return {inputs_.variance[l][row], table.second[row], table.slope_second[row]};
  }

  // Where the columns begin among all rows.
  std::size_t column_offset() const { return call_.is_self() ? 0 : call_.input_count(); }

  // 1 - cos(x, y) over the coordinates, where x/|x| - y/|y| = (x - y)/|x| + y (1/|x| - 1/|y|); of nearly opposite
  // rows 2 - (1 - cos(x, -y)), so that exactly opposite ones have the gap 2.
  double near_gap(const double* x, const double* y, double a, double b, double sign) const {
    // In units of the longer one: nothing cancels where lengths are unlike.
    if (a < b) return near_gap(y, x, b, a, sign);
    const double difference = sum_over(call_.dimension, [&](std::size_t k) { return (x[k] - y[k]) * (x[k] + y[k]); });
    const double turn = -difference / (a + b) / b, inverse = 1 / a;
    const double sum = sum_over(call_.dimension, [&](std::size_t k) {
      const double other = sign * y[k];
      const double each = (x[k] - other + other * turn) * inverse;
      return each * each;
    });
    return std::min(2.0, sign > 0 ? 0.5 * sum : 2.0 - 0.5 * sum);
  }

  // Products of the inputs of a tile; of one on the diagonal the lower triangle is wanted, whose strips end behind it.
  void products(std::size_t i, std::size_t j, std::size_t rows, std::size_t columns_in, bool is_diagonal, double* out,
                std::size_t stride) const {
    const std::size_t d = call_.dimension, height = is_diagonal ? kTile / 4 : rows;
    const double scale = call_.scales_inputs ? 1.0 / static_cast<double>(d) : 1.0;
    for (std::size_t first = 0; first < rows; first += height) {
      const std::size_t held = std::min(height, rows - first), shown = is_diagonal ? first + held : columns_in;
      matrix_product<double>(false, true, held, shown, d, scale, values_of(call_, i + first), d,
                             values_of(call_, column_offset() + j), d, 0.0, out + first * stride, stride);
    }
  }

  void tile(std::size_t i0, std::size_t j0, std::size_t rows, std::size_t count, Workspace& room, double* nngp,
            double* ntk, bool is_triangle) const {
    const std::size_t n = call_.columns(), stride = kTile;
    const bool is_expansion = map_ == Map::kExpansion;
    room.covariances.resize(kTile * kTile);
    if (ntk != nullptr) room.tangents.resize(kTile * kTile);
    room.gaps.assign(is_expansion ? kTile * kTile : kTile, 1.0);
    // Columns of every layer, padded.
    const std::size_t depth = call_.depth();
    room.columns.assign(4 * kTile * (depth + 1), 1.0);
    for (std::size_t l = 0; l <= depth; ++l) {
      const std::size_t at = column_offset() + j0;
      std::copy_n(&inputs_.variance[l][at], count, &room.columns[(4 * l + 0) * kTile]);
      std::copy_n(&inputs_.root[l][at], count, &room.columns[(4 * l + 1) * kTile]);
      std::copy_n(&inputs_.amplitude[l][at], count, &room.columns[(4 * l + 2) * kTile]);
      std::copy_n(&inputs_.inverse[l][at], count, &room.columns[(4 * l + 3) * kTile]);
    }
    const bool is_diagonal = is_triangle && i0 == j0 && !is_expansion;
    products(call_.first_row + i0, j0, rows, count, is_diagonal, room.covariances.data(), stride);
    const auto row_at = [&](std::vector<double>& list, std::size_t i) { return &list[i * stride]; };
    for (std::size_t i = 0; i < rows; ++i) {
      // The diagonal itself is known.
      const std::size_t shown = is_diagonal ? i : count, padded = (shown + 7) / 8 * 8;
      double* gaps = is_expansion ? row_at(room.gaps, i) : room.gaps.data();
      double* tangent = ntk != nullptr ? row_at(room.tangents, i) : nullptr;
      first_layer(call_.first_row + i0 + i, j0, shown, padded, room, row_at(room.covariances, i), tangent, gaps);
      for (std::size_t l = 1; l <= depth && !is_expansion; ++l)
        step_(layers_[l], one_row(l, call_.first_row + i0 + i), columns_at(room, l), padded, gaps, tangent,
              l == depth ? row_at(room.covariances, i) : nullptr);
    }
    for (std::size_t l = 1; l <= depth && is_expansion; ++l) expansion(l, i0, j0, rows, count, room, ntk != nullptr);
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t row = call_.first_row + i0 + i;
      if (!call_.is_self() || row < j0 || row >= j0 + count) continue;
      row_at(room.covariances, i)[row - j0] = inputs_.next[depth][row];
      if (ntk != nullptr) row_at(room.tangents, i)[row - j0] = inputs_.diagonal_tangent[row];
    }
    bool is_finite = write(room.covariances.data(), nngp, i0, j0, rows, count, n, is_triangle);
    if (ntk != nullptr) is_finite &= write(room.tangents.data(), ntk, i0, j0, rows, count, n, is_triangle);
    room.is_finite &= is_finite;
  }

  OneRow one_row(std::size_t l, std::size_t row) const {
    return {inputs_.variance[l][row], inputs_.root[l][row], inputs_.amplitude[l][row], inputs_.inverse[l][row]};
  }

  static ColumnRows columns_at(const Workspace& room, std::size_t l) {
    const double* first = &room.columns[4 * l * kTile];
    return {first, first + kTile, first + 2 * kTile, first + 3 * kTile};
  }

  // Hidden layer l of a tile by sums of Hermite terms, four rows at a time.
  void expansion(std::size_t l, std::size_t i0, std::size_t j0, std::size_t rows, std::size_t count, Workspace& room,
                 bool has_tangent) const {
    const HermiteTable& table = inputs_.expansions[l - 1];
    const std::size_t padded = (count + 7) / 8 * 8, column = column_offset() + j0;
    pack(table.even, table.even_count, column, count, room.even);
    pack(table.odd, table.odd_count, column, count, room.odd);
    const HermiteColumns columns{room.even.data(), room.odd.data(),     table.even_count,
                                 table.odd_count,  table.limits.data(), table.limits.size()};
    room.products.resize(kHermiteRows * kTile);
    room.slopes.resize(kHermiteRows * kTile);
    const double limit = table.limits.back();
    for (std::size_t first = 0; first < rows; first += kHermiteRows) {
      control_.throw_if_cancelled();
      std::array<HermiteRow, kHermiteRows> block;
      const std::size_t held = std::min(kHermiteRows, rows - first);
      for (std::size_t r = 0; r < kHermiteRows; ++r) {
        const std::size_t i = first + std::min(r, held - 1), row = call_.first_row + i0 + i;
        block[r] = {table.even.data() + row * table.even_count, table.odd.data() + row * table.odd_count,
                    &room.gaps[i * kTile], &room.products[r * kTile], has_tangent ? &room.slopes[r * kTile] : nullptr};
      }
      hermite_(columns, block, padded);
      for (std::size_t r = 0; r < held; ++r) {
        const std::size_t i = first + r, row = call_.first_row + i0 + i;
        mend(l, row, column, count, limit, block[r]);
        steps_.given(layers_[l], one_row(l, row), columns_at(room, l), padded, {block[r].product, block[r].slope},
                     &room.gaps[i * kTile], has_tangent ? &room.tangents[i * kTile] : nullptr,
                     l == call_.depth() ? &room.covariances[i * kTile] : nullptr);
      }
    }
  }

  // Slopes get their scale. Pairs that the table does not reach have ways of their own; those with a variance of 0 and
  // equal ones have no sum.
  void mend(std::size_t l, std::size_t row, std::size_t column, std::size_t count, double limit,
            const HermiteRow& found) const {
    const HermiteTable& table = inputs_.expansions[l - 1];
    const double variance = inputs_.variance[l][row], root = inputs_.root[l][row];
    NearPairs::Series own;
    for (std::size_t j = 0; j < count; ++j) {
      const std::size_t other = column + j;
      const double whole = root * inputs_.root[l][other], gap = found.gap[j];
      if (whole == 0) {
        found.product[j] = constant(table, row) * constant(table, other);
        if (found.slope != nullptr) found.slope[j] = table.mean_slope[row] * table.mean_slope[other];
      } else if (gap == 0 && variance == inputs_.variance[l][other]) {
        found.product[j] = table.second[row];
        if (found.slope != nullptr) found.slope[j] = table.slope_second[row];
      } else if (std::abs(1 - gap) > limit) {
        const PairExpectations near = near_->at(pair_row(l, row), pair_row(l, other), gap, own);
        found.product[j] = near.product;
        if (found.slope != nullptr) found.slope[j] = near.slope;
      } else if (found.slope != nullptr) {
        found.slope[j] /= whole;
      }
    }
  }

  // E phi.
  static double constant(const HermiteTable& table, std::size_t row) { return table.even[row * table.even_count]; }

  // Coefficients of the columns of a tile in blocks of eight, term by term.
  static void pack(const std::vector<double>& coefficients, std::size_t terms, std::size_t first, std::size_t count,
                   std::vector<double>& packed) {
    packed.assign(kTile * terms, 0.0);
    for (std::size_t j = 0; j < count; ++j) {
      const double* from = coefficients.data() + (first + j) * terms;
      double* to = packed.data() + j / kHermiteColumns * kHermiteColumns * terms + j % kHermiteColumns;
      for (std::size_t k = 0; k < terms; ++k) to[k * kHermiteColumns] = from[k];
    }
  }

  // From products of inputs: K^1, Theta^1 and the gap behind the first dense layer.
  void first_layer(std::size_t row, std::size_t j0, std::size_t count, std::size_t padded, const Workspace& room,
                   double* product, double* tangent, double* gaps) const {
    const ColumnRows columns = columns_at(room, 0);
    const OneRow own = one_row(0, row);
    if (steps_.gaps(own.amplitude, columns.amplitude, product, padded, kNearGap, gaps))
      for (std::size_t j = 0; j < count; ++j) {
        const std::size_t at = column_offset() + j0 + j;
        if (gaps[j] < kNearGap || gaps[j] > 2.0 - kNearGap)
          gaps[j] = near_gap(values_of(call_, row), values_of(call_, at), inputs_.norms[row], inputs_.norms[at],
                             gaps[j] < 1.0 ? 1.0 : -1.0);
      }
    steps_.first(layers_[0], own, columns, padded, product, gaps, tangent);
  }

  // Whether everything is finite.
  bool write(const double* tile, double* out, std::size_t i0, std::size_t j0, std::size_t rows, std::size_t count,
             std::size_t n, bool is_triangle) const {
    bool is_finite = true;
    for (std::size_t i = 0; i < rows; ++i) {
      const std::size_t shown = is_triangle ? std::min(count, i0 + i + 1 - j0) : count;
      is_finite &= steps_.place_row(tile + i * kTile, shown, out + (i0 + i) * n + j0);
    }
    if (!is_triangle) return is_finite;
    // The mirror image, in blocks that fit the cache's lines.
    for (std::size_t jb = 0; jb < count; jb += kMirror)
      for (std::size_t ib = 0; ib < rows; ib += kMirror) {
        if (jb + kMirror <= count && ib + kMirror <= rows && i0 + ib >= j0 + jb + kMirror) {
          steps_.mirror(tile + ib * kTile + jb, kTile, out + (j0 + jb) * n + i0 + ib, n);
          continue;
        }
        for (std::size_t j = jb; j < std::min(count, jb + kMirror); ++j)
          for (std::size_t i = ib; i < std::min(rows, ib + kMirror); ++i)
            if (i0 + i > j0 + j) out[(j0 + j) * n + i0 + i] = tile[i * kTile + j];
      }
    return is_finite;
  }

  const MapCall& call_;
  const Control& control_;
  const Map map_;
  const Step step_;
  const Steps& steps_;
  const HermiteStep hermite_;
  std::vector<LayerConstants> layers_;
  MapInputs inputs_;
  std::optional<NearPairs> near_;
};

void require_length(const char* name, std::size_t length, std::size_t wanted) {
  if (length != wanted)
    throw Error("SHAPE", name, std::string("Expected `") + name + "` to have " + std::to_string(wanted) + " entries.");
}

}  // namespace

void validate(const MapCall& call) {
  if (!has_map(call.function.activation))
    throw Error("UNSUPPORTED", "activation", "Expected `activation` to have a vectorised map.");
  require_length("weightVariance", call.weights.size(), call.depth() + 1);
  require_length("biasVariance", call.biases.size(), call.depth() + 1);
  if (call.is_standard) require_length("width", call.widths.size(), call.depth());
  if (call.dimension == 0 || call.inputs.values.size() % call.dimension != 0 ||
      call.others.values.size() % call.dimension != 0)
    throw Error("SHAPE", "inputs", "Expected whole rows of inputs.");
  if (call.rows == 0 || call.first_row + call.rows > call.input_count())
    throw Error("OUT_OF_RANGE", "rows", "Expected rows that are inputs.");
}

std::size_t result_size(const MapCall& call) {
  return call.rows * (call.depth() + 1 + call.columns() * (call.has_tangent ? 2 : 1)) + 1;
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
