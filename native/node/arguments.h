// Reading JavaScript arguments: every function names the field it read, so that a wrong caller is told which one.
// Validation for users happens in TypeScript; these checks protect the addon against any caller.
#pragma once
#include <napi.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/activation.h"
#include "core/control.h"
#include "core/error.h"
#include "core/gaussian_rule.h"
#include "core/gaussian.h"
#include "node/ending.h"

namespace mft::node {

inline Error wrong(const std::string& name, const std::string& expected) {
  return Error("INVALID_ARGUMENT", name, "Expected `" + name + "` to be " + expected + ".");
}

inline Napi::Object object_argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsObject()) throw wrong(name, "an object");
  return info[index].As<Napi::Object>();
}

inline double number_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsNumber()) throw wrong(name, "a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!std::isfinite(number)) throw wrong(name, "a finite number");
  return number;
}

// A whole number in [low, high]; high at most 2^53.
inline std::uint64_t integer_field(const Napi::Object& object, const char* name, double low, double high) {
  const double number = number_field(object, name);
  if (number < low || number > high || std::floor(number) != number)
    throw Error("OUT_OF_RANGE", name, std::string("Expected `") + name + "` to be a whole number in range.");
  return static_cast<std::uint64_t>(number);
}

inline bool boolean_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsBoolean()) throw wrong(name, "true or false");
  return value.As<Napi::Boolean>().Value();
}

inline std::string string_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (!value.IsString()) throw wrong(name, "a string");
  return value.As<Napi::String>().Utf8Value();
}

inline bool has_field(const Napi::Object& object, const char* name) {
  const Napi::Value value = object.Get(name);
  return !value.IsUndefined() && !value.IsNull();
}

// A view of a Float64Array's memory: valid only while the array lives and JavaScript does not run.
inline std::span<double> doubles(const Napi::Value& value, const char* name) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array)
    throw wrong(name, "a Float64Array");
  auto array = value.As<Napi::Float64Array>();
  return {array.Data(), array.ElementLength()};
}

inline std::span<double> finite_view(const Napi::Value& value, const char* name) {
  const std::span<double> view = doubles(value, name);
  for (const double x : view)
    if (!std::isfinite(x))
      throw Error("NOT_FINITE", name, std::string("Expected `") + name + "` to hold finite numbers only.");
  return view;
}

// A copy, checked to be finite: for asynchronous work, where the caller may change its array meanwhile.
inline std::vector<double> finite_doubles(const Napi::Object& object, const char* name) {
  const std::span<double> view = finite_view(object.Get(name), name);
  return {view.begin(), view.end()};
}

inline std::vector<std::uint32_t> whole_numbers(const Napi::Object& object, const char* name) {
  const std::vector<double> values = finite_doubles(object, name);
  std::vector<std::uint32_t> result;
  result.reserve(values.size());
  for (const double x : values) {
    if (x < 0 || x > 4294967295.0 || std::floor(x) != x) throw wrong(name, "a list of whole numbers >= 0");
    result.push_back(static_cast<std::uint32_t>(x));
  }
  return result;
}

// One of the names, in the order of the enumeration.
template <typename Enumeration, std::size_t kCount>
Enumeration choice_field(const Napi::Object& object, const char* name, const std::array<const char*, kCount>& names) {
  const std::string value = string_field(object, name);
  std::string list;
  for (std::size_t k = 0; k < kCount; ++k) {
    if (value == names[k]) return static_cast<Enumeration>(k);
    list += std::string(k == 0 ? "" : ", ") + names[k];
  }
  throw wrong(name, "one of " + list);
}

// Seeds are unsigned 64-bit; JavaScript gives two 32-bit halves as a Float64Array [low, high].
inline std::uint64_t seed_field(const Napi::Object& object, const char* name) {
  const std::vector<std::uint32_t> halves = whole_numbers(object, name);
  if (halves.size() != 2) throw wrong(name, "two 32-bit halves");
  return (std::uint64_t{halves[1]} << 32) | halves[0];
}

// The environment outlives the call, and Task keeps its state alive with the work.
inline Control control_argument(const Napi::CallbackInfo& info, std::size_t index) {
  const std::atomic<bool>* is_ending = &environment_end(info.Env())->is_ending;
  if (info.Length() <= index || info[index].IsUndefined()) return Control(nullptr, is_ending);
  const Napi::Value value = info[index];
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_int32_array ||
      value.As<Napi::TypedArray>().ElementLength() < Control::kSlots)
    throw wrong("control", "an Int32Array of at least two elements over shared memory");
  return Control(value.As<Napi::Int32Array>().Data(), is_ending);
}

// All that a call was given, kept alive for work that reads its arrays in place.
inline Napi::Value all_arguments(const Napi::CallbackInfo& info) {
  Napi::Array all = Napi::Array::New(info.Env(), info.Length());
  for (std::size_t i = 0; i < info.Length(); ++i) all.Set(static_cast<std::uint32_t>(i), info[i]);
  return all;
}

// The plain object made by `resolveActivation` in ts/gaussian/activations.ts (defined in native/node/activation.cc).
Activation activation_from(const Napi::Value& value, const char* name);
Activation activation_field(const Napi::Object& object, const char* name);

// Kinks, scale and wavelength of such an object (native/node/gaussian.cc).
RuleProfile rule_profile_field(const Napi::Object& object);

// The same with what the Gaussian rules must know: made by `subjectOf` in ts/gaussian/expectation.ts
// (native/node/gaussian.cc).
GaussianFunction gaussian_function_field(const Napi::Object& object, const char* name);

}  // namespace mft::node
