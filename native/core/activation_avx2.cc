#define MFT_VECTOR_BYTES 32
#include "core/activation_kernels.h"

namespace mft {

void activate_avx2(const ActivationRequest<double>& request) { run_kind<Doubles>(request); }
void activate_avx2(const ActivationRequest<float>& request) { run_kind<Floats>(request); }

}  // namespace mft
