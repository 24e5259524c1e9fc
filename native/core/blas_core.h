// Which of OpenBLAS's kernels ("cores") run. The library chooses by a list of processor models that is as old as the
// library: every Intel processor of family 6 with a model from 176 on falls through to the SSE3 kernels before version
// 0.3.25 (OpenBLAS issue 4267), five times slower than the machine. So the core is chosen here, by a table of vendor,
// family and features, where the user has not (OPENBLAS_CORETYPE). Never by a timing: bits would change between runs.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/cpu.h"

namespace mft::blas {

// Names of the cores that suit a processor, the fastest first; empty where nothing is known (OpenBLAS's own choice
// stays). Measured, as fractions of the multiply-add peak: Emerald Rapids, 128 x 300 x 300 in training: SkylakeX 0.53,
// Cooperlake 0.51, Haswell 0.36, Prescott 0.17; training of width 1024: Cooperlake 6.0 s, SkylakeX 7.5 s, Haswell 8.7
// s. Zen 4, 64 x 300 x 300, 128 x 300 x 300, 64 x 2048 x 2048 in Gflop/s: Haswell 98, 103, 92; Zen 93, 97, 93; SkylakeX
// 89, 95, 78; Cooperlake 89, 95, 76: its 512-bit operations pass twice through 256-bit units.
std::vector<std::string> suitable_cores(const Processor& processor);

// 0: SSE, 1: AVX, 2: AVX2, 3: AVX-512; -1 for a name that is not known.
int core_level(const std::string& core);

enum class CoreStatus {
  kSuitable,  // in the table, or the table knows nothing
  kBelow,     // works, with narrower instructions than the processor's suitable cores
  kRefused    // another core was wanted and computed wrong products
};

struct CoreChoice {
  std::string core;   // the core that runs
  std::string found;  // the core that OpenBLAS, or the user, chose
  std::string best;   // the first suitable core; `found` where nothing is known
  CoreStatus status = CoreStatus::kSuitable;
  bool is_users = false;
};

// How a core is asked for, taken and tried.
struct CoreDoor {
  std::function<std::string()> current;
  std::function<void(const std::string&)> take;  // may have no effect: the library may lack the core
  std::function<bool()> is_right;                // whether the current core's products are right
};

// Keeps the current core when the user chose it or the table has it, else takes the first suitable one that the library
// has; a core whose products are wrong is left for the next. Throws NATIVE_LOAD when no core computes right.
CoreChoice choose_core(const Processor& processor, bool is_users, const CoreDoor& door);

}  // namespace mft::blas
