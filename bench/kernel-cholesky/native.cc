// The factorisation of regressions: tiles on our threads, with the check of every pivot.
#include "core/cholesky.h"
#include "factor.h"

int main(int count, char** arguments) {
  bench::factorise(count, arguments, [](double* matrix, std::size_t size, int threads) {
    return mft::cholesky_factor(matrix, size, 0.0, threads, mft::Control()).pivot == size;
  });
}
