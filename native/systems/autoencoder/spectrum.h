// Second moments of data sets: S = (1/N) sum x x^T with its eigenvalues and directions, streamed in blocks of examples.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/control.h"

namespace mft::autoencoder {

// Examples, row-major count x dimension: one of the three. A component is value * scale, or value * scales[i] +
// shifts[i] where these are given; minus its mean when centred.
struct ExampleSet {
  const std::uint8_t* bytes = nullptr;
  const float* floats = nullptr;
  const double* doubles = nullptr;
  std::size_t count = 0, dimension = 0;
  double scale = 1;
  bool is_centred = false;
  std::vector<double> scales = {}, shifts = {};
};

struct SecondMoment {
  std::vector<double> variances;   // eigenvalues, decreasing
  std::vector<double> directions;  // eigenvectors: row i belongs to value i
  std::vector<double> diagonal;    // S_jj of the components
  std::vector<double> mean;        // of the components, also when they are not centred
  double trace = 0;
  // Eigenvalues above 64 eps of the largest. Rounding leaves null ones at some eps of it, of either sign, so that the
  // rank is known up to the interval [above D eps, above eps].
  std::size_t rank = 0, smallest_rank = 0, largest_rank = 0;
};

// One example's block is held at a time, beside the D x D matrix. Sums of bytes with one scale are exact in any order
// (below 2^53); others are added in the order of the examples: the same bits on any number of threads. Progress: one
// unit for each of spectrum_units(). Throws SHAPE, NOT_FINITE, Cancelled.
SecondMoment second_moment(const ExampleSet& examples, int threads, const Control& control);
std::size_t spectrum_units(std::size_t count);

// Bytes that takes beside the examples.
double spectrum_bytes(std::size_t dimension);

}  // namespace mft::autoencoder
