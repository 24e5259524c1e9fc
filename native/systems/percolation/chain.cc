#include "systems/percolation/chain.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "core/error.h"
#include "core/math.h"
#include "core/parallel.h"

namespace mft::percolation {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Terms this far below the largest change a sum of fewer than 2^15 terms by less than 1e-17.
constexpr double kNegligible = -50;
constexpr double kParallelWork = 1 << 20;  // terms of a block of rows from which threads pay
// Upper tail left out of a law, relative to its largest probability: by monotonicity a state of m nodes survives at
// most m times as often as a state of one, and dies at most as often, so the tail changes every result by less than
// 1e-17.
constexpr double kTail = -70;
constexpr int kMostIterations = 200'000;

// Law of X given X >= 1. Fresh: a binomial that never had to be written out (dropped nodes alone need no more).
struct Law {
  double width = 0;
  bool fresh = true;
  double keep = 1;        // fresh
  std::size_t first = 1;  // written out: log_mass[k] belongs to m = first + k
  std::vector<double> log_mass;
};

double largest_of(std::span<const double> terms) {
  constexpr std::size_t kLanes = 8;
  double lanes[kLanes];
  std::fill(lanes, lanes + kLanes, -kInfinity);
  std::size_t i = 0;
  for (; i + kLanes <= terms.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      lanes[lane] = terms[i + lane] > lanes[lane] ? terms[i + lane] : lanes[lane];
  for (; i < terms.size(); ++i) lanes[0] = std::max(lanes[0], terms[i]);
  return *std::max_element(lanes, lanes + kLanes);
}

// log of the sum of exp; -infinity for an empty sum.
double log_sum_exp(std::span<const double> terms) {
  const double largest = largest_of(terms);
  if (largest == -kInfinity) return largest;
  constexpr std::size_t kBlock = 64;
  double block[kBlock];
  std::size_t held = 0;
  double sum = 0;
  const auto flush = [&] {
    math::apply(math::Function::kExp, {block, held}, {block, held});
    for (std::size_t i = 0; i < held; ++i) sum += block[i];
    held = 0;
  };
  for (const double t : terms) {
    block[held] = t - largest;
    held += t - largest > kNegligible;
    if (held == kBlock) flush();
  }
  flush();
  return largest + std::log(sum);
}

// log C(n, k), k = 0..n, by the recurrence in k with a compensated sum; symmetric by construction.
std::vector<double> log_binomials(std::size_t n) {
  std::vector<double> result(n + 1);
  double sum = 0, correction = 0;
  for (std::size_t k = 0; 2 * k <= n; ++k) {
    result[k] = result[n - k] = sum + correction;
    const double term = std::log(static_cast<double>(n - k) / static_cast<double>(k + 1));
    const double next = sum + term;
    correction += std::abs(sum) >= std::abs(term) ? (sum - next) + term : (term - next) + sum;
    sum = next;
  }
  return result;
}

double log_hazard_of(double log_miss, double log_hit) {  // log(-log(hit)), from whichever of the two is small
  if (log_miss == -kInfinity) return -kInfinity;
  if (log_hit == -kInfinity) return kInfinity;
  if (log_miss > -0.7) return std::log(-log_hit);
  return log_miss < -37 ? log_miss : std::log(-std::log1p(-std::exp(log_miss)));
}

// P(Bin(width, keep) = 0) as the logarithm of its hazard.
double binomial_log_hazard(double width, double keep) {
  if (keep >= 1) return -kInfinity;
  if (keep <= 0) return kInfinity;
  const double log_miss = width * std::log1p(-keep);
  return log_hazard_of(log_miss, log_one_minus_exp(log_miss));
}

double mean_of(const Law& law) {
  if (law.fresh) {
    if (law.keep >= 1) return law.width;
    return law.keep <= 0 ? 0 : law.width * law.keep / -std::expm1(law.width * std::log1p(-law.keep));
  }
  double mean = 0;
  for (std::size_t k = 0; k < law.log_mass.size(); ++k)
    mean += static_cast<double>(law.first + k) * std::exp(law.log_mass[k]);
  return mean;
}

void normalise(std::vector<double>& log_mass) {
  const double total = log_sum_exp(log_mass);
  for (double& x : log_mass) x -= total;
}

void check_width(double width) {
  if (width > kLargestChainWidth)
    throw Error("OUT_OF_RANGE", "width",
                "Expected `width` to be at most " + std::to_string(static_cast<int>(kLargestChainWidth)) +
                    " where edges are dropped (the exact chain costs width squared per layer).");
}

// Writes a fresh binomial out as logarithms of its probabilities given at least one.
Law written_out(const Law& law) {
  if (!law.fresh) return law;
  Law result;
  result.width = law.width;
  result.fresh = false;
  if (law.keep >= 1) {  // all nodes: a point mass, at any width
    result.first = static_cast<std::size_t>(law.width);
    result.log_mass = {0.0};
    return result;
  }
  check_width(law.width);
  const auto n = static_cast<std::size_t>(law.width);
  const std::vector<double> binomials = log_binomials(n);
  const double log_keep = std::log(law.keep), log_drop = std::log1p(-law.keep);
  result.log_mass.resize(n);
  for (std::size_t m = 1; m <= n; ++m)
    result.log_mass[m - 1] = binomials[m] + static_cast<double>(m) * log_keep + static_cast<double>(n - m) * log_drop;
  normalise(result.log_mass);
  return result;
}

// One layer of the chain behind dropped edges, 0 < edge_keep_probability < 1 and keep_probability > 0: log h_m and
// log(1 - h_m) of the `count` numbers m = first, first + 1, ... of reached nodes before it.
class Kernel {
 public:
  Kernel(const LayerRun& layer, std::size_t first, std::size_t count, int threads)
      : width_(static_cast<std::size_t>(layer.width)),
        first_(first),
        log_hit_(count),
        log_miss_(count),
        threads_(threads) {
    check_width(layer.width);
    binomials_ = log_binomials(width_);
    const double log_q = std::log1p(-layer.edge_keep_probability), log_node = std::log(layer.keep_probability);
    const double log_node_drop = layer.keep_probability >= 1 ? -kInfinity : std::log1p(-layer.keep_probability);
    for (std::size_t k = 0; k < count; ++k) {
      const double log_no_edge = static_cast<double>(first + k) * log_q;
      log_hit_[k] = log_node + log_one_minus_exp(log_no_edge);
      const double hit = std::exp(log_hit_[k]);
      log_miss_[k] = hit < 0.5 ? std::log1p(-hit) : log_add_exp(log_node_drop, log_node + log_no_edge);
    }
  }

  bool covers(const Law& law) const {
    return law.first >= first_ && law.first + law.log_mass.size() <= first_ + log_hit_.size();
  }

  // log of -log P(the layer is reached | the previous one is), for the law of the previous layer.
  double log_hazard(const Law& law) const {
    const auto n = static_cast<double>(width_);
    const double* log_miss = log_miss_.data() + (law.first - first_);
    std::vector<double> miss(law.log_mass.size()), hit(law.log_mass.size());
    for (std::size_t k = 0; k < miss.size(); ++k) {
      miss[k] = law.log_mass[k] + n * log_miss[k];
      hit[k] = law.log_mass[k] + log_one_minus_exp(n * log_miss[k]);
    }
    return log_hazard_of(log_sum_exp(miss), log_sum_exp(hit));
  }

  Law next(const Law& law, const Control& control) const {
    Law result;
    result.width = static_cast<double>(width_);
    result.fresh = false;
    std::vector<double>& mass = result.log_mass;
    mass.resize(width_);
    // Rows beyond the mean of the best state only fall: there the tail may be cut.
    const double last_mode =
        static_cast<double>(width_) * std::exp(log_hit_[law.first - first_ + law.log_mass.size() - 1]);
    double largest = -kInfinity;
    for (std::size_t begin = 0; begin < width_; begin += kRowsAtOnce) {
      control.throw_if_cancelled();
      const std::size_t end = std::min(width_, begin + kRowsAtOnce);
      rows(law, begin, end, mass);
      largest = std::max(largest, largest_of(std::span(mass).subspan(begin, end - begin)));
      const double cut = largest + kTail - std::log(static_cast<double>(width_));
      if (static_cast<double>(end) > last_mode && mass[end - 1] < cut) {
        mass.resize(end);
        while (mass.size() > 1 && static_cast<double>(mass.size()) > last_mode && mass.back() < cut) mass.pop_back();
        break;
      }
    }
    normalise(mass);
    return result;
  }

 private:
  static constexpr std::size_t kRowsAtOnce = 256, kRowsPerUnit = 32;

  // log P(X' = n) up to normalisation for n = begin + 1 .. end.
  void rows(const Law& law, std::size_t begin, std::size_t end, std::vector<double>& mass) const {
    const double work = static_cast<double>(end - begin) * static_cast<double>(law.log_mass.size());
    const std::size_t units = (end - begin + kRowsPerUnit - 1) / kRowsPerUnit;
    parallel_for(units, work >= kParallelWork ? threads_ : 1, [&](std::size_t unit, int) {
      std::vector<double> terms(law.log_mass.size());
      const std::size_t last = std::min(end, begin + (unit + 1) * kRowsPerUnit);
      for (std::size_t n = begin + unit * kRowsPerUnit + 1; n <= last; ++n) mass[n - 1] = row(law, n, terms);
    });
  }

  double row(const Law& law, std::size_t n, std::vector<double>& terms) const {
    const auto hits = static_cast<double>(n), misses = static_cast<double>(width_ - n);
    const double* log_hit = log_hit_.data() + (law.first - first_);
    const double* log_miss = log_miss_.data() + (law.first - first_);
    const double* log_mass = law.log_mass.data();
    for (std::size_t k = 0; k < terms.size(); ++k) terms[k] = log_mass[k] + (hits * log_hit[k] + misses * log_miss[k]);
    return binomials_[n] + log_sum_exp(terms);
  }

  std::size_t width_, first_;
  std::vector<double> log_hit_, log_miss_, binomials_;
  int threads_;
};

// Whether the law given survival has stopped changing: every component relative to itself, up to the rounding of its
// logarithm.
class Settling {
 public:
  bool settled(const Law& before, const Law& after) {
    if (before.first != after.first) return false;
    double change = 0;
    for (std::size_t k = 0; k < std::min(before.log_mass.size(), after.log_mass.size()); ++k)
      change = std::max(change, std::abs(after.log_mass[k] - before.log_mass[k]));
    if (change < 0.7 * smallest_) {
      smallest_ = change;
      idle_ = 0;
    } else {
      ++idle_;
    }
    // Below 1e-14, or no longer shrinking because it is down to rounding.
    return smallest_ <= 1e-14 || (smallest_ < kRounding && idle_ >= kIdle);
  }

 private:
  static constexpr double kRounding = 1e-9;
  static constexpr int kIdle = 64;
  double smallest_ = kInfinity;
  int idle_ = 0;
};

// Walks through the layers and notes the laws at the wanted ones.
class Walk {
 public:
  Walk(std::span<const double> wanted, int threads, const Control& control)
      : wanted_(wanted), threads_(threads), control_(control) {}

  void start(double width, double keep) {
    law_.width = width;
    law_.keep = keep;
    add(binomial_log_hazard(width, keep));
    note(0);
  }

  void through(const LayerRun& run) {
    const double end = layer_ + run.count;
    if (log_hazard_ == kInfinity || run.edge_keep_probability <= 0 || run.keep_probability <= 0) {
      log_hazard_ = kInfinity;
      note(end);
    } else if (run.edge_keep_probability >= 1) {
      law_ = Law{run.width, true, run.keep_probability, 1, {}};
      constant(binomial_log_hazard(run.width, run.keep_probability), end);
    } else {
      chain(run, end);
    }
    layer_ = end;
  }

  std::vector<ReachLaw> take() { return std::move(found_); }
  double last_step() const { return last_step_; }
  const Law& law() const { return law_; }

 private:
  void add(double log_hazard) { log_hazard_ = log_add_exp(log_hazard_, log_hazard); }

  // From here to `end` every layer adds the same hazard and the law stays.
  void constant(double log_step, double end) {
    last_step_ = log_step;
    const double before = log_hazard_;
    const auto after = [&](double layer) { return log_add_exp(before, log_step + std::log(layer - layer_)); };
    for (; found_.size() < wanted_.size() && wanted_[found_.size()] <= end;)
      found_.push_back(entry(after(wanted_[found_.size()])));
    log_hazard_ = after(end);
    layer_ = end;
  }

  void chain(const LayerRun& run, double end) {
    law_ = written_out(law_);
    std::optional<Kernel> kernel;
    Settling settling;
    int iterations = 0;
    while (layer_ < end) {
      if (!kernel || !kernel->covers(law_)) {
        // From the second layer of a run on the law lives on 1..width.
        if (kernel)
          kernel.emplace(run, 1, static_cast<std::size_t>(run.width), threads_);
        else
          kernel.emplace(run, law_.first, law_.log_mass.size(), threads_);
      }
      const double step = kernel->log_hazard(law_);
      Law next = kernel->next(law_, control_);
      const bool settled = settling.settled(law_, next);
      add(step);
      last_step_ = step;
      law_ = std::move(next);
      layer_ += 1;
      note(layer_);
      if (settled && layer_ < end) return constant(kernel->log_hazard(law_), end);
      if (++iterations == kMostIterations)
        throw Error(
            "NO_CONVERGENCE", "depth",
            "The law of the reached nodes did not settle within " + std::to_string(kMostIterations) + " layers.");
    }
  }

  ReachLaw entry(double log_hazard) const { return {log_hazard, log_hazard == kInfinity ? 0 : mean_of(law_)}; }
  void note(double upto) {
    while (found_.size() < wanted_.size() && wanted_[found_.size()] <= upto) found_.push_back(entry(log_hazard_));
  }

  std::span<const double> wanted_;
  int threads_;
  const Control& control_;
  Law law_;
  double layer_ = 0;
  double log_hazard_ = -kInfinity;
  double last_step_ = -kInfinity;
  std::vector<ReachLaw> found_;
};

}  // namespace

double log_one_minus_exp(double x) {
  return x > -0.693147180559945309 ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

double log_add_exp(double x, double y) {
  const double high = std::max(x, y), low = std::min(x, y);
  if (low == -kInfinity || high == kInfinity) return high;
  return high + std::log1p(std::exp(low - high));
}

std::vector<ReachLaw> reach_laws(const Network& network, std::span<const double> layers, int threads,
                                 const Control& control) {
  Walk walk(layers, threads, control);
  walk.start(network.input_width, network.input_keep_probability);
  for (const LayerRun& run : network.runs) walk.through(run);
  std::vector<ReachLaw> result = walk.take();
  if (result.size() != layers.size())
    throw Error("OUT_OF_RANGE", "layers", "Expected `layers` to ascend from 0 to the number of layers.");
  return result;
}

ReachLaw stationary_law(const LayerRun& layer, int threads, const Control& control) {
  if (layer.edge_keep_probability <= 0 || layer.keep_probability <= 0) return {kInfinity, 0};
  Walk walk({}, threads, control);
  walk.start(layer.width, 1);
  LayerRun endless = layer;
  endless.count = 1e300;
  walk.through(endless);
  return {walk.last_step(), mean_of(walk.law())};
}

}  // namespace mft::percolation
