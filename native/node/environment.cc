#include "core/blas.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "node/adapters.h"
#include "node/arguments.h"

namespace mft::node {

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

Napi::Value use_instruction_set(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsString()) throw wrong("instructionSet", "a string");
  set_instruction_set(instruction_set_from_name(info[0].As<Napi::String>().Utf8Value()));
  return info.Env().Undefined();
}

}  // namespace mft::node
