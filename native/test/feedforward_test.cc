// System feedforward, exactly: the dense engine against its naive twin, bits that depend on nothing but the seed,
// degenerate cases, orthogonal isometry, refusals. The laws of the engines are in feedforward_law_test.cc.
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "core/blas.h"
#include "core/cpu.h"
#include "core/error.h"
#include "test/check.h"
#include "test/feedforward_cases.h"

namespace {

using namespace mft;
using namespace mft::feedforward;
using namespace mft::test;

Tally tally;

// Largest difference, relative to max(1, |value|); infinities must be equal.
double largest_difference(const std::vector<double>& x, const std::vector<double>& y) {
  double largest = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i]) continue;
    const double difference = std::abs(x[i] - y[i]) / std::max(1.0, std::abs(y[i]));
    largest = std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(largest, difference);
  }
  return largest;
}

bool same_bits(const std::vector<double>& x, const std::vector<double>& y) {
  return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
}

std::vector<double> naive_rows(const Parameters& p) {
  const std::size_t length = layout_of(p).row_length;
  std::vector<double> rows(length * p.range.count);
  for (std::uint32_t t = 0; t < p.range.count; ++t)
    simulate_naive(p, p.range.first + t, std::span<double>(rows).subspan(t * length, length));
  return rows;
}

Parameters uneven(ActivationKind kind, std::size_t inputs) {
  Parameters p = network(kind, 20, 5, inputs);
  p.widths = {13, 37, 20, 1500, 9, 6};
  p.weight_variance = {1.2, 1.8, 0.9, 2.0, 1.5};
  p.bias_variance = {0.1, 0.0, 0.3, 0.05, 0.2};
  p.keep_probability = {0.8, 1.0, 0.9, 0.6};
  p.input_keep_probability = 0.9;
  p.engine = Engine::kDense;
  p.range.count = 2;
  p.range.first = 5;
  return p;
}

void dense_equals_naive() {
  for (const std::size_t inputs : {1, 2, 3, 8, 12})
    for (const OutputError error : {OutputError::kPreactivation, OutputError::kPostactivation,
                                    OutputError::kRandomReadout, OutputError::kSharedRandomReadout}) {
      Parameters p = uneven(inputs % 2 == 0 ? ActivationKind::kTanh : ActivationKind::kGelu, inputs);
      p.output_error = error;
      p.mask_sharing = inputs == 3 ? MaskSharing::kShared : MaskSharing::kIndependent;
      p.backward_weights = inputs == 8 ? BackwardWeights::kIndependent : BackwardWeights::kShared;
      const std::string name = "dense against naive, inputs " + std::to_string(inputs) + ", error " +
                               std::to_string(static_cast<int>(error));
      tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 2e-11, name);
      p.memory_budget = 0.0;
      tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 2e-11, name + ", nothing kept");
    }
  for (const WeightLaw law : {WeightLaw::kUniform, WeightLaw::kRademacher, WeightLaw::kStudentT, WeightLaw::kSparse}) {
    Parameters p = uneven(ActivationKind::kTanh, 2);
    p.weight_law = law;
    p.law_parameter = law == WeightLaw::kStudentT ? 5.0 : 0.3;
    tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 2e-11,
                 "law " + std::to_string(static_cast<int>(law)));
  }
  Parameters p = network(ActivationKind::kTanh, 24, 4, 3);
  p.engine = Engine::kDense;
  p.weight_law = WeightLaw::kOrthogonal;
  tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 1e-11, "dense orthogonal against naive");
  p.widths = {24, 31, 9, 9, 40};
  tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 1e-11, "dense rectangular orthogonal against naive");
  for (const std::size_t inputs : {1, 2, 9}) {
    p = uneven(ActivationKind::kTanh, inputs);
    of_many_kinds(p);
    tally.within(largest_difference(rows_of(p), naive_rows(p)), 0.0, 2e-11,
                 "layers of many kinds, inputs " + std::to_string(inputs));
  }
  // float32 draws other normals (single precision), so only a law with exact weights can be compared; the others are
  // compared in distribution in feedforward_law_test.cc.
  p = uneven(ActivationKind::kTanh, 2);
  p.weight_law = WeightLaw::kRademacher;
  p.bias_variance.assign(5, 0.0);
  const std::vector<double> reference = naive_rows(p);
  p.precision = Precision::kFloat32;
  tally.within(largest_difference(rows_of(p), reference), 1e-12, 2e-4, "float32 with rademacher weights");
}

void bits_are_the_seeds_alone() {
  struct Case {
    Parameters p;
    std::string name;
  };
  std::vector<Case> cases;
  for (const Precision precision : {Precision::kFloat64, Precision::kFloat32})
    for (const std::size_t inputs : {1, 2, 5})
      for (const Engine engine : {Engine::kConditioned, Engine::kDense}) {
        Case c{network(ActivationKind::kTanh, 700, 4, inputs),
               "inputs " + std::to_string(inputs) + ", engine " + std::to_string(static_cast<int>(engine)) +
                   ", precision " + std::to_string(static_cast<int>(precision))};
        c.p.engine = engine;
        c.p.precision = precision;
        c.p.range.count = 5;
        c.p.range.first = 3;
        cases.push_back(c);
      }
  Case orthogonal{network(ActivationKind::kTanh, 96, 4, 3), "orthogonal"};
  orthogonal.p.weight_law = WeightLaw::kOrthogonal;
  orthogonal.p.range.count = 5;
  orthogonal.p.range.first = 3;
  cases.push_back(orthogonal);
  orthogonal.p.engine = Engine::kDense;
  orthogonal.name = "dense orthogonal";
  cases.push_back(orthogonal);
  // Several tiles in each direction, weights that are costly to draw.
  for (const std::size_t inputs : {2, 9})
    for (const WeightLaw law : {WeightLaw::kGaussian, WeightLaw::kStudentT}) {
      Case wide{network(ActivationKind::kTanh, 1100, 3, inputs),
                "wide, inputs " + std::to_string(inputs) + ", law " + std::to_string(static_cast<int>(law))};
      wide.p.engine = Engine::kDense;
      wide.p.weight_law = law;
      wide.p.law_parameter = 5.0;
      wide.p.range.count = 5;
      wide.p.range.first = 3;
      cases.push_back(wide);
    }
  for (Case& c : cases) {
    const std::vector<double> reference = rows_of(c.p);
    Parameters p = c.p;
    p.range.threads = 2;
    tally.check(same_bits(rows_of(p), reference), c.name + ": two threads give the same bits");
    // More threads than trials: they share the tiles of one network.
    p.range.count = 1;
    p.range.threads = 3;
    const std::vector<double> alone = rows_of(p);
    const auto first = reference.begin();
    tally.check(same_bits(alone, {first, first + static_cast<std::ptrdiff_t>(alone.size())}),
                c.name + ": three threads on one trial give the same bits");
    p = c.p;
    p.memory_budget = 0.0;
    tally.check(same_bits(rows_of(p), reference), c.name + ": nothing kept gives the same bits");
    p.memory_budget = 20000.0;
    tally.check(same_bits(rows_of(p), reference), c.name + ": a part kept gives the same bits");
    p = c.p;
    p.range.first = 6;
    p.range.count = 2;
    const std::size_t length = layout_of(p).row_length;
    const std::vector<double> part(reference.begin() + static_cast<std::ptrdiff_t>(3 * length), reference.end());
    tally.check(same_bits(rows_of(p), part), c.name + ": a split of the trials gives the same bits");
    p = c.p;
    p.seed = 12;
    tally.check(!same_bits(rows_of(p), reference), c.name + ": another seed gives other numbers");
    const InstructionSet best = best_instruction_set();
    for (int set = 0; set < static_cast<int>(best); ++set) {
      set_instruction_set(static_cast<InstructionSet>(set));
      tally.check(same_bits(rows_of(c.p), reference),
                  c.name + ": same bits with " + instruction_set_name(static_cast<InstructionSet>(set)));
    }
    set_instruction_set(best);
  }
}

void degenerate_cases() {
  for (const bool is_block : {false, true}) {
    const std::string name = is_block ? "block engine, " : "pair engine, ";
    EngineRun p = network(ActivationKind::kTanh, 50, 6);
    set_keep(p, 1.0);
    p.is_block = is_block;
    p.range.count = 20;
    p.input_correlation = {1.0, 1.0, 1.0, 1.0};
    const Layout layout = layout_of(p);
    std::vector<double> rows = rows_of(p);
    double worst = 0.0;
    for (std::size_t at = 0; at < rows.size(); at += layout.layer_stride)
      worst =
          std::max({worst, rows[at + layout.one_minus_correlation], std::abs(1.0 - rows[at + layout.error_cosine])});
    tally.within(worst, 0.0, 1e-14, name + "parallel inputs stay parallel");
    tally.check(!has_nan(rows), name + "parallel inputs: no NaN");

    p.input_variance = {1.0, 4.0};
    p.bias_variance.assign(6, 0.0);
    p.activations[0].kind = ActivationKind::kLinear;
    rows = rows_of(p);
    tally.within(rows[layout.layer_stride * 5 + layout.variance + 1] / rows[layout.layer_stride * 5 + layout.variance],
                 4.0 - 1e-13, 4.0 + 1e-13, name + "multiples of one input keep their ratio");

    p = network(ActivationKind::kTanh, 50, 6);
    p.is_block = is_block;
    p.range.count = 20;
    p.bias_variance.assign(6, 0.0);
    for (const std::size_t zero : {0, 1}) {
      p.input_variance = {1.0, 1.0};
      p.input_variance[zero] = 0.0;
      rows = rows_of(p);
      const bool is_zero = rows[layout.variance + zero] == 0.0 && rows[layout.variance + 1 - zero] > 0.0 &&
                           rows[layout.correlation_defined] == 0.0 && rows[layout.correlation] == 0.0 &&
                           std::isinf(rows[layout.log_gradient_single + zero]) &&
                           rows[layout.error_cosine_defined] == 0.0;
      tally.check(is_zero && !has_nan(rows), name + "zero input " + std::to_string(zero));
    }
    p.input_variance = {0.0, 0.0};
    rows = rows_of(p);
    tally.check(!has_nan(rows) && rows[layout.variance] == 0.0, name + "all inputs zero");
    p.weight_variance.assign(6, 0.0);
    p.bias_variance.assign(6, 0.3);
    rows = rows_of(p);
    tally.check(!has_nan(rows) && rows[layout.layer_stride * 5 + layout.one_minus_correlation] < 1e-15,
                name + "weights zero");
    p.bias_variance.assign(6, 0.0);
    tally.check(!has_nan(rows_of(p)), name + "weights and biases zero");
  }
  // Dead relu layers and layers masked away entirely, in both engines.
  for (const Engine engine : {Engine::kConditioned, Engine::kDense})
    for (const std::size_t inputs : {1, 2, 5}) {
      Parameters p = network(ActivationKind::kRelu, 2, 8, inputs);
      p.widths[0] = 6;
      p.engine = engine;
      p.bias_variance.assign(8, 0.0);
      set_keep(p, 0.5);
      p.range.count = 300;
      const std::vector<double> rows = rows_of(p);
      const Layout layout = layout_of(p);
      std::size_t dead = 0;
      for (std::size_t at = 0; at < rows.size(); at += layout.layer_stride)
        if (rows[at + layout.log_error_squared_norm] == -std::numeric_limits<double>::infinity()) ++dead;
      tally.check(!has_nan(rows) && dead > 100,
                  "dead layers, inputs " + std::to_string(inputs) + ": " + std::to_string(dead));
    }
  // More inputs than units, and one unit.
  for (const std::size_t width : {1, 3, 4}) {
    Parameters p = network(ActivationKind::kTanh, width, 5, 6);
    p.widths[0] = 8;
    p.range.count = 10;
    tally.check(!has_nan(rows_of(p)), "six inputs through width " + std::to_string(width));
    p = network(ActivationKind::kTanh, width, 5, 2);
    p.widths[0] = 2;
    p.range.count = 10;
    tally.check(!has_nan(rows_of(p)), "two inputs through width " + std::to_string(width));
  }
}

// |z|^2 = sigma_w^2 |u|^2 without biases; the errors of a linear network keep their length too.
void orthogonal_is_isometric() {
  for (const Engine engine : {Engine::kConditioned, Engine::kDense}) {
    Parameters p = network(ActivationKind::kLinear, 40, 6, 3);
    p.engine = engine;
    p.weight_law = WeightLaw::kOrthogonal;
    p.bias_variance.assign(6, 0.0);
    set_keep(p, 1.0);
    p.range.count = 3;
    const Layout layout = layout_of(p);
    const std::vector<double> rows = rows_of(p);
    double worst = 0.0;
    for (std::uint32_t t = 0; t < p.range.count; ++t)
      for (std::size_t l = 0; l < 6; ++l) {
        const double* at = rows.data() + t * layout.row_length + l * layout.layer_stride;
        worst = std::max(worst, std::abs(at[layout.variance] / std::pow(1.8, static_cast<double>(l + 1)) - 1.0));
        worst = std::max(worst, std::abs(at[layout.correlation] - 0.6));
        worst = std::max(worst, std::abs(at[layout.error_cosine] - 0.6));
        if (l > 0) {
          const double step =
              at[layout.log_error_squared_norm] - (at - layout.layer_stride)[layout.log_error_squared_norm];
          worst = std::max(worst, std::abs(step + std::log(1.8)));
        }
      }
    tally.within(worst, 0.0, 1e-12,
                 "orthogonal layers keep lengths and angles, engine " + std::to_string(static_cast<int>(engine)));
  }
}

void inputs_are_exact() {
  Parameters p = network(ActivationKind::kLinear, 64, 1, 2);
  p.weight_law = WeightLaw::kOrthogonal;
  p.weight_variance = {1.0};
  p.bias_variance = {0.0};
  p.input_variance = {2.0, 0.5};
  p.input_correlation = {1.0, -0.3, -0.3, 1.0};
  std::vector<double> row = rows_of(p);
  const Layout layout = layout_of(p);
  tally.within(row[layout.variance], 2.0 - 1e-13, 2.0 + 1e-13, "input variance a");
  tally.within(row[layout.variance + 1], 0.5 - 1e-13, 0.5 + 1e-13, "input variance b");
  tally.within(row[layout.correlation], -0.3 - 1e-13, -0.3 + 1e-13, "input correlation");
  p.input_correlation = {1.0, 1.0 - 1e-10, 1.0 - 1e-10, 1.0};
  row = rows_of(p);
  tally.within(row[layout.one_minus_correlation], 1e-10 - 1e-15, 1e-10 + 1e-15, "small 1 - c");
}

void refusals() {
  const auto code = [](const Parameters& p) -> std::string {
    try {
      rows_of(p);
    } catch (const Error& e) {
      return e.code() + " " + e.parameter();
    }
    return "accepted";
  };
  const Parameters good = network(ActivationKind::kTanh, 8, 3);
  tally.check(code(good) == "accepted", "the good case is accepted");
  const auto refused = [&](const std::string& expected, const auto& change) {
    Parameters p = good;
    change(p);
    const std::string received = code(p);
    tally.check(received == expected, "expected " + expected + ", received " + received);
  };
  refused("OUT_OF_RANGE keepProbability", [](Parameters& p) { p.keep_probability[0] = 0.0; });
  refused("OUT_OF_RANGE keepProbability", [](Parameters& p) { p.keep_probability[1] = std::nan(""); });
  refused("OUT_OF_RANGE weightVariance", [](Parameters& p) { p.weight_variance[2] = -1.0; });
  refused("OUT_OF_RANGE biasVariance",
          [](Parameters& p) { p.bias_variance[2] = std::numeric_limits<double>::infinity(); });
  refused("OUT_OF_RANGE widths", [](Parameters& p) { p.widths[1] = 0; });
  refused("OUT_OF_RANGE depth", [](Parameters& p) { p.widths = {3}; });
  refused("SHAPE weightVariance", [](Parameters& p) { p.weight_variance.pop_back(); });
  refused("SHAPE inputVectors", [](Parameters& p) { p.input_vectors = {1.0}; });
  refused("NOT_FINITE inputVectors", [](Parameters& p) { p.input_vectors.assign(16, std::nan("")); });
  refused("OUT_OF_RANGE inputCorrelation",
          [](Parameters& p) { p.input_correlation[1] = p.input_correlation[2] = 1.5; });
  refused("INVALID_ARGUMENT inputCorrelation", [](Parameters& p) { p.input_correlation[1] = 0.1; });
  refused("SHAPE widths", [](Parameters& p) { p.widths[0] = 1; });
  refused("SHAPE activations", [](Parameters& p) { p.activations.resize(2); });
  refused("SHAPE biasMean", [](Parameters& p) { p.bias_mean = {0.1}; });
  refused("NOT_FINITE biasMean", [](Parameters& p) { p.bias_mean.assign(3, std::nan("")); });
  refused("SHAPE droppedValue", [](Parameters& p) { p.dropped_value = {0.1}; });
  refused("INVALID_ARGUMENT weightLaw", [](Parameters& p) { p.weight_law = WeightLaw::kUniform; });
  refused("NOT_FINITE ", [](Parameters& p) {
    p.activations[0].kind = ActivationKind::kLinear;
    p.weight_variance.assign(3, 1e200);
  });
  std::array<std::int32_t, 2> slots{};
  std::vector<double> row(layout_of(good).row_length);
  simulate(good, Control(slots.data()), row);
  tally.check(slots[1] == static_cast<std::int32_t>(progress_units(good)), "progress counts every pass");
  slots[0] = 1;
  bool was_cancelled = false;
  try {
    simulate(good, Control(slots.data()), row);
  } catch (const Cancelled&) {
    was_cancelled = true;
  }
  tally.check(was_cancelled, "a cancelled run stops");
}

}  // namespace

int main() {
  blas::prepare();
  dense_equals_naive();
  bits_are_the_seeds_alone();
  degenerate_cases();
  orthogonal_is_isometric();
  inputs_are_exact();
  refusals();
  return tally.finish();
}
