// Where the dropout masks of a training step come from. The default draws fresh Bernoulli masks from the counter-based
// generator; other models (masks conditioned on a path, masks given) implement the same interface.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mft::train {

inline std::size_t words_for(std::size_t units) { return (units + 63) / 64; }

// Mask layer 0 masks the inputs, mask layer l >= 1 the units of layer l, mask layer kBranchMasks + l what layer l adds
// to its shortcut, as one unit.
inline constexpr std::size_t kBranchMasks = std::size_t{1} << 27;

// Keep probabilities by mask layer.
struct KeepProbabilities {
  std::vector<double> units, branches = {};
  double at(std::size_t layer) const {
    const std::vector<double>& list = layer < kBranchMasks ? units : branches;
    const std::size_t index = layer % kBranchMasks;
    return index < list.size() ? list[index] : 1.0;
  }
};

class MaskSource {
 public:
  virtual ~MaskSource() = default;
  // Told once per step, by one thread, before any row of it is drawn.
  virtual void begin_step(std::uint64_t step, std::size_t rows) = 0;
  // Whether the layer is masked at all.
  virtual bool masks(std::size_t layer) const = 0;
  // The factor of kept units, 1/rho.
  virtual double scale(std::size_t layer) const = 0;
  // Bits of rows [first_row, first_row + rows) of the minibatch, words_for(units) words per row; bit j of word i of a
  // row is unit 64 i + j, 1 = kept. Called by several threads at once.
  virtual void draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
                    std::span<std::uint64_t> bits) const = 0;
};

// Independent Bernoulli(rho) masks per unit, layer and step, and per row or shared by all rows of the minibatch.
// Bits: stream (seed, trial = step, layer, kMasks), word row * words_for(units) + i.
class BernoulliMasks final : public MaskSource {
 public:
  BernoulliMasks(std::uint64_t seed, KeepProbabilities keep, bool is_shared);
  void begin_step(std::uint64_t step, std::size_t rows) override;
  bool masks(std::size_t layer) const override;
  double scale(std::size_t layer) const override;
  void draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
            std::span<std::uint64_t> bits) const override;

 private:
  std::uint64_t seed_;
  KeepProbabilities keep_;
  bool is_shared_;
  std::uint32_t step_ = 0;
};

// Masks given as bytes (0 or 1), step by step, layer by layer, row by row, then those of the branches; for comparisons
// with other programs.
class GivenMasks final : public MaskSource {
 public:
  // units[l] of mask layer l; a layer with keep probability 1 has no bytes.
  GivenMasks(KeepProbabilities keep, const std::vector<std::size_t>& units, std::size_t rows,
             std::vector<std::uint8_t> bytes);
  void begin_step(std::uint64_t step, std::size_t rows) override;
  bool masks(std::size_t layer) const override;
  double scale(std::size_t layer) const override;
  void draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
            std::span<std::uint64_t> bits) const override;

 private:
  KeepProbabilities keep_;
  std::vector<std::size_t> offset_, branch_offset_;  // of each mask layer inside a step
  std::size_t step_bytes_ = 0;
  std::vector<std::uint8_t> bytes_;
  const std::uint8_t* at_ = nullptr;
};

}  // namespace mft::train
