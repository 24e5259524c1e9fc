// Gaussian expectations: single values, batches on worker threads, and the points of the rules for integrands in
// JavaScript.
#include "core/gaussian.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/parallel.h"
#include "node/fields.h"
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

double checked_delta(double delta) {
  if (!(delta >= 0 && delta <= 2)) throw wrong("oneMinusCorrelation", "numbers in [0, 2]");
  return delta;
}

double checked_variance(double variance) {
  if (!(variance >= 0)) throw wrong("variance", "numbers >= 0");
  return variance;
}

enum class What : int { kMoment, kPair, kDeficit };

// What is asked of an activation, at as many points as `variance_a` has.
struct Question {
  What what = What::kMoment;
  GaussianFunction function;
  Integrand integrand;
  std::vector<double> variance_a, variance_b, one_minus_correlation;
  int threads = 1;

  double value(std::size_t i) const {
    if (what == What::kMoment) return gaussian_moment(function, integrand, variance_a[i]);
    if (what == What::kDeficit) return gaussian_deficit(function, variance_a[i], one_minus_correlation[i]);
    return gaussian_pair_moment(function, integrand, variance_a[i], variance_b[i], one_minus_correlation[i]);
  }
};

void read_integrand(const Napi::Object& object, Question& into) {
  const std::vector<std::uint32_t> powers = whole_numbers(object, "integrand");
  if (powers.size() != 5)
    throw wrong("integrand", "five whole numbers: powers of phi, phi', phi'', x, and whether it is absolute");
  for (const std::uint32_t power : powers)
    if (power > 16) throw wrong("integrand", "five whole numbers up to 16");
  into.integrand = {static_cast<int>(powers[0]), static_cast<int>(powers[1]), static_cast<int>(powers[2]),
                    static_cast<int>(powers[3]), powers[4] != 0};
}

template <typename... More>
Fields<Question> question_fields(More... more) {
  return {word<Question, What, 3>("what", &Question::what, {"moment", "pair", "deficit"}),
          gaussian_function("activation", &Question::function),
          special<Question>("integrand", "wholes", read_integrand),
          numbers("varianceA", &Question::variance_a),
          numbers("varianceB", &Question::variance_b),
          numbers("oneMinusCorrelation", &Question::one_minus_correlation),
          more...};
}
const Fields<Question> kQuestion = question_fields();
const Fields<Question> kLongQuestion = question_fields(whole("threads", &Question::threads, 1, kMostThreads));

// The question with its points checked; a moment reads the first variances only, a deficit all but the second.
Question question_from(const Fields<Question>& fields, const Napi::CallbackInfo& info) {
  Question question = fields.argument(info, 0, "question");
  const std::size_t count = question.variance_a.size();
  for (const double q : question.variance_a) checked_variance(q);
  if (question.what == What::kMoment) return question;
  for (const double d : question.one_minus_correlation) checked_delta(d);
  if (question.one_minus_correlation.size() != count) throw wrong("oneMinusCorrelation", "as long as `varianceA`");
  if (question.what == What::kDeficit) return question;
  for (const double q : question.variance_b) checked_variance(q);
  if (question.variance_b.size() != count) throw wrong("varianceB", "as long as `varianceA`");
  return question;
}

// (question, into?) -> Float64Array: `into` where it is given, so that a loop makes no array a call.
Napi::Value gaussian(const Napi::CallbackInfo& info) {
  const Question question = question_from(kQuestion, info);
  const std::size_t count = question.variance_a.size();
  const Napi::Value result = info[1].IsUndefined() ? Napi::Value(Napi::Float64Array::New(info.Env(), count)) : info[1];
  const std::span<double> out = doubles(result, "into");
  if (out.size() != count) throw wrong("into", "as long as `varianceA`");
  for (std::size_t i = 0; i < count; ++i) out[i] = question.value(i);
  return result;
}

// (question, control?) -> Promise<Float64Array>
Napi::Value start_gaussian(const Napi::CallbackInfo& info) {
  const auto question = std::make_shared<const Question>(question_from(kLongQuestion, info));
  const Control control = control_argument(info, 1);
  using Values = std::vector<double>;
  return Task<Values>::start(
      info.Env(), info[1],
      [question, control] {
        const std::size_t count = question->variance_a.size();
        Values values(count);
        const std::size_t units = (count + kPointsPerUnit - 1) / kPointsPerUnit;
        parallel_for(units, question->threads, [&](std::size_t unit, int) {
          control.throw_if_cancelled();
          const std::size_t last = std::min(count, (unit + 1) * kPointsPerUnit);
          for (std::size_t i = unit * kPointsPerUnit; i < last; ++i) values[i] = question->value(i);
          control.advance(static_cast<std::int32_t>(last - unit * kPointsPerUnit));
        });
        return values;
      },
      [](Napi::Env env, Values& values) -> Napi::Value { return float64_array(env, values); });
}

// A rule for an integrand written in JavaScript: of one variance, or of a pair.
struct Rule {
  RuleProfile profile;
  double variance = 0, variance_a = 0, variance_b = 0, one_minus_correlation = 0;
};

template <typename... More>
Fields<Rule> rule_fields(More... more) {
  return {special<Rule>("kinks", "numbers",
                        [](const Napi::Object& o, Rule& into) { into.profile = rule_profile_field(o); }),
          optional(declared<Rule>("scale", "number")), optional(declared<Rule>("wavelength", "number")), more...};
}
const Fields<Rule> kRule = rule_fields(number("variance", &Rule::variance));
const Fields<Rule> kPairRule =
    rule_fields(number("varianceA", &Rule::variance_a), number("varianceB", &Rule::variance_b),
                number("oneMinusCorrelation", &Rule::one_minus_correlation));

// (rule) -> {points, weights}
Napi::Value gaussian_rule_points(const Napi::CallbackInfo& info) {
  const Rule rule = kRule.argument(info, 0, "rule");
  std::vector<double> points, weights;
  gaussian_rule(rule.profile, checked_variance(rule.variance),
                [&](std::span<const double> u, std::span<const double> weight) {
                  points.insert(points.end(), u.begin(), u.end());
                  weights.insert(weights.end(), weight.begin(), weight.end());
                });
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("points", float64_array(info.Env(), points));
  result.Set("weights", float64_array(info.Env(), weights));
  return result;
}

// (rule) -> {first, second, weights}
Napi::Value gaussian_pair_rule_points(const Napi::CallbackInfo& info) {
  const Rule rule = kPairRule.argument(info, 0, "rule");
  std::vector<double> first, second, weights;
  gaussian_pair_rule(rule.profile, checked_variance(rule.variance_a), checked_variance(rule.variance_b),
                     checked_delta(rule.one_minus_correlation),
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

}  // namespace

GaussianFunction gaussian_function_field(const Napi::Object& object, const char* name) {
  Activation activation = activation_field(object, name);
  return gaussian_function(std::move(activation), rule_profile_field(object.Get(name).As<Napi::Object>()));
}

std::vector<Function> gaussian_functions() {
  return {{"gaussian", gaussian, {kQuestion.info()}},
          {"startGaussian", start_gaussian, {kLongQuestion.info()}},
          {"gaussianRule", gaussian_rule_points, {kRule.info()}},
          {"gaussianPairRule", gaussian_pair_rule_points, {kPairRule.info()}}};
}

}  // namespace mft::node
