#include "systems/percolation/lattice.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"

namespace mft::percolation {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
using Set = std::uint32_t;

// Parents of a position as sets, one bit per kernel tap. A tap is an edge of its own: a kernel longer than a periodic
// image meets a parent more than once, which takes a further set.
using Parents = std::vector<Set>;

std::vector<Parents> parent_sets(const Lattice& lattice) {
  const auto n = static_cast<std::ptrdiff_t>(lattice.positions);
  const auto left = static_cast<std::ptrdiff_t>((lattice.kernel - 1) / 2),
             right = static_cast<std::ptrdiff_t>(lattice.kernel / 2);
  std::vector<Parents> parents(lattice.positions);
  for (std::ptrdiff_t x = 0; x < n; ++x) {
    Parents& sets = parents[static_cast<std::size_t>(x)];
    const std::ptrdiff_t first = lattice.periodic ? -left : std::max(-left, -x),
                         last = lattice.periodic ? right : std::min(right, n - 1 - x);
    for (std::ptrdiff_t offset = first; offset <= last; ++offset) {
      const Set parent = Set{1} << (((x + offset) % n + n) % n);
      auto free = std::find_if(sets.begin(), sets.end(), [&](Set set) { return (set & parent) == 0; });
      if (free == sets.end()) free = sets.insert(sets.end(), 0);
      *free |= parent;
    }
  }
  return parents;
}

// Edges into a position from a set of reached positions.
std::size_t edges_from(const Parents& parents, std::size_t reached) {
  int count = 0;
  for (const Set set : parents) count += std::popcount(set & static_cast<Set>(reached));
  return static_cast<std::size_t>(count);
}

// Independent removal of positions: every kept with probability keep.
void thin(std::vector<double>& mass, std::size_t positions, double keep) {
  if (keep >= 1) return;
  for (std::size_t x = 0; x < positions; ++x)
    for (std::size_t set = 0; set < mass.size(); ++set)
      if ((set >> x) & 1) {
        mass[set ^ (std::size_t{1} << x)] += (1 - keep) * mass[set];
        mass[set] *= keep;
      }
}

class LatticeChain {
 public:
  LatticeChain(const Lattice& lattice, int threads, const Control& control)
      : positions_(lattice.positions),
        parents_(parent_sets(lattice)),
        threads_(threads),
        control_(control),
        mass_(std::size_t{1} << positions_, 0.0) {
    mass_.back() = 1;
    thin(mass_, positions_, lattice.input_keep_probability);
    step_ = condition();
  }

  // One layer; true when the law given survival stayed the same.
  bool advance(const LayerRun& run) {
    control_.throw_if_cancelled();
    const std::vector<double> before = mass_;
    if (run.edge_keep_probability >= 1)
      spread(run.keep_probability);
    else
      spread_with_edges(run);
    step_ = condition();
    if (step_ == kInfinity) return true;
    for (std::size_t set = 1; set < mass_.size(); ++set)
      if (std::abs(mass_[set] - before[set]) > 1e-14 * mass_[set]) return false;
    return true;
  }

  double log_step() const { return step_; }  // log hazard of the last layer
  double mean() const {
    double sum = 0;
    for (std::size_t set = 1; set < mass_.size(); ++set) sum += std::popcount(set) * mass_[set];
    return sum;
  }

 private:
  // Removes the empty set and normalises; the log hazard of having been empty.
  double condition() {
    double alive = 0;
    for (std::size_t set = 1; set < mass_.size(); ++set) alive += mass_[set];
    const double dead = mass_[0];
    mass_[0] = 0;
    if (alive <= 0) return kInfinity;
    for (double& m : mass_) m /= alive;
    if (dead <= 0) return -kInfinity;
    return std::log(dead < alive ? std::log1p(dead / alive) : -std::log(alive / (alive + dead)));
  }

  void spread(double keep) {
    std::vector<double> next(mass_.size(), 0.0);
    for (std::size_t set = 1; set < mass_.size(); ++set) {
      if (mass_[set] == 0) continue;
      std::size_t reached = 0;
      for (std::size_t x = 0; x < positions_; ++x) reached |= std::size_t{edges_from(parents_[x], set) > 0} << x;
      next[reached] += mass_[set];
    }
    thin(next, positions_, keep);
    mass_ = std::move(next);
  }

  // Given the set, positions are reached independently: a product over x, built as (high half) x (low half).
  void spread_with_edges(const LayerRun& run) {
    const std::size_t low = std::min<std::size_t>(positions_, 8), high = positions_ - low;
    std::size_t most = 0;
    for (const Parents& parents : parents_) most = std::max(most, edges_from(parents, mass_.size() - 1));
    std::vector<double> hit(most + 1), miss(most + 1);
    for (std::size_t k = 0; k <= most; ++k) {
      const double no_edge = std::exp(static_cast<double>(k) * std::log1p(-run.edge_keep_probability));
      hit[k] = run.keep_probability * -std::expm1(static_cast<double>(k) * std::log1p(-run.edge_keep_probability));
      miss[k] = (1 - run.keep_probability) + run.keep_probability * no_edge;
    }
    std::vector<double> next(mass_.size(), 0.0);
    const std::size_t slices = std::size_t{1} << high;
    parallel_for(slices, mass_.size() >= 1024 ? threads_ : 1, [&](std::size_t slice, int) {
      control_.throw_if_cancelled();
      double* out = next.data() + (slice << low);
      std::vector<double> products(std::size_t{1} << low);
      for (std::size_t set = 1; set < mass_.size(); ++set) {
        if (mass_[set] == 0) continue;
        double weight = mass_[set];
        for (std::size_t x = 0; x < high; ++x) {
          const std::size_t k = edges_from(parents_[low + x], set);
          weight *= (slice >> x) & 1 ? hit[k] : miss[k];
        }
        if (weight == 0) continue;
        products[0] = weight;
        for (std::size_t x = 0; x < low; ++x) {
          const std::size_t k = edges_from(parents_[x], set);
          const std::size_t size = std::size_t{1} << x;
          for (std::size_t i = 0; i < size; ++i) products[size + i] = products[i] * hit[k];
          for (std::size_t i = 0; i < size; ++i) products[i] *= miss[k];
        }
        for (std::size_t i = 0; i < products.size(); ++i) out[i] += products[i];
      }
    });
    mass_ = std::move(next);
  }

  std::size_t positions_;
  std::vector<Parents> parents_;
  int threads_;
  const Control& control_;
  std::vector<double> mass_;
  double step_ = -kInfinity;
};

}  // namespace

std::vector<ReachLaw> lattice_laws(const Lattice& lattice, std::span<const double> layers, int threads,
                                   const Control& control) {
  if (lattice.positions < 1 || lattice.positions > kLargestLatticePositions || lattice.kernel < 1)
    throw Error("OUT_OF_RANGE", "width",
                "Expected `width` to be a whole number in [1, 16] for the exact chain over subsets.");
  std::vector<ReachLaw> found;
  LatticeChain chain(lattice, threads, control);
  double layer = 0, log_hazard = chain.log_step();
  const auto note = [&](double upto, auto hazard_at) {
    while (found.size() < layers.size() && layers[found.size()] <= upto) {
      const double hazard = hazard_at(layers[found.size()]);
      found.push_back({hazard, hazard == kInfinity ? 0 : chain.mean()});
    }
  };
  const auto here = [&](double) { return log_hazard; };
  note(0, here);
  for (const LayerRun& run : lattice.runs) {
    const double end = layer + run.count;
    while (layer < end && log_hazard < kInfinity) {
      const bool settled = chain.advance(run);
      const double before = log_hazard, from = layer;
      log_hazard = log_add_exp(before, chain.log_step());
      layer += 1;
      note(layer, here);
      if (settled && layer < end && log_hazard < kInfinity) {  // every further layer of the run does the same
        const auto later = [&](double at) { return log_add_exp(before, chain.log_step() + std::log(at - from)); };
        note(end, later);
        log_hazard = later(end);
        layer = end;
      }
    }
    layer = end;
    note(end, here);
  }
  if (found.size() != layers.size())
    throw Error("OUT_OF_RANGE", "layers", "Expected `layers` to ascend from 0 to the number of layers.");
  return found;
}

}  // namespace mft::percolation
