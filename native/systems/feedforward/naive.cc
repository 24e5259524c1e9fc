// The naive twin of the dense engine: the definition, with whole matrices, plain loops and the explicit gradient
// matrix. It draws the same numbers, so it must agree to rounding.
#include <cmath>
#include <limits>

#include "systems/feedforward/parts.h"
#include "systems/feedforward/weights.h"

namespace mft::feedforward {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& x, const Vector& y) {
  double sum = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

double log_or_minus_infinity(double x) { return x > 0.0 ? std::log(x) : -std::numeric_limits<double>::infinity(); }

Vector draw_matrix(const Parameters& p, std::uint32_t trial, std::size_t layer, bool is_backward) {
  WeightSource<double> source(p);
  Vector w(p.widths[layer] * p.widths[layer - 1]);
  if (p.weight_law == WeightLaw::kOrthogonal)
    source.draw_orthogonal(trial, layer, is_backward, w.data());
  else
    source.draw(trial, layer, is_backward, 0, w.data(), w.size());
  for (double& weight : w) weight *= source.scale(layer);
  return w;
}

Vector draw_mask(const Parameters& p, std::uint32_t trial, std::size_t layer, std::size_t input) {
  const Masks masks(p);
  Vector mask(p.widths[layer], 1.0);
  if (!masks.is_masked(layer)) return mask;
  std::vector<std::uint64_t> words(masks.words(layer));
  masks.draw(trial, layer, input, 0, words);
  for (std::size_t i = 0; i < mask.size(); ++i)
    mask[i] = (words[i / 64] >> (i % 64)) & 1 ? 1.0 / masks.keep(layer) : 0.0;
  return mask;
}

// The network of one trial: vectors[a][l].
struct Network {
  std::vector<std::vector<Vector>> z, u, derivative, delta;
};

Network propagate(const Parameters& p, std::uint32_t trial) {
  const std::size_t depth = p.widths.size() - 1, n = p.inputs;
  Network net;
  for (auto* field : {&net.z, &net.u, &net.derivative, &net.delta}) field->assign(n, std::vector<Vector>(depth + 1));
  InputVectors inputs(p);
  const double* x = inputs.draw(trial);
  std::vector<Vector> weights(depth + 1), back(depth + 1);
  for (std::size_t l = 1; l <= depth; ++l) {
    weights[l] = draw_matrix(p, trial, l, false);
    back[l] = p.backward_weights == BackwardWeights::kIndependent ? draw_matrix(p, trial, l, true) : weights[l];
  }
  for (std::size_t a = 0; a < n; ++a) {
    const Vector input_mask = draw_mask(p, trial, 0, a);
    net.u[a][0].assign(x + a * p.widths[0], x + (a + 1) * p.widths[0]);
    for (std::size_t i = 0; i < input_mask.size(); ++i) net.u[a][0][i] *= input_mask[i];
    for (std::size_t l = 1; l <= depth; ++l) {
      const std::size_t rows = p.widths[l], columns = p.widths[l - 1];
      Vector bias(rows);
      random_normals({p.seed, trial, static_cast<std::uint32_t>(l), Purpose::kBiases}, 0, std::span<double>(bias));
      Vector& z = net.z[a][l];
      z.resize(rows);
      for (std::size_t i = 0; i < rows; ++i) {
        z[i] = std::sqrt(p.bias_variance[l - 1]) * bias[i] + p.bias_mean_of(l);
        for (std::size_t j = 0; j < columns; ++j) z[i] += weights[l][i * columns + j] * net.u[a][l - 1][j];
      }
      net.u[a][l].resize(rows);
      net.derivative[a][l].resize(rows);
      activate_both(p.activation_of(l), z, net.u[a][l], net.derivative[a][l]);
      if (l == depth) continue;
      const Vector mask = draw_mask(p, trial, l, a);
      for (std::size_t i = 0; i < rows; ++i) {
        net.u[a][l][i] = mask[i] == 0.0 ? Masks(p).dropped(l) : net.u[a][l][i] * mask[i];
        net.derivative[a][l][i] *= mask[i];
      }
    }
  }
  Vector outputs, errors(n * p.widths[depth]), scratch(p.widths[depth]);
  for (std::size_t a = 0; a < n; ++a) outputs.insert(outputs.end(), net.z[a][depth].begin(), net.z[a][depth].end());
  const std::vector<LayerUnits> units(n);
  output_errors(p, trial, outputs.data(), p.widths[depth], scratch.data(), errors.data(), p.widths[depth],
                units.data());
  for (std::size_t a = 0; a < n; ++a) {
    const auto first = errors.begin() + static_cast<std::ptrdiff_t>(a * p.widths[depth]);
    net.delta[a][depth].assign(first, first + static_cast<std::ptrdiff_t>(p.widths[depth]));
    for (std::size_t l = depth; l > 1; --l) {
      const std::size_t rows = p.widths[l], columns = p.widths[l - 1];
      Vector& below = net.delta[a][l - 1];
      below.assign(columns, 0.0);
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j) below[j] += back[l][i * columns + j] * net.delta[a][l][i];
      for (std::size_t j = 0; j < columns; ++j) below[j] *= net.derivative[a][l - 1][j];
    }
  }
  return net;
}

}  // namespace

void simulate_naive(const Parameters& p, std::uint32_t trial, std::span<double> row) {
  validate(p);
  const Layout layout = layout_of(p);
  const Network net = propagate(p, trial);
  for (std::size_t l = 1; l < p.widths.size(); ++l) {
    double* out = row.data() + (l - 1) * layout.layer_stride;
    const auto width = static_cast<double>(p.widths[l]);
    const double entries = width * static_cast<double>(p.widths[l - 1]);
    const auto gradient = [&](std::size_t a, std::size_t i, std::size_t j) {
      return net.delta[a][l][i] * net.u[a][l - 1][j];
    };
    std::size_t pair = 0;
    for (std::size_t a = 0; a < p.inputs; ++a) {
      const Vector& delta = net.delta[a][l];
      double single = 0.0;
      for (std::size_t i = 0; i < p.widths[l]; ++i)
        for (std::size_t j = 0; j < p.widths[l - 1]; ++j) single += gradient(a, i, j) * gradient(a, i, j);
      out[layout.variance + a] = dot(net.z[a][l], net.z[a][l]) / width;
      out[layout.log_error_squared_norm + a] = log_or_minus_infinity(dot(delta, delta));
      out[layout.log_gradient_single + a] = log_or_minus_infinity(single / entries);
      for (std::size_t b = a + 1; a < p.paired_inputs && b < p.paired_inputs; ++b, ++pair) {
        const Vector &za = net.z[a][l], &zb = net.z[b][l], &other = net.delta[b][l];
        const double lengths = std::sqrt(dot(za, za) * dot(zb, zb)),
                     error_lengths = std::sqrt(dot(delta, delta) * dot(other, other));
        double signed_sum = 0.0, absolute = 0.0;
        for (std::size_t i = 0; i < p.widths[l]; ++i)
          for (std::size_t j = 0; j < p.widths[l - 1]; ++j) {
            signed_sum += gradient(a, i, j) * gradient(b, i, j);
            absolute += std::abs(gradient(a, i, j) * gradient(b, i, j));
          }
        out[layout.covariance + pair] = dot(za, zb) / width;
        out[layout.correlation + pair] = lengths > 0.0 ? dot(za, zb) / lengths : 0.0;
        out[layout.one_minus_correlation + pair] = lengths > 0.0 ? 1.0 - dot(za, zb) / lengths : 0.0;
        out[layout.correlation_defined + pair] = lengths > 0.0 ? 1.0 : 0.0;
        out[layout.error_cosine + pair] = error_lengths > 0.0 ? dot(delta, other) / error_lengths : 0.0;
        out[layout.error_cosine_defined + pair] = error_lengths > 0.0 ? 1.0 : 0.0;
        out[layout.gradient_pair_sign + pair] = signed_sum > 0.0 ? 1.0 : (signed_sum < 0.0 ? -1.0 : 0.0);
        out[layout.log_gradient_pair + pair] = log_or_minus_infinity(std::abs(signed_sum) / entries);
        out[layout.log_gradient_pair_absolute + pair] = log_or_minus_infinity(absolute / entries);
      }
    }
  }
}

}  // namespace mft::feedforward
