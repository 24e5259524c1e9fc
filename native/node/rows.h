// Rows of trials on their way to JavaScript: the layout as an object, and the task that fills them.
#pragma once
#include <napi.h>

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/huge_pages.h"
#include "core/trials.h"
#include "node/arguments.h"
#include "node/task.h"

namespace mft::node {

inline Napi::Object row_axis(Napi::Env env, const RowAxis& axis) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("name", axis.name);
  result.Set("count", static_cast<double>(axis.count));
  result.Set("start", static_cast<double>(axis.start));
  return result;
}

// {rowLength, places: {name: {offset, stride, axes: [outer, inner], scale}}}; ts/statistics/trials.ts reads it.
inline Napi::Value row_table(Napi::Env env, const RowTable& table) {
  Napi::Object places = Napi::Object::New(env);
  for (const RowPlace& place : table.places) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("offset", static_cast<double>(place.offset));
    entry.Set("stride", static_cast<double>(place.stride));
    Napi::Array axes = Napi::Array::New(env, 2);
    axes.Set(0u, row_axis(env, place.outer));
    axes.Set(1u, row_axis(env, place.inner));
    entry.Set("axes", axes);
    constexpr std::array<const char*, 4> kScales = {"linear", "log", "sign", "defined"};
    entry.Set("scale", kScales[static_cast<std::size_t>(place.scale)]);
    places.Set(place.name, entry);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("rowLength", static_cast<double>(table.row_length));
  result.Set("places", places);
  return result;
}

// Runs `work` on a worker thread; it writes into the promised Float64Array itself, which lives outside the JavaScript
// heap and is kept alive meanwhile: no row is held twice.
inline Napi::Value start_rows(Napi::Env env, Napi::Value keep, std::size_t row_length, std::size_t trials,
                              std::function<void(std::span<double>)> work) {
  constexpr double kMostNumbers = 1073741824.0;  // in one Float64Array: 8 GiB
  const double count = static_cast<double>(row_length) * static_cast<double>(trials);
  if (count > kMostNumbers)
    throw Error("MEMORY", "trials",
                "Expected `trials` to give at most 2^30 numbers in one call, received a call that gives " +
                    std::to_string(count / kMostNumbers) + " times as many.");
  Napi::Float64Array rows = Napi::Float64Array::New(env, static_cast<std::size_t>(count));
  const std::span<double> out(rows.Data(), rows.ElementLength());
  prefer_huge_pages(out.data(), out.size_bytes());
  const auto result = std::make_shared<Napi::ObjectReference>(Napi::Persistent(rows.As<Napi::Object>()));
  return Task<bool>::start(
      env, keep,
      [work = std::move(work), out] {
        work(out);
        return true;
      },
      [result](Napi::Env, bool&) -> Napi::Value { return result->Value(); });
}

}  // namespace mft::node
