// What the addon exports: one line per subject; each subject's file holds the table of its functions.
#include <napi.h>

#include <exception>
#include <vector>

#include "core/blas.h"
#include "node/fields.h"
#include "node/task.h"

#define MFT_SUBJECTS(subject)   \
  subject(environment);         \
  subject(ending);              \
  subject(file_lock);           \
  subject(random);              \
  subject(activation);          \
  subject(gaussian);            \
  subject(feedforward);         \
  subject(residual);            \
  subject(percolation);         \
  subject(kernel);              \
  subject(kernel_maps);         \
  subject(kernel_empirical);    \
  subject(autoencoder);         \
  subject(autoencoder_descent); \
  subject(kernel_regression);   \
  subject(recurrent);           \
  subject(convolution);         \
  subject(implicit);            \
  subject(train)

namespace mft::node {

#define MFT_DECLARE(name) std::vector<Function> name##_functions()
MFT_SUBJECTS(MFT_DECLARE);
#undef MFT_DECLARE

namespace {

std::vector<Function> all_functions() {
  std::vector<Function> all;
  const auto add = [&](const std::vector<Function>& more) { all.insert(all.end(), more.begin(), more.end()); };
#define MFT_ADD(name) add(name##_functions())
  MFT_SUBJECTS(MFT_ADD);
#undef MFT_ADD
  return all;
}

Napi::Object shown(Napi::Env env, const std::vector<FieldInfo>& fields) {
  Napi::Object result = Napi::Object::New(env);
  for (const FieldInfo& field : fields) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("kind", field.kind);
    entry.Set("isOptional", field.is_optional);
    if (!field.fields.empty()) entry.Set("fields", shown(env, field.fields));
    result.Set(field.name, entry);
  }
  return result;
}

// () -> {function: [fields of its first argument, of its second, ...]}; functions that take no object have none.
Napi::Value tables(const Napi::CallbackInfo& info) {
  Napi::Object result = Napi::Object::New(info.Env());
  for (const Function& function : all_functions()) {
    Napi::Array arguments = Napi::Array::New(info.Env(), function.arguments.size());
    for (std::size_t i = 0; i < function.arguments.size(); ++i)
      arguments.Set(static_cast<std::uint32_t>(i), shown(info.Env(), function.arguments[i]));
    result.Set(function.name, arguments);
  }
  return result;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  try {
    blas::prepare();
  } catch (...) {
    throw to_javascript(env, std::current_exception());
  }
  std::vector<Function> all = all_functions();
  all.push_back({"tables", tables});
  for (const Function& function : all)
    exports.Set(function.name,
                Napi::Function::New(
                    env, [run = function.run](const Napi::CallbackInfo& info) { return synchronous(run, info); },
                    function.name.c_str()));
  return exports;
}

}  // namespace
}  // namespace mft::node

Napi::Object mft_initialise(Napi::Env env, Napi::Object exports) { return mft::node::initialise(env, exports); }
NODE_API_MODULE(mft_native, mft_initialise)
