#include "core/random.h"

#include "node/adapters.h"
#include "node/arguments.h"

namespace mft::node {
namespace {

constexpr double kLargestCount = 1 << 27;
constexpr double kLargestWord = 4294967295.0;
constexpr double kLargestPurpose = 255;

template <typename Draw>
Napi::Value draw(const Napi::CallbackInfo& info, Draw generate) {
  const Napi::Object options = object_argument(info, 0, "options");
  const Stream stream{seed_field(options, "seed"),
                      static_cast<std::uint32_t>(integer_field(options, "trial", 0, kLargestWord)),
                      static_cast<std::uint32_t>(integer_field(options, "layer", 0, kLargestWord)),
                      static_cast<Purpose>(integer_field(options, "purpose", 0, kLargestPurpose))};
  const std::uint64_t first = integer_field(options, "first", 0, 9007199254740991.0);
  const std::size_t count = integer_field(options, "count", 0, kLargestCount);
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), count);
  generate(stream, first, std::span<double>(result.Data(), count));
  return result;
}

}  // namespace

Napi::Value normals(const Napi::CallbackInfo& info) {
  return draw(info, [](const Stream& stream, std::uint64_t first, std::span<double> out) {
    random_normals(stream, first, out);
  });
}

Napi::Value uniforms(const Napi::CallbackInfo& info) {
  return draw(info, [](const Stream& stream, std::uint64_t first, std::span<double> out) {
    random_uniforms(stream, first, out);
  });
}

}  // namespace mft::node
