// What this machine and this binary are.
#include "core/blas.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "node/fields.h"

namespace mft::node {
namespace {

// () -> object
Napi::Value environment(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("blasConfiguration", blas::configuration());
  result.Set("blasCore", blas::core_name());
  result.Set("instructionSet", instruction_set_name(active_instruction_set()));
  result.Set("bestInstructionSet", instruction_set_name(best_instruction_set()));
  result.Set("cpu", cpu_model_name());
  result.Set("processors", available_processors());
  result.Set("compiler", __VERSION__);
  return result;
}

// (name) -> undefined
Napi::Value use_instruction_set(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) throw wrong("instructionSet", "a string");
  set_instruction_set(instruction_set_from_name(info[0].As<Napi::String>().Utf8Value()));
  return info.Env().Undefined();
}

}  // namespace

std::vector<Function> environment_functions() {
  return {{"environment", environment}, {"useInstructionSet", use_instruction_set}};
}

}  // namespace mft::node
