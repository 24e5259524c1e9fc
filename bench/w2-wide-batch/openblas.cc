// A wide batch in C++ over OpenBLAS. work=network: forward and backward pass; work=products: the same matrix products
// alone.
#include "../competitor/dense_network.h"

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  bench::Network network = bench::network_from(options);
  bench::draw_weights(network, 1);
  const std::size_t networks = options.whole("networks");
  if (options.text("work") == "network") {
    bench::serve([&](std::uint64_t seed) { return bench::forward_and_backward(network, seed, networks); });
  } else {
    bench::serve([&](std::uint64_t) {
      for (std::size_t l = 0; l < network.depth; ++l)
        bench::multiply(network, network.matrices[l], network.input, network.preactivations[l]);
      for (std::size_t l = network.depth - 1; l > 0; --l)
        bench::multiply_transposed(network, network.matrices[l], network.input, network.errors[l - 1]);
      return bench::Answer{};
    });
  }
}
