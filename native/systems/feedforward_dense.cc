// The dense engine: real weights.
//
// Up to eight inputs: weights are drawn in tiles of about 8192, multiplied while they are in cache and forgotten; the
// backward pass draws the same tiles again from the counter. Memory is O(width depth). More inputs (and orthogonal
// weights, which exist only as a whole): tiles of rows multiplied through BLAS, kept while the budget lasts, else drawn
// again. Forward Z = U W^T and backward V = D W take the row-major tiles as they are: no transposed copies.
//
// Weights have unit variance; the scale of a layer multiplies the products.
#include <algorithm>
#include <cmath>
#include <utility>

#include "core/aligned.h"
#include "core/blas.h"
#include "systems/feedforward_kernels.h"
#include "systems/feedforward_parts.h"
#include "systems/feedforward_weights.h"

namespace mft::feedforward {
namespace {

constexpr std::size_t kTileWeights = 8192;
constexpr std::size_t kTileColumns = 1024;
constexpr std::size_t kTileRows = 8;
constexpr std::size_t kBlasTileWeights = std::size_t{1} << 19;
constexpr std::size_t kBlasTileRows = 256;

std::size_t widest_of(const Parameters& p) { return *std::max_element(p.widths.begin(), p.widths.end()); }
bool is_few(const Parameters& p) { return p.inputs <= kMostFewInputs && p.weight_law != WeightLaw::kOrthogonal; }

std::size_t blas_tile_rows(const Parameters& p, std::size_t layer) {
  const std::size_t rows = p.widths[layer], columns = p.widths[layer - 1];
  if (p.weight_law == WeightLaw::kOrthogonal) return rows;
  return std::min(rows, std::clamp<std::size_t>(kBlasTileWeights / columns, 16, kBlasTileRows));
}

struct Plan {
  std::vector<bool> is_kept;  // [l]: the whole matrix stays in memory
  std::size_t kept = 0, tile = 0;
};

Plan plan_of(const Parameters& p, double budget, std::size_t size_of_real) {
  Plan plan;
  plan.is_kept.assign(p.widths.size(), false);
  if (is_few(p)) {
    for (std::size_t l = 1; l < p.widths.size(); ++l)
      plan.tile = std::max(plan.tile, p.widths[l - 1] <= kTileColumns ? std::max(kTileWeights, p.widths[l - 1])
                                                                       : kTileRows * kTileColumns);
    return plan;
  }
  const bool may_keep = p.backward_weights == BackwardWeights::kShared;
  double spent = 0.0;
  bool is_spent = !may_keep;
  for (std::size_t l = 1; l < p.widths.size(); ++l) {
    const std::size_t weights = p.widths[l] * p.widths[l - 1];
    const double bytes = static_cast<double>(weights) * static_cast<double>(size_of_real);
    is_spent = is_spent || spent + bytes > budget;
    // The backward pass ends at layer 2: the first matrix is used once.
    if (is_spent || l == 1) {
      plan.tile = std::max(plan.tile, blas_tile_rows(p, l) * p.widths[l - 1]);
      continue;
    }
    spent += bytes;
    plan.kept += weights;
    plan.is_kept[l] = true;
  }
  return plan;
}

template <typename Real>
class DenseEngine final : public TrialEngine {
 public:
  DenseEngine(const Parameters& parameters, double budget)
      : p_(parameters),
        layout_(layout_of(parameters)),
        writer_(p_, layout_),
        masks_(p_),
        inputs_(p_),
        products_(layout_),
        weights_(p_),
        plan_(plan_of(p_, budget, sizeof(Real))),
        kernels_(tile_kernels<Real>()),
        depth_(p_.widths.size() - 1),
        n_(p_.inputs),
        stride_(rounded_up(widest_of(p_), kPad)) {
    tile_.resize(plan_.tile);
    kept_.resize(plan_.kept);
    for (AlignedVector<Real>* array : {&u_, &errors_, &result_}) array->resize(n_ * stride_);
    z_at_.resize(depth_ + 1);
    std::size_t next = 0;
    for (std::size_t l = 1; l <= depth_; ++l) z_at_[l] = std::exchange(next, next + n_ * rounded_up(p_.widths[l], kPad));
    z_.resize(next);
    if (is_few(p_)) sums_.resize(kTileWeights * n_);
    if (is_few(p_)) small_errors_.resize(widest_of(p_) * n_);
    bias_.resize(stride_);
    words_.resize(rounded_up(stride_, 64) / 64);
    gram_.resize(n_ * n_);
    absolute_.resize(n_ * n_);
    input_gram_.resize(depth_ * n_ * n_);
    input_absolute_.resize(depth_ * n_ * n_);
    log_scale_.resize(n_);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    const double* x = inputs_.draw(trial);
    const std::size_t length = p_.widths[0];
    for (std::size_t a = 0; a < n_; ++a)
      for (std::size_t i = 0; i < length; ++i) u_[a * stride_ + i] = static_cast<Real>(x[a * length + i]);
    apply_masks(0, u_.data());
    kept_next_ = kept_.data();
    for (std::size_t l = 1; l <= depth_; ++l) {
      forward(l, control, row);
      control.advance(1);
    }
    output_errors(p_, trial_, z(depth_), z_stride(depth_), result_.data(), errors_.data(), stride_);
    std::fill(log_scale_.begin(), log_scale_.end(), 0.0);
    for (std::size_t l = depth_; l >= 1; --l) {
      products_.measure(errors_.data(), stride_, p_.widths[l], gram_.data(), absolute_.data());
      writer_.backward(row, trial_, l, log_scale_.data(), gram_.data(), absolute_.data(),
                       input_gram_.data() + (l - 1) * n_ * n_, input_absolute_.data() + (l - 1) * n_ * n_);
      if (l > 1) backward(l, control);
      control.advance(1);
    }
  }

 private:
  Real* z(std::size_t layer) { return z_.data() + z_at_[layer]; }
  std::size_t z_stride(std::size_t layer) const { return rounded_up(p_.widths[layer], kPad); }

  void apply_masks(std::size_t layer, Real* x) {
    if (!masks_.is_masked(layer)) return;
    for (std::size_t a = 0; a < n_; ++a) {
      masks_.draw(trial_, layer, a, 0, std::span<std::uint64_t>(words_.data(), masks_.words(layer)));
      apply_mask(words_.data(), static_cast<Real>(1.0 / masks_.keep(layer)), x + a * stride_, p_.widths[layer]);
    }
  }

  void forward(std::size_t layer, const Control& control, std::span<double> row) {
    const std::size_t width = p_.widths[layer];
    products_.measure(u_.data(), stride_, p_.widths[layer - 1], input_gram_.data() + (layer - 1) * n_ * n_,
                      input_absolute_.data() + (layer - 1) * n_ * n_);
    Real* z_layer = z(layer);
    const std::size_t stride = z_stride(layer);
    if (is_few(p_)) multiply_few(layer, control, z_layer, stride);
    else multiply_many(layer, control, z_layer, stride);
    finish_preactivations(layer, z_layer, stride);
    products_.measure(z_layer, stride, width, gram_.data(), nullptr);
    writer_.forward(row, trial_, layer, gram_.data(), [&](std::size_t a, std::size_t b) {
      return squared_distance(z_layer + a * stride, z_layer + b * stride, width);
    });
    if (layer == depth_) return;
    for (std::size_t a = 0; a < n_; ++a)
      activate(p_.activation, std::span<const Real>(z_layer + a * stride, width), std::span<Real>(u_.data() + a * stride_, width));
    apply_masks(layer, u_.data());
  }

  // z = scale * product + bias
  void finish_preactivations(std::size_t layer, Real* z_layer, std::size_t stride) {
    const std::size_t width = p_.widths[layer];
    const Real scale = static_cast<Real>(weights_.scale(layer));
    const double deviation = std::sqrt(p_.bias_variance[layer - 1]);
    if (deviation > 0.0)
      random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), Purpose::kBiases}, 0,
                     std::span<Real>(bias_.data(), width));
    else
      std::fill(bias_.begin(), bias_.end(), Real{0});
    const Real factor = static_cast<Real>(deviation);
    for (std::size_t a = 0; a < n_; ++a)
      for (std::size_t i = 0; i < width; ++i) z_layer[a * stride + i] = scale * z_layer[a * stride + i] + factor * bias_[i];
  }

  // Few inputs: calls body(first row, rows, first column, columns) with the tile's weights in tile_.
  template <typename Body>
  void for_tiles(std::size_t layer, bool is_backward, const Control& control, const Body& body) {
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1];
    const std::size_t tile_rows = columns <= kTileColumns ? std::max<std::size_t>(1, kTileWeights / columns) : kTileRows;
    for (std::size_t i = 0; i < rows; i += tile_rows) {
      control.throw_if_cancelled();
      const std::size_t height = std::min(tile_rows, rows - i);
      if (columns <= kTileColumns) {
        weights_.draw(trial_, layer, is_backward, i * columns, tile_.data(), height * columns);
        body(i, height, 0, columns);
        continue;
      }
      for (std::size_t j = 0; j < columns; j += kTileColumns) {
        const std::size_t length = std::min(kTileColumns, columns - j);
        for (std::size_t r = 0; r < height; ++r)
          weights_.draw(trial_, layer, is_backward, (i + r) * columns + j, tile_.data() + r * length, length);
        body(i, height, j, length);
      }
    }
  }

  void multiply_few(std::size_t layer, const Control& control, Real* out, std::size_t stride) {
    const auto kernel = kernels_.forward[n_ - 1];
    const std::size_t columns = p_.widths[layer - 1];
    for_tiles(layer, false, control, [&](std::size_t i, std::size_t height, std::size_t j, std::size_t length) {
      if (j == 0) std::fill_n(sums_.data(), height * n_, 0.0);
      kernel(tile_.data(), height, length, u_.data() + j, stride_, sums_.data());
      if (j + length < columns) return;
      for (std::size_t r = 0; r < height; ++r)
        for (std::size_t a = 0; a < n_; ++a) out[a * stride + i + r] = static_cast<Real>(sums_[r * n_ + a]);
    });
  }

  void multiply_transposed_few(std::size_t layer, const Control& control) {
    const auto kernel = kernels_.backward[n_ - 1];
    const std::size_t rows = p_.widths[layer];
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t a = 0; a < n_; ++a) small_errors_[i * n_ + a] = errors_[a * stride_ + i];
    std::fill(result_.begin(), result_.end(), Real{0});
    const bool is_backward = p_.backward_weights == BackwardWeights::kIndependent;
    for_tiles(layer, is_backward, control, [&](std::size_t i, std::size_t height, std::size_t j, std::size_t length) {
      kernel(tile_.data(), height, length, small_errors_.data() + i * n_, result_.data() + j, stride_);
    });
  }

  // Many inputs: calls body(first row, rows, weights) for tiles of whole rows.
  template <typename Body>
  void for_row_tiles(std::size_t layer, bool is_backward, bool draw_kept, const Control& control, Real* kept,
                     const Body& body) {
    const std::size_t rows = p_.widths[layer], columns = p_.widths[layer - 1], tile_rows = blas_tile_rows(p_, layer);
    for (std::size_t i = 0; i < rows; i += tile_rows) {
      control.throw_if_cancelled();
      const std::size_t height = std::min(tile_rows, rows - i);
      Real* tile = kept != nullptr ? kept + i * columns : tile_.data();
      if (kept == nullptr || draw_kept) {
        if (p_.weight_law == WeightLaw::kOrthogonal) weights_.draw_orthogonal(trial_, layer, is_backward, tile);
        else weights_.draw(trial_, layer, is_backward, i * columns, tile, height * columns);
      }
      body(i, height, tile);
    }
  }

  void multiply_many(std::size_t layer, const Control& control, Real* out, std::size_t stride) {
    const std::size_t columns = p_.widths[layer - 1];
    Real* kept = nullptr;
    if (plan_.is_kept[layer]) kept = std::exchange(kept_next_, kept_next_ + p_.widths[layer] * columns);
    for_row_tiles(layer, false, true, control, kept, [&](std::size_t i, std::size_t height, const Real* tile) {
      blas::gemm(false, true, n_, height, columns, Real{1}, u_.data(), stride_, tile, columns, Real{0}, out + i, stride);
    });
  }

  void multiply_transposed_many(std::size_t layer, const Control& control) {
    const std::size_t columns = p_.widths[layer - 1];
    Real* kept = nullptr;
    if (plan_.is_kept[layer]) kept = kept_next_ -= p_.widths[layer] * columns;
    const bool is_backward = p_.backward_weights == BackwardWeights::kIndependent;
    for_row_tiles(layer, is_backward, false, control, kept, [&](std::size_t i, std::size_t height, const Real* tile) {
      blas::gemm(false, false, n_, columns, height, Real{1}, errors_.data() + i, stride_, tile, columns,
                 i == 0 ? Real{0} : Real{1}, result_.data(), stride_);
    });
  }

  void backward(std::size_t layer, const Control& control) {
    const std::size_t below = layer - 1, width = p_.widths[layer], width_below = p_.widths[below];
    for (std::size_t a = 0; a < n_; ++a) {
      const double square = gram_[a * n_ + a];
      if (!(square > 0.0)) continue;
      const Real inverse = static_cast<Real>(1.0 / std::sqrt(square));
      for (std::size_t i = 0; i < width; ++i) errors_[a * stride_ + i] *= inverse;
      log_scale_[a] += 2.0 * std::log(1.0 / static_cast<double>(inverse));
    }
    if (is_few(p_)) multiply_transposed_few(layer, control);
    else multiply_transposed_many(layer, control);
    const Real scale = static_cast<Real>(weights_.scale(layer));
    for (std::size_t a = 0; a < n_; ++a) {
      activate_derivative(p_.activation, std::span<const Real>(z(below) + a * z_stride(below), width_below),
                          std::span<Real>(errors_.data() + a * stride_, width_below));
      for (std::size_t i = 0; i < width_below; ++i) errors_[a * stride_ + i] *= scale * result_[a * stride_ + i];
    }
    apply_masks(below, errors_.data());
  }

  const Parameters& p_;
  const Layout layout_;
  const RowWriter writer_;
  const Masks masks_;
  InputVectors inputs_;
  RowProducts<Real> products_;
  WeightSource<Real> weights_;
  const Plan plan_;
  const TileKernels<Real>& kernels_;
  const std::size_t depth_, n_, stride_;
  std::uint32_t trial_ = 0;

  AlignedVector<Real> tile_, kept_, u_, errors_, result_, z_, small_errors_, bias_;
  Real* kept_next_ = nullptr;
  std::vector<std::size_t> z_at_;
  std::vector<double> sums_, gram_, absolute_, input_gram_, input_absolute_, log_scale_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

std::unique_ptr<TrialEngine> make_dense_engine(const Parameters& p, double budget) {
  if (p.precision == Precision::kFloat32) return std::make_unique<DenseEngine<float>>(p, budget);
  return std::make_unique<DenseEngine<double>>(p, budget);
}

double dense_engine_memory(const Parameters& p, double budget) {
  const std::size_t size = p.precision == Precision::kFloat32 ? 4 : 8;
  const Plan plan = plan_of(p, budget, size);
  const double n = static_cast<double>(p.inputs), widest = static_cast<double>(rounded_up(widest_of(p), kPad));
  double stored = static_cast<double>(plan.kept + plan.tile) + (3.0 * n + 1.0) * widest + (is_few(p) ? n * widest : 0.0);
  for (std::size_t l = 1; l < p.widths.size(); ++l) stored += n * static_cast<double>(rounded_up(p.widths[l], kPad));
  double doubles = (2.0 * static_cast<double>(p.widths.size()) + 2.0) * n * n;
  if (is_few(p)) doubles += static_cast<double>(kTileWeights) * n;
  if (p.weight_law == WeightLaw::kOrthogonal) doubles += widest * widest;
  else if (p.weight_law != WeightLaw::kGaussian) doubles += 4.0 * static_cast<double>(std::max(plan.tile, kTileWeights));
  const double products = size == 4 ? RowProducts<float>::memory(layout_of(p), widest_of(p))
                                    : RowProducts<double>::memory(layout_of(p), widest_of(p));
  return static_cast<double>(size) * stored + 8.0 * doubles + products;
}

}  // namespace mft::feedforward
