#include "systems/recurrent/population.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "core/gaussian_rule.h"
#include "core/math.h"
#include "core/random.h"
#include "systems/recurrent/purposes.h"
#include "systems/recurrent/step.h"
#include "systems/recurrent/unit_moments.h"

namespace mft::recurrent {
namespace {

constexpr std::size_t kChannels = 3;  // sum, difference, perturbation

double product(const std::vector<double>& a, const std::vector<double>& b) {
  std::array<double, 8> lane{};
  const std::size_t whole = a.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8)
    for (std::size_t k = 0; k < 8; ++k) lane[k] += a[i + k] * b[i + k];
  for (std::size_t i = whole; i < a.size(); ++i) lane[i % 8] += a[i] * b[i];
  return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
}

// What W multiplies, over time, at every site, and its second moments with its own past.
class History {
 public:
  // Adds the source of this step: moments() then holds E source source_s for s = 0..now.
  void add(const std::vector<double>& source, bool is_tied) {
    const double sites = static_cast<double>(source.size());
    moments_.clear();
    if (is_tied)
      for (const std::vector<double>& past : sources_) moments_.push_back(product(source, past) / sites);
    moments_.push_back(product(source, source) / sites);
    if (is_tied) sources_.push_back(source);
  }
  const std::vector<double>& moments() const { return moments_; }

 private:
  std::vector<std::vector<double>> sources_;
  std::vector<double> moments_;
};

// One Gaussian process over time at every site: the normals so far and the rows of the factor of its covariance.
class Channel {
 public:
  // The next value at every site: the covariance with step s is recurrent moments[s] + kept, and `fresh` more now.
  void draw(const std::vector<double>& moments, double recurrent, double fresh, double kept, bool is_tied,
            std::vector<double>& normals, std::vector<double>& out) {
    double diagonal = recurrent * moments.back() + kept + fresh;
    std::fill(out.begin(), out.end(), 0);
    std::vector<double> row;
    if (is_tied) {
      for (std::size_t s = 0; s + 1 < moments.size(); ++s) {
        double entry = recurrent * moments[s] + kept;
        for (std::size_t k = 0; k < s; ++k) entry -= row[k] * rows_[s][k];
        // Without variance of its own a past step says nothing: its column of the factor is zero.
        row.push_back(rows_[s][s] > 0 ? entry / rows_[s][s] : 0);
        diagonal -= row[s] * row[s];
      }
      for (std::size_t begin = 0; begin < out.size(); begin += kPart) {
        const std::size_t end = std::min(out.size(), begin + kPart);
        for (std::size_t s = 0; s < row.size(); ++s) {
          const double factor = row[s];
          if (factor == 0) continue;
          const double* past = normals_[s].data();
          for (std::size_t i = begin; i < end; ++i) out[i] += factor * past[i];
        }
      }
    }
    const double own = diagonal > 0 ? std::sqrt(diagonal) : 0;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += own * normals[i];
    if (is_tied) {
      row.push_back(own);
      rows_.push_back(std::move(row));
      normals_.push_back(std::move(normals));
    }
  }

 private:
  static constexpr std::size_t kPart = 1024;  // of the sites, in the first cache while all of the past is added
  std::vector<std::vector<double>> normals_, rows_;
};

// Gaussian start with exactly the stated second moments over the sites.
void start(const SiteProcess& process, std::uint32_t population, States& states) {
  const std::size_t n = process.sites;
  std::vector<double>& target = process.cell.kind == CellKind::kLstm ? states.c : states.h;
  if (process.start_variance > 0) {
    std::vector<double> normals(2 * n);
    random_normals({process.seed, population, 0, purpose::kStart}, 0, normals);
    double first = 0, second = 0, both = 0;
    for (std::size_t i = 0; i < n; ++i) {
      first += normals[i] * normals[i];
      both += normals[i] * normals[n + i];
    }
    for (std::size_t i = 0; i < n; ++i) {
      normals[n + i] -= both / first * normals[i];
      second += normals[n + i] * normals[n + i];
    }
    const double rho = process.start_correlation;
    const double a = std::sqrt(process.start_variance * static_cast<double>(n) / first);
    const double b = std::sqrt(process.start_variance * static_cast<double>(n) / second * std::max(0.0, 1 - rho * rho));
    for (std::size_t i = 0; i < n; ++i) {
      target[i] = a * normals[i];
      target[n + i] = rho * target[i] + b * normals[n + i];
    }
  }
  random_normals({process.seed, population, 0, purpose::kPerturbation}, 0, states.dh);
}

// Whether product k multiplies something else than the state.
bool is_own_source(const Cell& cell, std::size_t k) {
  return cell.kind == CellKind::kGru && !cell.reset_after && k == 2;
}

void population_row(const SiteProcess& process, std::uint32_t population, const Control& control, double* row) {
  const std::size_t n = process.sites;
  const Cell& cell = process.cell;
  States states;
  states.resize(cell, n, 1);
  start(process, population, states);
  const double at_start = product(states.dh, states.dh);
  std::array<std::array<Channel, kChannels>, kGates> channels;
  std::array<std::array<History, kChannels>, 2> histories;  // of the state, and of r h in a GRU
  Stepper stepper(cell);
  std::vector<double> sum(n), difference(n), drawn(n), normals(n);
  const std::size_t places = process.steps + 1;
  const double rho = process.input_correlation;
  const auto record = [&](std::size_t time) {
    double squares = 0, both = 0;
    for (std::size_t i = 0; i < n; ++i) {
      squares += states.h[i] * states.h[i] + states.h[n + i] * states.h[n + i];
      both += states.h[i] * states.h[n + i];
    }
    row[time] = squares / static_cast<double>(2 * n);
    row[places + time] = both / static_cast<double>(n);
    row[2 * places + time] = product(states.dh, states.dh) / at_start;
  };
  record(0);
  for (std::size_t time = 1; time <= process.steps; ++time) {
    control.throw_if_cancelled();
    const auto layer = static_cast<std::uint32_t>(time);
    if (cell.kind == CellKind::kMinimal) {
      random_normals({process.seed, population, layer, purpose::kInputs}, 0, states.x);
      const double size = std::sqrt(cell.input_variance), other = std::sqrt(std::max(0.0, 1 - rho * rho));
      for (std::size_t i = 0; i < n; ++i) {
        states.x[n + i] = size * (rho * states.x[i] + other * states.x[n + i]);
        states.x[i] *= size;
      }
    }
    stepper.advance(states, [&](std::size_t k, const std::vector<double>& y, const std::vector<double>& dy,
                                std::vector<double>& e, std::vector<double>& de) {
      const Gate gate = product_gate(cell, k);
      const bool tied = process.is_tied;
      std::array<History, kChannels>& history = histories[is_own_source(cell, k) ? 1 : 0];
      if (k == 0 || is_own_source(cell, k)) {
        for (std::size_t i = 0; i < n; ++i) {
          sum[i] = (y[i] + y[n + i]) / std::numbers::sqrt2;
          difference[i] = (y[i] - y[n + i]) / std::numbers::sqrt2;
        }
        history[0].add(sum, tied);
        history[1].add(difference, tied);
        history[2].add(dy, tied);
      }
      const auto draw = [&](std::size_t channel, double fresh, double kept) {
        normals.resize(n);
        random_normals({process.seed, population, layer, purpose::of(purpose::kSiteNormals, kChannels * k + channel)},
                       0, normals);
        channels[k][channel].draw(history[channel].moments(), gate.recurrent, fresh, kept, tied, normals, drawn);
      };
      const double input = gate.input * cell.input_variance;
      draw(0, input * (1 + rho), 2 * gate.bias_variance);
      for (std::size_t i = 0; i < n; ++i) e[i] = e[n + i] = drawn[i] / std::numbers::sqrt2;
      draw(1, input * (1 - rho), 0);
      for (std::size_t i = 0; i < n; ++i) {
        e[i] += drawn[i] / std::numbers::sqrt2;
        e[n + i] -= drawn[i] / std::numbers::sqrt2;
      }
      draw(2, 0, 0);
      std::copy(drawn.begin(), drawn.end(), de.begin());
    });
    record(time);
  }
}

}  // namespace

std::size_t site_row_length(const SiteProcess& process) { return 3 * (process.steps + 1); }

double site_memory(const SiteProcess& process) {
  const double products = static_cast<double>(products_of(process.cell));
  const double sources = process.cell.kind == CellKind::kGru && !process.cell.reset_after ? 2 : 1;
  const double held = process.is_tied ? kChannels * (products + sources) * static_cast<double>(process.steps) : 0;
  return 8.0 * static_cast<double>(process.sites) * (held + 8 + 12 * products);
}

void sample_sites(const SiteProcess& process, const Control& control, std::span<double> rows) {
  const std::size_t length = site_row_length(process);
  if (rows.size() != length * process.populations) throw Error("SHAPE", "rows", "The rows have the wrong length.");
  parallel_for(process.populations, process.threads, [&](std::size_t unit, int) {
    population_row(process, process.first + static_cast<std::uint32_t>(unit), control, &rows[unit * length]);
    control.advance(1);
  });
}

std::array<double, 3> tied_minimal_moments(const Cell& cell) {
  const Gate& gate = cell.gates[0];
  const double r = cell.input_variance;
  const UnitFunction function = cell.gate == GateFunction::kProbit ? UnitFunction::kProbit : UnitFunction::kLogistic;
  const auto moments = [&](double second) { return unit_moments(function, gate.bias_mean, gate.variance(second, r)); };
  const double kept = gate.bias_variance;
  const double q1 = r * moments(0).w2;
  const double variance1 = gate.variance(0, r), variance2 = gate.variance(q1, r);
  // h_1 = (1 - u_1) x_1; given e_1 = mean + x the two later pre-activations have this mean and lose `shared` of their
  // second moments, for the bias is all that they have in common with it.
  const double per_unit = variance1 > 0 ? kept / variance1 : 0, shared = per_unit * kept;
  RuleProfile profile;
  profile.pole_order = 4;
  if (function == UnitFunction::kLogistic && variance1 < 200)
    profile.strip = std::numbers::pi;
  else
    profile.kinks = {-gate.bias_mean};
  const auto over_first = [&](const std::function<double(double mean)>& rest) {  // E (1 - u_1)^2 rest(mean given e_1)
    if (kept == 0) return moments(0).w2 * rest(gate.bias_mean);
    double sum = 0;
    gaussian_rule(profile, variance1, [&](std::span<const double> u, std::span<const double> weight) {
      for (std::size_t i = 0; i < u.size(); ++i) {
        if (weight[i] < 1e-18) continue;
        const double w = unit_moments(function, gate.bias_mean + u[i], 0).w1;
        sum += weight[i] * w * w * rest(gate.bias_mean + per_unit * u[i]);
      }
    });
    return sum;
  };
  const double rest2 = variance2 - shared;
  const double q2 =
      r * over_first([&](double mean) { return unit_moments(function, mean, rest2).v2; }) + r * moments(q1).w2;
  const double overlap =
      r * over_first([&](double mean) { return unit_moments(function, mean, rest2).v1; });  // E h_2 h_1
  const double variance3 = gate.variance(q2, r), covariance = gate.recurrent * overlap + kept;
  // h_3 = u_3 u_2 h_1 + u_3 (1 - u_2) x_2 + (1 - u_3) x_3.
  const double both = r * over_first([&](double mean) {
                        return unit_squares(function, mean, variance3 - shared, rest2, covariance - shared).vv;
                      });
  const double later = unit_squares(function, gate.bias_mean, variance3, variance2, covariance).vw;
  const double q3 = both + r * later + r * moments(q2).w2;
  return {q1, q2, q3};
}

}  // namespace mft::recurrent
