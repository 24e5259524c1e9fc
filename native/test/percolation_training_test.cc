// Paths and gradients in real training: a step has a gradient of exactly zero if and only if its masks leave no path
// (tanh, no biases), on every step; the share of lost steps against theory; masks conditioned on a path.
#include <bit>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "check.h"
#include "core/blas.h"
#include "core/random.h"
#include "train/path_masks.h"
#include "train/trainer.h"
#include "train_cases.h"

namespace {

using namespace mft;
using namespace mft::train;

constexpr std::size_t kWide = 10, kImages = 64, kWidth = 8;

CaseOptions options_for(std::size_t depth, std::size_t steps, double keep) {
  CaseOptions options;
  options.dimension = kWide;
  options.widths.assign(depth, kWidth);
  options.widths.push_back(1);
  options.activation.kind = ActivationKind::kTanh;
  options.has_bias = false;
  options.weight_variance.assign(depth + 1, 1.0);
  options.bias_variance.assign(depth + 1, 0.0);
  options.keep_probability.assign(depth + 1, keep);
  options.keep_probability[0] = 1;
  options.input_scale.assign(kWide, 1.0);
  options.input_shift.assign(kWide, 0.0);
  options.loss = LossKind::kSquared;
  options.optimizer.kind = OptimizerKind::kSgd;
  options.rates.assign(steps, 0.01);
  options.batch = 1;
  options.seed = 31 + depth;
  options.is_double = true;
  options.statistics_every = 1;
  options.counts_paths = true;
  options.plan();
  return options;
}

struct Data {
  std::vector<float> values = std::vector<float>(kImages * kWide);
  std::vector<std::uint8_t> labels = std::vector<std::uint8_t>(kImages, 0);
  Data() { random_normals(Stream{3, 0, 0, Purpose::kDataset}, 0, std::span<float>(values)); }
  Images images() const { return {nullptr, values.data(), labels.data(), kImages}; }
};

// Does every hidden layer of the step's mask keep a unit? The masks are drawn again, apart from the trainer.
bool has_path(MaskSource& masks, std::uint64_t step, std::size_t depth) {
  masks.begin_step(step, 1);
  for (std::size_t layer = 1; layer <= depth; ++layer) {
    std::uint64_t word[1];
    masks.draw(layer, 0, 1, kWidth, word);
    if ((word[0] & ((1u << kWidth) - 1)) == 0) return false;
  }
  return true;
}

// The gradient of a step is zero, in every layer.
bool is_zero(const TrainingResult& result, std::size_t step, std::size_t layers) {
  for (std::size_t l = 0; l < layers; ++l)
    if (result.gradient_square[step * layers + l] != 0) return false;
  return true;
}

void zero_gradient_exactly_without_path(test::Tally& tally) {
  constexpr std::size_t kSteps = 3000;
  constexpr double kKeep = 0.3;
  const Data data;
  std::size_t steps = 0, different = 0;
  for (const std::size_t depth : {1, 2, 4, 8, 16, 32, 64}) {
    const CaseOptions options = options_for(depth, kSteps, kKeep);
    const TrainingResult result = train_network(options, data.images(), Images{}, Control());
    tally.check(result.steps == kSteps, "the run at depth " + std::to_string(depth) + " reaches its last step");
    BernoulliMasks masks(options.seed, {options.keep_probability}, false);
    std::size_t blocked = 0;
    for (std::size_t step = 0; step < kSteps; ++step) {
      const bool path = has_path(masks, step, depth);
      different += path == is_zero(result, step, depth + 1);
      blocked += !path;
      ++steps;
    }
    const PathCounts& counts = result.paths;
    tally.check(counts.steps == kSteps && counts.masks_per_step == 1 && counts.lost_steps == blocked &&
                    counts.blocked_masks == blocked,
                "the trainer counts the lost steps at depth " + std::to_string(depth));
    tally.check(counts.zero_gradient_steps == blocked && counts.differing_steps == 0,
                "and gradients of exactly zero at the same steps");
    // Lost share against 1 - (1 - 0.7^8)^L, within four standard deviations.
    const double lost = -std::expm1(static_cast<double>(depth) * std::log1p(-std::pow(1 - kKeep, kWidth)));
    const double z = (static_cast<double>(blocked) / kSteps - lost) / std::sqrt(lost * (1 - lost) / kSteps);
    std::printf("depth %zu: predicted %.4f, lost %.4f of %zu steps, z = %.2f\n", depth, lost,
                static_cast<double>(blocked) / kSteps, kSteps, z);
    tally.within(z, -4, 4, "z of the lost share at depth " + std::to_string(depth));
  }
  tally.check(different == 0, "path exists if and only if the gradient is not zero: " + std::to_string(different) +
                                  " of " + std::to_string(steps) + " steps differ");
}

void conditioned_masks_always_have_a_path(test::Tally& tally) {
  constexpr std::size_t kDepth = 16, kSteps = 3000;
  const Data data;
  CaseOptions options = options_for(kDepth, kSteps, 0.3);
  options.has_path_masks = true;
  const TrainingResult result = train_network(options, data.images(), Images{}, Control());
  PathMasks masks(options.seed, {options.keep_probability}, false);
  BernoulliMasks free(options.seed, {options.keep_probability}, false);
  std::size_t lost = 0, same = 0, unblocked = 0;
  double kept = 0;
  for (std::size_t step = 0; step < kSteps; ++step) {
    lost += is_zero(result, step, kDepth + 1) || !has_path(masks, step, kDepth);
    const bool path = has_path(free, step, kDepth);
    unblocked += path;
    bool equal = true;
    for (std::size_t layer = 1; layer <= kDepth; ++layer) {
      std::uint64_t conditioned[1], plain[1];
      masks.draw(layer, 0, 1, kWidth, conditioned);
      free.draw(layer, 0, 1, kWidth, plain);
      equal = equal && conditioned[0] == plain[0];
      kept += std::popcount(conditioned[0] & ((1u << kWidth) - 1));
    }
    same += path && equal;
  }
  tally.check(lost == 0, "no conditioned step is lost");
  tally.check(same == unblocked && unblocked > 0 && unblocked < kSteps, "masks with a path stay what they were");
  // Conditioned on one kept unit: mean N s / (1 - (1 - s)^N).
  const double count = kDepth * kSteps, survive = 1 - std::pow(0.7, kWidth), mean = kWidth * 0.3 / survive;
  const double variance = (kWidth * 0.3 * 0.7 + std::pow(kWidth * 0.3, 2)) / survive - mean * mean;
  tally.within((kept / count - mean) / std::sqrt(variance / count), -4, 4, "z of the kept units of conditioned masks");
}

// One mask per example: a step is lost when all of them are blocked. float32 over hundreds of layers: gradients that
// underflow are counted as what they are, zero gradients of steps with a path.
void counts_masks_of_a_minibatch(test::Tally& tally) {
  constexpr std::size_t kBatch = 4, kSteps = 2000, kDepth = 16;
  const Data data;
  CaseOptions options = options_for(kDepth, kSteps, 0.3);
  options.batch = kBatch;
  options.statistics_every = 0;
  const PathCounts each = train_network(options, data.images(), Images{}, Control()).paths;
  const double blocked = -std::expm1(kDepth * std::log1p(-std::pow(0.7, kWidth))), lost = std::pow(blocked, kBatch);
  tally.check(each.masks_per_step == kBatch && each.differing_steps == 0 && each.lost_steps == each.zero_gradient_steps,
              "minibatches");
  const auto z = [](std::size_t found, double p, std::size_t n) {
    return (static_cast<double>(found) / static_cast<double>(n) - p) / std::sqrt(p * (1 - p) / static_cast<double>(n));
  };
  tally.within(z(each.lost_steps, lost, kSteps), -4, 4, "z of the lost steps of minibatches");
  tally.within(z(each.blocked_masks, blocked, kSteps * kBatch), -4, 4, "z of the blocked masks of minibatches");
  options.has_shared_masks = true;
  const PathCounts shared = train_network(options, data.images(), Images{}, Control()).paths;
  tally.check(shared.masks_per_step == 1 && shared.differing_steps == 0, "shared masks");
  tally.within(z(shared.lost_steps, blocked, kSteps), -4, 4, "z of the lost steps of shared masks");
  CaseOptions deep = options_for(400, 200, 0.9);
  deep.is_double = false;
  deep.weight_variance.assign(401, 0.01);
  deep.plan();
  const PathCounts faded = train_network(deep, data.images(), Images{}, Control()).paths;
  tally.check(faded.lost_steps == 0 && faded.zero_gradient_steps == 200 && faded.differing_steps == 200,
              "underflow is not taken for a lost step");
}

void biased_blocked_steps_do_not_see_the_input(test::Tally& tally) {
  // Two networks differing in their image only, on a step without a path: the same gradient, bit for bit.
  constexpr std::size_t kDepth = 12;
  CaseOptions options = options_for(kDepth, 1, 0.3);
  options.has_bias = true;
  options.bias_variance.assign(kDepth + 1, 0.1);
  options.plan();
  options.returns_parameters = true;
  options.is_shuffled = false;
  std::size_t blocked = 0, same = 0, open = 0, different = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    options.seed = seed;
    BernoulliMasks masks(seed, {options.keep_probability}, false);
    const bool path = has_path(masks, 0, kDepth);
    std::vector<std::vector<double>> after;
    for (const float value : {0.5f, -2.0f}) {
      const std::vector<float> image(kWide, value);
      const std::vector<std::uint8_t> label(1, 0);
      after.push_back(train_network(options, {nullptr, image.data(), label.data(), 1}, Images{}, Control()).parameters);
    }
    (path ? open : blocked) += 1;
    if (path)
      different += after[0] != after[1];
    else
      same += after[0] == after[1];
  }
  tally.check(blocked > 100 && open > 100, "both kinds of steps occur");
  tally.check(same == blocked, "with biases a blocked step does not depend on the input: " + std::to_string(same) +
                                   " of " + std::to_string(blocked));
  tally.check(different == open,
              "a step with a path does: " + std::to_string(different) + " of " + std::to_string(open));
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  zero_gradient_exactly_without_path(tally);
  conditioned_masks_always_have_a_path(tally);
  counts_masks_of_a_minibatch(tally);
  biased_blocked_steps_do_not_see_the_input(tally);
  return tally.finish();
}
