// The program of openblas.cc over the package's own product (BENCH_OURS in bench/CMakeLists.txt).
#include "openblas.cc"
