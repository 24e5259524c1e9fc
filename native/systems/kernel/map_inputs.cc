#include "systems/kernel/map_inputs.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/parallel.h"

namespace mft::kernel {
namespace {

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

// E phi^2 and E phi'^2 of all rows at these variances.
void moments(const MapCall& call, Map map, const Control& control, std::span<const double> variance, MapInputs& in,
             std::vector<double>& second, std::vector<double>& slope) {
  if (map == Map::kExpansion) {
    const std::size_t orders = orders_within_memory(variance.size(), call.depth());
    in.expansions.push_back(hermite_table(call.function, variance, call.has_tangent, orders, call.threads, control));
    second = in.expansions.back().second;
    slope = in.expansions.back().slope_second;
    return;
  }
  parallel_for(variance.size(), call.threads, [&](std::size_t i, int) {
    second[i] = gaussian_moment(call.function, {.value = 2}, variance[i]);
    if (call.has_tangent) slope[i] = gaussian_moment(call.function, {.first = 2}, variance[i]);
  });
}

}  // namespace

Map map_of(const Activation& activation) {
  if (!activation.is_plain()) return Map::kExpansion;
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
      return Map::kExpansion;
  }
}

bool has_map(const Activation& activation) {
  if (map_of(activation) != Map::kRectifier) return true;
  const auto [a, b] = slopes_of(activation);
  return a * a + b * b > 0;
}

LayerConstants constants_of(const MapCall& call, std::size_t l) {
  LayerConstants c;
  const double keep = l == 0 ? call.input_keep : call.keeps[l - 1];
  c.factor = call.weights[l] / keep;
  c.pair_factor = call.shares_masks ? c.factor : call.weights[l];
  c.bias = call.biases[l];
  c.common = call.shares_masks ? 1.0 : keep;
  if (call.is_standard) {
    const double fan_in = l > 0 ? call.widths[l - 1] : (call.scales_inputs ? double(call.dimension) : 1.0);
    c.own_factor = fan_in / (call.shares_masks ? keep : 1.0);
    c.own_bias = c.bias > 0 ? 1.0 : 0.0;
  }
  const Activation& activation = call.function.activation;
  const auto [a, b] = slopes_of(activation);
  c.even = 0.5 * (a * a + b * b);
  c.bend = (b - a) * (b - a) / (2 * std::numbers::pi);
  c.scale_squared = activation.kind == ActivationKind::kErfUnitSlope ? 0.25 * std::numbers::pi : 1.0;
  return c;
}

const double* values_of(const MapCall& call, std::size_t i) {
  const std::size_t own = call.input_count();
  return i < own ? &call.inputs.values[i * call.dimension] : &call.others.values[(i - own) * call.dimension];
}

MapInputs inputs_of(const MapCall& call, Map map, std::span<const LayerConstants> layers, const Control& control) {
  MapInputs in;
  const std::size_t d = call.dimension;
  in.count = (call.inputs.values.size() + call.others.values.size()) / d;
  const double scale = call.scales_inputs ? 1.0 / static_cast<double>(d) : 1.0;
  in.squares.resize(in.count);
  in.norms.resize(in.count);
  parallel_for(in.count, call.threads, [&](std::size_t i, int) {
    const double* values = values_of(call, i);
    double sum = 0;
    for (std::size_t k = 0; k < d; ++k) sum += values[k] * values[k];
    in.squares[i] = sum * scale;
    in.norms[i] = std::sqrt(sum);
  });
  std::vector<double> second = in.squares;
  std::vector<double> tangent(in.count, 0.0), slope(in.count, 0.0);
  for (std::size_t l = 0; l <= call.depth(); ++l) {
    control.throw_if_cancelled();
    const double keep = l == 0 ? call.input_keep : call.keeps[l - 1];
    const LayerConstants& c = layers[l];
    std::vector<double> before = l == 0 ? in.squares : in.next[l - 1];
    if (l > 0) moments(call, map, control, before, in, second, slope);
    std::vector<double> root(in.count), amplitude(in.count), next(in.count), inverse(in.count);
    for (std::size_t i = 0; i < in.count; ++i) {
      root[i] = std::sqrt(before[i]);
      amplitude[i] = std::sqrt(second[i]);
      next[i] = c.factor * second[i] + c.bias;
      inverse[i] = next[i] > 0 ? 1 / std::sqrt(next[i]) : 0.0;
      // A row with itself: one pass, one mask.
      const double own =
          call.is_standard ? c.own_factor * (call.shares_masks ? 1.0 : 1.0 / keep) * second[i] + c.own_bias : next[i];
      tangent[i] = own + (l > 0 ? c.factor * slope[i] * tangent[i] : 0.0);
    }
    in.variance.push_back(std::move(before));
    in.root.push_back(std::move(root));
    in.amplitude.push_back(std::move(amplitude));
    in.next.push_back(std::move(next));
    in.inverse.push_back(std::move(inverse));
  }
  in.diagonal_tangent = std::move(tangent);
  return in;
}

}  // namespace mft::kernel
