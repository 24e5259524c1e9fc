// The products of one convolution layer as training calls them: 3 x 3 kernels, zeros outside, so many images at a time.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "../competitor/serve.h"
#include "core/aligned.h"
#include "core/random.h"
#include "train/layers/convolution_products.h"

namespace {

using namespace mft;

constexpr std::size_t kSide = 3, kAtATime = 16;

AlignedVector<float> normals(std::size_t count, std::uint32_t trial) {
  AlignedVector<float> values(count);
  random_normals(Stream{1, trial, 0, Purpose::kDataset}, 0, std::span<float>(values.data(), count));
  return values;
}

struct Layer {
  std::size_t channels, units, height;
  double input(const float* images, std::size_t c, std::ptrdiff_t y, std::ptrdiff_t x) const {
    const auto side = static_cast<std::ptrdiff_t>(height);
    if (y < 0 || y >= side || x < 0 || x >= side) return 0.0;
    return images[(c * height + static_cast<std::size_t>(y)) * height + static_cast<std::size_t>(x)];
  }
};

// Sums in double precision of one number of each product.
double forward_entry(const Layer& s, const float* images, const float* weights, std::size_t unit, std::ptrdiff_t y,
                     std::ptrdiff_t x) {
  double sum = 0.0;
  for (std::size_t c = 0; c < s.channels; ++c)
    for (std::size_t t = 0; t < kSide * kSide; ++t)
      sum += weights[(unit * s.channels + c) * kSide * kSide + t] *
             s.input(images, c, y + static_cast<std::ptrdiff_t>(t / kSide) - 1,
                     x + static_cast<std::ptrdiff_t>(t % kSide) - 1);
  return sum;
}
double error_entry(const Layer& s, const float* deltas, const float* weights, std::size_t channel, std::ptrdiff_t y,
                   std::ptrdiff_t x) {
  double sum = 0.0;
  for (std::size_t u = 0; u < s.units; ++u)
    for (std::size_t t = 0; t < kSide * kSide; ++t)
      sum += weights[(u * s.channels + channel) * kSide * kSide + t] *
             s.input(deltas, u, y - static_cast<std::ptrdiff_t>(t / kSide) + 1,
                     x - static_cast<std::ptrdiff_t>(t % kSide) + 1);
  return sum;
}
double weight_entry(const Layer& s, const float* images, const float* deltas, std::size_t unit, std::size_t channel,
                    std::size_t tap) {
  double sum = 0.0;
  for (std::size_t y = 0; y < s.height; ++y)
    for (std::size_t x = 0; x < s.height; ++x)
      sum += deltas[(unit * s.height + y) * s.height + x] *
             s.input(images, channel, static_cast<std::ptrdiff_t>(y + tap / kSide) - 1,
                     static_cast<std::ptrdiff_t>(x + tap % kSide) - 1);
  return sum;
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  const Layer s{options.whole("channels"), options.whole("units"), options.whole("side")};
  const std::size_t batch = options.whole("batch"), repeats = options.whole("repeats"), places = s.height * s.height;
  const std::string pass = options.text("pass");
  const convolution::Map input{s.channels, s.height, s.height};
  const auto maps = convolution::convolutions({{kSide, 1, s.units, 1}}, input, convolution::Padding::kZero).front();
  const auto products = train::direct_products<float>(maps, convolution::Padding::kZero, true);
  const auto weights = normals(maps.weights(), 1), biases = AlignedVector<float>(s.units, 0.0F),
             images = normals(batch * input.size(), 2), drawn = normals(batch * s.units * places, 3);
  const train::Kernels<float> kernels{weights.data(), biases.data(), 1.0F};
  AlignedVector<float> z(drawn.size()), deltas(drawn), errors(images.size()), scratch(products->scratch());
  const std::size_t unit = s.units / 2, channel = s.channels / 3, row = batch - 1;
  const auto each = [&](const auto& chunk) {
    for (std::size_t first = 0; first < batch; first += kAtATime) chunk(first, std::min(kAtATime, batch - first));
  };
  // The number at (1, 0) of the last image, or of the gradient, against its sum; in units of its standard deviation.
  const auto run = [&]() -> double {
    if (pass == "forward") {
      for (std::size_t i = 0; i < repeats; ++i)
        each([&](std::size_t first, std::size_t rows) {
          products->forward(kernels, rows, images.data() + first * input.size(), z.data() + first * s.units * places);
        });
      const double exact = forward_entry(s, images.data() + row * input.size(), weights.data(), unit, 1, 0);
      return (z[(row * s.units + unit) * places + s.height] - exact) / std::sqrt(9.0 * s.channels);
    }
    if (pass == "errors") {
      for (std::size_t i = 0; i < repeats; ++i) {
        // Turned in place: whatever order the numbers have, but the last time.
        if (i + 1 == repeats) std::copy(drawn.begin(), drawn.end(), deltas.begin());
        each([&](std::size_t first, std::size_t rows) {
          products->backward(kernels, rows, deltas.data() + first * s.units * places,
                             errors.data() + first * input.size());
        });
      }
      const double exact = error_entry(s, drawn.data() + row * s.units * places, weights.data(), channel, 1, 0);
      return (errors[(row * s.channels + channel) * places + s.height] - exact) / std::sqrt(9.0 * s.units);
    }
    if (pass != "weights") throw std::invalid_argument("pass " + pass);
    double found = NAN;
    const std::size_t tap = 5;
    for (std::size_t i = 0; i < repeats; ++i)
      for (std::size_t tile = 0; tile < products->tiles(); ++tile) {
        const auto part = products->gradient(tile, 1.0F, batch, images.data(), deltas.data(), scratch.data());
        const std::size_t at = channel * kSide * kSide + tap;
        if (unit >= part.first && unit < part.first + part.count && at >= part.begin && at < part.begin + part.length)
          found = scratch[(unit - part.first) * part.length + at - part.begin];
      }
    double exact = 0.0;
    for (std::size_t r = 0; r < batch; ++r)
      exact += weight_entry(s, images.data() + r * input.size(), drawn.data() + r * s.units * places, unit, channel, tap);
    return (found - exact) / std::sqrt(static_cast<double>(batch * places));
  };
  if (pass == "weights") products->backward(kernels, batch, deltas.data(), nullptr);  // as gradient() wants them
  bench::serve([&](std::uint64_t) {
    bench::Answer answer;
    answer.observables["error"] = {run()};
    return answer;
  });
}
