// The conditioned engine for any number of inputs and for orthogonal weights: core/conditioning.h layer by layer, all
// linear algebra through BLAS. Inputs lie one after the other, `stride` apart.
//
// Gaussian layers: extended inputs (s u, sigma_b) meet a standard normal matrix that holds weights and biases, as in
// the pair engine. Orthogonal layers: s u meets a Haar matrix as large as the wider side of the layer (vectors of the
// narrower side end with zeros); biases are drawn and added.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/aligned.h"
#include "systems/feedforward/parts.h"
#include "systems/feedforward/record.h"

namespace mft::feedforward {
namespace {

std::size_t widest_of(const Parameters& p) { return *std::max_element(p.widths.begin(), p.widths.end()); }

ConditionedMatrix matrix_of(const Parameters& p, std::size_t layer, ConditioningFault fault) {
  ConditionedMatrix::Options options;
  options.law = p.weight_law == WeightLaw::kOrthogonal ? MatrixLaw::kOrthogonal : MatrixLaw::kGaussian;
  options.rows = p.widths[layer];
  options.columns = p.widths[layer - 1];
  if (options.law == MatrixLaw::kOrthogonal) options.rows = options.columns = std::max(options.rows, options.columns);
  if (options.law == MatrixLaw::kGaussian && p.bias_variance[layer - 1] > 0.0) ++options.columns;
  options.inputs = p.inputs;
  options.rank_tolerance = p.rank_tolerance;
  options.single_precision_normals = p.precision == Precision::kFloat32;
  options.fault = fault;
  return ConditionedMatrix(options);
}

// Doubles kept per layer, while the budget lasts.
std::vector<bool> kept_layers(const Parameters& p, const std::vector<ConditionedMatrix>& matrices, double budget) {
  std::vector<bool> is_kept(p.widths.size(), false);
  double spent = 0.0;
  for (std::size_t l = 1; l < p.widths.size(); ++l) {
    const double bytes = 8.0 * static_cast<double>(matrices[l - 1].basis_size() + matrices[l - 1].draw_size());
    if (spent + bytes > budget) break;
    spent += bytes;
    is_kept[l] = true;
  }
  return is_kept;
}

class BlockEngine final : public TrialEngine {
 public:
  BlockEngine(const Parameters& parameters, double budget, ConditioningFault fault)
      : p_(parameters),
        record_(p_),
        masks_(p_),
        inputs_(p_),
        depth_(p_.widths.size() - 1),
        n_(p_.inputs),
        stride_(widest_of(p_) + 1),
        is_orthogonal_(p_.weight_law == WeightLaw::kOrthogonal) {
    matrices_.reserve(depth_);
    for (std::size_t l = 1; l <= depth_; ++l) matrices_.push_back(matrix_of(p_, l, fault));
    is_kept_ = kept_layers(p_, matrices_, budget);
    std::size_t kept = 0, basis = 0, draw = 0;
    for (std::size_t l = 1; l <= depth_; ++l) {
      if (is_kept_[l])
        kept += matrix(l).basis_size() + matrix(l).draw_size();
      else
        basis = std::max(basis, matrix(l).basis_size()), draw = std::max(draw, matrix(l).draw_size());
    }
    kept_.resize(kept);
    spare_basis_.resize(basis);
    for (AlignedVector<double>& spare : spare_draw_) spare.resize(draw);
    double* next = kept_.data();
    for (std::size_t l = 1; l <= depth_; ++l) {
      if (!is_kept_[l]) {
        matrix(l).bind(spare_basis_.data(), spare_draw_[l % 2].data());
        continue;
      }
      matrix(l).bind(next, next + matrix(l).basis_size());
      next += matrix(l).basis_size() + matrix(l).draw_size();
    }
    for (std::vector<double>* array : {&u_, &d_, &z_, &extended_, &errors_}) array->resize(n_ * stride_);
    bias_.resize(is_orthogonal_ ? stride_ : 0);
    words_.resize(rounded_up(stride_, 64) / 64);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) override {
    trial_ = trial;
    const double* x = inputs_.draw(trial);
    const std::size_t length = p_.widths[0];
    for (std::size_t a = 0; a < n_; ++a) {
      const int exponent = record_.u_exponent(0, a) = exponent_of<double>(largest_of(x + a * length, length));
      for (std::size_t i = 0; i < length; ++i)
        u_[a * stride_ + i] = exponent == 0 ? x[a * length + i] : std::ldexp(x[a * length + i], -exponent);
    }
    apply_masks(0, u_.data());
    for (std::size_t l = 1; l <= depth_; ++l) {
      control.throw_if_cancelled();
      forward(l, row);
      control.advance(1);
    }
    output_errors(p_, trial_, z_.data(), stride_, u_.data(), errors_.data(), stride_, units(depth_));
    record_.begin_backward();
    for (std::size_t l = depth_; l >= 1; --l) {
      control.throw_if_cancelled();
      record_.write_backward(row, trial_, l, errors_.data(), stride_);
      if (l > 1) backward(l);
      control.advance(1);
    }
  }

 private:
  ConditionedMatrix& matrix(std::size_t layer) { return matrices_[layer - 1]; }
  Stream stream(std::size_t layer, Purpose purpose) const {
    return {p_.seed, trial_, static_cast<std::uint32_t>(layer), purpose};
  }
  double scale(std::size_t layer) const {
    const double variance = p_.weight_variance[layer - 1];
    const auto fan_in = static_cast<double>(p_.widths[layer - 1]);
    if (is_orthogonal_) return std::sqrt(variance * std::max(1.0, static_cast<double>(p_.widths[layer]) / fan_in));
    return std::sqrt(variance / fan_in);
  }

  // Entries of `rows` beyond the layer's width are 0 up to the size of the orthogonal matrix of layer `matrix_layer`.
  void pad(std::vector<double>& rows, std::size_t layer, std::size_t matrix_layer) {
    const std::size_t size = std::max(p_.widths[matrix_layer], p_.widths[matrix_layer - 1]);
    for (std::size_t a = 0; a < n_; ++a)
      std::fill(rows.begin() + static_cast<std::ptrdiff_t>(a * stride_ + p_.widths[layer]),
                rows.begin() + static_cast<std::ptrdiff_t>(a * stride_ + size), 0.0);
  }

  // dropped: what a masked unit is.
  void apply_masks(std::size_t layer, double* x, double dropped = 0.0) {
    if (!masks_.is_masked(layer)) return;
    const std::size_t width = p_.widths[layer];
    for (std::size_t a = 0; a < n_; ++a) {
      masks_.draw(trial_, layer, a, 0, std::span<std::uint64_t>(words_.data(), masks_.words(layer)));
      apply_mask(words_.data(), 1.0 / masks_.keep(layer), x + a * stride_, width);
      if (dropped != 0.0)
        fill_masked(words_.data(), std::ldexp(dropped, -record_.u_exponent(layer, a)), x + a * stride_, width);
    }
  }

  // Of the weights' scale.
  int scale_exponent(std::size_t layer) const { return exponent_of<double>(scale(layer)); }

  // The unit of the extended inputs of a layer: that of s u, or nearer to a bias that is much larger.
  int unit_of(std::size_t layer, std::size_t a) const {
    const int unit = record_.u_exponent(layer - 1, a) + scale_exponent(layer);
    const double largest = std::max(std::sqrt(p_.bias_variance[layer - 1]), std::abs(p_.bias_mean_of(layer)));
    return largest > 0.0 ? std::max(unit, exponent_of<double>(largest)) : unit;
  }
  LayerUnits* units(std::size_t layer) { return record_.units(layer); }

  // The inputs as the matrix of `layer` meets them, from u_.
  void extend(std::size_t layer) {
    const std::size_t width = p_.widths[layer - 1];
    const double bias = std::sqrt(p_.bias_variance[layer - 1]);
    for (std::size_t a = 0; a < n_; ++a) {
      const int unit = unit_of(layer, a);
      const double s = std::ldexp(scale(layer), record_.u_exponent(layer - 1, a) - unit);
      for (std::size_t i = 0; i < width; ++i) extended_[a * stride_ + i] = s * u_[a * stride_ + i];
      if (!is_orthogonal_) extended_[a * stride_ + width] = std::ldexp(bias, -unit);
    }
    if (is_orthogonal_) pad(extended_, layer - 1, layer);
  }

  // z^layer, in units of 2^z_exponent; `chooses`: finds these from the size of z.
  void preactivations(std::size_t layer, bool chooses) {
    const std::size_t width = p_.widths[layer];
    matrix(layer).apply(z_.data(), stride_);
    const double mean = p_.bias_mean_of(layer), deviation = std::sqrt(p_.bias_variance[layer - 1]);
    const bool adds_biases = is_orthogonal_ && deviation > 0.0;
    if (adds_biases) random_normals(stream(layer, Purpose::kBiases), 0, std::span<double>(bias_.data(), width));
    for (std::size_t a = 0; a < n_; ++a) {
      double* z = z_.data() + a * stride_;
      const int unit = unit_of(layer, a);
      const double own_mean = std::ldexp(mean, -unit), factor = std::ldexp(deviation, -unit);
      if (mean != 0.0)
        for (std::size_t i = 0; i < width; ++i) z[i] += own_mean;
      if (adds_biases)
        for (std::size_t i = 0; i < width; ++i) z[i] += factor * bias_[i];
      if (chooses) units(layer)[a].z = unit + exponent_of<double>(largest_of(z, width));
      const int shift = units(layer)[a].z - unit;
      if (shift != 0)
        for (std::size_t i = 0; i < width; ++i) z[i] = std::ldexp(z[i], -shift);
    }
  }

  std::span<double> row_of(std::vector<double>& array, std::size_t input, std::size_t layer) {
    return std::span<double>(array.data() + input * stride_, p_.widths[layer]);
  }

  void forward(std::size_t layer, std::span<double> row) {
    const std::size_t width = p_.widths[layer];
    record_.measure_inputs(layer, u_.data(), stride_);
    extend(layer);
    matrix(layer).condition(extended_.data(), stride_, workspace_);
    matrix(layer).draw(stream(layer, Purpose::kForwardNormals), workspace_);
    preactivations(layer, true);
    record_.write_forward(row, trial_, layer, z_.data(), stride_);
    for (std::size_t a = 0; a < n_; ++a) {
      const double size = largest_of(z_.data() + a * stride_, width);
      const int exponent = units(layer)[a].z;
      if (layer == depth_) {
        units(layer)[a] = output_units<double>(p_, size, exponent);
        continue;
      }
      units(layer)[a] = units_of<double>(p_.activation_of(layer), size, exponent, masks_.dropped(layer));
      record_.u_exponent(layer, a) = units(layer)[a].u;
      activate_in_units<double>(p_.activation_of(layer), units(layer)[a], row_of(z_, a, layer), row_of(u_, a, layer),
                                std::span<double>());
    }
    if (layer < depth_) apply_masks(layer, u_.data(), masks_.dropped(layer));
  }

  void backward(std::size_t layer) {
    const std::size_t below = layer - 1, width = p_.widths[layer], width_below = p_.widths[below];
    for (std::size_t a = 0; a < n_; ++a) {
      const double square = record_.error_square(a);
      if (!(square > 0.0)) continue;
      const double inverse = 1.0 / std::sqrt(square);
      for (std::size_t i = 0; i < width; ++i) errors_[a * stride_ + i] *= inverse;
      record_.log_scale(a) +=
          std::log(square) + 2.0 * (scale_exponent(layer) + units(below)[a].slope) * std::numbers::ln2;
    }
    if (!is_kept_[below]) matrix(below).draw(stream(below, Purpose::kForwardNormals), workspace_);
    preactivations(below, false);
    for (std::size_t a = 0; a < n_; ++a)
      activate_in_units<double>(p_.activation_of(below), units(below)[a], row_of(z_, a, below), row_of(u_, a, below),
                                row_of(d_, a, below));
    apply_masks(below, d_.data());
    if (!is_kept_[layer]) {
      apply_masks(below, u_.data(), masks_.dropped(below));
      extend(layer);
      matrix(layer).condition(extended_.data(), stride_, workspace_);
    }
    if (is_orthogonal_) pad(errors_, layer, layer);
    // The result reuses the storage of the extended inputs.
    const Stream fresh = stream(layer, Purpose::kBackwardNormals);
    if (p_.backward_weights == BackwardWeights::kShared)
      matrix(layer).apply_transposed(errors_.data(), stride_, n_, fresh, extended_.data(), stride_, workspace_);
    else
      matrix(layer).apply_independent_transposed(errors_.data(), stride_, n_, fresh, extended_.data(), stride_,
                                                 workspace_);
    const double s = std::ldexp(scale(layer), -scale_exponent(layer));
    for (std::size_t a = 0; a < n_; ++a)
      for (std::size_t i = 0; i < width_below; ++i)
        errors_[a * stride_ + i] = s * extended_[a * stride_ + i] * d_[a * stride_ + i];
  }

  const Parameters& p_;
  TrialRecord<double> record_;
  const Masks masks_;
  InputVectors inputs_;
  const std::size_t depth_, n_, stride_;
  const bool is_orthogonal_;
  std::uint32_t trial_ = 0;

  std::vector<ConditionedMatrix> matrices_;
  std::vector<bool> is_kept_;
  ConditioningWorkspace workspace_;
  AlignedVector<double> kept_, spare_basis_, spare_draw_[2];
  std::vector<double> u_, d_, z_, extended_, errors_, bias_;
  std::vector<std::uint64_t> words_;
};

}  // namespace

std::unique_ptr<TrialEngine> make_block_engine(const Parameters& p, double budget, ConditioningFault fault) {
  return std::make_unique<BlockEngine>(p, budget, fault);
}

double block_engine_memory(const Parameters& p, double budget) {
  const double n = static_cast<double>(p.inputs), depth = static_cast<double>(p.widths.size() - 1);
  const double stride = static_cast<double>(widest_of(p) + 1);
  std::vector<ConditionedMatrix> matrices;
  matrices.reserve(p.widths.size() - 1);
  for (std::size_t l = 1; l < p.widths.size(); ++l) matrices.push_back(matrix_of(p, l, ConditioningFault::kNone));
  const std::vector<bool> is_kept = kept_layers(p, matrices, budget);
  double kept = 0.0, basis = 0.0, draw = 0.0;
  for (std::size_t l = 1; l < p.widths.size(); ++l) {
    const auto basis_size = static_cast<double>(matrices[l - 1].basis_size());
    const auto draw_size = static_cast<double>(matrices[l - 1].draw_size());
    if (is_kept[l])
      kept += basis_size + draw_size;
    else
      basis = std::max(basis, basis_size), draw = std::max(draw, draw_size);
  }
  // Five arrays of the engine, fresh directions, and a second copy for nearly parallel inputs or orthogonal weights.
  const double arrays = n * stride * 7.0;
  return TrialRecord<double>::memory(p, widest_of(p)) +
         8.0 * (kept + basis + 2.0 * draw + arrays + (3.0 * depth + 8.0) * n * n);
}

}  // namespace mft::feedforward
