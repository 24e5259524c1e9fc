// Many networks in C++ over OpenBLAS, one after the other.
#include "../competitor/dense_network.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  bench::Network network = bench::network_from(options);
  const std::size_t networks = options.whole("networks");
  bench::serve([&](std::uint64_t seed) { return bench::forward_and_backward(network, seed, networks); });
}
