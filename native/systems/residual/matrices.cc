#include "systems/residual/matrices.h"

#include <algorithm>
#include <span>
#include <utility>

#include "core/blas.h"

namespace mft::residual {
namespace {

class ConditionedBlockMatrix final : public BlockMatrix {
 public:
  ConditionedBlockMatrix(const MatrixShape& shape, ConditioningWorkspace& workspace)
      : shape_(shape),
        workspace_(workspace),
        matrix_({.rows = shape.rows, .columns = shape.columns, .inputs = shape.inputs}),
        basis_(matrix_.basis_size()),
        draw_(matrix_.draw_size()) {
    matrix_.bind(basis_.data(), draw_.data());
  }

  void forward(const double* inputs, double* outputs, const Stream& stream) override {
    matrix_.condition(inputs, shape_.columns, workspace_);
    matrix_.draw(stream, workspace_);
    matrix_.apply(outputs, shape_.rows);
  }

  void backward(const double* errors, double* result, const Stream&, const Stream& backward_stream,
                bool is_fresh) override {
    if (is_fresh)
      matrix_.apply_independent_transposed(errors, shape_.rows, shape_.inputs, backward_stream, result, shape_.columns,
                                           workspace_);
    else
      matrix_.apply_transposed(errors, shape_.rows, shape_.inputs, backward_stream, result, shape_.columns, workspace_);
  }

 private:
  MatrixShape shape_;
  ConditioningWorkspace& workspace_;
  ConditionedMatrix matrix_;
  std::vector<double> basis_, draw_;
};

class DenseBlockMatrix final : public BlockMatrix {
 public:
  DenseBlockMatrix(const MatrixShape& shape, std::vector<double>& tile) : shape_(shape), tile_(tile) {}

  void forward(const double* inputs, double* outputs, const Stream& stream) override {
    for_tiles(stream, [&](std::size_t first, std::size_t rows) {
      blas::gemm(false, true, shape_.inputs, rows, shape_.columns, 1.0, inputs, shape_.columns, tile_.data(),
                 shape_.columns, 0.0, outputs + first, shape_.rows);
    });
  }

  void backward(const double* errors, double* result, const Stream& forward_stream, const Stream& backward_stream,
                bool is_fresh) override {
    double beta = 0.0;
    for_tiles(is_fresh ? backward_stream : forward_stream, [&](std::size_t first, std::size_t rows) {
      blas::gemm(false, false, shape_.inputs, shape_.columns, rows, 1.0, errors + first, shape_.rows, tile_.data(),
                 shape_.columns, beta, result, shape_.columns);
      beta = 1.0;
    });
  }

 private:
  static constexpr std::size_t kTile = 1 << 16;  // doubles: half a megabyte, stays in the second-level cache

  template <typename Use>
  void for_tiles(const Stream& stream, Use use) {
    const std::size_t step = std::max<std::size_t>(1, kTile / shape_.columns);
    for (std::size_t first = 0; first < shape_.rows; first += step) {
      const std::size_t rows = std::min(step, shape_.rows - first);
      tile_.resize(std::max(tile_.size(), rows * shape_.columns));
      random_normals(stream, static_cast<std::uint64_t>(first) * shape_.columns,
                     std::span<double>(tile_.data(), rows * shape_.columns));
      use(first, rows);
    }
  }

  MatrixShape shape_;
  std::vector<double>& tile_;
};

}  // namespace

std::unique_ptr<BlockMatrix> make_conditioned_matrix(const MatrixShape& shape, ConditioningWorkspace& workspace) {
  return std::make_unique<ConditionedBlockMatrix>(shape, workspace);
}

std::unique_ptr<BlockMatrix> make_dense_matrix(const MatrixShape& shape, std::vector<double>& tile) {
  return std::make_unique<DenseBlockMatrix>(shape, tile);
}

double conditioned_matrix_memory(const MatrixShape& shape) {
  const auto n = static_cast<double>(shape.inputs);
  const auto [rows, columns] = std::pair(static_cast<double>(shape.rows), static_cast<double>(shape.columns));
  return 8.0 * (2.0 * n >= columns ? columns * (columns + rows) : n * (rows + columns));
}

}  // namespace mft::residual
