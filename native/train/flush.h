// Subnormal numbers count as zero while a training step computes: gradients that vanish over hundreds of layers would
// otherwise slow products down, for numbers that change no weight. Measured on Zen 4: four times with OpenBLAS's SSE
// kernels, nothing with its multiply-add kernels. The setting holds for the thread that makes it, not for a library's
// own.
#pragma once
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace mft::train {

class FlushSubnormals {
 public:
#if defined(__SSE__)
  FlushSubnormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | kFlushToZero | kSubnormalsAreZero); }
  ~FlushSubnormals() { _mm_setcsr(saved_); }
#else
  FlushSubnormals() = default;
#endif
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
#if defined(__SSE__)
  static constexpr unsigned kFlushToZero = 0x8000;
  static constexpr unsigned kSubnormalsAreZero = 0x0040;
  unsigned saved_;
#endif
};

}  // namespace mft::train
