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

}  // namespace mft
