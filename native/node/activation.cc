#include "core/activation.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/expression.h"
#include "node/adapters.h"
#include "node/arguments.h"

namespace mft::node {
namespace {

Program program_field(const Napi::Object& programs, const char* name) {
  const Napi::Value value = programs.Get(name);
  if (!value.IsObject()) throw wrong(name, "an expression program");
  const Napi::Object program = value.As<Napi::Object>();
  return {whole_numbers(program, "operations"), finite_doubles(program, "constants")};
}

}  // namespace

Activation activation_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsObject()) throw wrong(name, "a resolved activation");
  const Napi::Object resolved = value.As<Napi::Object>();
  Activation activation;
  activation.kind =
      static_cast<ActivationKind>(integer_field(resolved, "kind", 0, static_cast<double>(ActivationKind::kExpression)));
  const std::vector<double> parameters = finite_doubles(resolved, "parameters");
  if (parameters.size() != activation.parameters.size()) throw wrong("parameters", "two numbers");
  std::copy(parameters.begin(), parameters.end(), activation.parameters.begin());
  if (activation.kind == ActivationKind::kExpression) {
    if (!resolved.Get("programs").IsObject()) throw wrong("programs", "the programs of an expression");
    const Napi::Object programs = resolved.Get("programs").As<Napi::Object>();
    activation.expression =
        std::make_shared<const Expression>(program_field(programs, "value"), program_field(programs, "derivative"),
                                           program_field(programs, "secondDerivative"));
  }
  return activation;
}

Napi::Value activate(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Activation activation = activation_field(options, "activation");
  const std::span<const double> z = doubles(options.Get("z"), "z");
  const std::uint64_t order = integer_field(options, "order", 0, 2);
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), z.size());
  const std::span<double> out(result.Data(), z.size());
  if (order == 0) mft::activate(activation, z, out);
  if (order == 1) activate_derivative(activation, z, out);
  if (order == 2) activate_second_derivative(activation, z, out);
  return result;
}

}  // namespace mft::node
