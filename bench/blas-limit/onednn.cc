// The program of openblas.cc over oneDNN (BENCH_ONEDNN in bench/CMakeLists.txt).
#include "openblas.cc"
