#include "core/convolution_direct.h"

#include <algorithm>

#include "core/cpu.h"

namespace mft::convolution {

bool has_direct_kernels() {
#ifdef MFT_X86_64
  return active_instruction_set() != InstructionSet::kBaseline;
#else
  return false;
#endif
}

namespace {

const AllConvolutionKernels& active_kernels() {
#ifdef MFT_X86_64
  return active_instruction_set() == InstructionSet::kAvx512 ? convolution_avx512() : convolution_avx2();
#else
  static constexpr AllConvolutionKernels kNone = {};
  return kNone;
#endif
}

}  // namespace

template <>
const ConvolutionKernels<float>& direct_kernels<float>() {
  return active_kernels().of_floats;
}
template <>
const ConvolutionKernels<double>& direct_kernels<double>() {
  return active_kernels().of_doubles;
}

Surroundings::Surroundings(Map inside, std::size_t before, std::size_t after, Padding padding,
                           std::size_t size_of_number)
    : inside_(inside), before_(before), after_(after), padding_(padding) {
  const std::size_t line = kCacheLine / size_of_number;
  const std::size_t lines = parts_of((inside.height + before + after) * pitch(), line);
  plane_ = (lines | 1) * line;
}

template <typename T>
void Surroundings::clear(std::size_t channels, T* to) const {
  std::fill_n(to, size(channels), T(0));
}

template <typename T>
void Surroundings::put(std::size_t channels, const T* map, T* to) const {
  const std::size_t height = inside_.height, width = inside_.width;
  const auto& kernels = direct_kernels<T>();
  for (std::size_t c = 0; c < channels; ++c, map += inside_.positions(), to += plane_) {
    T* const first = to + before_ * pitch();
    kernels.copy(height, width, map, width, first + before_, pitch());
    if (padding_ != Padding::kCircular) continue;
    for (std::size_t y = 0; y < height; ++y) {
      T* const row = first + y * pitch();
      for (std::size_t x = 0; x < before_; ++x) row[x] = row[x + width];
      for (std::size_t x = 0; x < after_; ++x) row[before_ + width + x] = row[before_ + x];
    }
    for (std::size_t y = 0; y < before_; ++y) std::copy_n(to + (y + height) * pitch(), pitch(), to + y * pitch());
    for (std::size_t y = 0; y < after_; ++y) std::copy_n(first + y * pitch(), pitch(), first + (height + y) * pitch());
  }
}

template void Surroundings::clear(std::size_t, float*) const;
template void Surroundings::clear(std::size_t, double*) const;
template void Surroundings::put(std::size_t, const float*, float*) const;
template void Surroundings::put(std::size_t, const double*, double*) const;

}  // namespace mft::convolution
