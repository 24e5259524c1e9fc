// Data with a given spectrum, in coordinates that all see the same of it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mft::autoencoder {

// Orthonormal directions v_i (rows, D x D) for which sum_i nu_i v_i v_i^T has one number on its whole diagonal, the
// mean of the nu_i: D - 1 rotations, each of which makes one diagonal entry right.
std::vector<double> flat_directions(std::span<const double> variances);

// `count` >= D examples (rows) whose second moment is sum_i nu_i v_i v_i^T up to rounding, otherwise random: their
// components along the directions are orthonormal over the examples.
std::vector<double> examples_of(std::span<const double> variances, std::span<const double> directions,
                                std::size_t count, std::uint64_t seed, std::uint32_t trial);

}  // namespace mft::autoencoder
