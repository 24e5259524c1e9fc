// What a function of the addon takes, said once: a table of the fields of its argument, each with its name, its kind
// and the member it fills. The table is what reads the argument, so a field that is read is declared; `tables()` shows
// all of them to the test that compares them with what TypeScript sends.
#pragma once
#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/shared_numbers.h"
#include "core/trials.h"
#include "node/arguments.h"

namespace mft::node {

inline constexpr double kLargestWord = 4294967295.0;  // of 32 bits
inline constexpr double kMostThreads = 1024;

// A field as it is shown: kind in words; the fields of an object, or of every object of a list.
struct FieldInfo {
  std::string name;
  std::string kind = {};
  bool is_optional = false;
  std::vector<FieldInfo> fields = {};
};

template <typename T>
struct Field {
  FieldInfo info;
  std::function<void(const Napi::Object&, T&)> read;
};

// The fields of one kind of object, read in their order.
template <typename T>
class Fields {
 public:
  Fields(std::initializer_list<Field<T>> fields) : fields_(fields) {}

  void read(const Napi::Object& object, T& into) const {
    for (const Field<T>& field : fields_)
      if (!field.info.is_optional || has_field(object, field.info.name.c_str())) field.read(object, into);
  }
  T of(const Napi::Object& object) const {
    T result{};
    read(object, result);
    return result;
  }
  T argument(const Napi::CallbackInfo& info, std::size_t index, const char* name) const {
    return of(object_argument(info, index, name));
  }
  std::vector<FieldInfo> info() const {
    std::vector<FieldInfo> result;
    for (const Field<T>& field : fields_) result.push_back(field.info);
    return result;
  }

 private:
  std::vector<Field<T>> fields_;
};

// A field that may be left out; the member keeps its value then.
template <typename T>
Field<T> optional(Field<T> field) {
  field.info.is_optional = true;
  return field;
}

template <typename T, typename M>
Field<T> number(const char* name, M T::*member) {
  return {{name, "number"},
          [=](const Napi::Object& o, T& into) { into.*member = static_cast<M>(number_field(o, name)); }};
}

// A whole number in [low, high].
template <typename T, typename M>
Field<T> whole(const char* name, M T::*member, double low, double high) {
  return {{name, "whole"},
          [=](const Napi::Object& o, T& into) { into.*member = static_cast<M>(integer_field(o, name, low, high)); }};
}

// A number in [0, 1].
template <typename T>
Field<T> probability(const char* name, double T::*member) {
  return {{name, "probability"}, [=](const Napi::Object& o, T& into) {
            const double value = number_field(o, name);
            if (!(value >= 0.0 && value <= 1.0))
              throw Error("OUT_OF_RANGE", name, std::string("Expected `") + name + "` to be in [0, 1].");
            into.*member = value;
          }};
}

template <typename T>
Field<T> boolean(const char* name, bool T::*member) {
  return {{name, "boolean"}, [=](const Napi::Object& o, T& into) { into.*member = boolean_field(o, name); }};
}

template <typename T>
Field<T> text(const char* name, std::string T::*member) {
  return {{name, "text"}, [=](const Napi::Object& o, T& into) { into.*member = string_field(o, name); }};
}

// One word of an enumeration, in the order of its values.
template <typename T, typename E, std::size_t kCount>
Field<T> word(const char* name, E T::*member, const std::array<const char*, kCount>& words) {
  std::string kind;
  for (const char* each : words) kind += (kind.empty() ? "" : " | ") + std::string(each);
  return {{name, kind},
          [=](const Napi::Object& o, T& into) { into.*member = choice_field<E, kCount>(o, name, words); }};
}

// Finite numbers in a Float64Array, copied.
template <typename T>
Field<T> numbers(const char* name, std::vector<double> T::*member) {
  return {{name, "numbers"}, [=](const Napi::Object& o, T& into) { into.*member = finite_doubles(o, name); }};
}

// Finite numbers in a Float64Array, not copied: of matrices that TypeScript made itself and does not change meanwhile.
template <typename T>
Field<T> shared_numbers(const char* name, SharedNumbers T::*member) {
  return {
      {name, "numbers"}, [=](const Napi::Object& o, T& into) {
        const Napi::Value array = o.Get(name);
        const std::span<double> values = finite_view(array, name);
        into.*member = {values, std::make_shared<Napi::ObjectReference>(Napi::Persistent(array.As<Napi::Object>()))};
      }};
}

// Whole numbers in a Float64Array, copied.
template <typename T, typename M>
Field<T> wholes(const char* name, std::vector<M> T::*member) {
  return {{name, "wholes"}, [=](const Napi::Object& o, T& into) {
            const std::vector<std::uint32_t> values = whole_numbers(o, name);
            (into.*member).assign(values.begin(), values.end());
          }};
}

template <typename T>
Field<T> seed(const char* name, std::uint64_t T::*member) {
  return {{name, "seed"}, [=](const Napi::Object& o, T& into) { into.*member = seed_field(o, name); }};
}

template <typename T>
Field<T> activation(const char* name, Activation T::*member) {
  return {{name, "activation"}, [=](const Napi::Object& o, T& into) { into.*member = activation_field(o, name); }};
}

// A list of them, at least one.
template <typename T>
Field<T> activations(const char* name, std::vector<Activation> T::*member) {
  return {{name, "activations"}, [=](const Napi::Object& o, T& into) {
            const Napi::Value value = o.Get(name);
            if (!value.IsArray() || value.As<Napi::Array>().Length() == 0) throw wrong(name, "a list of activations");
            const auto items = value.As<Napi::Array>();
            (into.*member).clear();
            for (std::uint32_t i = 0; i < items.Length(); ++i) {
              const Napi::HandleScope scope(items.Env());
              (into.*member).push_back(activation_from(items.Get(i), name));
            }
          }};
}

template <typename T>
Field<T> gaussian_function(const char* name, GaussianFunction T::*member) {
  return {{name, "gaussianFunction"},
          [=](const Napi::Object& o, T& into) { into.*member = gaussian_function_field(o, name); }};
}

// An object of its own.
template <typename T, typename M>
Field<T> object(const char* name, M T::*member, const Fields<M>& fields) {
  return {{name, "object", false, fields.info()}, [=](const Napi::Object& o, T& into) {
            const Napi::Value value = o.Get(name);
            if (!value.IsObject()) throw wrong(name, "an object");
            fields.read(value.As<Napi::Object>(), into.*member);
          }};
}

// A list of objects.
template <typename T, typename M>
Field<T> list(const char* name, std::vector<M> T::*member, const Fields<M>& fields) {
  return {{name, "list", false, fields.info()}, [=](const Napi::Object& o, T& into) {
            const Napi::Value value = o.Get(name);
            if (!value.IsArray()) throw wrong(name, "a list of objects");
            const auto items = value.As<Napi::Array>();
            (into.*member).clear();
            for (std::uint32_t i = 0; i < items.Length(); ++i) {
              const Napi::HandleScope scope(items.Env());
              const Napi::Value item = items.Get(i);
              if (!item.IsObject()) throw wrong(name, "a list of objects");
              (into.*member).push_back(fields.of(item.As<Napi::Object>()));
            }
          }};
}

// Anything else: `kind` says what; `read` fills what it likes.
template <typename T>
Field<T> special(const char* name, const char* kind, std::function<void(const Napi::Object&, T&)> read) {
  return {{name, kind}, std::move(read)};
}

// A field that another function of the same object reads.
template <typename T>
Field<T> declared(const char* name, const char* kind) {
  return {{name, kind}, [](const Napi::Object&, T&) {}};
}

// The trials a simulation runs and the threads it may use: the same three fields in every system.
template <typename T, typename M>
Field<T> of_range(const char* name, TrialRange T::*range, M TrialRange::*member, double low, double high) {
  return {{name, "whole"}, [=](const Napi::Object& o, T& into) {
            (into.*range).*member = static_cast<M>(integer_field(o, name, low, high));
          }};
}
template <typename T>
Field<T> first_trial(TrialRange T::*range) {
  return of_range("firstTrial", range, &TrialRange::first, 0, kLargestWord);
}
template <typename T>
Field<T> trial_count(TrialRange T::*range) {
  return of_range("trials", range, &TrialRange::count, 1, kLargestWord);
}
template <typename T>
Field<T> trial_threads(TrialRange T::*range) {
  return of_range("threads", range, &TrialRange::threads, 1, kMostThreads);
}

// One function of the addon: its name in JavaScript, what it runs, and the arguments that are objects, by position.
struct Function {
  std::string name;
  Napi::Value (*run)(const Napi::CallbackInfo&) = nullptr;
  std::vector<std::vector<FieldInfo>> arguments = {};
};

}  // namespace mft::node
