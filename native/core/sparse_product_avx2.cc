#define MFT_VECTOR_BYTES 32
#include "core/sparse_product_body.h"
#include "core/sparse_table.h"

const mft::SparseProduct mft::kAvx2SparseProduct = mft::sparse_product_of_set;
