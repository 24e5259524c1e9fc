#include "core/blas_core.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace mft::blas {
namespace {

constexpr int kSse = 0;
constexpr int kAvx = 1;
constexpr int kAvx2 = 2;
constexpr int kAvx512 = 3;

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_below(const std::string& core, const std::vector<std::string>& suitable) {
  int least = kAvx512 + 1;
  for (const std::string& name : suitable) least = std::min(least, core_level(name));
  return !suitable.empty() && core_level(core) < least;
}

// What may be tried when the library lacks every suitable core, or they compute wrong: all that the processor can run,
// the widest first.
std::vector<std::string> last_resorts(const Processor& processor) {
  std::vector<std::string> names;
  if (processor.has_avx512) names.insert(names.end(), {"SkylakeX", "Cooperlake"});
  if (processor.has_avx2) names.insert(names.end(), {"Haswell", "Zen"});
  if (processor.has_avx) names.emplace_back("Sandybridge");
  if (processor.has_sse42) names.insert(names.end(), {"Nehalem", "Prescott"});
  return names;
}

}  // namespace

std::vector<std::string> suitable_cores(const Processor& processor) {
  constexpr int kZen5Family = 0x1A;  // its multiply-add units are 512 bits wide
  const bool is_amd = processor.vendor == "AuthenticAMD" || processor.vendor == "HygonGenuine";
  if (processor.has_avx512 && (!is_amd || processor.family >= kZen5Family)) {
    if (processor.has_avx512_bf16) return {"Cooperlake", "SkylakeX", "SapphireRapids"};
    return {"SkylakeX"};
  }
  if (processor.has_avx2) return {"Haswell", "Zen"};
  // The kernels of Bulldozer's family have multiply-add of four operands: OpenBLAS knows all of them.
  if (is_amd) return {};
  if (processor.has_avx) return {"Sandybridge"};
  if (processor.has_sse42) return {"Nehalem"};
  return {};
}

int core_level(const std::string& core) {
  struct Level {
    const char* core;
    int level;
  };
  static constexpr std::array<Level, 24> levels{{
      {"Katmai", kSse},       {"Coppermine", kSse},  {"Northwood", kSse},     {"Prescott", kSse},
      {"Banias", kSse},       {"Atom", kSse},        {"Core2", kSse},         {"Penryn", kSse},
      {"Dunnington", kSse},   {"Nehalem", kSse},     {"Athlon", kSse},        {"Opteron", kSse},
      {"Opteron_SSE3", kSse}, {"Barcelona", kSse},   {"Nano", kSse},          {"Bobcat", kSse},
      {"Sandybridge", kAvx},  {"Bulldozer", kAvx},   {"Haswell", kAvx2},      {"Zen", kAvx2},
      {"Excavator", kAvx2},   {"SkylakeX", kAvx512}, {"Cooperlake", kAvx512}, {"SapphireRapids", kAvx512},
  }};
  for (const Level& level : levels)
    if (core == level.core) return level.level;
  return core == "Piledriver" || core == "Steamroller" ? kAvx : -1;
}

CoreChoice choose_core(const Processor& processor, bool is_users, const CoreDoor& door) {
  const std::vector<std::string> suitable = suitable_cores(processor);
  CoreChoice choice;
  choice.found = door.current();
  choice.is_users = is_users;
  choice.best = suitable.empty() || has(suitable, choice.found) ? choice.found : suitable.front();

  std::vector<std::string> order;
  const auto append = [&](const std::string& name) {
    if (!has(order, name)) order.push_back(name);
  };
  if (is_users || suitable.empty() || has(suitable, choice.found)) append(choice.found);
  for (const std::string& name : suitable) append(name);
  for (const std::string& name : last_resorts(processor)) append(name);
  append(choice.found);

  bool is_refused = false;
  for (const std::string& name : order) {
    if (door.current() != name) door.take(name);
    if (door.current() != name) continue;
    if (!door.is_right()) {
      is_refused = true;
      continue;
    }
    choice.core = name;
    choice.status = is_refused                 ? CoreStatus::kRefused
                    : is_below(name, suitable) ? CoreStatus::kBelow
                                               : CoreStatus::kSuitable;
    return choice;
  }
  throw Error("NATIVE_LOAD", "",
              "No core of OpenBLAS computes right products on this processor (" + processor.vendor + ", family " +
                  std::to_string(processor.family) + ", model " + std::to_string(processor.model) +
                  "): install another build of OpenBLAS.");
}

}  // namespace mft::blas
