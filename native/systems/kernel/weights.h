// Weights of all laws of system `kernel`: rows of entries of mean 0 and variance 1.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/linear_algebra.h"
#include "core/random.h"
#include "core/unit_weights.h"
#include "systems/kernel/purposes.h"

namespace mft::kernel {

// The order of the enumeration is that of its words in node/kernel.cc.
enum class Law : int {
  kGaussian,
  kUniform,
  kLaplace,
  kRademacher,
  kGeneralizedGaussian,
  kStudentT,
  kSparse,
  kMultivariateT,
  kSphere,
  kBall,
  kOrthogonal,
};

class WeightRows {
 public:
  // `parameter`: shape, degrees of freedom or density, as the law has one.
  WeightRows(Law law, double parameter, std::uint64_t seed) : law_(law), parameter_(parameter), seed_(seed) {}

  // Rows [first, first + count) of the matrix of a layer, `columns` entries each: the same whatever tile asks for them.
  // Orthogonal matrices are drawn as a whole: first 0, count = rows.
  void draw(std::uint32_t trial, std::uint32_t layer, std::size_t rows, std::size_t first, std::size_t count,
            std::size_t columns, double* out);
  // Laws that mix normal weights (Laplace, Student t, multivariate t, sparse): what multiplies the variance of each
  // entry, of mean 1; of numbers of their own.
  void draw_scales(std::uint32_t trial, std::uint32_t layer, std::size_t first, std::size_t count, std::size_t columns,
                   double* out);
  bool is_whole() const { return law_ == Law::kOrthogonal; }

 private:
  void laplace(const Stream& stream, std::uint64_t first, std::span<double> out);
  void generalized(const Stream& stream, std::uint64_t first, std::span<double> out);
  // Gamma variates of this shape, element i of the stream; the law of Marsaglia and Tsang.
  void gamma(double shape, const Stream& stream, std::uint64_t first, std::span<double> out,
             Purpose retries = purpose::kRetries);
  void directions(std::uint32_t trial, std::uint32_t layer, std::size_t first, std::size_t count, std::size_t columns,
                  double* out);
  void orthogonal(const Stream& stream, std::size_t rows, std::size_t columns, double* out);

  Law law_;
  double parameter_;
  std::uint64_t seed_;
  UnitWeights<double> units_;
  OrthonormalFrame frame_;
  std::vector<double> frame_vectors_, uniforms_, normals_, scratch_, radii_;
  std::vector<std::uint32_t> open_;
};

}  // namespace mft::kernel
