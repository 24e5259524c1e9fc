// y = A x for a matrix in compressed rows and x of `width` numbers a row, row-major: neighbours of a node in a graph.
// An element is the sum of its products in the order of the row's entries, without fused multiply-adds: the same bits
// on every instruction set.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace mft {

struct SparseMatrix {
  std::span<const std::int32_t> row_pointers;  // one more than rows
  std::span<const std::int32_t> columns;       // of the entries, row by row
  const double* values;
  std::size_t column_count;
};

enum class SparseFault { kNone, kRowPointers, kColumns };

// Whether row pointers rise from 0 to the number of entries, or lie within it, and columns are columns of the matrix.
SparseFault check(const SparseMatrix& matrix);

// x: column_count x width, y: rows x width. `matrix` has been checked.
void sparse_product(const SparseMatrix& matrix, std::size_t width, const double* x, double* y);

}  // namespace mft
