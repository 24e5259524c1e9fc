// System `feedforward`: the engines, and phase diagrams.
#include "systems/feedforward/simulation.h"

#include <memory>
#include <string>
#include <vector>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/feedforward/absolute_product.h"
#include "systems/feedforward/phase.h"

namespace mft::node {
namespace {

using namespace feedforward;

constexpr double kMostInputs = 65536;

using P = Parameters;
const Fields<P> kParameters = {
    activations("activations", &P::activations),
    wholes("width", &P::widths),
    numbers("weightVariance", &P::weight_variance),
    numbers("biasVariance", &P::bias_variance),
    numbers("biasMean", &P::bias_mean),
    numbers("keepProbability", &P::keep_probability),
    numbers("droppedValue", &P::dropped_value),
    number("inputKeepProbability", &P::input_keep_probability),
    word<P, MaskSharing, 2>("maskSharing", &P::mask_sharing, {"independent", "shared"}),
    whole("inputs", &P::inputs, 1, kMostInputs),
    numbers("inputVariance", &P::input_variance),
    numbers("inputCorrelation", &P::input_correlation),
    numbers("inputVectors", &P::input_vectors),
    word<P, OutputError, 3>("output", &P::output_error, {"preactivation", "postactivation", "randomReadout"}),
    word<P, WeightLaw, 6>("weightLaw", &P::weight_law,
                          {"gaussian", "uniform", "rademacher", "studentT", "sparse", "orthogonal"}),
    number("lawParameter", &P::law_parameter),
    word<P, BackwardWeights, 2>("backwardWeights", &P::backward_weights, {"shared", "independent"}),
    word<P, Engine, 2>("engine", &P::engine, {"conditioned", "dense"}),
    word<P, Precision, 2>("precision", &P::precision, {"float64", "float32"}),
    whole("pairedInputs", &P::paired_inputs, 0, kMostInputs),
    number("rankTolerance", &P::rank_tolerance),
    number("memoryBudget", &P::memory_budget),
    seed("seed", &P::seed),
    first_trial(&P::range),
    trial_count(&P::range),
    trial_threads(&P::range),
};

Parameters parameters_of(const Napi::CallbackInfo& info) {
  Parameters p = kParameters.argument(info, 0, "parameters");
  validate(p);
  return p;
}

// (parameters) -> the layout of a row
Napi::Value feedforward_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), feedforward::row_table(parameters_of(info)));
}

// (parameters) -> bytes
Napi::Value feedforward_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), memory_estimate(parameters_of(info)));
}

// (parameters, control?) -> Promise of rows
Napi::Value simulate_feedforward(const Napi::CallbackInfo& info) {
  const auto parameters = std::make_shared<const Parameters>(parameters_of(info));
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info[1], layout_of(*parameters).row_length, parameters->range.count,
                    [parameters, control](std::span<double> rows) { simulate(*parameters, control, rows); });
}

struct Phase {
  GaussianFunction function;
  std::vector<double> weight_variance, bias_variance, keep_probability;
  bool shares_masks = false;
  double value_at_zero = 0;
  int threads = 1;
};

const Fields<Phase> kPhase = {
    gaussian_function("activation", &Phase::function),  numbers("weightVariance", &Phase::weight_variance),
    numbers("biasVariance", &Phase::bias_variance),     numbers("keepProbability", &Phase::keep_probability),
    boolean("sharesMasks", &Phase::shares_masks),       number("valueAtZero", &Phase::value_at_zero),
    whole("threads", &Phase::threads, 1, kMostThreads),
};

// Fixed points and multipliers over many points: (points, control?) -> Promise of rows.
Napi::Value feedforward_phase(const Napi::CallbackInfo& info) {
  const auto points = std::make_shared<const Phase>(kPhase.argument(info, 0, "points"));
  const Control control = control_argument(info, 1);
  for (const double w : points->weight_variance)
    if (!(w >= 0)) throw wrong("weightVariance", "numbers >= 0");
  for (const double b : points->bias_variance)
    if (!(b >= 0)) throw wrong("biasVariance", "numbers >= 0");
  for (const double keep : points->keep_probability)
    if (!(keep > 0 && keep <= 1)) throw wrong("keepProbability", "numbers in (0, 1]");
  using Values = std::vector<double>;
  return Task<Values>::start(
      info.Env(), info[1],
      [points, control] {
        Values rows(points->weight_variance.size() * feedforward::kPhaseColumns);
        feedforward::phase_points(points->function,
                                  {points->weight_variance, points->bias_variance, points->keep_probability,
                                   points->shares_masks, points->value_at_zero},
                                  points->threads, control, rows);
        return rows;
      },
      [](Napi::Env env, Values& rows) -> Napi::Value { return float64_array(env, rows); });
}

using Absolute = feedforward::AbsoluteProduct;
const Fields<Absolute> kAbsolute = {
    activation("activation", &Absolute::activation),
    numbers("kinks", &Absolute::kinks),
    number("varianceA", &Absolute::variance_a),
    number("varianceB", &Absolute::variance_b),
    number("oneMinusCorrelation", &Absolute::one_minus_correlation),
    number("couplingA", &Absolute::coupling_a),
    number("couplingB", &Absolute::coupling_b),
    number("noiseA", &Absolute::noise_a),
    number("noiseB", &Absolute::noise_b),
    number("noisePair", &Absolute::noise_pair),
};

// (question) -> number
Napi::Value feedforward_absolute_product(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), feedforward::absolute_product(kAbsolute.argument(info, 0, "question")));
}

}  // namespace

std::vector<Function> feedforward_functions() {
  return {{"feedforwardLayout", feedforward_layout, {kParameters.info()}},
          {"feedforwardMemory", feedforward_memory, {kParameters.info()}},
          {"simulateFeedforward", simulate_feedforward, {kParameters.info()}},
          {"feedforwardPhase", feedforward_phase, {kPhase.info()}},
          {"feedforwardAbsoluteProduct", feedforward_absolute_product, {kAbsolute.info()}}};
}

}  // namespace mft::node
