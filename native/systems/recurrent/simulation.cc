#include "systems/recurrent/simulation.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "core/blas.h"
#include "core/lapack.h"
#include "core/linear_algebra.h"
#include "core/product.h"
#include "core/random.h"
#include "systems/recurrent/kept_products.h"
#include "systems/recurrent/purposes.h"
#include "systems/recurrent/step.h"

namespace mft::recurrent {
namespace {

// Numbers of a state: of the lstm the pair (c, h).
std::size_t spectrum_size(const Simulation& simulation) {
  return simulation.cell.kind == CellKind::kLstm ? 2 * simulation.width : simulation.width;
}

// Steps whose inputs are multiplied together when the network is kept.
constexpr std::size_t kInputSteps = 32;

// A product of all N perturbations reads W as it is drawn.
bool is_in_panels(const Simulation& simulation) {
  return simulation.is_tied && !simulation.has_jacobian && !simulation.has_singular_values;
}

double squared(const double* x, std::size_t length) { return dot_product(x, x, length); }

// The matrices of one product.
struct Matrices {
  std::vector<double> recurrent;  // N x N
  std::vector<double> input;      // N x M
  std::vector<double> bias;       // N
  KeptMatrix kept;                // in place of `recurrent`
  std::vector<double> driven;     // 2 steps x N: the products of the inputs of the steps in view
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
      if (gate.recurrent > 0 && !(is_in_panels(simulation) && !simulation.cell.is_orthogonal))
        matrices_[k].recurrent.resize(n * n);
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
    past_ = 1;
    const double size = squared(states_.dh.data(), n);
    if (!simulation_.has_singular_values) record(0, size, row);
    if (simulation_.is_tied) draw(0);
    for (std::size_t time = 1; time <= simulation_.steps; ++time) {
      control.throw_if_cancelled();
      if (!simulation_.is_tied) draw(static_cast<std::uint32_t>(time));
      if (time == past_) drive(time);
      inputs_of(time);
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
      if (gate.recurrent > 0) {
        const double deviation = std::sqrt(gate.recurrent);
        if (simulation_.cell.is_orthogonal) {
          fill(m.recurrent, purpose::kRecurrentWeights, 1);
          frame_.orthonormalise(m.recurrent.data(), n, n, n);
          for (double& value : m.recurrent) value *= deviation;
          if (is_in_panels(simulation_))
            m.kept.take(n, n, [&](std::size_t i, std::span<double> out) {
              std::copy_n(m.recurrent.data() + i * n, n, out.begin());
            });
        } else if (is_in_panels(simulation_)) {
          const Stream weights = stream(layer, purpose::of(purpose::kRecurrentWeights, k));
          m.kept.take(n, n, [&](std::size_t i, std::span<double> out) {
            random_normals(weights, i * n, out);
            for (double& value : out) value *= deviation / std::sqrt(static_cast<double>(n));
          });
        } else {
          fill(m.recurrent, purpose::kRecurrentWeights, deviation / std::sqrt(static_cast<double>(n)));
        }
      }
      if (!m.input.empty())
        fill(m.input, purpose::kInputWeights, std::sqrt(gate.input / static_cast<double>(simulation_.input_width)));
      if (!m.bias.empty()) fill(m.bias, purpose::kBiases, std::sqrt(gate.bias_variance));
    }
  }

  // Draws the inputs of the steps from `time` on, as many as are multiplied together, and multiplies them.
  void drive(std::size_t time) {
    const std::size_t n = simulation_.width, m = simulation_.input_width;
    const std::size_t count = simulation_.is_tied ? std::min(kInputSteps, simulation_.steps + 1 - time) : 1;
    first_ = time;
    past_ = time + count;
    x_.resize(2 * m * count);
    const double size = std::sqrt(simulation_.cell.input_variance), rho = simulation_.input_correlation;
    const double other = std::sqrt(std::max(0.0, 1 - rho * rho));
    for (std::size_t t = 0; t < count; ++t) {
      const std::span<double> x = std::span(x_).subspan(2 * m * t, 2 * m);
      random_normals(stream(static_cast<std::uint32_t>(time + t), purpose::kInputs), 0, x);
      for (std::size_t i = 0; i < m; ++i) {
        x[m + i] = size * (rho * x[i] + other * x[m + i]);
        x[i] *= size;
      }
    }
    for (Matrices& matrices : matrices_) {
      if (matrices.input.empty()) continue;
      matrices.driven.resize(2 * count * n);
      matrix_product(false, true, 2 * count, n, m, 1.0, x_.data(), m, matrices.input.data(), m, 0.0,
                     matrices.driven.data(), n);
    }
  }

  void inputs_of(std::size_t time) {
    if (simulation_.cell.kind == CellKind::kMinimal)
      std::copy_n(x_.begin() + static_cast<std::ptrdiff_t>(2 * simulation_.input_width * (time - first_)),
                  states_.x.size(), states_.x.begin());
    at_ = 2 * simulation_.width * (time - first_);
  }

  void products(std::size_t k, const std::vector<double>& y, const std::vector<double>& dy, std::vector<double>& e,
                std::vector<double>& de) {
    const std::size_t n = simulation_.width;
    const Matrices& matrices = matrices_[k];
    if (!(product_gate(simulation_.cell, k).recurrent > 0)) {
      std::fill(e.begin(), e.end(), 0);
      std::fill(de.begin(), de.end(), 0);
    } else {
      // Sequences and perturbations in one product: the matrix is read once.
      const std::size_t rows = 2 + tangents_;
      stacked_.resize(2 * rows * n);
      double* const product = stacked_.data() + rows * n;
      std::copy_n(dy.data(), tangents_ * n, std::copy_n(y.data(), 2 * n, stacked_.data()));
      if (is_in_panels(simulation_))
        matrices.kept.multiply(rows, stacked_.data(), product);
      else
        blas::gemm(false, true, rows, n, n, 1, stacked_.data(), n, matrices.recurrent.data(), n, 0, product, n);
      std::copy_n(product, 2 * n, e.data());
      std::copy_n(product + 2 * n, tangents_ * n, de.data());
    }
    if (!matrices.input.empty())
      for (std::size_t i = 0; i < 2 * n; ++i) e[i] += matrices.driven[at_ + i];
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
  std::size_t first_ = 1, past_ = 1;  // the steps whose inputs are in view
  std::size_t at_ = 0;                // where those of this step begin
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
  const double in_view =
      static_cast<double>(simulation.is_tied ? std::min(kInputSteps, simulation.steps) : std::size_t{1});
  const double tangents = 1 + (simulation.has_singular_values ? all : simulation.has_jacobian ? n : 0);
  for (std::size_t k = 0; k < products; ++k) {
    const Gate gate = product_gate(simulation.cell, k);
    const bool has_panels = is_in_panels(simulation);
    if (gate.recurrent > 0) {
      if (!has_panels || simulation.cell.is_orthogonal) numbers += n * n;
      if (has_panels) numbers += KeptMatrix::memory_estimate(simulation.width, simulation.width);
    }
    if (gate.input > 0) numbers += n * m + 2 * n * in_view;
    numbers += n + (7 + tangents) * n;
  }
  numbers +=
      2 * m * in_view + 10 * n + 2 * tangents * n + 2 * (2 + tangents) * n + (simulation.has_jacobian ? n * n : 0);
  if (simulation.has_singular_values) numbers += 2 * all * all;
  return 8 * numbers * simulation.range.workers();
}

void simulate(const Simulation& simulation, const Control& control, std::span<double> rows) {
  run_trials(simulation.range, row_table(simulation).row_length, control, rows,
             [&] { return std::make_unique<Engine>(simulation); });
}

}  // namespace mft::recurrent
