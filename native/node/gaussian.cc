// Gaussian expectations: single values, batches on worker threads, and the points of the rules for integrands in
// JavaScript.
#include "core/gaussian.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "node/adapters.h"
#include "node/arguments.h"
#include "node/task.h"

namespace mft::node {

RuleProfile rule_profile_field(const Napi::Object& object) {
  RuleProfile profile{finite_doubles(object, "kinks")};
  if (has_field(object, "scale")) profile.scale = number_field(object, "scale");
  if (has_field(object, "wavelength")) profile.wavelength = number_field(object, "wavelength");
  if (!(profile.scale > 0) || !(profile.wavelength >= 0)) throw wrong("scale", "a number > 0");
  return profile;
}

namespace {

constexpr std::size_t kPointsPerUnit = 16;
constexpr double kLargestRule = 1e8;

Integrand integrand_field(const Napi::Object& object, const char* name) {
  const std::vector<std::uint32_t> powers = whole_numbers(object, name);
  if (powers.size() != 5)
    throw wrong(name, "five whole numbers: powers of phi, phi', phi'', x, and whether it is absolute");
  for (const std::uint32_t power : powers)
    if (power > 16) throw wrong(name, "five whole numbers up to 16");
  return {static_cast<int>(powers[0]), static_cast<int>(powers[1]), static_cast<int>(powers[2]),
          static_cast<int>(powers[3]), powers[4] != 0};
}

double checked_delta(double delta) {
  if (!(delta >= 0 && delta <= 2)) throw wrong("oneMinusCorrelation", "numbers in [0, 2]");
  return delta;
}

double checked_variance(double variance) {
  if (!(variance >= 0)) throw wrong("variance", "numbers >= 0");
  return variance;
}

// What is asked: a function of the index of the point, and how many points.
struct Request {
  std::size_t count;
  std::function<double(std::size_t)> value;
};

Request request_from(const Napi::Object& options) {
  const auto function = std::make_shared<const GaussianFunction>(gaussian_function_field(options, "activation"));
  const std::string what = string_field(options, "what");
  const auto q1 = std::make_shared<const std::vector<double>>(finite_doubles(options, "varianceA"));
  for (const double q : *q1) checked_variance(q);
  if (what == "moment") {
    const Integrand integrand = integrand_field(options, "integrand");
    return {q1->size(), [=](std::size_t i) { return gaussian_moment(*function, integrand, (*q1)[i]); }};
  }
  const auto delta = std::make_shared<const std::vector<double>>(finite_doubles(options, "oneMinusCorrelation"));
  for (const double d : *delta) checked_delta(d);
  if (delta->size() != q1->size()) throw wrong("oneMinusCorrelation", "as long as `varianceA`");
  if (what == "deficit")
    return {q1->size(), [=](std::size_t i) { return gaussian_deficit(*function, (*q1)[i], (*delta)[i]); }};
  if (what != "pair") throw wrong("what", "moment, pair or deficit");
  const Integrand integrand = integrand_field(options, "integrand");
  const auto q2 = std::make_shared<const std::vector<double>>(finite_doubles(options, "varianceB"));
  for (const double q : *q2) checked_variance(q);
  if (q2->size() != q1->size()) throw wrong("varianceB", "as long as `varianceA`");
  return {q1->size(),
          [=](std::size_t i) { return gaussian_pair_moment(*function, integrand, (*q1)[i], (*q2)[i], (*delta)[i]); }};
}

}  // namespace

GaussianFunction gaussian_function_field(const Napi::Object& object, const char* name) {
  Activation activation = activation_field(object, name);
  return gaussian_function(std::move(activation), rule_profile_field(object.Get(name).As<Napi::Object>()));
}

Napi::Value gaussian(const Napi::CallbackInfo& info) {
  const Request request = request_from(object_argument(info, 0, "options"));
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), request.count);
  for (std::size_t i = 0; i < request.count; ++i) result.Data()[i] = request.value(i);
  return result;
}

Napi::Value start_gaussian(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Control control = control_argument(info, 1);
  const int threads = static_cast<int>(integer_field(options, "threads", 1, 1024));
  using Values = std::vector<double>;
  return Task<Values>::start(
      info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
      [request = request_from(options), threads, control] {
        Values values(request.count);
        const std::size_t units = (request.count + kPointsPerUnit - 1) / kPointsPerUnit;
        parallel_for(units, threads, [&](std::size_t unit, int) {
          control.throw_if_cancelled();
          const std::size_t last = std::min(request.count, (unit + 1) * kPointsPerUnit);
          for (std::size_t i = unit * kPointsPerUnit; i < last; ++i) values[i] = request.value(i);
          control.advance(static_cast<std::int32_t>(last - unit * kPointsPerUnit));
        });
        return values;
      },
      [](Napi::Env env, Values& values) -> Napi::Value { return float64_array(env, values); });
}

Napi::Value gaussian_rule_points(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  std::vector<double> points, weights;
  gaussian_rule(rule_profile_field(options), checked_variance(number_field(options, "variance")),
                [&](std::span<const double> u, std::span<const double> weight) {
                  points.insert(points.end(), u.begin(), u.end());
                  weights.insert(weights.end(), weight.begin(), weight.end());
                });
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("points", float64_array(info.Env(), points));
  result.Set("weights", float64_array(info.Env(), weights));
  return result;
}

Napi::Value gaussian_pair_rule_points(const Napi::CallbackInfo& info) {
  const Napi::Object options = object_argument(info, 0, "options");
  std::vector<double> first, second, weights;
  gaussian_pair_rule(rule_profile_field(options), checked_variance(number_field(options, "varianceA")),
                     checked_variance(number_field(options, "varianceB")),
                     checked_delta(number_field(options, "oneMinusCorrelation")),
                     [&](std::span<const double> u1, std::span<const double> u2, std::span<const double> weight) {
                       if (static_cast<double>(first.size() + u1.size()) > kLargestRule)
                         throw Error("MEMORY", "variance", "The rule for this pair needs too many points.");
                       first.insert(first.end(), u1.begin(), u1.end());
                       second.insert(second.end(), u2.begin(), u2.end());
                       weights.insert(weights.end(), weight.begin(), weight.end());
                     });
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("first", float64_array(info.Env(), first));
  result.Set("second", float64_array(info.Env(), second));
  result.Set("weights", float64_array(info.Env(), weights));
  return result;
}

}  // namespace mft::node
