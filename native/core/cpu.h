// The instruction set used by the vectorised kernels, chosen once at first use: the best one this CPU has, or a lower
// one set by the program before the first kernel runs (tests compare the paths this way).
#pragma once
#include <string>

namespace mft {

enum class InstructionSet { kBaseline = 0, kAvx2 = 1, kAvx512 = 2 };

InstructionSet best_instruction_set();                 // what the CPU offers
InstructionSet active_instruction_set();               // what the kernels use
void set_instruction_set(InstructionSet set);          // throws OUT_OF_RANGE when the CPU lacks it
const char* instruction_set_name(InstructionSet set);  // "baseline", "avx2", "avx512"
InstructionSet instruction_set_from_name(const std::string& name);
std::string cpu_model_name();

// What the processor says of itself; a feature counts when the operating system saves its registers too.
struct Processor {
  std::string vendor = "unknown";  // "GenuineIntel", "AuthenticAMD", ...
  int family = 0;                  // extended family and model added, as /proc/cpuinfo prints them
  int model = 0;
  bool has_sse42 = false;
  bool has_avx = false;
  bool has_avx2 = false;    // with multiply-add
  bool has_avx512 = false;  // F, DQ, BW and VL: what the kernels of this name use
  bool has_avx512_bf16 = false;
};
Processor this_processor();

}  // namespace mft
