#define MFT_VECTOR_BYTES 64
#include "core/sparse_product_body.h"
#include "core/sparse_table.h"

const mft::SparseProduct mft::kAvx512SparseProduct = mft::sparse_product_of_set;
