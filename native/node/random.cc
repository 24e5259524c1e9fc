// The generator, for tests and reproducible drawing in TypeScript.
#include "core/random.h"

#include "node/fields.h"

namespace mft::node {
namespace {

constexpr double kLargestCount = 1 << 27;
constexpr double kLargestPosition = 9007199254740991.0;

// What TypeScript draws for; `weights` are those of the dense engine of `feedforward`.
enum class Use : std::size_t { kWeights, kDataset, kBootstrap };
constexpr std::array<Purpose, 3> kPurposes = {Purpose::kWeights, Purpose::kDataset, Purpose::kBootstrap};

struct Draw {
  std::uint64_t seed = 0;
  std::uint32_t trial = 0, layer = 0;
  Use purpose = Use::kWeights;
  std::uint64_t first = 0;
  std::size_t count = 0;
  Stream stream() const { return {seed, trial, layer, kPurposes[static_cast<std::size_t>(purpose)]}; }
};

const Fields<Draw> kDraw = {
    seed("seed", &Draw::seed),
    whole("trial", &Draw::trial, 0, kLargestWord),
    whole("layer", &Draw::layer, 0, kLargestWord),
    word<Draw, Use, 3>("purpose", &Draw::purpose, {"weights", "dataset", "bootstrap"}),
    whole("first", &Draw::first, 0, kLargestPosition),
    whole("count", &Draw::count, 0, kLargestCount),
};

// (draw) -> Float64Array
Napi::Value normals(const Napi::CallbackInfo& info) {
  const Draw draw = kDraw.argument(info, 0, "draw");
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), draw.count);
  random_normals(draw.stream(), draw.first, std::span<double>(result.Data(), draw.count));
  return result;
}

// (draw) -> Float64Array
Napi::Value uniforms(const Napi::CallbackInfo& info) {
  const Draw draw = kDraw.argument(info, 0, "draw");
  Napi::Float64Array result = Napi::Float64Array::New(info.Env(), draw.count);
  random_uniforms(draw.stream(), draw.first, std::span<double>(result.Data(), draw.count));
  return result;
}

}  // namespace

std::vector<Function> random_functions() {
  return {{"normals", normals, {kDraw.info()}}, {"uniforms", uniforms, {kDraw.info()}}};
}

}  // namespace mft::node
