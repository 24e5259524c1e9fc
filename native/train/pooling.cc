#include "train/pooling.h"

#include "core/cpu.h"

namespace mft::train {
namespace {

const AllPools& active_pools() {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return pools_avx512();
    case InstructionSet::kAvx2:
      return pools_avx2();
    case InstructionSet::kBaseline:
      break;
  }
#endif
  return pools_baseline();
}

}  // namespace

template <>
const Pools<float>& pools<float>() {
  return active_pools().of_floats;
}
template <>
const Pools<double>& pools<double>() {
  return active_pools().of_doubles;
}

}  // namespace mft::train
