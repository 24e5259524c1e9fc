#include "train/path_masks.h"

#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "train/path_count.h"

namespace mft::train {
namespace {

constexpr std::uint64_t kAttemptWords = std::uint64_t{1} << 24;  // more than the words of any minibatch's masks
constexpr std::uint64_t kMostAttempts = 100'000;                 // streams hold 2^41 words of bits
constexpr double kSmallestKeep = 1e-3;                           // one kept unit in about 1000 attempts at worst

}  // namespace

PathMasks::PathMasks(std::uint64_t seed, KeepProbabilities keep, bool is_shared)
    : seed_(seed), keep_(keep), is_shared_(is_shared), free_(seed, std::move(keep), is_shared) {
  for (const double keep : keep_.units)
    if (keep < kSmallestKeep)
      throw Error("OUT_OF_RANGE", "keepProbability",
                  "Expected `keepProbability` to be at least 0.001 where masks are conditioned on a path.");
}

void PathMasks::begin_step(std::uint64_t step, std::size_t rows) {
  step_ = static_cast<std::uint32_t>(step);
  free_.begin_step(step, rows);
}

bool PathMasks::masks(std::size_t layer) const { return free_.masks(layer); }
double PathMasks::scale(std::size_t layer) const { return free_.scale(layer); }

void PathMasks::draw(std::size_t layer, std::size_t first_row, std::size_t rows, std::size_t units,
                     std::span<std::uint64_t> bits) const {
  free_.draw(layer, first_row, rows, units, bits);
  if (layer >= kBranchMasks) return;  // around a dropped branch the shortcut leads on
  const std::size_t words = words_for(units);
  for (std::size_t row = 0; row < rows; ++row) {
    const std::span<std::uint64_t> own = bits.subspan(row * words, words);
    if (keeps_none(own, units)) refill(layer, is_shared_ ? 0 : first_row + row, units, own);
  }
}

void PathMasks::refill(std::size_t layer, std::size_t row, std::size_t units, std::span<std::uint64_t> bits) const {
  const Stream stream{seed_, step_, static_cast<std::uint32_t>(layer), Purpose::kMasks};
  for (std::uint64_t attempt = 1; attempt < kMostAttempts; ++attempt) {
    random_bernoulli(stream, attempt * kAttemptWords + row * words_for(units), keep_.at(layer), bits);
    if (!keeps_none(bits, units)) return;
  }
  throw Error("NO_CONVERGENCE", "keepProbability", "No mask with a kept unit was found in 100,000 attempts.");
}

}  // namespace mft::train
