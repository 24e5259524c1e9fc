#include "systems/convolution/risk.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/lapack.h"
#include "core/parallel.h"

namespace mft::convolution {
namespace {

// Of weights of order one: differences of h^2 and of rounding/h are both near 1e-10.
constexpr double kStep = 1e-5;

void check(const Sample& s) {
  const Network& n = s.network;
  const std::size_t count = s.labels.size(), size = n.input_channels * n.input_height * n.input_width;
  if (count == 0 || s.images.size() != count * size)
    throw Error("SHAPE", "images", "Expected `images` to have an image for every label, and one at least.");
  if (s.shares.size() != count) throw Error("SHAPE", "shares", "Expected `shares` to have one entry per image.");
  if (!std::ranges::all_of(s.shares, [](double share) { return share >= 0; }) ||
      !(std::reduce(s.shares.begin(), s.shares.end()) > 0))
    throw Error("OUT_OF_RANGE", "shares", "Expected `shares` to be at least 0, and not all of them 0.");
}

// Calls use(share, found) for every image with a share.
template <typename Use>
void for_images(const Sample& s, Network& network, const Control& control, const Use& use) {
  const std::size_t size = s.images.size() / s.labels.size();
  for (std::size_t i = 0; i < s.labels.size(); ++i) {
    if (s.shares[i] == 0) continue;
    if (i % 64 == 0) control.throw_if_cancelled();
    network.input.assign(s.images.begin() + static_cast<std::ptrdiff_t>(i * size),
                         s.images.begin() + static_cast<std::ptrdiff_t>((i + 1) * size));
    network.label = s.labels[i];
    use(s.shares[i], network_gradient(network));
  }
}

// The mean over the sample, and the decay.
Risk risk_at(const Sample& s, Network& network, const Control& control) {
  const double total = std::reduce(s.shares.begin(), s.shares.end());
  const std::vector<double>& weights = network.weights;
  Risk result;
  result.gradient.resize(weights.size());
  for_images(s, network, control, [&](double share, const NetworkGradient& found) {
    result.value += share / total * found.loss;
    for (std::size_t j = 0; j < weights.size(); ++j) result.gradient[j] += share / total * found.gradient[j];
  });
  for (std::size_t j = 0; j < weights.size(); ++j) {
    result.value += s.decay / 2 * weights[j] * weights[j];
    result.gradient[j] += s.decay * weights[j];
  }
  return result;
}

std::vector<double> hessian(const Sample& s, const Control& control) {
  const std::size_t count = s.network.weights.size();
  std::vector<double> result(count * count);
  std::vector<Network> networks(static_cast<std::size_t>(std::max(1, s.threads)), s.network);
  parallel_for(count, s.threads, [&](std::size_t j, int worker) {
    Network& network = networks[static_cast<std::size_t>(worker)];
    double& weight = network.weights[j];
    const double kept = weight;
    weight = kept + kStep;
    const Risk above = risk_at(s, network, control);
    weight = kept - kStep;
    const Risk below = risk_at(s, network, control);
    weight = kept;
    for (std::size_t i = 0; i < count; ++i)
      result[j * count + i] = (above.gradient[i] - below.gradient[i]) / (2 * kStep);
  });
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j < i; ++j)
      result[i * count + j] = result[j * count + i] = (result[i * count + j] + result[j * count + i]) / 2;
  return result;
}

// Variance over the sample of the gradients of single images along every eigenvector.
std::vector<double> spread_along(const Sample& s, Network& network, const Control& control, const Risk& at) {
  const std::size_t count = network.weights.size();
  const double total = std::reduce(s.shares.begin(), s.shares.end());
  std::vector<double> result(count), centred(count);
  for_images(s, network, control, [&](double share, const NetworkGradient& found) {
    for (std::size_t j = 0; j < count; ++j)
      centred[j] = found.gradient[j] + s.decay * network.weights[j] - at.gradient[j];
    for (std::size_t v = 0; v < count; ++v) {
      const double* vector = at.eigenvectors.data() + v * count;
      const double along = std::inner_product(vector, vector + count, centred.begin(), 0.0);
      result[v] += share / total * along * along;
    }
  });
  return result;
}

}  // namespace

Risk risk(const Sample& sample, const Control& control) {
  check(sample);
  Network network = sample.network;
  Risk result = risk_at(sample, network, control);
  if (!sample.has_curvature) return result;
  result.eigenvectors = hessian(sample, control);
  result.eigenvalues = lapack::symmetric_eigen(network.weights.size(), result.eigenvectors.data());
  result.spread = spread_along(sample, network, control, result);
  return result;
}

}  // namespace mft::convolution
