// Sums in double with a fixed order, and running moments.
//
// Order of the sums: the elements are cut into blocks of 4096; in a block lane l of 32 adds the terms of the elements
// i = l (mod 32) from left to right; the lanes are then added in halves (l + 16, l + 8, ... l + 1), and the block
// totals one after the other with compensation (Neumaier). No fused multiply-add: the bits are the same on every
// instruction set. They depend on where the array begins: a sum over tiles is another sum than that over the whole.
// Numerics: each product of floats is exact; the error is below 136 2^-53 times the sum of the terms' absolute values,
// whatever the length (and close to 2^-53 of it for random signs). NaN and infinity propagate.
#pragma once
#include <cstdint>
#include <span>

namespace mft {

// sum_i a_i
double sum(std::span<const float> a);
double sum(std::span<const double> a);

// sum_i a_i b_i. Throws SHAPE when the lengths differ.
double dot(std::span<const float> a, std::span<const float> b);
double dot(std::span<const double> a, std::span<const double> b);

// sum_i a_i^2
double sum_of_squares(std::span<const float> a);
double sum_of_squares(std::span<const double> a);

// sum_i |a_i b_i|. Throws SHAPE when the lengths differ.
double sum_abs_products(std::span<const float> a, std::span<const float> b);
double sum_abs_products(std::span<const double> a, std::span<const double> b);

// Count, mean and sum of squared deviations of a sample, one value at a time (Welford), or merged (Chan, Golub,
// LeVeque). Merging rounds: merge in a fixed order, by trial, never by whichever thread is ready first.
struct RunningMoments {
  std::uint64_t count = 0;
  double mean = 0;
  double squared_deviations = 0;

  void add(double value);
  void merge(const RunningMoments& other);
  double variance() const;        // unbiased; NaN for fewer than two values
  double standard_error() const;  // of the mean; NaN for fewer than two values
};

}  // namespace mft
