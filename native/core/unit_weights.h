// Random weights of mean 0 and variance 1 of the laws that several systems draw: element i of a stream, whatever tile
// asks for it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.h"

namespace mft {

template <typename Real>
class UnitWeights {
 public:
  // Elements [first, first + out.size()) of the stream.
  void uniform(const Stream& stream, std::uint64_t first, std::span<Real> out);
  void rademacher(const Stream& stream, std::uint64_t first, std::span<Real> out);
  // degrees_of_freedom > 2.
  void student_t(double degrees_of_freedom, const Stream& stream, std::uint64_t first, std::span<Real> out);
  // Normal with probability density, else 0; which ones are 0 is drawn from `places`.
  void sparse(double density, const Stream& stream, const Stream& places, std::uint64_t first, std::span<Real> out);

 private:
  std::vector<double> uniforms_;
  std::vector<std::uint64_t> bits_;
};

}  // namespace mft
