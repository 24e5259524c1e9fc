#include "core/conditioning.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "core/blas.h"
#include "core/error.h"
#include "core/scratch.h"

namespace mft {
namespace {

void zero_rows(double* x, std::size_t stride, std::size_t count, std::size_t length) {
  for (std::size_t a = 0; a < count; ++a) std::fill(x + a * stride, x + a * stride + length, 0.0);
}

}  // namespace

ConditionedMatrix::ConditionedMatrix(const Options& options)
    : options_(options), complete_(options.law == MatrixLaw::kGaussian && 2 * options.inputs >= options.columns) {
  if (options.law == MatrixLaw::kOrthogonal && options.rows != options.columns)
    throw Error("SHAPE", "widths",
                "Expected `widths` to be equal on both sides of an orthogonal layer, received " +
                    std::to_string(options.columns) + " and " + std::to_string(options.rows) + ".");
  const std::size_t most = complete_ ? options.columns : std::min(options.inputs, options.columns);
  factor_.resize(most * options.inputs);
}

std::size_t ConditionedMatrix::basis_size() const {
  return complete_ ? 0 : std::min(options_.inputs, options_.columns) * options_.columns;
}

std::size_t ConditionedMatrix::draw_size() const {
  return (complete_ ? options_.columns : std::min(options_.inputs, options_.columns)) * options_.rows;
}

void ConditionedMatrix::draw_normals(const Stream& stream, double* out, std::size_t count,
                                     ConditioningWorkspace& workspace) const {
  if (!options_.single_precision_normals) {
    random_normals(stream, 0, std::span<double>(out, count));
    return;
  }
  constexpr std::size_t kBlock = 4096;
  float* block = room(workspace.single, kBlock);
  for (std::size_t first = 0; first < count; first += kBlock) {
    const std::size_t size = std::min(kBlock, count - first);
    random_normals(stream, first, std::span<float>(block, size));
    std::copy(block, block + size, out + first);
  }
}

void ConditionedMatrix::condition(const double* inputs, std::size_t stride, ConditioningWorkspace& workspace) {
  if (complete_) {
    rank_ = options_.columns;
    for (std::size_t j = 0; j < rank_; ++j)
      for (std::size_t a = 0; a < options_.inputs; ++a) factor_[j * options_.inputs + a] = inputs[a * stride + j];
    return;
  }
  rank_ = workspace.range.factor(inputs, stride, options_.inputs, options_.columns, options_.rank_tolerance, nullptr,
                                 basis_, factor_.data());
}

void ConditionedMatrix::draw(const Stream& stream, ConditioningWorkspace& workspace) {
  draw_normals(stream, draw_, rank_ * options_.rows, workspace);
  if (options_.law == MatrixLaw::kOrthogonal)
    workspace.frame.orthonormalise(draw_, options_.rows, rank_, options_.rows);
}

void ConditionedMatrix::apply(double* outputs, std::size_t stride) const {
  if (rank_ == 0) {
    zero_rows(outputs, stride, options_.inputs, options_.rows);
    return;
  }
  multiply_by_factor(true, factor_.data(), rank_, options_.inputs, draw_, options_.rows, options_.rows, outputs,
                     stride);
}

void ConditionedMatrix::apply_transposed(const double* errors, std::size_t error_stride, std::size_t count,
                                         const Stream& stream, double* result, std::size_t result_stride,
                                         ConditioningWorkspace& workspace) const {
  if (options_.law == MatrixLaw::kOrthogonal)
    orthogonal_transposed(errors, error_stride, count, stream, result, result_stride, workspace);
  else
    gaussian_transposed(errors, error_stride, count, stream, result, result_stride, workspace);
}

void ConditionedMatrix::gaussian_transposed(const double* errors, std::size_t error_stride, std::size_t count,
                                            const Stream& stream, double* result, std::size_t result_stride,
                                            ConditioningWorkspace& workspace) const {
  const std::size_t columns = options_.columns;
  double* returned = room(workspace.returned, count * rank_);
  gram_matrix(errors, error_stride, draw_, options_.rows, count, rank_, options_.rows, returned);
  if (options_.fault == ConditioningFault::kNoReturnTerm) std::fill(returned, returned + count * rank_, 0.0);
  if (complete_) {
    for (std::size_t a = 0; a < count; ++a)
      std::copy(returned + a * rank_, returned + (a + 1) * rank_, result + a * result_stride);
    return;
  }
  const std::size_t most = std::min(count, options_.rows);
  double* factor = room(workspace.factor, most * count);
  const std::size_t fresh_rank = workspace.range.factor(errors, error_stride, count, options_.rows,
                                                        options_.rank_tolerance, nullptr, nullptr, factor);
  double* fresh = room(workspace.fresh, fresh_rank * columns);
  draw_normals(stream, fresh, fresh_rank * columns, workspace);
  // (I - Q Q^T) E S + Q G^T D = E S + Q (G^T D - (Q^T E) S): the projection costs no pass of its own.
  if (fresh_rank > 0 && rank_ > 0 && options_.fault != ConditioningFault::kNoProjector) {
    double* overlap = room(workspace.overlap, fresh_rank * rank_);
    gram_matrix(fresh, columns, basis_, columns, fresh_rank, rank_, columns, overlap);
    blas::gemm(true, false, count, rank_, fresh_rank, -1.0, factor, count, overlap, rank_, 1.0, returned, rank_);
  }
  if (fresh_rank > 0)
    multiply_by_factor(true, factor, fresh_rank, count, fresh, columns, columns, result, result_stride);
  else
    zero_rows(result, result_stride, count, columns);
  if (rank_ > 0)
    blas::gemm(false, false, count, columns, rank_, 1.0, returned, rank_, basis_, columns, 1.0, result, result_stride);
}

void ConditionedMatrix::orthogonal_transposed(const double* errors, std::size_t error_stride, std::size_t count,
                                              const Stream& stream, double* result, std::size_t result_stride,
                                              ConditioningWorkspace& workspace) const {
  const std::size_t rows = options_.rows;
  double* remainder = room(workspace.remainder, count * rows);
  double* lengths = room(workspace.lengths, count);
  for (std::size_t a = 0; a < count; ++a) {
    const double* error = errors + a * error_stride;
    std::copy(error, error + rows, remainder + a * rows);
    lengths[a] = std::sqrt(dot_product(error, error, rows));
  }
  double* returned = room(workspace.returned, count * rank_);
  gram_matrix(errors, error_stride, draw_, rows, count, rank_, rows, returned);
  project_off(draw_, rows, rank_, remainder, rows, count, rows, workspace.coefficients);
  double* factor = room(workspace.factor, std::min(count, rows) * count);
  const std::size_t fresh_rank =
      workspace.range.factor(remainder, rows, count, rows, options_.rank_tolerance, lengths, nullptr, factor);
  // The remainder lies in the complement of F, so fresh_rank <= rows - rank whatever the number of inputs and errors;
  // more would mean that rounding was taken for a direction.
  if (rank_ + fresh_rank > rows)
    throw Error("DEGENERATE", "rankTolerance",
                "Expected `rankTolerance` to be above the rounding of an orthogonal layer of width " +
                    std::to_string(rows) + ", received " + std::to_string(options_.rank_tolerance) + ".");
  double* fresh = room(workspace.fresh, fresh_rank * rows);
  draw_normals(stream, fresh, fresh_rank * rows, workspace);
  if (options_.fault != ConditioningFault::kNoProjector)
    project_off(basis_, rows, rank_, fresh, rows, fresh_rank, rows, workspace.coefficients);
  workspace.frame.orthonormalise(fresh, rows, fresh_rank, rows);
  if (fresh_rank > 0)
    multiply_by_factor(true, factor, fresh_rank, count, fresh, rows, rows, result, result_stride);
  else
    zero_rows(result, result_stride, count, rows);
  if (rank_ > 0 && options_.fault != ConditioningFault::kNoReturnTerm)
    blas::gemm(false, false, count, rows, rank_, 1.0, returned, rank_, basis_, rows, 1.0, result, result_stride);
}

void ConditionedMatrix::apply_independent_transposed(const double* errors, std::size_t error_stride, std::size_t count,
                                                     const Stream& stream, double* result, std::size_t result_stride,
                                                     ConditioningWorkspace& workspace) const {
  const std::size_t columns = options_.columns;
  double* factor = room(workspace.factor, std::min(count, options_.rows) * count);
  const std::size_t fresh_rank = workspace.range.factor(errors, error_stride, count, options_.rows,
                                                        options_.rank_tolerance, nullptr, nullptr, factor);
  double* fresh = room(workspace.fresh, fresh_rank * columns);
  draw_normals(stream, fresh, fresh_rank * columns, workspace);
  if (options_.law == MatrixLaw::kOrthogonal) workspace.frame.orthonormalise(fresh, columns, fresh_rank, columns);
  if (fresh_rank > 0)
    multiply_by_factor(true, factor, fresh_rank, count, fresh, columns, columns, result, result_stride);
  else
    zero_rows(result, result_stride, count, columns);
}

}  // namespace mft
