#include "systems/recurrent/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/blas.h"
#include "core/lapack.h"
#include "core/linear_algebra.h"
#include "core/random.h"
#include "systems/recurrent/purposes.h"
#include "systems/recurrent/step.h"

namespace mft::recurrent {
namespace {

// Numbers of a state: of the lstm the pair (c, h).
std::size_t spectrum_size(const Simulation& simulation) {
  return simulation.cell.kind == CellKind::kLstm ? 2 * simulation.width : simulation.width;
}

double squared(const double* x, std::size_t length) { return dot_product(x, x, length); }

// The matrices of one product.
struct Matrices {
  std::vector<double> recurrent;  // N x N
  std::vector<double> input;      // N x M
  std::vector<double> bias;       // N
};

class Engine {
 public:
  explicit Engine(const Simulation& simulation)
      : simulation_(simulation),
        stepper_(simulation.cell),
        tangents_(1 + (simulation.has_jacobian && !simulation.has_singular_values ? simulation.width : 0)),
        matrices_(products_of(simulation.cell)) {
    const std::size_t n = simulation_.width;
    for (std::size_t k = 0; k < matrices_.size(); ++k) {
      const Gate gate = product_gate(simulation_.cell, k);
      if (gate.recurrent > 0) matrices_[k].recurrent.resize(n * n);
      if (gate.input > 0) matrices_[k].input.resize(n * simulation_.input_width);
      if (gate.bias_variance > 0) matrices_[k].bias.resize(n);
    }
    if (simulation_.has_jacobian && !simulation_.has_singular_values) gram_.resize(n * n);
  }

  void run(std::uint32_t trial, const Control& control, std::span<double> row) {
    trial_ = trial;
    const std::size_t n = simulation_.width;
    if (simulation_.has_singular_values) tangents_ = 1;
    states_.resize(simulation_.cell, n, tangents_);
    start();
    const double size = squared(states_.dh.data(), n);
    if (!simulation_.has_singular_values) record(0, size, row);
    if (simulation_.is_tied) draw(0);
    for (std::size_t time = 1; time <= simulation_.steps; ++time) {
      control.throw_if_cancelled();
      if (!simulation_.is_tied) draw(static_cast<std::uint32_t>(time));
      inputs(static_cast<std::uint32_t>(time));
      if (simulation_.has_singular_values && time == simulation_.steps) carry_all();
      stepper_.advance(states_, [&](std::size_t k, const std::vector<double>& y, const std::vector<double>& dy,
                                    std::vector<double>& e, std::vector<double>& de) { products(k, y, dy, e, de); });
      if (!simulation_.has_singular_values) record(time, size, row);
      control.advance(1);
    }
    if (simulation_.has_singular_values) spectrum(row);
  }

 private:
  Stream stream(std::uint32_t layer, Purpose purpose) const { return {simulation_.seed, trial_, layer, purpose}; }

  void start() {
    const std::size_t n = simulation_.width;
    std::vector<double>& target = simulation_.cell.kind == CellKind::kLstm ? states_.c : states_.h;
    if (simulation_.start_variance > 0) {
      random_normals(stream(0, purpose::kStart), 0, target);
      const double size = std::sqrt(simulation_.start_variance), rho = simulation_.start_correlation;
      const double other = std::sqrt(std::max(0.0, 1 - rho * rho));
      for (std::size_t i = 0; i < n; ++i) {
        target[n + i] = size * (rho * target[i] + other * target[n + i]);
        target[i] *= size;
      }
    }
    random_normals(stream(0, purpose::kPerturbation), 0, std::span(states_.dh).first(n));
    for (std::size_t j = 1; j < tangents_; ++j) states_.dh[j * n + (j - 1)] = 1;
  }

  // All matrices and biases; `layer` is 0 when they are kept.
  void draw(std::uint32_t layer) {
    const std::size_t n = simulation_.width;
    for (std::size_t k = 0; k < matrices_.size(); ++k) {
      const Gate gate = product_gate(simulation_.cell, k);
      Matrices& m = matrices_[k];
      const auto fill = [&](std::vector<double>& values, Purpose base, double deviation) {
        random_normals(stream(layer, purpose::of(base, k)), 0, values);
        for (double& value : values) value *= deviation;
      };
      if (!m.recurrent.empty()) {
        const double deviation = std::sqrt(gate.recurrent);
        if (simulation_.cell.is_orthogonal) {
          fill(m.recurrent, purpose::kRecurrentWeights, 1);
          frame_.orthonormalise(m.recurrent.data(), n, n, n);
          for (double& value : m.recurrent) value *= deviation;
        } else {
          fill(m.recurrent, purpose::kRecurrentWeights, deviation / std::sqrt(static_cast<double>(n)));
        }
      }
      if (!m.input.empty())
        fill(m.input, purpose::kInputWeights, std::sqrt(gate.input / static_cast<double>(simulation_.input_width)));
      if (!m.bias.empty()) fill(m.bias, purpose::kBiases, std::sqrt(gate.bias_variance));
    }
  }

  void inputs(std::uint32_t time) {
    const std::size_t m = simulation_.input_width;
    x_.resize(2 * m);
    random_normals(stream(time, purpose::kInputs), 0, x_);
    const double size = std::sqrt(simulation_.cell.input_variance), rho = simulation_.input_correlation;
    const double other = std::sqrt(std::max(0.0, 1 - rho * rho));
    for (std::size_t i = 0; i < m; ++i) {
      x_[m + i] = size * (rho * x_[i] + other * x_[m + i]);
      x_[i] *= size;
    }
    if (simulation_.cell.kind == CellKind::kMinimal) std::copy(x_.begin(), x_.end(), states_.x.begin());
  }

  void products(std::size_t k, const std::vector<double>& y, const std::vector<double>& dy, std::vector<double>& e,
                std::vector<double>& de) {
    const std::size_t n = simulation_.width, m = simulation_.input_width;
    const Matrices& matrices = matrices_[k];
    if (matrices.recurrent.empty()) {
      std::fill(e.begin(), e.end(), 0);
      std::fill(de.begin(), de.end(), 0);
    } else {
      // Sequences and perturbations in one product: the matrix is read once.
      const std::size_t rows = 2 + tangents_;
      stacked_.resize(2 * rows * n);
      double* const product = stacked_.data() + rows * n;
      std::copy_n(dy.data(), tangents_ * n, std::copy_n(y.data(), 2 * n, stacked_.data()));
      blas::gemm(false, true, rows, n, n, 1, stacked_.data(), n, matrices.recurrent.data(), n, 0, product, n);
      std::copy_n(product, 2 * n, e.data());
      std::copy_n(product + 2 * n, tangents_ * n, de.data());
    }
    if (!matrices.input.empty())
      blas::gemm(false, true, 2, n, m, 1, x_.data(), m, matrices.input.data(), m, 1, e.data(), n);
    for (std::size_t i = 0; i < matrices.bias.size(); ++i) {
      e[i] += matrices.bias[i];
      e[n + i] += matrices.bias[i];
    }
  }

  // From here on a perturbation of every number of the state: of the lstm first those of c, then those of h.
  void carry_all() {
    const std::size_t n = simulation_.width, numbers = spectrum_size(simulation_);
    tangents_ = states_.tangents = numbers;
    states_.dh.assign(numbers * n, 0);
    states_.dc.assign(numbers > n ? numbers * n : 0, 0);
    for (std::size_t j = 0; j < numbers; ++j) {
      std::vector<double>& own = j < numbers - n ? states_.dc : states_.dh;
      own[j * n + j % n] = 1;
    }
  }

  // Rows of the tangents are the columns of the Jacobian.
  void spectrum(std::span<double> row) {
    const std::size_t n = simulation_.width, numbers = spectrum_size(simulation_);
    gram_.resize(numbers * numbers);
    for (std::size_t j = 0; j < numbers; ++j) {
      double* own = gram_.data() + j * numbers;
      if (numbers > n) std::copy_n(states_.dc.data() + j * n, n, own);
      std::copy_n(states_.dh.data() + j * n, n, own + (numbers - n));
    }
    const std::vector<double> values = lapack::singular_values(numbers, numbers, gram_.data());
    std::copy(values.begin(), values.end(), row.begin());
  }

  void record(std::size_t time, double size, std::span<double> row) {
    const std::size_t n = simulation_.width, places = simulation_.steps + 1;
    const double units = static_cast<double>(n);
    const double* h = states_.h.data();
    row[time] = (squared(h, n) + squared(h + n, n)) / (2 * units);
    row[places + time] = dot_product(h, h + n, n) / units;
    row[2 * places + time] = std::log(squared(states_.dh.data(), n) / size);
    if (!simulation_.has_jacobian || time == 0) return;
    // Rows of the tangents are the columns of the Jacobian: their Gram matrix has its squared singular values.
    const double* columns = states_.dh.data() + n;
    const double trace = squared(columns, n * n) / units;
    blas::gram(n, n, columns, n, gram_.data());
    row[3 * places + time - 1] = squared(gram_.data(), n * n) / units / (trace * trace);
  }

  const Simulation& simulation_;
  Stepper stepper_;
  std::size_t tangents_;
  std::vector<Matrices> matrices_;
  States states_;
  std::vector<double> x_, gram_, stacked_;
  OrthonormalFrame frame_;
  std::uint32_t trial_ = 0;
};

}  // namespace

RowTable row_table(const Simulation& simulation) {
  const std::size_t places = simulation.steps + 1;
  const RowAxis time{"time", places, 0}, one{"value", 1, 0};
  RowTable table;
  if (simulation.has_singular_values) {
    table.row_length = spectrum_size(simulation);
    table.places = {{"singularValues", RowScale::kLinear, 0, 1, RowAxis{"singularValue", table.row_length, 0}, one}};
    return table;
  }
  table.places = {{"stateVariance", RowScale::kLinear, 0, 1, time, one},
                  {"stateCovariance", RowScale::kLinear, places, 1, time, one},
                  {"perturbation", RowScale::kLog, 2 * places, 1, time, one}};
  table.row_length = 3 * places;
  if (simulation.has_jacobian) {
    table.places.push_back(
        {"jacobianSecondMoment", RowScale::kLinear, table.row_length, 1, RowAxis{"time", simulation.steps, 1}, one});
    table.row_length += simulation.steps;
  }
  return table;
}

double memory_estimate(const Simulation& simulation) {
  const double n = static_cast<double>(simulation.width), m = static_cast<double>(simulation.input_width);
  double numbers = 0;
  const std::size_t products = products_of(simulation.cell);
  const double all = static_cast<double>(spectrum_size(simulation));
  const double tangents = 1 + (simulation.has_singular_values ? all : simulation.has_jacobian ? n : 0);
  for (std::size_t k = 0; k < products; ++k) {
    const Gate gate = product_gate(simulation.cell, k);
    numbers += (gate.recurrent > 0 ? n * n : 0) + (gate.input > 0 ? n * m : 0) + n + (7 + tangents) * n;
  }
  numbers += 2 * m + 10 * n + 2 * tangents * n + 2 * (2 + tangents) * n + (simulation.has_jacobian ? n * n : 0);
  if (simulation.has_singular_values) numbers += 2 * all * all;
  return 8 * numbers * simulation.range.workers();
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  run_trials(simulation.range, row_table(simulation).row_length, control, rows,
             [&] { return std::make_unique<Engine>(simulation); });
}

}  // namespace mft::recurrent
