#include "systems/feedforward.h"

#include <memory>
#include <string>
#include <vector>

#include "node/adapters.h"
#include "node/arguments.h"
#include "node/task.h"

namespace mft::node {
namespace {

using namespace feedforward;

constexpr double kLargestWord = 4294967295.0;
constexpr double kLargestResult = 1073741824.0;  // numbers in one Float64Array: 8 GiB

Parameters parameters_of(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "parameters");
  Parameters p;
  p.activation = activation_field(options, "activation");
  for (const std::uint32_t width : whole_numbers(options, "width")) p.widths.push_back(width);
  p.weight_variance = finite_doubles(options, "weightVariance");
  p.bias_variance = finite_doubles(options, "biasVariance");
  p.keep_probability = finite_doubles(options, "keepProbability");
  p.input_keep_probability = number_field(options, "inputKeepProbability");
  p.mask_sharing = choice_field<MaskSharing, 2>(options, "maskSharing", {"independent", "shared"});
  p.inputs = integer_field(options, "inputs", 1, 65536);
  p.input_variance = finite_doubles(options, "inputVariance");
  p.input_correlation = finite_doubles(options, "inputCorrelation");
  p.input_vectors = finite_doubles(options, "inputVectors");
  p.output_error = choice_field<OutputError, 4>(
      options, "output", {"preactivation", "postactivation", "randomReadout", "sharedRandomReadout"});
  p.weight_law = choice_field<WeightLaw, 6>(options, "weightLaw",
                                            {"gaussian", "uniform", "rademacher", "studentT", "sparse", "orthogonal"});
  p.law_parameter = number_field(options, "lawParameter");
  p.backward_weights = choice_field<BackwardWeights, 2>(options, "backwardWeights", {"shared", "independent"});
  p.engine = choice_field<Engine, 2>(options, "engine", {"conditioned", "dense"});
  p.precision = choice_field<Precision, 2>(options, "precision", {"float64", "float32"});
  p.paired_inputs = integer_field(options, "pairedInputs", 0, 65536);
  p.rank_tolerance = number_field(options, "rankTolerance");
  p.memory_budget = number_field(options, "memoryBudget");
  p.seed = seed_field(options, "seed");
  p.first_trial = static_cast<std::uint32_t>(integer_field(options, "firstTrial", 0, kLargestWord));
  p.trials = static_cast<std::uint32_t>(integer_field(options, "trials", 1, kLargestWord));
  p.threads = static_cast<int>(integer_field(options, "threads", 1, 4096));
  validate(p);
  return p;
}

}  // namespace

Napi::Value feedforward_layout(const Napi::CallbackInfo& info) {
  const Layout layout = layout_of(parameters_of(info));
  Napi::Object result = Napi::Object::New(info.Env());
  const auto set = [&](const char* name, std::size_t value) { result.Set(name, static_cast<double>(value)); };
  set("variance", layout.variance);
  set("covariance", layout.covariance);
  set("correlation", layout.correlation);
  set("oneMinusCorrelation", layout.one_minus_correlation);
  set("correlationDefined", layout.correlation_defined);
  set("logErrorSquaredNorm", layout.log_error_squared_norm);
  set("errorCosine", layout.error_cosine);
  set("errorCosineDefined", layout.error_cosine_defined);
  set("logGradientSingle", layout.log_gradient_single);
  set("gradientPairSign", layout.gradient_pair_sign);
  set("logGradientPair", layout.log_gradient_pair);
  set("logGradientPairAbsolute", layout.log_gradient_pair_absolute);
  set("layerStride", layout.layer_stride);
  set("rowLength", layout.row_length);
  return result;
}

Napi::Value feedforward_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), memory_estimate(parameters_of(info)));
}

Napi::Value simulate_feedforward(const Napi::CallbackInfo& info) {
  const auto parameters = std::make_shared<const Parameters>(parameters_of(info));
  const Control control = control_argument(info, 1);
  const double count = static_cast<double>(layout_of(*parameters).row_length) * parameters->trials;
  if (count > kLargestResult)
    throw Error("MEMORY", "trials",
                "Expected `trials` to give at most 2^30 numbers in one call, received a call that gives " +
                    std::to_string(count / kLargestResult) + " times as many.");
  // The worker writes into the result itself, which lives outside the JavaScript heap and is kept alive meanwhile.
  Napi::Float64Array rows = Napi::Float64Array::New(info.Env(), static_cast<std::size_t>(count));
  const std::span<double> out(rows.Data(), rows.ElementLength());
  const auto result = std::make_shared<Napi::ObjectReference>(Napi::Persistent(rows.As<Napi::Object>()));
  return Task<bool>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [parameters, control, out] {
        simulate(*parameters, control, out);
        return true;
      },
      [result](Napi::Env, bool&) -> Napi::Value { return result->Value(); });
}

}  // namespace mft::node
