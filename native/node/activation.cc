// phi and its derivatives of a resolved activation.
#include "core/activation.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "core/expression.h"
#include "node/fields.h"

namespace mft::node {
namespace {

Program program_field(const Napi::Object& programs, const char* name) {
  const Napi::Value value = programs.Get(name);
  if (!value.IsObject()) throw wrong(name, "an expression program");
  const Napi::Object program = value.As<Napi::Object>();
  return {whole_numbers(program, "operations"), finite_doubles(program, "constants")};
}

}  // namespace

Activation activation_from(const Napi::Value& value, const char* name) {
  if (!value.IsObject()) throw wrong(name, "a resolved activation");
  const Napi::Object resolved = value.As<Napi::Object>();
  Activation activation;
  activation.kind =
      static_cast<ActivationKind>(integer_field(resolved, "kind", 0, static_cast<double>(kLastActivationKind)));
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
  if (has_field(resolved, "affine")) {
    const std::vector<double> affine = finite_doubles(resolved, "affine");
    if (affine.size() != 3) throw wrong("affine", "shift, scale and offset");
    activation.shift = affine[0];
    activation.scale = affine[1];
    activation.offset = affine[2];
  }
  return activation;
}

Activation activation_field(const Napi::Object& object, const char* name) {
  return activation_from(object.Get(name), name);
}

namespace {

struct Points {
  Activation activation;
  std::vector<double> z;
  int order = 0;
};

const Fields<Points> kPoints = {
    activation("activation", &Points::activation),
    // Not checked to be finite: an activation has values and limits everywhere.
    special<Points>("z", "numbers",
                    [](const Napi::Object& o, Points& into) {
                      const std::span<double> view = doubles(o.Get("z"), "z");
                      into.z.assign(view.begin(), view.end());
                    }),
    whole("order", &Points::order, 0, 2),
};

// (points, into?) -> Float64Array: `into` where it is given, so that a loop makes no array a call.
Napi::Value activate(const Napi::CallbackInfo& info) {
  const Points points = kPoints.argument(info, 0, "points");
  const bool is_given = !info[1].IsUndefined();
  const Napi::Value result = is_given ? info[1] : Napi::Value(Napi::Float64Array::New(info.Env(), points.z.size()));
  const std::span<double> out = doubles(result, "into");
  if (out.size() != points.z.size()) throw wrong("into", "as long as `z`");
  if (points.order == 0) mft::activate(points.activation, points.z, out);
  if (points.order == 1) activate_derivative(points.activation, points.z, out);
  if (points.order == 2) activate_second_derivative(points.activation, points.z, out);
  return result;
}

}  // namespace

std::vector<Function> activation_functions() { return {{"activate", activate, {kPoints.info()}}}; }

}  // namespace mft::node
