// System `residual`: tanh rules against quadrature, tables against direct moments, the dense engine against an explicit
// network, the conditioned engine against the dense one.
#include "systems/residual/recurrence.h"

#include <cmath>
#include <string>
#include <vector>

#include "core/blas.h"
#include "core/gaussian_tanh.h"
#include "core/random.h"
#include "systems/residual/engine.h"
#include "systems/residual/moments.h"
#include "systems/residual/purposes.h"
#include "systems/residual/simulation.h"
#include "test/check.h"

namespace {

using mft::residual::Block;
using mft::residual::Engine;

mft::GaussianFunction function_of(mft::ActivationKind kind) {
  mft::RuleProfile profile;
  if (kind == mft::ActivationKind::kRelu) profile.kinks = {0.0};
  return mft::gaussian_function(mft::Activation{kind, {}, nullptr}, profile);
}

mft::residual::Network network(mft::ActivationKind kind, Block block, std::vector<double> widths,
                               std::vector<double> hidden, double skip = 1.0) {
  mft::residual::Network net;
  net.function = function_of(kind);
  net.is_odd = kind == mft::ActivationKind::kTanh;
  net.block = block;
  net.skip_strength = skip;
  const std::size_t depth = hidden.size();
  for (std::size_t l = 1; l <= depth; ++l) {
    const double decay = std::pow(static_cast<double>(l), -0.4);
    net.inner_weight_variance.push_back(1.3 * decay);
    net.inner_bias_variance.push_back(0.2 * decay);
    net.outer_weight_variance.push_back(0.9 * decay);
    net.outer_bias_variance.push_back(0.1);
  }
  net.widths = std::move(widths);
  net.hidden_widths = std::move(hidden);
  net.keep_probability.assign(depth, 1.0);
  net.branch_keep_probability.assign(depth, 1.0);
  return net;
}

void tanh_rules(mft::test::Tally& tally) {
  const mft::GaussianFunction tanh = function_of(mft::ActivationKind::kTanh);
  for (const double q : {1e-8, 0.01, 0.5, 3.0, 40.0, 1e3, 1e4}) {
    const auto near = [&](double value, double other, double tolerance, const std::string& what) {
      tally.within(value / other - 1.0, -tolerance, tolerance, what + " at q = " + std::to_string(q));
    };
    near(mft::tanh_second_moment(q), mft::gaussian_moment_by_quadrature(tanh, {.value = 2}, q), 1e-13, "V");
    near(mft::tanh_derivative_moment(q), mft::gaussian_moment_by_quadrature(tanh, {.first = 2}, q), 1e-13, "E phi'^2");
    tally.within(mft::tanh_second_moment(q) + mft::tanh_second_moment_complement(q) - 1.0, -4e-16, 4e-16,
                 "V and 1 - V");
    for (const double delta : {1e-9, 1e-3, 0.3, 0.999, 1.0, 1.7})
      near(mft::tanh_deficit(q, delta), mft::gaussian_deficit_by_quadrature(tanh, q, delta), 1e-12,
           "D at " + std::to_string(delta));
    near(mft::tanh_deficit(q, 2.0), 2.0 * mft::tanh_second_moment(q), 1e-13, "D(q, 2q) = 2V");
    near(mft::tanh_deficit(q, 1.0), mft::tanh_second_moment(q), 1e-12, "D(q, q) = V");
    near(mft::tanh_deficit(q, 1e-14 / q), 1e-14 * mft::tanh_derivative_moment(q), 1e-6, "D -> V' delta");
    double last = 0.0;
    for (double delta = 0.02; delta <= 2.0; delta += 0.02) {
      const double value = mft::tanh_deficit(q, delta);
      tally.check(value > last, "D increases");
      last = value;
    }
  }
  for (const double q : {30.0, 100.0, 1e4, 1e6}) {  // the two formulas meet at q delta = 30
    const double h = 1e-7,
                 slope = mft::tanh_deficit(q, 30.0 / q * (1.0 + h)) / mft::tanh_deficit(q, 30.0 / q * (1.0 - h)) - 1.0;
    tally.within(slope / h, 0.1, 2.1, "continuity across gap 30");
  }
}

void tables(mft::test::Tally& tally) {
  for (const auto kind : {mft::ActivationKind::kTanh, mft::ActivationKind::kErf, mft::ActivationKind::kSilu}) {
    mft::residual::Moments direct(function_of(kind), false, true, false), table(function_of(kind), false, true, true);
    for (int i = 0; i < 400; ++i) {
      const double q = 0.6 + 0.9 * i / 400.0, deficit = 0.5 + 0.2 * ((i * 37) % 400) / 400.0;
      const auto a = direct.at(q), b = table.at(q);
      tally.within(b.second / a.second - 1.0, -1e-13, 1e-13, "table of V");
      tally.within(b.derivative_slope - a.derivative_slope, -1e-12, 1e-12, "table of the slope");
      if (i % 8 == 0 || i > 360)
        tally.within(table.difference_ratio(q, deficit) / direct.difference_ratio(q, deficit) - 1.0, -1e-12, 1e-12,
                     "table of D");
      else
        table.difference_ratio(q, deficit);
    }
  }
}

// One trial written out with explicit matrices: the naive twin of the dense engine.
std::vector<double> explicit_trial(const mft::residual::Simulation& s, std::uint32_t trial) {
  const auto& net = s.network;
  const std::size_t depth = net.depth();
  const auto layout = mft::residual::row_layout(s);
  std::vector<double> row(layout.row_length, 0.0);
  using Vector = std::vector<double>;
  using Matrix = std::vector<Vector>;
  const auto draw = [&](std::size_t block, mft::Purpose purpose, std::size_t rows, std::size_t columns,
                        double deviation) {
    Vector flat(rows * columns);
    mft::random_normals({s.seed, trial, static_cast<std::uint32_t>(block), purpose}, 0, std::span<double>(flat));
    Matrix m(rows, Vector(columns));
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) m[i][j] = deviation * flat[i * columns + j];
    return m;
  };
  const auto times = [](const Matrix& m, const Vector& x) {
    Vector y(m.size(), 0.0);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) y[i] += m[i][j] * x[j];
    return y;
  };
  const auto transposed_times = [](const Matrix& m, const Vector& x) {
    Vector y(m[0].size(), 0.0);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < y.size(); ++j) y[j] += m[i][j] * x[i];
    return y;
  };
  const auto square = [](const Vector& x) {
    double sum = 0.0;
    for (const double v : x) sum += v * v;
    return sum;
  };
  const auto size = [](double x) { return static_cast<std::size_t>(x); };
  for (std::size_t a = 0; a < s.inputs; ++a) {
    Vector x(s.vectors.begin() + static_cast<long>(a * size(net.widths[0])),
             s.vectors.begin() + static_cast<long>((a + 1) * size(net.widths[0])));
    std::vector<Matrix> inner(depth), outer(depth), skip(depth);
    std::vector<Vector> slope(depth);
    layout.layer(row, 0)[a] = std::log(square(x));
    for (std::size_t l = 1; l <= depth; ++l) {
      const std::size_t before = size(net.widths[l - 1]), after = size(net.widths[l]),
                        hidden = size(net.hidden_widths[l - 1]);
      inner[l - 1] = draw(l, mft::Purpose::kForwardNormals, hidden, before,
                          std::sqrt(net.inner_weight_variance[l - 1] / static_cast<double>(before)));
      outer[l - 1] = draw(l, mft::residual::purpose::kOuterForwardNormals, after, hidden,
                          std::sqrt(net.outer_weight_variance[l - 1] / static_cast<double>(hidden)));
      if (before != after)
        skip[l - 1] =
            draw(l, mft::residual::purpose::kProjection, after, before, 1.0 / std::sqrt(static_cast<double>(before)));
      const Matrix b = draw(l, mft::Purpose::kBiases, 1, hidden, std::sqrt(net.inner_bias_variance[l - 1]));
      const Matrix c =
          draw(l, mft::residual::purpose::kOuterBiases, 1, after, std::sqrt(net.outer_bias_variance[l - 1]));
      Vector h = times(inner[l - 1], x), active(hidden);
      slope[l - 1].resize(hidden);
      for (std::size_t i = 0; i < hidden; ++i) {
        h[i] += b[0][i];
        active[i] = std::tanh(h[i]);
        slope[l - 1][i] = 1.0 - active[i] * active[i];
      }
      layout.block(row, l)[a] = std::log(square(h));
      layout.block(row, l)[s.inputs + a] = std::log(square(active));
      Vector next = times(outer[l - 1], active);
      const Vector through = before == after ? x : times(skip[l - 1], x);
      const double strength = before == after ? (net.block == Block::kGeneralised ? net.skip_strength : 1.0) : 1.0;
      for (std::size_t i = 0; i < after; ++i) next[i] += strength * through[i] + c[0][i];
      x = next;
      layout.layer(row, l)[a] = std::log(square(x));
    }
    Vector error = draw(0, mft::Purpose::kOutputError, 1, size(net.widths[depth]), 1.0)[0];
    const double unit = square(error);
    for (std::size_t l = depth; l > 0; --l) {
      layout.layer(row, l)[s.inputs + a] = std::log(square(error) / unit);
      Vector at_hidden = transposed_times(outer[l - 1], error);
      for (std::size_t i = 0; i < at_hidden.size(); ++i) at_hidden[i] *= slope[l - 1][i];
      layout.block(row, l)[2 * s.inputs + a] = std::log(square(at_hidden) / unit);
      const Vector branch = transposed_times(inner[l - 1], at_hidden);
      const double strength = net.block == Block::kGeneralised ? net.skip_strength : 1.0;
      Vector through = skip[l - 1].empty() ? error : transposed_times(skip[l - 1], error);
      if (skip[l - 1].empty())
        for (double& v : through) v *= strength;
      for (std::size_t i = 0; i < branch.size(); ++i) through[i] += branch[i];
      error = through;
    }
    layout.layer(row, 0)[s.inputs + a] = std::log(square(error) / unit);
  }
  return row;
}

void dense_is_explicit(mft::test::Tally& tally) {
  for (const bool projects : {false, true}) {
    mft::residual::Simulation s;
    s.network = network(mft::ActivationKind::kTanh, projects ? Block::kFull : Block::kGeneralised,
                        projects ? std::vector<double>{9, 9, 6, 6} : std::vector<double>{7, 7, 7, 7}, {5, 11, 4},
                        projects ? 1.0 : 0.6);
    s.engine = Engine::kDense;
    s.seed = 77;
    s.range.count = 2;
    s.inputs = 1;
    for (std::size_t i = 0; i < static_cast<std::size_t>(s.network.widths[0]); ++i)
      s.vectors.push_back(std::sin(1.0 + 2.0 * static_cast<double>(i)));
    const std::size_t length = mft::residual::row_layout(s).row_length;
    std::vector<double> rows(2 * length);
    mft::residual::simulate(s, mft::Control(), rows);
    for (std::uint32_t trial = 0; trial < 2; ++trial) {
      const std::vector<double> wanted = explicit_trial(s, trial);
      for (std::size_t i = 0; i < length; ++i)
        tally.within(rows[trial * length + i] - wanted[i], -1e-12, 1e-12,
                     "dense engine against explicit matrices, entry " + std::to_string(i));
    }
  }
}

// Means over many small networks: both engines draw from the same law, and a planted fault is noticed.
struct Sample {
  double gradient = 0, gradient_error = 0, length = 0, length_error = 0;
};
Sample sample(Engine engine, mft::residual::Fault fault, std::uint64_t seed) {
  mft::residual::Simulation s;
  s.network = network(mft::ActivationKind::kTanh, Block::kFull, {24, 24, 16, 16, 16}, {20, 20, 12, 12});
  s.engine = engine;
  s.seed = seed;
  s.range.count = 60000;
  const auto layout = mft::residual::row_layout(s);
  std::vector<double> rows(s.range.count * layout.row_length);
  mft::run_trials(s.range, layout.row_length, mft::Control(), rows,
                  [&] { return mft::residual::make_engine(s, fault); });
  Sample result;
  double g2 = 0, l2 = 0;
  for (std::size_t t = 0; t < s.range.count; ++t) {
    const std::span<double> row(rows.data() + t * layout.row_length, layout.row_length);
    const double g = layout.layer(row, 0)[2], l = layout.layer(row, 4)[0];
    result.gradient += g / s.range.count;
    result.length += l / s.range.count;
    g2 += g * g / s.range.count;
    l2 += l * l / s.range.count;
  }
  result.gradient_error = std::sqrt((g2 - result.gradient * result.gradient) / s.range.count);
  result.length_error = std::sqrt((l2 - result.length * result.length) / s.range.count);
  return result;
}

void engines_agree(mft::test::Tally& tally) {
  using mft::residual::Fault;
  const Sample dense = sample(Engine::kDense, Fault::kNone, 5),
               conditioned = sample(Engine::kConditioned, Fault::kNone, 6);
  const auto z = [](double a, double ea, double b, double eb) { return (a - b) / std::hypot(ea, eb); };
  tally.within(z(dense.gradient, dense.gradient_error, conditioned.gradient, conditioned.gradient_error), -4.5, 4.5,
               "gradients of the engines");
  tally.within(z(dense.length, dense.length_error, conditioned.length, conditioned.length_error), -4.5, 4.5,
               "lengths of the engines");
  const Sample planted = sample(Engine::kConditioned, Fault::kProjectionTooSmall, 7);
  tally.check(std::abs(z(dense.length, dense.length_error, planted.length, planted.length_error)) > 5.0,
              "a projection 2 % too small is noticed");
  const Sample fresh = sample(Engine::kConditioned, Fault::kFreshBackwardWeights, 8);
  const double z_fresh = z(dense.gradient, dense.gradient_error, fresh.gradient, fresh.gradient_error);
  tally.check(std::abs(z_fresh) > 5.0,
              "other weights backward than forward are noticed, z = " + std::to_string(z_fresh));
}

void recurrences(mft::test::Tally& tally) {
  const std::vector<double> constant(31, 50.0), hidden(30, 50.0);
  for (const auto kind : {mft::ActivationKind::kTanh, mft::ActivationKind::kErf}) {
    const auto net = network(kind, Block::kFull, constant, hidden);
    mft::residual::RecurrenceOptions options;
    options.angular_deficit = 1e-12;
    const auto r = mft::residual::recurrence(net, options, mft::Control());
    tally.within(r.log_metric_expressivity[30] - r.log_metric_expressivity[0] - r.log_gradient[0], -1e-9, 1e-9,
                 "linear response: chi_0/chi_L = ds_L/ds_0");
  }
  // 20 000 ReLU blocks: p ~ 1.5^20000 stays finite in logarithms.
  auto deep = network(mft::ActivationKind::kRelu, Block::kFull, std::vector<double>(20001, 10.0),
                      std::vector<double>(20000, 10.0));
  for (auto* list : {&deep.inner_weight_variance, &deep.outer_weight_variance}) list->assign(20000, 1.0);
  const auto r = mft::residual::recurrence(deep, {}, mft::Control());
  tally.within(r.log_gradient[0] / (20000 * std::log(1.5)) - 1.0, -1e-13, 1e-13, "relu gradient");
  tally.within(r.log_second_moment[20000] - r.log_second_moment[10000] - 10000 * std::log(1.5), -1e-6, 1e-6,
               "relu length beyond the range of doubles");
}

}  // namespace

int main() {
  mft::blas::prepare();
  mft::test::Tally tally;
  tanh_rules(tally);
  tables(tally);
  recurrences(tally);
  dense_is_explicit(tally);
  engines_agree(tally);
  return tally.finish();
}
