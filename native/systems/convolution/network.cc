#include "systems/convolution/network.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/blas.h"
#include "core/error.h"

namespace mft::convolution {
namespace {

std::vector<Layer> layers_of(const Network& n) {
  std::vector<Layer> result;
  if (n.kernel.empty() || n.stride.size() != n.kernel.size() || n.channels.size() != n.kernel.size() ||
      n.pool.size() != n.kernel.size())
    throw Error("SHAPE", "kernel", "Expected kernel, stride, channels and pool to have one entry per layer.");
  for (std::size_t l = 0; l < n.kernel.size(); ++l)
    result.push_back({n.kernel[l], n.stride[l], n.channels[l], n.pool[l]});
  return result;
}

void require(const char* name, std::size_t received, std::size_t expected) {
  if (received != expected)
    throw Error("SHAPE", name,
                std::string("Expected `") + name + "` to have " + std::to_string(expected) + " entries.");
}

// Probabilities of u, and J(v)(v - y) with J = diag v - v v^T.
void head(std::vector<double>& u, std::size_t label, NetworkGradient& result, std::vector<double>& backward) {
  const double largest = *std::max_element(u.begin(), u.end());
  double sum = 0;
  for (double& value : u) sum += value = std::exp(value - largest);
  for (double& value : u) value /= sum;
  result.output = u;
  double product = 0, loss = 0;
  for (std::size_t c = 0; c < u.size(); ++c) {
    const double residual = u[c] - (c == label ? 1.0 : 0.0);
    loss += residual * residual;
    product += u[c] * residual;
  }
  result.loss = loss / 2;
  for (std::size_t c = 0; c < u.size(); ++c) {
    backward[c] = u[c] * (u[c] - (c == label ? 1.0 : 0.0) - product);
    result.output_sensitivity2 += backward[c] * backward[c];
  }
}

}  // namespace

NetworkGradient network_gradient(const Network& n) {
  const std::vector<Convolution> layers =
      convolutions(layers_of(n), {n.input_channels, n.input_height, n.input_width}, n.padding);
  const std::size_t features = layers.back().output().size();
  std::size_t count = features * n.classes;
  for (const Convolution& layer : layers) count += layer.weights();
  require("weights", n.weights.size(), count);
  require("input", n.input.size(), layers.front().input().size());
  if (n.label >= n.classes) throw Error("OUT_OF_RANGE", "label", "Expected `label` to be one of the classes.");

  std::vector<std::vector<double>> patches, values, slopes;
  std::vector<double> z = n.input;
  const double* weights = n.weights.data();
  for (const Convolution& layer : layers) {
    const std::size_t positions = layer.before_pool().positions(), size = layer.before_pool().size();
    patches.emplace_back(layer.patch() * positions);
    layer.gather(z.data(), layer.whole(), patches.back().data());
    std::vector<double> x(size), y(size), slope(size);
    blas::gemm(false, false, layer.layer().channels, positions, layer.patch(), 1.0, weights, layer.patch(),
               patches.back().data(), positions, 0.0, x.data(), positions);
    activate_both(n.activation, x, y, slope);
    z.resize(layer.output().size());
    layer.pool(n.pooling, y.data(), z.data());
    values.push_back(std::move(y));
    slopes.push_back(std::move(slope));
    weights += layer.weights();
  }
  std::vector<double> u(n.classes), backward(n.classes);
  blas::gemm(false, false, n.classes, 1, features, 1.0, weights, features, z.data(), 1, 0.0, u.data(), 1);
  NetworkGradient result;
  head(u, n.label, result, backward);

  result.gradient.resize(count);
  double* gradient = result.gradient.data() + (weights - n.weights.data());
  for (std::size_t c = 0; c < n.classes; ++c)
    for (std::size_t i = 0; i < features; ++i) gradient[c * features + i] = backward[c] * z[i];
  std::vector<double> dz(features), dx, scratch;
  blas::gemm(true, false, features, 1, n.classes, 1.0, weights, features, backward.data(), 1, 0.0, dz.data(), 1);
  for (std::size_t l = layers.size(); l-- > 0;) {
    const Convolution& layer = layers[l];
    const std::size_t positions = layer.before_pool().positions(), channels = layer.layer().channels;
    dx.resize(layer.before_pool().size());
    layer.unpool(n.pooling, values[l].data(), dz.data(), dx.data());
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] *= slopes[l][i];
    weights -= layer.weights();
    gradient -= layer.weights();
    blas::gemm(false, true, channels, layer.patch(), positions, 1.0, dx.data(), positions, patches[l].data(), positions,
               0.0, gradient, layer.patch());
    if (l == 0) break;
    scratch.resize(layer.patch() * positions);
    blas::gemm(true, false, layer.patch(), positions, channels, 1.0, weights, layer.patch(), dx.data(), positions, 0.0,
               scratch.data(), positions);
    dz.assign(layer.input().size(), 0.0);
    layer.scatter(scratch.data(), layer.whole(), dz.data());
  }
  return result;
}

}  // namespace mft::convolution
