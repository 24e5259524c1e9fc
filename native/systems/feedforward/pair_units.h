// Units of the pair engine's layers, block by block: normals are drawn, pre-activations, activities and derivatives
// made and masked. What is kept between the passes and what is made again lies in the arrays here.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/aligned.h"
#include "systems/feedforward/kernels.h"
#include "systems/feedforward/pair_state.h"
#include "systems/feedforward/parts.h"

namespace mft::feedforward {

template <typename Real, bool kPair>
class PairUnits {
 protected:
  static constexpr std::size_t kBlock = 512;
  static constexpr std::size_t kDirections = kPair ? 2 : 1;

  PairUnits(const Parameters& parameters, double budget)
      : p_(parameters),
        masks_(p_),
        inputs_(p_),
        plan_(pair_plan_of(p_, budget, sizeof(Real))),
        kernels_(pair_kernels<Real>()),
        depth_(p_.widths.size() - 1),
        states_(depth_ + 1) {
    kept_.resize(plan_.kept);
    const std::size_t array = kDirections * plan_.widest;
    workspace_.resize(arrays_of(plan_) * array);
    delta_ = workspace_.data();
    fresh_ = delta_ + array;
    again_ = fresh_ + array;
  }

  // The inputs of a trial, in their units, and the sums of the masked ones.
  void start(std::uint32_t trial) {
    trial_ = trial;
    vectors_ = inputs_.draw(trial);
    for (std::size_t k = 0; k < kDirections; ++k)
      states_[1].u_exponent[k] =
          input_exponent<Real>(p_, 1, exponent_of<Real>(largest_of(vectors_ + k * p_.widths[0], p_.widths[0])));
    measure_inputs();
  }

  struct Block {
    std::size_t first, size, padded;  // padded: size rounded up to kPad
  };
  template <typename Body>
  void for_blocks(std::size_t layer, const Body& body) {
    const std::size_t width = p_.widths[layer];
    for (std::size_t first = 0; first < width; first += kBlock) {
      const std::size_t size = std::min(kBlock, width - first);
      body(Block{first, size, rounded_up(size, kPad)});
    }
  }

  // Every array lies block after block, and within a block direction after direction: b's part begins `padded` after
  // a's.
  struct Units {
    Real *g, *u, *d;
  };
  static Units units_at(Real* block_begin, const Block& block) {
    const std::size_t size = kDirections * block.padded;
    return {block_begin, block_begin + size, block_begin + 2 * size};
  }
  bool is_kept(std::size_t layer) const { return plan_.kept_at[layer] != PairPlan::kNowhere; }
  Units kept_units(std::size_t layer, const Block& block) {
    return units_at(kept_.data() + plan_.kept_at[layer] + kPerUnit * kDirections * block.first, block);
  }
  Units again_units(const Block& block) { return units_at(again_ + kPerUnit * kDirections * block.first, block); }
  static std::size_t second(const Block& block) { return kPair ? block.padded : 0; }

  static void clear_tail(Real* x, const Block& block) {
    for (std::size_t k = 0; k < kDirections; ++k)
      std::fill(x + k * block.padded + block.size, x + (k + 1) * block.padded, Real{0});
  }

  void draw_normals(Purpose purpose, std::size_t layer, const Block& block, Real* out) const {
    random_normals({p_.seed, trial_, static_cast<std::uint32_t>(layer), purpose}, block.first * kDirections,
                   std::span<Real>(out, kDirections * block.padded));
    clear_tail(out, block);
  }

  // Mask words of a block and input, or null.
  const std::uint64_t* mask(std::size_t layer, std::size_t input, const Block& block) {
    if (!masks_.is_masked(layer)) return nullptr;
    std::uint64_t* words = mask_words_[input];
    masks_.draw(trial_, layer, input, block.first / 64,
                std::span<std::uint64_t>(words, rounded_up(block.size, 64) / 64));
    return words;
  }

  // Masks and scales the activities u of a block of layer l, and the derivatives unless d is null.
  void mask_units(std::size_t layer, const Block& block, Real* u, Real* d, LaneSum* sums) {
    clear_tail(u, block);
    if (d != nullptr) clear_tail(d, block);
    const std::uint64_t* mask_a = mask(layer, 0, block);
    const bool is_common = !kPair || p_.mask_sharing == MaskSharing::kShared;
    const std::uint64_t* mask_b = is_common ? mask_a : mask(layer, 1, block);
    const double scale = 1.0 / masks_.keep(layer);
    // Masked units with a value of their own are rare: the kernel knows zeros only.
    if (const double dropped = masks_.dropped(layer); dropped != 0.0 && mask_a != nullptr) {
      for (std::size_t k = 0; k < kDirections; ++k) {
        const std::uint64_t* bits = k == 0 ? mask_a : mask_b;
        const Real value = static_cast<Real>(std::ldexp(dropped, -states_[layer + 1].u_exponent[k]));
        apply_mask(bits, static_cast<Real>(scale), u + k * block.padded, block.size);
        fill_masked(bits, value, u + k * block.padded, block.size);
        if (d != nullptr) apply_mask(bits, static_cast<Real>(scale), d + k * block.padded, block.size);
      }
      mask_a = mask_b = nullptr;
    }
    (kPair ? kernels_.activities : kernels_.activities_single)(
        u, u + second(block), d, d == nullptr ? d : d + second(block), mask_a, mask_b, scale, block.padded, sums);
  }

  // line_sums, unless null, gathers the sum of every input's z without the mean of the biases.
  void preactivations(std::size_t layer, const Block& block, const Real* g, LaneSum* sums, double* line_sums) {
    (kPair ? kernels_.preactivations : kernels_.preactivations_single)(
        g, g + second(block), states_[layer].factor, block_z_, block_z_ + second(block), block.padded, sums);
    const double mean = p_.bias_mean_of(layer);
    if (mean == 0.0) return;
    for (std::size_t k = 0; k < kDirections; ++k) {
      Real* z = block_z_ + k * block.padded;
      const Real own_mean = static_cast<Real>(std::ldexp(mean, -states_[layer].units[k].z));
      for (std::size_t i = 0; i < block.size; ++i) {
        if (line_sums != nullptr) line_sums[k] += static_cast<double>(z[i]);
        z[i] += own_mean;
      }
    }
  }

  // Draws G of a block of a hidden layer and makes u, and d unless it is null.
  void make_units(std::size_t layer, const Block& block, const Units& units, LaneSum* normal_sums,
                  LaneSum* activity_sums, double* line_sums = nullptr) {
    draw_normals(Purpose::kForwardNormals, layer, block, units.g);
    preactivations(layer, block, units.g, normal_sums, line_sums);
    for (std::size_t k = 0; k < kDirections; ++k) {
      const std::size_t at = k * block.padded;
      activate_in_units(p_.activation_of(layer), states_[layer].units[k],
                        std::span<const Real>(block_z_ + at, block.padded), std::span<Real>(units.u + at, block.padded),
                        units.d == nullptr ? std::span<Real>() : std::span<Real>(units.d + at, block.padded));
    }
    mask_units(layer, block, units.u, units.d, activity_sums);
  }

  // The masked inputs of a block.
  void load_inputs(const Block& block, Real* u, LaneSum* sums) {
    for (std::size_t k = 0; k < kDirections; ++k) {
      const double* from = vectors_ + k * p_.widths[0] + block.first;
      const int exponent = states_[1].u_exponent[k];
      for (std::size_t i = 0; i < block.size; ++i)
        u[k * block.padded + i] = static_cast<Real>(exponent == 0 ? from[i] : std::ldexp(from[i], -exponent));
    }
    mask_units(0, block, u, nullptr, sums);
  }

  void measure_inputs() {
    LaneSum* sums = states_[1].inputs;
    std::fill(sums, sums + kInputSums, LaneSum{});
    for_blocks(0, [&](const Block& block) { load_inputs(block, block_units_, sums); });
  }

  const Parameters& p_;
  const Masks masks_;
  InputVectors inputs_;
  const PairPlan plan_;
  const PairKernels<Real>& kernels_;
  const std::size_t depth_;
  std::vector<LayerState> states_;

  std::uint32_t trial_ = 0;
  const double* vectors_ = nullptr;

  AlignedVector<Real> kept_, workspace_;
  Real *delta_ = nullptr, *fresh_ = nullptr, *again_ = nullptr;
  alignas(kCacheLine) Real block_z_[2 * kBlock] = {};
  alignas(kCacheLine) Real block_units_[2 * kPerUnit * kBlock] = {};
  std::uint64_t mask_words_[2][kBlock / 64] = {};
};

}  // namespace mft::feedforward
