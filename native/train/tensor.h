// Names and shapes of the parameters of a network.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

namespace mft::train {

// A named array of parameters, row-major: weights are outputs x inputs.
struct Tensor {
  std::string name;  // inside its layer: "weight", "inner.bias"
  std::vector<std::size_t> shape;
  std::size_t size() const {
    std::size_t product = 1;
    for (const std::size_t length : shape) product *= length;
    return product;
  }
};

}  // namespace mft::train
