// A random fully connected tanh network with dropout, forward and backward with the same stored weights, over OpenBLAS:
// the straightforward C++ program. n inputs; z^l = W^l u^{l-1} + b^l, u^l = m^l tanh(z^l) / rho, loss sum z^L squared.
#pragma once
#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include "generators.h"
#include "product.h"
#include "serve.h"

namespace bench {

struct Network {
  std::size_t width, depth, inputs;
  double weight_variance, bias_variance, keep_probability;
  int threads;
  std::string generator;  // hashed or standard
  std::string weights;    // drawn: fresh in every run; given: drawn once, before the time is taken
  std::string layout;     // unitsFirst: vectors are columns (N x n); inputsFirst: rows (n x N)
  std::vector<std::vector<float>> matrices, biases, preactivations, outputs, errors;
  std::vector<float> input;
};

inline Network network_from(const Options& options) {
  Network network{options.whole("width"),
                  options.whole("depth"),
                  options.whole("inputs"),
                  options.number("weightVariance"),
                  options.number("biasVariance"),
                  options.number("keepProbability"),
                  static_cast<int>(options.number("threads")),
                  options.text("generator"),
                  options.text("weights"),
                  options.text("layout"),
                  {},
                  {},
                  {},
                  {},
                  {},
                  {}};
  use_threads(network.threads);
  const std::size_t n = network.inputs, width = network.width;
  const auto resize = [&](std::vector<std::vector<float>>& list, std::size_t size) {
    list.assign(network.depth, std::vector<float>(size));
  };
  resize(network.matrices, width * width);
  resize(network.biases, width);
  resize(network.preactivations, n * width);
  resize(network.outputs, n * width);
  resize(network.errors, n * width);
  network.input.resize(n * width);
  // Inputs of mean square 1 with correlation 1/2 for each pair: a constant plus a Walsh function.
  for (std::size_t a = 0; a < n; ++a)
    for (std::size_t j = 0; j < width; ++j) {
      const float value = std::popcount((a + 1) & j) % 2 == 0 ? std::sqrt(2.0F) : 0.0F;
      network.input[network.layout == "unitsFirst" ? j * n + a : a * width + j] = value;
    }
  return network;
}

inline void draw_weights(Network& network, std::uint64_t seed) {
  const auto width = static_cast<double>(network.width);
  for (std::size_t l = 0; l < network.depth; ++l) {
    normals(network.generator, seed * 4096 + 2 * l, static_cast<float>(std::sqrt(network.weight_variance / width)),
            network.matrices[l], network.threads);
    normals(network.generator, seed * 4096 + 2 * l + 1, static_cast<float>(std::sqrt(network.bias_variance)),
            network.biases[l], 1);
  }
}

// Z = W U
inline void multiply(const Network& network, const std::vector<float>& matrix, const std::vector<float>& u,
                     std::vector<float>& z) {
  const std::size_t width = network.width, n = network.inputs;
  if (network.layout == "unitsFirst")
    product(false, false, width, n, width, 1.0F, matrix.data(), width, u.data(), n, 0.0F, z.data(), n);
  else
    product(false, true, n, width, width, 1.0F, u.data(), width, matrix.data(), width, 0.0F, z.data(), width);
}

// E = W^T D
inline void multiply_transposed(const Network& network, const std::vector<float>& matrix, const std::vector<float>& d,
                                std::vector<float>& e) {
  const std::size_t width = network.width, n = network.inputs;
  if (network.layout == "unitsFirst")
    product(true, false, width, n, width, 1.0F, matrix.data(), width, d.data(), n, 0.0F, e.data(), n);
  else
    product(false, false, n, width, width, 1.0F, d.data(), width, matrix.data(), width, 0.0F, e.data(), width);
}

struct Gram {
  double aa, bb, ab, mean_square, mean_log;
};

inline Gram gram(const Network& network, const std::vector<float>& x) {
  const std::size_t n = network.inputs, width = network.width;
  const bool units_first = network.layout == "unitsFirst";
  const std::size_t stride_unit = units_first ? n : 1, stride_input = units_first ? 1 : width;
  std::vector<double> squares(n, 0.0);
  double ab = 0.0;
  if (units_first) {
    for (std::size_t j = 0; j < width; ++j)
      for (std::size_t a = 0; a < n; ++a)
        squares[a] += static_cast<double>(x[j * n + a]) * static_cast<double>(x[j * n + a]);
  } else {
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t j = 0; j < width; ++j)
        squares[a] += static_cast<double>(x[a * width + j]) * static_cast<double>(x[a * width + j]);
  }
  for (std::size_t j = 0; j < width; ++j)
    ab += static_cast<double>(x[j * stride_unit]) * static_cast<double>(x[j * stride_unit + stride_input]);
  Gram result{squares[0], squares[1], ab, 0.0, 0.0};
  for (const double square : squares) {
    result.mean_square += square / static_cast<double>(n * width);
    result.mean_log += std::log(square) / static_cast<double>(n);
  }
  return result;
}

// Hash of mask bits, one 32-bit word an element.
inline void activate_and_mask(const Network& network, std::uint64_t seed, std::size_t l, std::vector<float>& z,
                              std::vector<float>& u) {
  const auto threshold = static_cast<std::uint32_t>(network.keep_probability * 4294967295.0);
  const auto scale = static_cast<float>(1.0 / network.keep_probability);
  const std::uint32_t key = hashed(static_cast<std::uint32_t>(seed * 131071 + l) + 0x51ed270bU);
  float* zs = z.data();
  float* us = u.data();
#pragma GCC ivdep
  for (std::size_t i = 0; i < z.size(); ++i) {
    const float mask = hashed(hashed(static_cast<std::uint32_t>(i) ^ key) + key) <= threshold ? scale : 0.0F;
    us[i] = mask * std::tanh(zs[i]);
    zs[i] = mask;  // the mask is kept, tanh' follows from u: (1 - (u rho)^2) where the unit is kept
  }
}

inline Answer forward_and_backward(Network& network, std::uint64_t seed) {
  const std::size_t n = network.inputs, width = network.width, depth = network.depth;
  if (network.weights == "drawn") draw_weights(network, seed);
  Answer answer;
  auto& variance = answer.observables["variance"];
  auto& correlation = answer.observables["correlation"];
  auto& gradient = answer.observables["typicalGradientSingle"];
  auto& cosine = answer.observables["errorCorrelation"];
  variance.resize(depth), correlation.resize(depth), gradient.resize(depth), cosine.resize(depth);
  std::vector<double> log_inputs(depth);
  const bool units_first = network.layout == "unitsFirst";
  for (std::size_t l = 0; l < depth; ++l) {
    const auto& u = l == 0 ? network.input : network.outputs[l - 1];
    log_inputs[l] = gram(network, u).mean_log;
    auto& z = network.preactivations[l];
    multiply(network, network.matrices[l], u, z);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] += network.biases[l][units_first ? i / n : i % width];
    const Gram g = gram(network, z);
    variance[l] = g.mean_square;
    correlation[l] = g.ab / std::sqrt(g.aa * g.bb);
    if (l + 1 < depth) activate_and_mask(network, seed, l, z, network.outputs[l]);
  }
  const auto rho = static_cast<float>(network.keep_probability);
  for (std::size_t l = depth; l-- > 0;) {
    auto& d = network.errors[l];
    if (l + 1 == depth) {
      for (std::size_t i = 0; i < d.size(); ++i) d[i] = 2.0F * network.preactivations[l][i];
    } else {
      multiply_transposed(network, network.matrices[l + 1], network.errors[l + 1], d);
      const float* masks = network.preactivations[l].data();
      const float* u = network.outputs[l].data();
      for (std::size_t i = 0; i < d.size(); ++i) d[i] *= masks[i] * (1.0F - (u[i] * rho) * (u[i] * rho));
    }
    const Gram g = gram(network, d);
    cosine[l] = g.ab / std::sqrt(g.aa * g.bb);
    gradient[l] = g.mean_log + log_inputs[l] - 2.0 * std::log(static_cast<double>(width));
  }
  return answer;
}

// `networks` networks one after the other, averaged.
inline Answer forward_and_backward(Network& network, std::uint64_t seed, std::size_t networks) {
  Answer mean;
  for (std::size_t t = 0; t < networks; ++t) {
    Answer one = forward_and_backward(network, seed * networks + t);
    for (auto& [name, values] : one.observables) {
      auto& sum = mean.observables[name];
      sum.resize(values.size());
      for (std::size_t i = 0; i < values.size(); ++i) sum[i] += values[i] / static_cast<double>(networks);
    }
  }
  mean.networks = networks;
  return mean;
}

}  // namespace bench
