// The dense engine: real weights.
//
// Up to eight inputs: weights are drawn in tiles of about 8192, multiplied while they are in cache and forgotten; the
// backward pass draws the same tiles again from the counter. Memory is O(width depth). More inputs (and orthogonal
// weights, which exist only as a whole): larger tiles, multiplied through BLAS. They are drawn again as well, which is
// cheaper than to fetch them from memory; only weights that are costly to draw are kept while the budget lasts. Forward
// Z = U W^T and backward V = D W take the row-major tiles as they are: no transposed copies.
//
// Threads left over by the trials share the tiles of a layer: of rows forward, of columns backward, so that every sum
// is made by one thread in one order. Weights have unit variance; the scale of a layer multiplies the products.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/aligned.h"
#include "core/blas.h"
#include "core/parallel.h"
#include "systems/feedforward/kernels.h"
#include "systems/feedforward/parts.h"
#include "systems/feedforward/record.h"
#include "systems/feedforward/weights.h"

namespace mft::feedforward {
namespace {

constexpr std::size_t kTileWeights = 8192;
constexpr std::size_t kTileColumns = 1024;
constexpr std::size_t kTileRows = 8;
constexpr std::size_t kRowTilesPerUnit = 8;
constexpr std::size_t kBlasTile = 512;  // rows of a forward tile; rows and columns of a backward one
constexpr std::size_t kBlasTileWeights = std::size_t{1} << 20;

std::size_t widest_of(const Parameters& p) { return *std::max_element(p.widths.begin(), p.widths.end()); }
bool is_few(const Parameters& p) { return p.inputs <= kMostFewInputs && p.weight_law != WeightLaw::kOrthogonal; }
bool is_costly(WeightLaw law) { return law == WeightLaw::kOrthogonal || law == WeightLaw::kStudentT; }

std::size_t forward_tile_rows(const Parameters& p, std::size_t layer) {
  return std::min(p.widths[layer], std::clamp<std::size_t>(kBlasTileWeights / p.widths[layer - 1], 16, kBlasTile));
}

struct Plan {
  std::vector<bool> is_kept;  // [l]: the whole matrix stays in memory
  std::size_t kept = 0;       // numbers of all kept matrices
  std::size_t whole = 0;      // of the largest matrix that exists as a whole without being kept
  std::size_t tile = 0;       // of one thread's tile
};

Plan plan_of(const Parameters& p, double budget, std::size_t size_of_real) {
  Plan plan;
  plan.is_kept.assign(p.widths.size(), false);
  double spent = 0.0;
  bool may_keep = !is_few(p) && is_costly(p.weight_law) && p.backward_weights == BackwardWeights::kShared;
  for (std::size_t l = 1; l < p.widths.size(); ++l) {
    const std::size_t rows = p.widths[l], columns = p.widths[l - 1], weights = rows * columns;
    if (is_few(p)) {
      plan.tile =
          std::max(plan.tile, columns <= kTileColumns ? std::max(kTileWeights, columns) : kTileRows * kTileColumns);
      continue;
    }
    const double bytes = static_cast<double>(weights) * static_cast<double>(size_of_real);
    may_keep = may_keep && spent + bytes <= budget;
    // The backward pass ends at layer 2: the first matrix is used once.
    if (may_keep && l > 1) {
      spent += bytes;
      plan.kept += weights;
      plan.is_kept[l] = true;
    } else if (p.weight_law == WeightLaw::kOrthogonal) {
      plan.whole = std::max(plan.whole, weights);
    } else {
      const std::size_t backward = std::min(rows, kBlasTile) * std::min(columns, kBlasTile);
      plan.tile = std::max({plan.tile, forward_tile_rows(p, l) * columns, backward});
    }
  }
  return plan;
}

template <typename Real>
class DenseEngine final : public TrialEngine {
 public:
  DenseEngine(const Parameters& parameters, double budget, int threads)
      : p_(parameters),
        record_(p_),
        masks_(p_),
        inputs_(p_),
        plan_(plan_of(p_, budget, sizeof(Real))),
        kernels_(tile_kernels<Real>()),
        depth_(p_.widths.size() - 1),
        n_(p_.inputs),
        stride_(rounded_up(widest_of(p_), kPad)) {
    workers_.reserve(static_cast<std::size_t>(threads));
    for (int k = 0; k < threads; ++k) {
      Worker& worker = workers_.emplace_back(p_);
      worker.tile.resize(plan_.tile);
      if (is_few(p_)) worker.sums.resize(kTileWeights * n_);
      worker.words.resize(rounded_up(stride_, 64) / 64);
    }
    kept_.resize(plan_.kept);
    whole_.resize(plan_.whole);
    for (AlignedVector<Real>* array : {&u_, &errors_, &result_}) array->resize(n_ * stride_);
    z_at_.resize(depth_ + 1);
    std::size_t next = 0;
    for (std::size_t l = 1; l <= depth_; ++l)
      z_at_[l] = std::exchange(next, next + n_ * rounded_up(p_.widths[l], kPad));
    z_.resize(next);
    if (is_few(p_)) small_errors_.resize(widest_of(p_) * n_);
    bias_.resize(stride_);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    const double* x = inputs_.draw(trial);
    const std::size_t length = p_.widths[0];
    share(n_, [&](std::size_t a, Worker& worker) {
      Real* u = u_.data() + a * stride_;
      const int exponent = record_.u_exponent(0, a) = exponent_of<Real>(largest_of(x + a * length, length));
      for (std::size_t i = 0; i < length; ++i)
        u[i] = static_cast<Real>(exponent == 0 ? x[a * length + i] : std::ldexp(x[a * length + i], -exponent));
      apply_mask_of(0, a, u, worker);
    });
    kept_next_ = kept_.data();
    for (std::size_t l = 1; l <= depth_; ++l) {
      forward(l, control, row);
      control.advance(1);
    }
    output_errors(p_, trial_, z(depth_), z_stride(depth_), result_.data(), errors_.data(), stride_, units(depth_));
    record_.begin_backward();
    for (std::size_t l = depth_; l >= 1; --l) {
      record_.write_backward(row, trial_, l, errors_.data(), stride_);
      if (l > 1) backward(l, control);
      control.advance(1);
    }
  }

 private:
  // What a thread needs for itself.
  struct Worker {
    explicit Worker(const Parameters& parameters) : weights(parameters) {}
    WeightSource<Real> weights;
    AlignedVector<Real> tile;
    std::vector<double> sums;
    std::vector<std::uint64_t> words;
  };

  Real* z(std::size_t layer) { return z_.data() + z_at_[layer]; }
  std::size_t z_stride(std::size_t layer) const { return rounded_up(p_.widths[layer], kPad); }

  // Calls body(unit, worker) for every unit on the threads of this engine.
  template <typename Body>
  void share(std::size_t units, const Body& body) {
    parallel_for(units, static_cast<int>(workers_.size()),
                 [&](std::size_t unit, int worker) { body(unit, workers_[static_cast<std::size_t>(worker)]); });
  }

  // dropped: what a masked unit is.
  void apply_mask_of(std::size_t layer, std::size_t input, Real* x, Worker& worker, double dropped = 0.0) const {
    if (!masks_.is_masked(layer)) return;
    masks_.draw(trial_, layer, input, 0, std::span<std::uint64_t>(worker.words.data(), masks_.words(layer)));
    apply_mask(worker.words.data(), static_cast<Real>(1.0 / masks_.keep(layer)), x, p_.widths[layer]);
    if (dropped != 0.0) fill_masked(worker.words.data(), static_cast<Real>(dropped), x, p_.widths[layer]);
  }

  void forward(std::size_t layer, const Control& control, std::span<double> row) {
    record_.measure_inputs(layer, u_.data(), stride_);
    Real* z_layer = z(layer);
    const std::size_t stride = z_stride(layer);
    if (is_few(p_))
      multiply_few(layer, control, z_layer, stride);
    else
      multiply_many(layer, control, z_layer, stride);
    finish_units(layer, z_layer, stride);
    record_.write_forward(row, trial_, layer, z_layer, stride);
  }

  LayerUnits* units(std::size_t layer) { return record_.units(layer); }
  // Of the weights' scale, and the scale in its units.
  int scale_exponent(std::size_t layer) { return exponent_of<Real>(workers_[0].weights.scale(layer)); }
  Real scale_in_units(std::size_t layer) {
    return static_cast<Real>(std::ldexp(workers_[0].weights.scale(layer), -scale_exponent(layer)));
  }

  // The units of z of one input: those of s u, or nearer to a bias that is much larger; then of what came out.
  void choose_units(std::size_t layer, std::size_t a, Real* z_row) {
    const std::size_t width = p_.widths[layer];
    int& exponent = units(layer)[a].z;
    const double size = largest_of(z_row, width);
    if (const int shift = exponent_of<Real>(size); shift != 0) {
      for (std::size_t i = 0; i < width; ++i) z_row[i] = std::ldexp(z_row[i], -shift);
      exponent += shift;
    }
  }

  // z = scale * product + bias, and u of a hidden layer.
  void finish_units(std::size_t layer, Real* z_layer, std::size_t stride) {
    const std::size_t width = p_.widths[layer];
    const Real scale = scale_in_units(layer);
    const int weight_exponent = scale_exponent(layer);
    const double deviation = std::sqrt(p_.bias_variance[layer - 1]);
    if (deviation > 0.0)
      random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), Purpose::kBiases}, 0,
                     std::span<Real>(bias_.data(), width));
    else
      std::fill(bias_.begin(), bias_.end(), Real{0});
    share(n_, [&](std::size_t a, Worker& worker) {
      Real* z_row = z_layer + a * stride;
      Real* u = u_.data() + a * stride_;
      // Where the biases are out of proportion, z takes their units.
      const int product_unit = record_.u_exponent(layer - 1, a) + weight_exponent;
      const double largest = std::max(deviation, std::abs(p_.bias_mean_of(layer)));
      const int unit = largest > 0.0 ? std::max(product_unit, exponent_of<Real>(largest)) : product_unit;
      units(layer)[a].z = unit;
      const Real own = unit == product_unit ? scale : std::ldexp(scale, product_unit - unit);
      const Real factor = static_cast<Real>(std::ldexp(deviation, -unit));
      const Real mean = static_cast<Real>(std::ldexp(p_.bias_mean_of(layer), -unit));
      for (std::size_t i = 0; i < width; ++i) z_row[i] = own * z_row[i] + factor * bias_[i];
      if (mean != Real{0})
        for (std::size_t i = 0; i < width; ++i) z_row[i] += mean;
      choose_units(layer, a, z_row);
      const int exponent = units(layer)[a].z;
      const double size = largest_of(z_row, width), dropped = masks_.dropped(layer);
      if (layer == depth_) {
        units(layer)[a] = output_units<Real>(p_, size, exponent);
        return;
      }
      const LayerUnits own_units = units(layer)[a] = units_of<Real>(p_.activation_of(layer), size, exponent, dropped);
      record_.u_exponent(layer, a) = own_units.u;
      activate_in_units(p_.activation_of(layer), own_units, std::span<const Real>(z_row, width),
                        std::span<Real>(u, width), std::span<Real>());
      apply_mask_of(layer, a, u, worker, std::ldexp(dropped, -own_units.u));
    });
  }

  // Few inputs: draws a tile of `height` rows from row i and `length` columns from column j.
  void draw_tile(std::size_t layer, bool is_backward, std::size_t i, std::size_t height, std::size_t j,
                 std::size_t length, Worker& worker) {
    const std::size_t columns = p_.widths[layer - 1];
    if (length == columns)
      return worker.weights.draw(trial_, layer, is_backward, i * columns, worker.tile.data(), height * columns);
    for (std::size_t r = 0; r < height; ++r)
      worker.weights.draw(trial_, layer, is_backward, (i + r) * columns + j, worker.tile.data() + r * length, length);
  }

  static std::size_t few_tile_rows(std::size_t columns) {
    return columns <= kTileColumns ? std::max<std::size_t>(1, kTileWeights / columns) : kTileRows;
  }

  void multiply_few(std::size_t layer, const Control& control, Real* out, std::size_t stride) {
    const auto kernel = kernels_.forward[n_ - 1];
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1], tile_rows = few_tile_rows(columns);
    const std::size_t unit_rows = tile_rows * kRowTilesPerUnit;
    share((rows + unit_rows - 1) / unit_rows, [&](std::size_t unit, Worker& worker) {
      const std::size_t last = std::min(rows, (unit + 1) * unit_rows);
      for (std::size_t i = unit * unit_rows; i < last; i += tile_rows) {
        control.throw_if_cancelled();
        const std::size_t height = std::min(tile_rows, last - i);
        std::fill_n(worker.sums.data(), height * n_, 0.0);
        for (std::size_t j = 0; j < columns; j += kTileColumns) {
          const std::size_t length = std::min(kTileColumns, columns - j);
          draw_tile(layer, false, i, height, j, length, worker);
          kernel(worker.tile.data(), height, length, u_.data() + j, stride_, worker.sums.data());
        }
        for (std::size_t r = 0; r < height; ++r)
          for (std::size_t a = 0; a < n_; ++a) out[a * stride + i + r] = static_cast<Real>(worker.sums[r * n_ + a]);
      }
    });
  }

  void multiply_transposed_few(std::size_t layer, const Control& control) {
    const auto kernel = kernels_.backward[n_ - 1];
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1], tile_rows = few_tile_rows(columns);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t a = 0; a < n_; ++a) small_errors_[i * n_ + a] = errors_[a * stride_ + i];
    std::fill(result_.begin(), result_.end(), Real{0});
    const bool is_backward = p_.backward_weights == BackwardWeights::kIndependent;
    share((columns + kTileColumns - 1) / kTileColumns, [&](std::size_t unit, Worker& worker) {
      const std::size_t j = unit * kTileColumns, length = std::min(kTileColumns, columns - j);
      for (std::size_t i = 0; i < rows; i += tile_rows) {
        control.throw_if_cancelled();
        const std::size_t height = std::min(tile_rows, rows - i);
        draw_tile(layer, is_backward, i, height, j, length, worker);
        kernel(worker.tile.data(), height, length, small_errors_.data() + i * n_, result_.data() + j, stride_);
      }
    });
  }

  void multiply_many(std::size_t layer, const Control& control, Real* out, std::size_t stride) {
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1], tile_rows = forward_tile_rows(p_, layer);
    const bool is_orthogonal = p_.weight_law == WeightLaw::kOrthogonal;
    Real* whole = is_orthogonal ? whole_.data() : nullptr;
    if (plan_.is_kept[layer]) whole = std::exchange(kept_next_, kept_next_ + rows * columns);
    if (is_orthogonal) workers_[0].weights.draw_orthogonal(trial_, layer, false, whole);
    share((rows + tile_rows - 1) / tile_rows, [&](std::size_t unit, Worker& worker) {
      control.throw_if_cancelled();
      const std::size_t i = unit * tile_rows, height = std::min(tile_rows, rows - i);
      Real* tile = whole != nullptr ? whole + i * columns : worker.tile.data();
      if (!is_orthogonal) worker.weights.draw(trial_, layer, false, i * columns, tile, height * columns);
      blas::gemm(false, true, n_, height, columns, Real{1}, u_.data(), stride_, tile, columns, Real{0}, out + i,
                 stride);
    });
  }

  void multiply_transposed_many(std::size_t layer, const Control& control) {
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1];
    const bool is_backward = p_.backward_weights == BackwardWeights::kIndependent;
    const Real* whole = nullptr;
    if (plan_.is_kept[layer]) {
      whole = kept_next_ -= rows * columns;
    } else if (p_.weight_law == WeightLaw::kOrthogonal) {
      workers_[0].weights.draw_orthogonal(trial_, layer, is_backward, whole_.data());
      whole = whole_.data();
    }
    share((columns + kBlasTile - 1) / kBlasTile, [&](std::size_t unit, Worker& worker) {
      const std::size_t j = unit * kBlasTile, length = std::min(kBlasTile, columns - j);
      for (std::size_t i = 0; i < rows; i += kBlasTile) {
        control.throw_if_cancelled();
        const std::size_t height = std::min(kBlasTile, rows - i);
        if (whole == nullptr) draw_tile(layer, is_backward, i, height, j, length, worker);
        const Real* tile = whole != nullptr ? whole + i * columns + j : worker.tile.data();
        blas::gemm(false, false, n_, length, height, Real{1}, errors_.data() + i, stride_, tile,
                   whole != nullptr ? columns : length, i == 0 ? Real{0} : Real{1}, result_.data() + j, stride_);
      }
    });
  }

  void backward(std::size_t layer, const Control& control) {
    const std::size_t below = layer - 1, width = p_.widths[layer], width_below = p_.widths[below];
    share(n_, [&](std::size_t a, Worker&) {
      const double square = record_.error_square(a);
      if (!(square > 0.0)) return;
      const Real inverse = static_cast<Real>(1.0 / std::sqrt(square));
      for (std::size_t i = 0; i < width; ++i) errors_[a * stride_ + i] *= inverse;
      record_.log_scale(a) += 2.0 * std::log(1.0 / static_cast<double>(inverse)) +
                              2.0 * (scale_exponent(layer) + units(below)[a].slope) * std::numbers::ln2;
    });
    if (is_few(p_))
      multiply_transposed_few(layer, control);
    else
      multiply_transposed_many(layer, control);
    const Real scale = scale_in_units(layer);
    share(n_, [&](std::size_t a, Worker& worker) {
      Real* errors = errors_.data() + a * stride_;
      const Real* result = result_.data() + a * stride_;
      activate_in_units(p_.activation_of(below), units(below)[a],
                        std::span<const Real>(z(below) + a * z_stride(below), width_below), std::span<Real>(),
                        std::span<Real>(errors, width_below));
      for (std::size_t i = 0; i < width_below; ++i) errors[i] *= scale * result[i];
      apply_mask_of(below, a, errors, worker);
    });
  }

  const Parameters& p_;
  TrialRecord<Real> record_;
  const Masks masks_;
  InputVectors inputs_;
  const Plan plan_;
  const TileKernels<Real>& kernels_;
  const std::size_t depth_, n_, stride_;
  std::uint32_t trial_ = 0;

  std::vector<Worker> workers_;
  AlignedVector<Real> kept_, whole_, u_, errors_, result_, z_, small_errors_, bias_;
  Real* kept_next_ = nullptr;
  std::vector<std::size_t> z_at_;
};

}  // namespace

std::unique_ptr<TrialEngine> make_dense_engine(const Parameters& p, double budget, int threads) {
  if (p.precision == Precision::kFloat32) return std::make_unique<DenseEngine<float>>(p, budget, threads);
  return std::make_unique<DenseEngine<double>>(p, budget, threads);
}

double dense_engine_memory(const Parameters& p, double budget, int threads) {
  const std::size_t size = p.precision == Precision::kFloat32 ? 4 : 8;
  const Plan plan = plan_of(p, budget, size);
  const double n = static_cast<double>(p.inputs), widest = static_cast<double>(rounded_up(widest_of(p), kPad));
  double stored = static_cast<double>(plan.kept + plan.whole) + threads * static_cast<double>(plan.tile) +
                  (3.0 * n + 1.0) * widest + (is_few(p) ? n * widest : 0.0);
  for (std::size_t l = 1; l < p.widths.size(); ++l) stored += n * static_cast<double>(rounded_up(p.widths[l], kPad));
  double doubles = (2.0 * static_cast<double>(p.widths.size()) + 2.0) * n * n;
  if (is_few(p)) doubles += threads * static_cast<double>(kTileWeights) * n;
  if (p.weight_law == WeightLaw::kOrthogonal)
    doubles += widest * widest;
  else if (p.weight_law != WeightLaw::kGaussian)
    doubles += threads * WeightSource<double>::scratch();
  const double products =
      size == 4 ? TrialRecord<float>::memory(p, widest_of(p)) : TrialRecord<double>::memory(p, widest_of(p));
  return static_cast<double>(size) * stored + 8.0 * doubles + products;
}

}  // namespace mft::feedforward
