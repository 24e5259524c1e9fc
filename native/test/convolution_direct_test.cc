// The convolutions of core/convolution_direct against their twins, bit for bit: shapes around every tile and vector,
// every instruction set, nothing written outside; surroundings against the places they stand for; blocks turned.
#include "core/convolution_direct.h"

#include <cstring>
#include <string>
#include <vector>

#include "core/convolution_naive.h"
#include "core/cpu.h"
#include "core/random.h"
#include "test/check.h"

using namespace mft;
using namespace mft::convolution;

namespace {

template <typename T>
std::vector<T> numbers(std::size_t count, std::uint32_t trial) {
  std::vector<T> values(count);
  random_normals(Stream{1, trial, 0, Purpose::kDataset}, 0, std::span<T>(values));
  return values;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

struct Shape {
  std::size_t rows, channels, kernel, height, width;
  std::string name() const {
    return std::to_string(rows) + " of " + std::to_string(channels) + " x " + std::to_string(kernel) + " on " +
           std::to_string(height) + " x " + std::to_string(width);
  }
};

template <typename T>
void check_correlate(test::Tally& tally, const std::string& set, const Shape& s, bool has_bias) {
  const std::size_t reach = s.kernel - 1, pitch = s.width + reach + 1, plane = (s.height + reach) * pitch + 3;
  const std::size_t taps = s.channels * s.kernel * s.kernel;
  const std::vector<T> input = numbers<T>(s.channels * plane + kSlack, 1), kernels = numbers<T>(s.rows * taps, 2),
                       bias = numbers<T>(s.rows, 3);
  std::vector<T> packed(kernels.size());
  pack_kernels(s.rows, taps, packed.data(), [&](std::size_t r, std::size_t p) { return kernels[r * taps + p]; });
  std::vector<T> found(s.rows * s.height * s.width + 40, T(7)), wanted = found;
  Correlation<T> q{s.rows,
                   s.channels,
                   s.kernel,
                   s.height,
                   s.width,
                   packed.data(),
                   input.data(),
                   pitch,
                   plane,
                   static_cast<T>(1.25),
                   has_bias ? bias.data() : nullptr,
                   found.data()};
  direct_kernels<T>().correlate(q);
  q.output = wanted.data();
  correlate_naive(q, kernels.data());
  tally.check(same_bits(found, wanted), "correlate " + set + " " + s.name());
}

template <typename T>
void check_weigh(test::Tally& tally, const std::string& set, const Shape& s, bool has_ones) {
  // Of s.rows columns at most kWeighed<T> are weighed at a time.
  const std::size_t pitch = s.width + s.kernel + 1, plane = (s.height + s.kernel - 1) * pitch + 3;
  const std::size_t stride = s.rows + 3, columns = std::min(s.rows, kWeighed<T>);
  const std::vector<T> input = numbers<T>(s.channels * plane, 1), ones(s.height * pitch, T(1));
  const std::vector<T> delta = numbers<T>((s.height * s.width - 1) * stride + columns, 2);
  const std::size_t lines = s.channels * s.kernel * s.kernel + (has_ones ? 1 : 0);
  std::vector<T> found = numbers<T>(lines * kWeighed<T>, 3), wanted = found, chains(found.size(), T(5));
  Weighing<T> q{
      s.channels,   s.kernel, s.height, s.width,      input.data(), pitch, plane, has_ones ? ones.data() : nullptr,
      delta.data(), stride,   columns,  found.data(), chains.data()};
  direct_kernels<T>().weigh(q);
  q.sums = wanted.data();
  weigh_naive(q);
  bool is_same = lines_of(q) == lines;
  for (std::size_t r = 0; r < lines; ++r)
    is_same = is_same && std::memcmp(&found[r * kWeighed<T>], &wanted[r * kWeighed<T>], columns * sizeof(T)) == 0;
  tally.check(is_same, "weigh " + set + " " + s.name());
}

template <typename T>
void check_turn(test::Tally& tally, const std::string& set, std::size_t channels, std::size_t width) {
  const std::size_t plane = width + 5;
  const std::vector<T> from = numbers<T>((channels - 1) * plane + width, 1);
  std::vector<T> found(channels * width), wanted(channels * width);
  direct_kernels<T>().turn(channels, width, from.data(), plane, found.data());
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t x = 0; x < width; ++x) wanted[x * channels + c] = from[c * plane + x];
  tally.check(same_bits(found, wanted), "turn " + set + " " + std::to_string(channels) + " x " + std::to_string(width));
}

template <typename T>
void check_surroundings(test::Tally& tally, const std::string& set, Padding padding, std::size_t before,
                        std::size_t after) {
  const Map map{3, 5, 18};
  const Surroundings around(map, before, after, padding, sizeof(T));
  const std::vector<T> from = numbers<T>(map.size(), 4);
  std::vector<T> found(around.size(), T(9));
  around.clear(map.channels, found.data());
  around.put(map.channels, from.data(), found.data());
  bool is_right = around.plane() * sizeof(T) / kCacheLine % 2 == 1;
  const auto height = static_cast<std::ptrdiff_t>(map.height), width = static_cast<std::ptrdiff_t>(map.width);
  for (std::size_t c = 0; c < map.channels; ++c)
    for (std::size_t y = 0; y < map.height + before + after; ++y)
      for (std::size_t x = 0; x < around.pitch(); ++x) {
        std::ptrdiff_t row = static_cast<std::ptrdiff_t>(y) - static_cast<std::ptrdiff_t>(before);
        std::ptrdiff_t column = static_cast<std::ptrdiff_t>(x) - static_cast<std::ptrdiff_t>(before);
        T wanted = 0;
        if (padding == Padding::kCircular) {
          row = (row + height) % height;
          column = (column + width) % width;
        }
        if (row >= 0 && row < height && column >= 0 && column < width)
          wanted = from[c * map.positions() + static_cast<std::size_t>(row * width + column)];
        is_right = is_right && found[c * around.plane() + y * around.pitch() + x] == wanted;
      }
  tally.check(is_right, "surroundings " + set + " " + std::to_string(before) + ", " + std::to_string(after));
}

template <typename T>
void check_all(test::Tally& tally, const std::string& set) {
  for (const std::size_t rows : {1, 5, 6, 7, 8, 9, 13, 15, 29})
    for (const std::size_t width : {1, 3, 4, 5, 8, 9, 14, 16, 17, 24, 28, 33})
      check_correlate<T>(tally, set, {rows, 3, 3, 3, width}, rows % 2 == 0);
  for (const Shape& s : {Shape{3, 2, 1, 7, 16}, {3, 1, 5, 4, 28}, {2, 4, 2, 1, 9}, {2, 1, 7, 2, 12}, {16, 40, 3, 2, 8}})
    check_correlate<T>(tally, set, s, true);
  for (const std::size_t columns : {1, 4, 7, 8, 15, 16, 17, 31, 32, 40}) {
    for (const std::size_t channels : {1, 6, 13, 14, 28, 37})
      check_weigh<T>(tally, set, {columns, channels, 1, 3, 5}, channels % 2 == 0);
    for (const std::size_t kernel : {2, 3, 4, 5, 7}) check_weigh<T>(tally, set, {columns, 3, kernel, 4, 6}, true);
    check_weigh<T>(tally, set, {columns, 2, 3, 1, 9}, false);
    check_weigh<T>(tally, set, {columns, 2, 5, 5, 1}, false);
    check_weigh<T>(tally, set, {columns, 2, 3, 60, 41}, true);  // in strips
  }
  for (const std::size_t channels : {1, 7, 8, 19})
    for (const std::size_t width : {1, 4, 6, 13}) check_turn<T>(tally, set, channels, width);
  for (const Padding padding : {Padding::kZero, Padding::kCircular}) {
    check_surroundings<T>(tally, set, padding, 0, 0);
    check_surroundings<T>(tally, set, padding, 1, 1);
    check_surroundings<T>(tally, set, padding, 1, 2);
    check_surroundings<T>(tally, set, padding, 4, 3);
  }
}

}  // namespace

int main() {
  test::Tally tally;
  for (const InstructionSet set : {InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (set > best_instruction_set()) continue;
    set_instruction_set(set);
    check_all<float>(tally, std::string(instruction_set_name(set)) + " float");
    check_all<double>(tally, std::string(instruction_set_name(set)) + " double");
  }
  return tally.finish();
}
