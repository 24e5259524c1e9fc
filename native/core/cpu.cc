#include "core/cpu.h"

#include <atomic>
#include <fstream>

#include "core/error.h"

namespace mft {
namespace {
// -1: not chosen yet. Process-wide on purpose: every thread must use the same bits.
std::atomic<int> chosen{-1};
}  // namespace

InstructionSet best_instruction_set() {
#ifdef MFT_X86_64
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    return InstructionSet::kAvx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return InstructionSet::kAvx2;
#endif
  return InstructionSet::kBaseline;
}

InstructionSet active_instruction_set() {
  int value = chosen.load(std::memory_order_relaxed);
  if (value < 0) {
    int expected = -1;
    chosen.compare_exchange_strong(expected, static_cast<int>(best_instruction_set()));
    value = chosen.load();
  }
  return static_cast<InstructionSet>(value);
}

void set_instruction_set(InstructionSet set) {
  if (static_cast<int>(set) > static_cast<int>(best_instruction_set()))
    throw Error("OUT_OF_RANGE", "instructionSet",
                std::string("Expected `instructionSet` to be one this CPU has (") +
                    instruction_set_name(best_instruction_set()) + " or lower), received " + instruction_set_name(set) +
                    ".");
  chosen.store(static_cast<int>(set));
}

const char* instruction_set_name(InstructionSet set) {
  switch (set) {
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kAvx2:
      return "avx2";
    default:
      return "baseline";
  }
}

InstructionSet instruction_set_from_name(const std::string& name) {
  if (name == "avx512") return InstructionSet::kAvx512;
  if (name == "avx2") return InstructionSet::kAvx2;
  if (name == "baseline") return InstructionSet::kBaseline;
  throw Error("INVALID_ARGUMENT", "instructionSet",
              "Expected `instructionSet` to be one of baseline, avx2, avx512, received " + name + ".");
}

std::string cpu_model_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const auto colon = line.find(':');
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace mft
