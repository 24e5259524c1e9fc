// Inside of core/sparse_product: what its instruction sets share.
#pragma once
#include "core/sparse_product.h"

namespace mft {

using SparseProduct = void (*)(const SparseMatrix& matrix, std::size_t width, const double* x, double* y);
extern const SparseProduct kAvx2SparseProduct;
extern const SparseProduct kAvx512SparseProduct;

}  // namespace mft
