// Phase diagrams of system `feedforward`.
#include "systems/feedforward_phase.h"

#include <memory>
#include <vector>

#include "node/adapters.h"
#include "node/arguments.h"
#include "node/task.h"

namespace mft::node {

Napi::Value feedforward_phase(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Control control = control_argument(info, 1);
  const int threads = static_cast<int>(integer_field(options, "threads", 1, 1024));
  struct Arguments {
    GaussianFunction function;
    std::vector<double> weight_variance, bias_variance, keep_probability;
    bool shares_masks;
    double value_at_zero;
  };
  Activation activation = activation_field(options, "activation");
  const auto arguments = std::make_shared<const Arguments>(Arguments{
      gaussian_function(std::move(activation), rule_profile_field(options.Get("activation").As<Napi::Object>())),
      finite_doubles(options, "weightVariance"), finite_doubles(options, "biasVariance"),
      finite_doubles(options, "keepProbability"), boolean_field(options, "sharesMasks"),
      number_field(options, "valueAtZero")});
  for (const double w : arguments->weight_variance)
    if (!(w >= 0)) throw wrong("weightVariance", "numbers >= 0");
  for (const double b : arguments->bias_variance)
    if (!(b >= 0)) throw wrong("biasVariance", "numbers >= 0");
  for (const double keep : arguments->keep_probability)
    if (!(keep > 0 && keep <= 1)) throw wrong("keepProbability", "numbers in (0, 1]");
  using Values = std::vector<double>;
  return Task<Values>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [arguments, threads, control] {
        Values rows(arguments->weight_variance.size() * feedforward::kPhaseColumns);
        feedforward::phase_points(arguments->function,
                                  {arguments->weight_variance, arguments->bias_variance, arguments->keep_probability,
                                   arguments->shares_masks, arguments->value_at_zero},
                                  threads, control, rows);
        return rows;
      },
      [](Napi::Env env, Values& rows) -> Napi::Value { return float64_array(env, rows); });
}

}  // namespace mft::node
