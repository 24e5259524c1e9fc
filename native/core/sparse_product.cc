#define MFT_VECTOR_BYTES 16
#include "core/sparse_product.h"

#include "core/cpu.h"
#include "core/sparse_product_body.h"
#include "core/sparse_table.h"

namespace mft {

SparseFault check(const SparseMatrix& a) {
  if (a.row_pointers.empty()) return SparseFault::kRowPointers;
  std::int32_t last = 0;
  for (const std::int32_t pointer : a.row_pointers) {
    if (pointer < last) return SparseFault::kRowPointers;
    last = pointer;
  }
  if (static_cast<std::size_t>(last) > a.columns.size()) return SparseFault::kRowPointers;
  // A negative column is a large one without its sign; no branch for each.
  const auto most = static_cast<std::uint32_t>(a.column_count);
  bool is_wrong = false;
  for (const std::int32_t column : a.columns) is_wrong |= static_cast<std::uint32_t>(column) >= most;
  return is_wrong ? SparseFault::kColumns : SparseFault::kNone;
}

void sparse_product(const SparseMatrix& matrix, std::size_t width, const double* x, double* y) {
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return kAvx512SparseProduct(matrix, width, x, y);
    case InstructionSet::kAvx2:
      return kAvx2SparseProduct(matrix, width, x, y);
    default:
      break;
  }
#endif
  sparse_product_of_set(matrix, width, x, y);
}

}  // namespace mft
