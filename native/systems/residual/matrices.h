// The random matrices of a residual block as the engines see them: asked once forward, once backward.
#pragma once
#include <cstddef>
#include <memory>
#include <vector>

#include "core/conditioning.h"
#include "core/random.h"

namespace mft::residual {

// rows x columns, entries N(0, 1); vectors are rows of blocks, `count` of them.
struct MatrixShape {
  std::size_t rows = 0, columns = 0, inputs = 0;
};

class BlockMatrix {
 public:
  BlockMatrix() = default;
  BlockMatrix(const BlockMatrix&) = delete;
  BlockMatrix& operator=(const BlockMatrix&) = delete;
  virtual ~BlockMatrix() = default;
  // outputs (inputs x rows) = inputs (inputs x columns) W^T
  virtual void forward(const double* inputs, double* outputs, const Stream& stream) = 0;
  // result (inputs x columns) = errors (inputs x rows) W, the same W as in the last forward(), or with `is_fresh` an
  // independent one (the gradient independence assumption).
  virtual void backward(const double* errors, double* result, const Stream& forward_stream,
                        const Stream& backward_stream, bool is_fresh) = 0;
};

std::unique_ptr<BlockMatrix> make_conditioned_matrix(const MatrixShape& shape, ConditioningWorkspace& workspace);
// tile: scratch shared by the matrices of one worker.
std::unique_ptr<BlockMatrix> make_dense_matrix(const MatrixShape& shape, std::vector<double>& tile);

double conditioned_matrix_memory(const MatrixShape& shape);

}  // namespace mft::residual
