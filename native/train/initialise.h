// Initial weights and biases, drawn from the counter-based generator.
#pragma once
#include <cstddef>
#include <cstdint>

#include "train/affine.h"

namespace mft::train {

enum class InitialLaw : std::uint32_t { kGaussian = 0, kOrthogonal = 1 };

struct Initial {
  InitialLaw law = InitialLaw::kGaussian;
  double weight_variance = 1;  // times fan-in
  double bias_variance = 0;
  double bias_mean = 0;
};

// W (outputs x inputs): N(0, weight_variance / inputs) entries, or a Haar-distributed matrix with orthonormal rows
// (outputs <= inputs) or columns, scaled to the same variance of an entry. Stream (seed, 0, layer, kInitialisation).
template <typename T>
void initialise_weights(const Initial& initial, std::uint64_t seed, std::size_t layer, std::size_t outputs,
                        std::size_t inputs, T* weights);

// b: N(bias_mean, bias_variance). Stream (seed, 0, layer, kBiases).
template <typename T>
void initialise_biases(const Initial& initial, std::uint64_t seed, std::size_t layer, std::size_t count, T* biases);

// Both, in the order of train/affine.h.
template <typename T>
void initialise_affine(const Initial& initial, std::uint64_t seed, std::size_t layer, const Affine<T>& affine,
                       T* values) {
  initialise_weights(initial, seed, layer, affine.outputs(), affine.inputs(), values);
  if (affine.has_bias())
    initialise_biases(initial, seed, layer, affine.outputs(), values + affine.outputs() * affine.inputs());
}

// Numbers of scratch (double) that the orthogonal law allocates while it works.
std::size_t initialisation_scratch(const Initial& initial, std::size_t outputs, std::size_t inputs);

}  // namespace mft::train
