#include "systems/kernel/simulation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/random.h"
#include "systems/kernel/conditional.h"
#include "systems/kernel/purposes.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kTile = 1 << 16;  // doubles of weights at once: half a megabyte

// Where the values of a row stand.
struct Layout {
  explicit Layout(const Simulation& s)
      : inputs(s.inputs),
        paired(std::min(s.inputs, kMostPaired)),
        pairs(paired * (paired - 1) / 2),
        layers(s.depth() + 1),
        ntk(inputs * inputs),
        variance(ntk + (s.has_tangent ? inputs * inputs : 0)),
        covariance(variance + layers * inputs),
        cosine(covariance + layers * pairs),
        size(cosine + layers * pairs) {}
  std::size_t inputs, paired, pairs, layers;
  std::size_t ntk, variance, covariance, cosine, size;
};

class Engine {
 public:
  explicit Engine(const Simulation& simulation)
      : s_(simulation), layout_(simulation), rows_(simulation.law, simulation.law_parameter, simulation.seed) {
    const std::size_t m = s_.inputs, layers = s_.depth() + 1;
    widths_.push_back(s_.input_width);
    for (const double width : s_.widths) widths_.push_back(static_cast<std::size_t>(width));
    hidden_.resize(layers);
    slopes_.resize(layers);
    grams_.resize(layers);
    for (std::size_t l = 0; l < layers; ++l) {
      hidden_[l].resize(m * widths_[l]);
      if (l > 0 && s_.has_tangent) slopes_[l].resize(m * widths_[l]);
      grams_[l].resize(m * m);
    }
    if (s_.has_tangent) other_.resize(m * m);
    if (s_.is_conditional)
      conditional_ = std::make_unique<ConditionalKernels>(s_.law, s_.law_parameter, s_.seed, s_.activation);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    draw_inputs(trial);
    for (std::size_t l = 0; l <= s_.depth(); ++l) {
      control.throw_if_cancelled();
      const bool is_averaged = l > 0 && s_.is_conditional && average(trial, l);
      // Nobody looks at the units of a last layer that was averaged.
      const bool is_needed = !is_averaged || l < s_.depth() || s_.has_tangent;
      if (l > 0 && is_needed) forward(trial, l);
      if (is_needed) blas::gram(s_.inputs, widths_[l], hidden_[l].data(), widths_[l], grams_[l].data());
      const std::vector<double>& shown = is_averaged ? averages_ : grams_[l];
      write_layer(l, shown, row);
      if (l == s_.depth())
        for (std::size_t i = 0; i < shown.size(); ++i) row[i] = covariance(l, shown[i]);
      control.advance(1);
    }
    if (s_.has_tangent) tangent(trial, control, row.subspan(layout_.ntk, s_.inputs * s_.inputs));
  }

 private:
  // sigma_w^2 / fan-in of the layer that follows hidden layer l.
  double factor(std::size_t l) const {
    const double fan_in = l > 0 || s_.scales_inputs ? static_cast<double>(widths_[l]) : 1.0;
    return s_.weight_variance[l] / fan_in;
  }
  double covariance(std::size_t l, double product) const { return factor(l) * product + s_.bias_variance[l]; }

  void draw_inputs(std::uint32_t trial) {
    std::vector<double>& x = hidden_[0];
    const std::size_t d = s_.input_width;
    if (!s_.vectors.empty())
      x = s_.vectors;
    else
      draw_pair(trial);
    mask(trial, 0, s_.input_keep_probability, x.data(), nullptr, d);
  }

  // Directions uniform on the sphere with the exact angle; in one dimension the signs.
  void draw_pair(std::uint32_t trial) {
    std::vector<double>& x = hidden_[0];
    const std::size_t d = s_.input_width;
    random_normals({s_.seed, trial, 0, purpose::kInputs}, 0, x);
    const auto scale_to = [&](double* v, double length) {
      const double norm = std::sqrt(std::inner_product(v, v + d, v, 0.0));
      for (std::size_t i = 0; i < d; ++i) v[i] *= length / norm;
    };
    const double length = std::sqrt(s_.second_moment * static_cast<double>(d));
    scale_to(x.data(), length);
    if (s_.inputs == 1) return;
    double *first = x.data(), *second = x.data() + d;
    const double gap = s_.one_minus_correlation, sine = std::sqrt(gap * (2.0 - gap));
    if (d == 1) {
      second[0] = first[0] * (1.0 - gap);
      return;
    }
    for (int round = 0; round < 2; ++round) {
      const double share = std::inner_product(first, first + d, second, 0.0) / (length * length);
      for (std::size_t i = 0; i < d; ++i) second[i] -= share * first[i];
    }
    scale_to(second, length * sine);
    for (std::size_t i = 0; i < d; ++i) second[i] += first[i] * (1.0 - gap);
  }

  // Calls use(first row, rows) with the weights of hidden layer l's pre-activations in tile_.
  template <typename Use>
  void for_tiles(std::uint32_t trial, std::size_t l, Use use) {
    const std::size_t rows = widths_[l], columns = widths_[l - 1];
    const std::size_t step = rows_.is_whole() ? rows : std::max<std::size_t>(1, kTile / columns);
    for (std::size_t first = 0; first < rows; first += step) {
      const std::size_t count = std::min(step, rows - first);
      if (tile_.size() < count * columns) tile_.resize(count * columns);
      rows_.draw(trial, static_cast<std::uint32_t>(l), rows, first, count, columns, tile_.data());
      use(first, count);
    }
  }

  // Wide orthogonal matrices have entries of variance sigma_w^2 / fan-in like all others.
  double weight_scale(std::size_t l) const { return std::sqrt(factor(l - 1)); }

  void forward(std::uint32_t trial, std::size_t l) {
    const std::size_t m = s_.inputs, before = widths_[l - 1], width = widths_[l];
    std::vector<double>& z = hidden_[l];
    const double scale = weight_scale(l);
    for_tiles(trial, l, [&](std::size_t first, std::size_t count) {
      blas::gemm(false, true, m, count, before, scale, hidden_[l - 1].data(), before, tile_.data(), before, 0.0,
                 z.data() + first, width);
    });
    if (s_.bias_variance[l - 1] > 0) {
      biases_.resize(width);
      random_normals({s_.seed, trial, static_cast<std::uint32_t>(l), purpose::kBiases}, 0, biases_);
      const double deviation = std::sqrt(s_.bias_variance[l - 1]);
      for (std::size_t i = 0; i < m; ++i)
        for (std::size_t j = 0; j < width; ++j) z[i * width + j] += deviation * biases_[j];
    }
    values_.resize(m * width);
    if (s_.has_tangent)
      activate_both(s_.activation, z, values_, slopes_[l]);
    else
      activate(s_.activation, z, values_);
    z.swap(values_);
    mask(trial, l, s_.keep_probability[l - 1], z.data(), s_.has_tangent ? slopes_[l].data() : nullptr, width);
  }

  // The mean of the Gram matrix of hidden layer l over its weights and masks. False: the law gives none here.
  bool average(std::uint32_t trial, std::size_t l) {
    const std::size_t m = s_.inputs;
    averages_.resize(m * m);
    const ConditionalLayer layer{trial,          static_cast<std::uint32_t>(l), widths_[l],    m,
                                 widths_[l - 1], hidden_[l - 1].data(),         factor(l - 1), s_.bias_variance[l - 1]};
    if (!conditional_->average(layer, averages_)) return false;
    const auto width = static_cast<double>(widths_[l]);
    const double keep = s_.keep_probability[l - 1];
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j) averages_[i * m + j] *= i == j || s_.shares_masks ? width / keep : width;
    return true;
  }

  void mask(std::uint32_t trial, std::size_t l, double keep, double* values, double* slopes, std::size_t width) {
    if (keep == 1.0) return;
    const std::size_t words = (width + 63) / 64;
    bits_.resize(words);
    for (std::size_t i = 0; i < s_.inputs; ++i) {
      const std::uint64_t first = s_.shares_masks ? 0 : i * words;
      random_bernoulli({s_.seed, trial, static_cast<std::uint32_t>(l), purpose::kMasks}, first, keep, bits_);
      for (std::size_t j = 0; j < width; ++j) {
        const double kept = (bits_[j / 64] >> (j % 64)) & 1 ? 1.0 / keep : 0.0;
        values[i * width + j] *= kept;
        if (slopes != nullptr) slopes[i * width + j] *= kept;
      }
    }
  }

  void write_layer(std::size_t l, const std::vector<double>& gram, std::span<double> row) const {
    const std::size_t m = s_.inputs;
    for (std::size_t i = 0; i < m; ++i) row[layout_.variance + l * m + i] = covariance(l, gram[i * m + i]);
    std::size_t pair = l * layout_.pairs;
    for (std::size_t i = 0; i < layout_.paired; ++i)
      for (std::size_t j = i + 1; j < layout_.paired; ++j, ++pair) {
        const double k = covariance(l, gram[i * m + j]);
        const double root = std::sqrt(row[layout_.variance + l * m + i]) * std::sqrt(row[layout_.variance + l * m + j]);
        row[layout_.covariance + pair] = k;
        row[layout_.cosine + pair] = root > 0.0 ? k / root : std::numeric_limits<double>::quiet_NaN();
      }
  }

  // Theta = sum over layers of (Gram of what enters) times (Gram of the gradients of one output).
  void tangent(std::uint32_t trial, const Control& control, std::span<double> out) {
    const std::size_t m = s_.inputs;
    std::size_t l = s_.depth();
    for (std::size_t i = 0; i < m * m; ++i) out[i] = learnt(l, grams_[l][i]);
    if (l == 0) return;
    // The readout: a row of weights of the same law, the next layer of the stream.
    readout_.resize(widths_[l]);
    rows_.draw(trial, static_cast<std::uint32_t>(l + 1), 1, 0, 1, widths_[l], readout_.data());
    gradients_.resize(m * widths_[l]);
    const double scale = std::sqrt(factor(l));
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < widths_[l]; ++j)
        gradients_[i * widths_[l] + j] = scale * readout_[j] * slopes_[l][i * widths_[l] + j];
    for (; l > 0; --l) {
      control.throw_if_cancelled();
      blas::gram(m, widths_[l], gradients_.data(), widths_[l], other_.data());
      for (std::size_t i = 0; i < m * m; ++i) out[i] += learnt(l - 1, grams_[l - 1][i]) * other_[i];
      if (l > 1) backward(trial, l);
    }
  }

  // What the parameters of the layer that follows hidden layer l contribute, without the gradients.
  double learnt(std::size_t l, double product) const {
    return s_.is_standard ? product + (s_.bias_variance[l] > 0 ? 1.0 : 0.0) : covariance(l, product);
  }

  void backward(std::uint32_t trial, std::size_t l) {
    const std::size_t m = s_.inputs, before = widths_[l - 1], width = widths_[l];
    values_.resize(m * before);
    double beta = 0.0;
    for_tiles(trial, l, [&](std::size_t first, std::size_t count) {
      blas::gemm(false, false, m, before, count, weight_scale(l), gradients_.data() + first, width, tile_.data(),
                 before, beta, values_.data(), before);
      beta = 1.0;
    });
    for (std::size_t i = 0; i < m * before; ++i) values_[i] *= slopes_[l - 1][i];
    gradients_.swap(values_);
    gradients_.resize(m * before);
  }

  const Simulation& s_;
  const Layout layout_;
  WeightRows rows_;
  std::vector<std::size_t> widths_;
  std::vector<std::vector<double>> hidden_, slopes_, grams_;
  std::vector<double> other_, tile_, biases_, values_, readout_, gradients_, averages_;
  std::unique_ptr<ConditionalKernels> conditional_;
  std::vector<std::uint64_t> bits_;
};

void require_length(const char* name, const std::vector<double>& list, std::size_t length) {
  if (list.size() != length)
    throw Error("SHAPE", name, std::string("Expected `") + name + "` to have " + std::to_string(length) + " entries.");
}

}  // namespace

RowTable row_table(const Simulation& s) {
  const Layout at(s);
  const RowAxis input{"input", at.inputs, 0}, other{"otherInput", at.inputs, 0};
  const RowAxis layer{"layer", at.layers, 1}, pair{"pair", at.pairs, 0};
  RowTable table{at.size, {{"nngp", RowScale::kLinear, 0, at.inputs, input, other}}};
  if (s.has_tangent) table.places.push_back({"ntk", RowScale::kLinear, at.ntk, at.inputs, input, other});
  table.places.push_back({"variance", RowScale::kLinear, at.variance, at.inputs, layer, input});
  table.places.push_back({"covariance", RowScale::kLinear, at.covariance, at.pairs, layer, pair});
  table.places.push_back({"normalizedKernel", RowScale::kLinear, at.cosine, at.pairs, layer, pair});
  return table;
}

void validate(const Simulation& s) {
  const std::size_t depth = s.depth();
  require_length("weightVariance", s.weight_variance, depth + 1);
  require_length("biasVariance", s.bias_variance, depth + 1);
  require_length("keepProbability", s.keep_probability, depth);
  if (s.vectors.empty() && s.inputs > 2) throw Error("SHAPE", "inputs", "Expected one or two inputs that are drawn.");
  if (!s.vectors.empty()) require_length("vectors", s.vectors, s.inputs * s.input_width);
  if (!s.is_conditional) return;
  const bool has_biases =
      std::any_of(s.bias_variance.begin(), s.bias_variance.end() - 1, [](double b) { return b > 0; });
  ConditionalKernels::require(s.law, s.activation, has_biases);
}

double memory_estimate(const Simulation& s) {
  const auto m = static_cast<double>(s.inputs);
  double units = static_cast<double>(s.input_width), widest = units, tile = static_cast<double>(kTile);
  double before = units;
  for (const double width : s.widths) {
    units += width;
    widest = std::max(widest, width);
    tile = std::max(tile, s.law == Law::kOrthogonal ? 2.0 * before * width : before);
    before = width;
  }
  const double kept = m * units * (s.has_tangent ? 2.0 : 1.0);
  const double grams = m * m * (static_cast<double>(s.depth()) + 2.0);
  double averaged = 0;
  if (s.is_conditional) {
    double entering = static_cast<double>(s.input_width);
    for (const double width : s.widths) {
      averaged = std::max(averaged,
                          static_cast<double>(ConditionalKernels::room(s.inputs, static_cast<std::size_t>(entering))));
      entering = width;
    }
  }
  const int workers = s.range.workers();
  return 8.0 * workers * (kept + grams + 3.0 * m * widest + tile + averaged + 65536.0);
}

void simulate(const Simulation& s, const Control& control, std::span<double> rows) {
  run_trials(s.range, Layout(s).size, control, rows, [&] { return std::make_unique<Engine>(s); });
}

}  // namespace mft::kernel
