// What this machine and this binary are.
#include <array>

#include "core/blas.h"
#include "core/cpu.h"
#include "core/parallel.h"
#include "node/fields.h"

namespace mft::node {
namespace {

constexpr std::array<const char*, 3> kCoreStatus{"suitable", "below", "refused"};  // in the order of CoreStatus

// () -> object
Napi::Value environment(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Napi::Object result = Napi::Object::New(env);
  result.Set("blasConfiguration", blas::configuration());
  const blas::CoreChoice& core = blas::core();
  result.Set("blasCore", core.core);
  result.Set("blasCoreFound", core.found);
  result.Set("blasCoreBest", core.best);
  result.Set("blasCoreStatus", kCoreStatus[static_cast<std::size_t>(core.status)]);
  result.Set("isBlasCoreUsers", core.is_users);
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

const Fields<Processor> kProcessor{
    text("vendor", &Processor::vendor),           whole("family", &Processor::family, 0, 270),
    whole("model", &Processor::model, 0, 255),    boolean("hasSse42", &Processor::has_sse42),
    boolean("hasAvx", &Processor::has_avx),       boolean("hasAvx2", &Processor::has_avx2),
    boolean("hasAvx512", &Processor::has_avx512), boolean("hasAvx512Bf16", &Processor::has_avx512_bf16)};

// (processor) -> names of OpenBLAS's cores that suit it, the fastest first
Napi::Value suitable_blas_cores(const Napi::CallbackInfo& info) {
  const std::vector<std::string> cores = blas::suitable_cores(kProcessor.argument(info, 0, "processor"));
  Napi::Array result = Napi::Array::New(info.Env(), cores.size());
  for (std::size_t i = 0; i < cores.size(); ++i) result.Set(static_cast<std::uint32_t>(i), cores[i]);
  return result;
}

}  // namespace

std::vector<Function> environment_functions() {
  return {{"environment", environment},
          {"useInstructionSet", use_instruction_set},
          {"suitableBlasCores", suitable_blas_cores, {kProcessor.info()}}};
}

}  // namespace mft::node
