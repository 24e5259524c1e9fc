// OpenBLAS's dpotrf alone, on the matrix of native.cc.
#include "factor.h"

extern "C" void dpotrf_(const char* uplo, const int* n, double* a, const int* lda, int* info);

int main(int count, char** arguments) {
  bench::factorise(count, arguments, [](double* matrix, std::size_t size, int threads) {
    bench::use_threads(threads);
    const int n = static_cast<int>(size);
    int info = 0;
    dpotrf_("U", &n, matrix, &n, &info);  // column-major: the lower triangle of ours
    return info == 0;
  });
}
