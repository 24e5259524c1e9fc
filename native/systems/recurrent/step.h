// One step of a cell, for many units at once: what simulation (units of a network) and the one-site process (samples of
// a unit of an infinite network) share. The products W y + V x + b come from the caller.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "systems/recurrent/cell.h"
#include "systems/recurrent/unit_moments.h"

namespace mft::recurrent {

// Two sequences and `tangents` small perturbations of the first, row by row.
struct States {
  std::size_t units = 0;
  std::size_t tangents = 0;
  std::vector<double> h;   // 2 x units: of the peephole cell, c
  std::vector<double> c;   // 2 x units, lstm only
  std::vector<double> dh;  // tangents x units
  std::vector<double> dc;  // tangents x units, lstm only
  std::vector<double> x;   // 2 x units: the inputs of this step, minimal only

  void resize(const Cell& cell, std::size_t units, std::size_t tangents);
};

// The pre-activations of the cell's products in the order in which a step asks for them. A GRU with reset_after has the
// candidate in two: 2 is W_g h + b_hn, 3 is U_g x + b.
std::size_t products_of(const Cell& cell);
Gate product_gate(const Cell& cell, std::size_t product);

// e (2 x units) and de (tangents x units), without the mean of the bias, of product k for the sources y and dy.
using Products = std::function<void(std::size_t k, const std::vector<double>& y, const std::vector<double>& dy,
                                    std::vector<double>& e, std::vector<double>& de)>;

class Stepper {
 public:
  explicit Stepper(const Cell& cell) : cell_(cell) {}
  // h, c, dh, dc one step later.
  void advance(States& states, const Products& products);

 private:
  void ask(std::size_t k, const std::vector<double>& y, const std::vector<double>& dy, const Products& products);
  void gru(States& states, const Products& products);
  void lstm(States& states, const Products& products);
  void minimal_family(States& states, const Products& products);

  Cell cell_;
  // Per product: pre-activations, value and slope.
  std::array<std::vector<double>, kGates> e_, de_, v_, d_;
  std::vector<double> y_, dy_;
};

}  // namespace mft::recurrent
