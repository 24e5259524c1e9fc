#define MFT_VECTOR_BYTES 16
#include "core/activation_kernels.h"

namespace mft {

void activate_baseline(const ActivationRequest<double>& request) { run_kind<Doubles>(request); }
void activate_baseline(const ActivationRequest<float>& request) { run_kind<Floats>(request); }

}  // namespace mft
