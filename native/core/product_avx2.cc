// The product of core/product for the instruction set in this file's name.
#include "core/product_kernels.h"
#include "core/product_vectors_avx2.h"

namespace mft {

void multiply_avx2(const ProductArguments<float>& arguments, ProductScratch<float>& scratch) {
  multiply_blocks<Floats>(arguments, scratch);
}
void multiply_avx2(const ProductArguments<double>& arguments, ProductScratch<double>& scratch) {
  multiply_blocks<Doubles>(arguments, scratch);
}

}  // namespace mft
