// The baseline kernels and the choice between the instruction sets.
#define MFT_KERNEL_SET baseline
#include "systems/feedforward/kernels_body.h"

#include "core/cpu.h"

namespace mft::feedforward {

#ifdef MFT_X86_64
#define MFT_DECLARE_KERNELS(set)            \
  namespace set {                           \
  const PairKernels<double>& pair_double(); \
  const PairKernels<float>& pair_single();  \
  const TileKernels<double>& tile_double(); \
  const TileKernels<float>& tile_single();  \
  }
MFT_DECLARE_KERNELS(avx2)
MFT_DECLARE_KERNELS(avx512)
#undef MFT_DECLARE_KERNELS
#define MFT_CHOOSE_KERNELS(name)      \
  switch (active_instruction_set()) { \
    case InstructionSet::kAvx512:     \
      return avx512::name();          \
    case InstructionSet::kAvx2:       \
      return avx2::name();            \
    default:                          \
      return baseline::name();        \
  }
#else
#define MFT_CHOOSE_KERNELS(name) return baseline::name();
#endif

template <>
const PairKernels<double>& pair_kernels<double>() {
  MFT_CHOOSE_KERNELS(pair_double)
}
template <>
const PairKernels<float>& pair_kernels<float>() {
  MFT_CHOOSE_KERNELS(pair_single)
}
template <>
const TileKernels<double>& tile_kernels<double>() {
  MFT_CHOOSE_KERNELS(tile_double)
}
template <>
const TileKernels<float>& tile_kernels<float>() {
  MFT_CHOOSE_KERNELS(tile_single)
}

}  // namespace mft::feedforward
