// Largest singular value of a convolution as a linear map from images to maps.
#pragma once
#include <cstddef>
#include <vector>

#include "core/control.h"
#include "core/convolution_maps.h"

namespace mft::convolution {

struct Operator {
  std::vector<double> weights;  // [out][in][row][column]
  std::size_t out = 1, in = 1, kernel = 1, height = 1, width = 1, stride = 1;
  Padding padding = Padding::kValid;
};

// By Lanczos steps on A^T A (or A A^T, the smaller) with full reorthogonalisation until the largest Ritz value is
// within 1e-13 of an eigenvalue, from two starts; the larger is returned. Throws NO_CONVERGENCE after 1500 steps.
double spectral_norm(const Operator& op, const Control& control);

}  // namespace mft::convolution
