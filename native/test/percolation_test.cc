// The exact chain against enumeration of every edge and node subset and against powers of its matrix; explicit masks
// against their naive twin and, by exact binomial tests, against the chain; splitting; threads and splits.
#include <cmath>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "core/control.h"
#include "systems/percolation/chain.h"
#include "systems/percolation/lattice.h"
#include "systems/percolation/masks.h"

namespace {

using namespace mft::percolation;
using mft::Control;

// --- enumeration ----------------------------------------------------------------------------------------------------

struct Small {
  std::string name;
  std::vector<std::uint32_t> widths;
  std::vector<double> node, edge;  // per layer, input and output included; per weight layer
};

// Probability that a directed path survives, summed over all subsets of kept nodes and edges.
double enumerate(const Small& net) {
  std::vector<double> pieces;  // nodes, then edges, layer by layer; certain ones too
  for (std::size_t i = 0; i < net.widths.size(); ++i)
    for (std::uint32_t n = 0; n < net.widths[i]; ++n) pieces.push_back(net.node[i]);
  for (std::size_t i = 0; i + 1 < net.widths.size(); ++i)
    for (std::uint32_t e = 0; e < net.widths[i] * net.widths[i + 1]; ++e) pieces.push_back(net.edge[i]);
  std::vector<std::size_t> free;
  for (std::size_t k = 0; k < pieces.size(); ++k)
    if (pieces[k] > 0 && pieces[k] < 1) free.push_back(k);
  double total = 0, correction = 0;
  for (std::uint64_t subset = 0; subset < (std::uint64_t{1} << free.size()); ++subset) {
    std::vector<bool> kept(pieces.size());
    for (std::size_t k = 0; k < pieces.size(); ++k) kept[k] = pieces[k] >= 1;
    double weight = 1;
    for (std::size_t f = 0; f < free.size(); ++f) {
      kept[free[f]] = (subset >> f) & 1;
      weight *= kept[free[f]] ? pieces[free[f]] : 1 - pieces[free[f]];
    }
    std::size_t node = 0, edge = 0;
    for (const std::uint32_t width : net.widths) edge += width;
    std::vector<bool> reached(kept.begin(), kept.begin() + net.widths[0]);
    for (std::size_t i = 0; i + 1 < net.widths.size(); ++i) {
      node += net.widths[i];
      std::vector<bool> next(net.widths[i + 1], false);
      for (std::uint32_t a = 0; a < net.widths[i]; ++a)
        for (std::uint32_t b = 0; b < net.widths[i + 1]; ++b, ++edge)
          if (reached[a] && kept[edge] && kept[node + b]) next[b] = true;
      reached = std::move(next);
    }
    bool path = false;
    for (const bool r : reached) path = path || r;
    if (path) {  // compensated: many small terms
      const double term = weight - correction, sum = total + term;
      correction = (sum - total) - term;
      total = sum;
    }
  }
  return total;
}

Network network_of(const Small& net) {
  Network result{static_cast<double>(net.widths[0]), net.node[0], {}};
  for (std::size_t i = 1; i < net.widths.size(); ++i)
    result.runs.push_back({1, static_cast<double>(net.widths[i]), net.node[i], net.edge[i - 1]});
  return result;
}

MaskNetwork masks_of(const Small& net) {
  MaskNetwork result;
  result.connections.push_back({{0, 1}, {0}});
  for (std::size_t i = 0; i < net.widths.size(); ++i)
    result.layers.push_back({1, net.widths[i], net.node[i], i == 0 ? 1.0 : net.edge[i - 1], 0, false});
  return result;
}

double path_probability(const Network& network, double last) {
  const std::vector<double> layers = {last};
  return std::exp(-std::exp(reach_laws(network, layers, 1, Control())[0].log_hazard));
}

void test_enumeration(mft::test::Tally& tally) {
  const std::vector<Small> nets = {
      {"edge [2,2,2,2]", {2, 2, 2, 2}, {1, 1, 1, 1}, {0.5, 0.5, 0.5}},
      {"edge [3,2,3], unequal rates", {3, 2, 3}, {1, 1, 1}, {0.3, 0.8}},
      {"node and edge [2,3,2]", {2, 3, 2}, {1, 0.7, 1}, {0.6, 0.4}},
      {"dropped inputs [2,2,2]", {2, 2, 2}, {0.9, 0.5, 1}, {0.25, 0.75}},
      {"narrow [1,3,2,1]", {1, 3, 2, 1}, {1, 0.4, 0.8, 1}, {0.9, 0.35, 0.65}},
  };
  for (const Small& net : nets) {
    const double exact = enumerate(net),
                 chain = path_probability(network_of(net), static_cast<double>(net.widths.size() - 1));
    tally.check(std::abs(chain - exact) <= 1e-15, "enumeration, " + net.name + ": " + std::to_string(chain - exact));
  }
  // The directed probability, not the undirected one of 0.692138671875.
  tally.check(std::abs(enumerate(nets[0]) - 0.683349609375) <= 1e-15, "directed [2,2,2,2]");
}

// --- the chain as a matrix
// -----------------------------------------------------------------------------------------------

using Matrix = std::vector<std::vector<double>>;

Matrix multiply(const Matrix& a, const Matrix& b) {
  Matrix c(a.size(), std::vector<double>(a.size(), 0.0));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < a.size(); ++k)
      for (std::size_t j = 0; j < a.size(); ++j) c[i][j] += a[i][k] * b[k][j];
  return c;
}

// Transition probabilities m -> n of 0..width, the absorbing 0 included; every entry by its own product.
Matrix transition(int width, double node, double edge) {
  Matrix p(width + 1, std::vector<double>(width + 1, 0.0));
  for (int m = 0; m <= width; ++m) {
    const double no_edge = std::pow(1 - edge, m), hit = node * (1 - no_edge), miss = (1 - node) + node * no_edge;
    for (int n = 0; n <= width; ++n) {
      double choose = 1;
      for (int k = 0; k < n; ++k) choose = choose * (width - k) / (k + 1);
      p[m][n] = choose * std::pow(hit, n) * std::pow(miss, width - n);
    }
  }
  return p;
}

void test_matrix_powers(mft::test::Tally& tally) {
  struct Case {
    int width;
    double depth, node, edge;
  };
  for (const Case& c : {Case{6, 1000, 1, 0.2}, Case{10, 1e4, 1, 0.5}, Case{5, 1e6, 0.8, 0.7}, Case{8, 37, 0.6, 0.3}}) {
    Matrix power(c.width + 1, std::vector<double>(c.width + 1, 0.0)), square = transition(c.width, c.node, c.edge);
    for (int i = 0; i <= c.width; ++i) power[i][i] = 1;
    for (auto rest = static_cast<std::uint64_t>(c.depth); rest > 0; rest >>= 1) {
      if (rest & 1) power = multiply(power, square);
      square = multiply(square, square);
    }
    const Matrix output = transition(c.width, 1, c.edge);
    double blocked = 0;
    for (int m = 0; m <= c.width; ++m) blocked += power[c.width][m] * output[m][0];
    const Network network{
        static_cast<double>(c.width),
        1,
        {{c.depth, static_cast<double>(c.width), c.node, c.edge}, {1, static_cast<double>(c.width), 1, c.edge}}};
    const std::vector<double> last = {c.depth + 1};
    const double hazard = std::exp(reach_laws(network, last, 1, Control())[0].log_hazard);
    const double chain = -std::expm1(-hazard);
    tally.check(std::abs(chain - blocked) <= 1e-11 * blocked,
                "matrix power, width " + std::to_string(c.width) + ": " + std::to_string(chain / blocked - 1));
  }
}

// --- the law at large widths: the cut tail, threads
// ------------------------------------------------------------------------

void test_wide(mft::test::Tally& tally) {
  const LayerRun critical{1, 700, 1, 1.0 / 700};
  const ReachLaw one = stationary_law(critical, 1, Control()), two = stationary_law(critical, 3, Control());
  tally.check(one.log_hazard == two.log_hazard && one.mean == two.mean, "the chain does not depend on threads");
  // One more layer of the quasi-stationary law multiplies survival by lambda: the hazard between depths 4000 and 8000.
  const Network network{700, 1, {{8000, 700, 1, 1.0 / 700}, {1, 700, 1, 1.0 / 700}}};
  const std::vector<double> layers = {4000, 8000};
  const auto laws = reach_laws(network, layers, 2, Control());
  const double slope = (std::exp(laws[1].log_hazard) - std::exp(laws[0].log_hazard)) / 4000;
  tally.check(std::abs(slope / std::exp(one.log_hazard) - 1) < 1e-10,
              "decay rate at criticality: " + std::to_string(slope / std::exp(one.log_hazard) - 1));
}

// --- lattice
// -----------------------------------------------------------------------------------------------------------------

void test_lattice(mft::test::Tally& tally) {
  // A kernel that covers the image is the dense chain.
  for (const double edge : {1.0, 0.4}) {
    const std::vector<LayerRun> runs = {{7, 5, 0.6, edge}, {1, 5, 1, edge}};
    const std::vector<double> layers = {0, 3, 8};
    const auto lattice = lattice_laws(Lattice{5, 9, false, 0.8, runs}, layers, 1, Control());
    const auto dense = reach_laws(Network{5, 0.8, runs}, layers, 1, Control());
    for (std::size_t i = 0; i < layers.size(); ++i) {
      tally.check(std::abs(lattice[i].log_hazard - dense[i].log_hazard) <= 1e-12, "dense limit of the lattice, hazard");
      tally.check(std::abs(lattice[i].mean - dense[i].mean) <= 1e-12 * dense[i].mean,
                  "dense limit of the lattice, mean");
    }
  }
  const Lattice wide{11, 3, true, 1, {{6, 11, 0.8, 0.6}, {1, 11, 1, 0.6}}};
  const std::vector<double> last = {7};
  tally.check(
      lattice_laws(wide, last, 1, Control())[0].log_hazard == lattice_laws(wide, last, 3, Control())[0].log_hazard,
      "the lattice does not depend on threads");
}

// --- masks
// ---------------------------------------------------------------------------------------------------------------

MaskNetwork ring(std::uint32_t positions, std::uint32_t channels, double node, double edge, std::size_t layers) {
  MaskNetwork net;
  Connections taps;
  taps.offsets.push_back(0);
  for (std::uint32_t x = 0; x < positions; ++x) {
    for (const std::uint32_t step : {positions - 1, 0u, 1u}) taps.sources.push_back((x + step) % positions);
    taps.offsets.push_back(static_cast<std::uint32_t>(taps.sources.size()));
  }
  net.connections.push_back(taps);
  for (std::size_t i = 0; i < layers; ++i)
    net.layers.push_back({positions, channels, i == 0 || i + 1 == layers ? 1.0 : node, i == 0 ? 1.0 : edge, 0, false});
  return net;
}

void test_naive(mft::test::Tally& tally) {
  MaskNetwork residual = masks_of({"", {6, 6, 6, 3}, {0.3, 0.4, 0.4, 1}, {0.1, 0.1, 0.2}});
  residual.layers[1].residual = residual.layers[2].residual = true;
  const std::vector<std::pair<std::string, MaskNetwork>> nets = {
      {"dense", masks_of({"", {5, 9, 3, 17, 4}, {0.8, 0.5, 0.6, 0.4, 1}, {0.3, 0.5, 1, 0.15}})},
      {"rare edges", masks_of({"", {30, 40, 30, 30}, {1, 1, 0.9, 1}, {0.003, 0.0035, 0.002}})},
      {"ring with channels", ring(5, 2, 0.4, 0.3, 7)},
      {"ring, node only", ring(6, 3, 0.25, 1, 9)},
      {"residual", residual},
  };
  for (const auto& [name, net] : nets) {
    MaskRun run{5, 1000, 300, 2, false, true};
    const MaskCounts counts = count_paths(net, run, Control());
    int different = 0, survivors = 0;
    for (std::uint64_t trial = 0; trial < run.trials; ++trial) {
      const std::uint32_t naive = first_unreached_layer_naive(net, run.seed, run.first_trial + trial);
      different += counts.death_layer[trial] != static_cast<double>(naive);
      survivors += naive == net.layers.size();
    }
    tally.check(different == 0, "naive twin, " + name + ": " + std::to_string(different) + " of 300 trials differ");
    tally.check(counts.alive.back() == survivors, "survivors, " + name);
    tally.check(survivors > 0 && survivors < 300, "both outcomes occur, " + name + ": " + std::to_string(survivors));
  }
}

void test_determinism(mft::test::Tally& tally) {
  const MaskNetwork net = masks_of({"", {8, 8, 8, 8}, {1, 0.7, 0.7, 1}, {0.3, 0.3, 0.3}});
  const MaskCounts one = count_paths(net, {9, 0, 5000, 1, true, true}, Control()),
                   three = count_paths(net, {9, 0, 5000, 3, true, true}, Control());
  tally.check(one.alive == three.alive && one.reached_squares == three.reached_squares &&
                  one.participating == three.participating && one.death_layer == three.death_layer,
              "threads change nothing");
  const MaskCounts a = count_paths(net, {9, 0, 1700, 2, true, true}, Control()),
                   b = count_paths(net, {9, 1700, 3300, 2, true, true}, Control());
  for (std::size_t i = 0; i < one.alive.size(); ++i) {
    tally.check(a.alive[i] + b.alive[i] == one.alive[i] && a.reached[i] + b.reached[i] == one.reached[i],
                "ranges of trials add up");
    tally.check(a.leading[i] + b.leading[i] == one.leading[i] &&
                    a.participating_squares[i] + b.participating_squares[i] == one.participating_squares[i],
                "ranges add up backward");
  }
}

// --- statistics
// -------------------------------------------------------------------------------------------------------------

// Exact two-sided p-value: total probability of outcomes no more probable than the observed one.
double binomial_p_value(double successes, double trials, double p) {
  const auto log_mass = [&](double k) {
    return std::lgamma(trials + 1) - std::lgamma(k + 1) - std::lgamma(trials - k + 1) + k * std::log(p) +
           (trials - k) * std::log1p(-p);
  };
  const double threshold = log_mass(successes) + 1e-7;
  double sum = 0;
  for (double k = 0; k <= trials; ++k)
    if (const double mass = log_mass(k); mass <= threshold) sum += std::exp(mass);
  return std::min(1.0, sum);
}

void test_monte_carlo(mft::test::Tally& tally) {
  constexpr double kTrials = 200'000;
  const std::vector<Small> nets = {
      {"edge, W 10, L 20", std::vector<std::uint32_t>(22, 10), std::vector<double>(22, 1.0),
       std::vector<double>(21, 0.12)},
      {"node, W 8, L 12", std::vector<std::uint32_t>(14, 8),
       [] {
         std::vector<double> s(14, 0.3);
         s.front() = s.back() = 1;
         return s;
       }(),
       std::vector<double>(13, 1.0)},
      {"mixed lists", {8, 2, 8, 2, 8, 1}, {0.9, 0.9, 0.8, 0.7, 0.95, 1}, {0.5, 0.4, 0.3, 0.9, 0.6}},
      {"rare edges, W 300", {300, 300, 300, 300, 2}, {1, 1, 1, 1, 1}, {0.0033, 0.0033, 0.0033, 0.0033}},
  };
  for (const Small& net : nets) {
    const double theta = path_probability(network_of(net), static_cast<double>(net.widths.size() - 1));
    const double trials = net.widths[0] == 300 ? 100'352 : kTrials;
    const MaskCounts counts =
        count_paths(masks_of(net), {20, 0, static_cast<std::uint64_t>(trials), 2, false, false}, Control());
    const double p = binomial_p_value(counts.alive.back(), trials, theta);
    tally.check(p > 1e-6, "masks against the chain, " + net.name + ": p " + std::to_string(p));
    tally.check(theta > 0.05 && theta < 0.95,
                "probability in the sensitive range, " + net.name + ": " + std::to_string(theta));
    // Power: were the theory wrong by 2 %, this very outcome would reject it.
    const double wrong = theta * (counts.alive.back() < theta * trials ? 1.02 : 0.98);
    tally.check(binomial_p_value(counts.alive.back(), trials, wrong) < 1e-6,
                "a planted error of 2 % is caught, " + net.name);
  }
}

void test_splitting(mft::test::Tally& tally) {
  // Edge keep 0.1, width 8: theta about 1e-20 at depth 152.
  const Network network{8, 1, {{152, 8, 1, 0.1}, {1, 8, 1, 0.1}}};
  const std::vector<double> last = {153};
  const double log_theta = -std::exp(reach_laws(network, last, 1, Control())[0].log_hazard);
  tally.check(std::abs(log_theta / std::log(10) + 20) < 0.5,
              "the case is near 1e-20: " + std::to_string(log_theta / std::log(10)));
  const std::vector<std::uint32_t> widths(154, 8);
  const MaskNetwork masks = masks_of({"", widths, std::vector<double>(154, 1.0), std::vector<double>(153, 0.1)});
  const MaskRun run{4, 0, 100 * kLanes, 2, false, false};
  const SplittingEstimates estimates = split_paths(masks, run, Control());
  double mean = 0, square = 0;
  for (int block = 0; block < 100; ++block) {
    const double ratio = std::exp(estimates.log_estimates[(block + 1) * estimates.layers - 1] - log_theta);
    mean += ratio / 100;
    square += ratio * ratio / 100;
  }
  const double error = std::sqrt((square - mean * mean) / 99);
  tally.check(error < 0.1, "splitting's stated relative error is useful: " + std::to_string(error));
  tally.check(std::abs(mean - 1) < 5 * error,
              "splitting against the chain: " + std::to_string((mean - 1) / error) + " errors");
  tally.check(
      split_paths(masks, {4, 0, 100 * kLanes, 1, false, false}, Control()).log_estimates == estimates.log_estimates,
      "splitting does not depend on threads");
}

void test_cancellation(mft::test::Tally& tally) {
  std::int32_t slots[2] = {1, 0};
  bool cancelled = false;
  try {
    count_paths(masks_of({"", {8, 8}, {1, 1}, {0.5}}), {1, 0, 5000, 2, true, false}, Control(slots));
  } catch (const mft::Cancelled&) {
    cancelled = true;
  }
  tally.check(cancelled, "masks stop when cancelled");
}

}  // namespace

int main() {
  mft::test::Tally tally;
  test_enumeration(tally);
  test_matrix_powers(tally);
  test_wide(tally);
  test_lattice(tally);
  test_naive(tally);
  test_determinism(tally);
  test_monte_carlo(tally);
  test_splitting(tally);
  test_cancellation(tally);
  return tally.finish();
}
