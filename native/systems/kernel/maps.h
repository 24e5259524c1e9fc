// The kernels of large data matrices: K and Theta of every pair of rows, (3.1) to (3.3) of docs/systems/kernel.md, with
// the formulas of native/core/gaussian vectorised over pairs.
//
// Rows are met in tiles of the lower triangle (the upper one is its mirror image): a product of 256 x 256 rows, then
// every row of the tile goes through all layers while it is in the first-level cache. What depends on one row only,
// such as variances and roots, is computed before. Beside Theta the gap 1 - cosine is carried: nothing is lost where
// two rows nearly coincide, and where the product has lost digits of a gap it is summed anew over the coordinates.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/control.h"
#include "core/gaussian.h"
#include "core/shared_numbers.h"

namespace mft::kernel {

struct MapCall {
  GaussianFunction function;
  std::vector<double> weights, biases;  // of the dense layers, one more than hidden ones
  std::vector<double> keeps;            // of the hidden layers
  std::vector<double> widths;           // the same; read by the standard parameterization only
  double input_keep = 1;
  bool shares_masks = false;
  bool scales_inputs = true;
  bool is_standard = false;
  bool has_tangent = true;
  std::size_t dimension = 1;
  SharedNumbers inputs;  // rows x dimension
  SharedNumbers others;  // the same; empty: the inputs with themselves
  // Rows of the result: [first_row, first_row + rows) of the inputs.
  std::size_t first_row = 0, rows = 0;
  int threads = 1;

  std::size_t depth() const { return keeps.size(); }
  std::size_t input_count() const { return inputs.values.size() / dimension; }
  bool is_self() const { return others.values.empty(); }
  std::size_t columns() const { return is_self() ? input_count() : others.values.size() / dimension; }
};

// Whether there is a vectorised map for the activation.
bool has_map(const Activation& activation);

// Throws Error naming the field.
void validate(const MapCall& call);

// Numbers of the result: variances of the rows at layers 1 .. depth + 1 (depth + 1 times rows), then K (rows x
// columns), then Theta where it is wanted, then 1 where both are finite, else 0.
std::size_t result_size(const MapCall& call);

// One progress unit a tile. Throws Error and Cancelled.
void map_kernels(const MapCall& call, const Control& control, std::span<double> result);
std::size_t tile_count(const MapCall& call);

}  // namespace mft::kernel
