// One layer of one row of pairs, as function pointers of one instruction set (map_steps_body.h).
#pragma once
#include <cstddef>

namespace mft::kernel {

// Numbers of a layer that all pairs share. rho: keep probability before the dense layer; rho_xy: rho or 1.
struct LayerConstants {
  double pair_factor = 1;  // sigma_w^2 / rho_xy
  double factor = 1;       // sigma_w^2 / rho
  double bias = 0;         // sigma_b^2
  double common = 1;       // rho_xy-masks: rho where the two rows have masks of their own, else 1
  // Theta of the layer's own parameters: own_factor E phi phi + own_bias; own_factor 0: K of the layer.
  double own_factor = 0, own_bias = 0;
  // Rectifiers: (a^2 + b^2)/2 and (b - a)^2/(2 pi). erf(s x): s^2.
  double even = 1, bend = 0, scale_squared = 1;
};

// What depends on one input alone, before the layer's phi and behind its dense part; of columns, arrays that are padded
// to a multiple of eight.
struct OneRow {
  double variance, root;  // q, sqrt q of the pre-activation
  double amplitude;       // sqrt(E phi^2)
  double inverse;         // 1/sqrt(q') behind the dense layer; 0 where q' is 0
};
struct ColumnRows {
  const double *variance, *root, *amplitude, *inverse;
};

// In place: gap and tangent (nullptr: not wanted) of `count` pairs of the row with columns. covariance receives K'
// behind the layer (nullptr: not wanted).
using Step = void (*)(const LayerConstants& layer, const OneRow& row, const ColumnRows& columns, std::size_t count,
                      double* gap, double* tangent, double* covariance);

// The same where E phi phi and E phi' phi' (nullptr without a tangent) are given.
struct GivenExpectations {
  const double *product, *slope;
};
using GivenStep = void (*)(const LayerConstants& layer, const OneRow& row, const ColumnRows& columns, std::size_t count,
                           const GivenExpectations& given, double* gap, double* tangent, double* covariance);

// The inputs: gaps of products with columns of these amplitudes, whether one is within `near` of 0 or 2; and the first
// dense layer of them, K^1 in the place of the product.
using Gaps = bool (*)(double amplitude, const double* amplitudes, const double* product, std::size_t count, double near,
                      double* gap);
using FirstStep = void (*)(const LayerConstants& layer, const OneRow& row, const ColumnRows& columns, std::size_t count,
                           double* product, double* gap, double* tangent);

// The mirror image of a block of kMirror x kMirror numbers: out[j][i] = block[i][j], rows so many numbers apart.
constexpr std::size_t kMirror = 8;
using Mirror = void (*)(const double* block, std::size_t stride, double* out, std::size_t out_stride);

// Copies numbers; whether all are finite.
using PlaceRow = bool (*)(const double* values, std::size_t count, double* out);

struct Steps {
  Step rectifier, error_function, gelu;
  GivenStep given;
  Gaps gaps;
  FirstStep first;
  Mirror mirror;
  PlaceRow place_row;
};

extern const Steps kBaselineSteps;
extern const Steps kAvx2Steps;
extern const Steps kAvx512Steps;
const Steps& steps();

}  // namespace mft::kernel
