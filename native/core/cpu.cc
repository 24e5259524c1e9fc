#include "core/cpu.h"

#ifdef MFT_X86_64
#include <cpuid.h>
#endif

#include <atomic>
#include <cstring>
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

Processor this_processor() {
  Processor result;
#ifdef MFT_X86_64
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(0, &a, &b, &c, &d) != 0) {
    char vendor[12];
    std::memcpy(vendor, &b, 4);
    std::memcpy(vendor + 4, &d, 4);
    std::memcpy(vendor + 8, &c, 4);
    result.vendor.assign(vendor, sizeof vendor);
  }
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) {
    const int family = static_cast<int>(a >> 8 & 0xF), model = static_cast<int>(a >> 4 & 0xF);
    const int extended_family = static_cast<int>(a >> 20 & 0xFF), extended_model = static_cast<int>(a >> 16 & 0xF);
    result.family = family == 15 ? family + extended_family : family;
    result.model = family == 6 || family == 15 ? model + 16 * extended_model : model;
  }
  const InstructionSet best = best_instruction_set();
  result.has_sse42 = __builtin_cpu_supports("sse4.2");
  result.has_avx = __builtin_cpu_supports("avx");
  result.has_avx2 = static_cast<int>(best) >= static_cast<int>(InstructionSet::kAvx2);
  result.has_avx512 = best == InstructionSet::kAvx512;
  result.has_avx512_bf16 = result.has_avx512 && __builtin_cpu_supports("avx512bf16");
#endif
  return result;
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
