// What a kernel's map needs before it meets pairs: of every layer the numbers all pairs share, of every row what
// depends on it alone.
#pragma once
#include <span>
#include <vector>

#include "systems/kernel/hermite.h"
#include "systems/kernel/map_steps.h"
#include "systems/kernel/maps.h"

namespace mft::kernel {

// kExpansion: sums of Hermite terms, for every activation without a vectorised closed form.
enum class Map { kRectifier, kErrorFunction, kGelu, kExpansion };

Map map_of(const Activation& activation);

// What depends on one input alone: arrays over inputs, one for every layer l = 0 .. depth (before phi of hidden layer l
// and behind it; `next` is K of dense layer l + 1). Layer 0 has the inputs themselves in the place of phi.
struct MapInputs {
  std::size_t count = 0;
  std::vector<double> squares, norms;  // |x|^2 / scale, |x|
  std::vector<std::vector<double>> variance, root, amplitude, next, inverse;
  std::vector<double> diagonal_tangent;
  std::vector<HermiteTable> expansions;  // Map::kExpansion: of hidden layer l at l - 1
};

// Layer l = 0 .. depth: the dense layer behind hidden layer l, 0 being the inputs.
LayerConstants constants_of(const MapCall& call, std::size_t l);

// Row i of the inputs and behind them the others.
const double* values_of(const MapCall& call, std::size_t i);

// The inputs and behind them the others: all the rows there are.
MapInputs inputs_of(const MapCall& call, Map map, std::span<const LayerConstants> layers, const Control& control);

}  // namespace mft::kernel
