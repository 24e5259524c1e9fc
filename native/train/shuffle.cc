#include "train/shuffle.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/random.h"

namespace mft::train {

void epoch_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::uint32_t> order) {
  const Stream stream{seed, static_cast<std::uint32_t>(epoch), 0, Purpose::kShuffle};
  std::iota(order.begin(), order.end(), std::uint32_t{0});
  constexpr std::size_t kBlock = 1024;
  std::array<double, kBlock> uniforms;
  for (std::size_t done = 0; done + 1 < order.size(); ++done) {
    if (done % kBlock == 0) random_uniforms(stream, done, uniforms);
    // 52-bit uniforms: the bias is below n 2^-52.
    const std::size_t left = order.size() - done;
    const std::size_t pick =
        std::min(left - 1, static_cast<std::size_t>(uniforms[done % kBlock] * static_cast<double>(left)));
    std::swap(order[left - 1], order[pick]);
  }
}

}  // namespace mft::train
