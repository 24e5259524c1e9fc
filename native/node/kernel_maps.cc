// Kernels of large data matrices for JavaScript.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/kernel/maps.h"
#include "systems/kernel/pairs.h"

namespace mft::node {
namespace {

using kernel::MapCall;
using kernel::PairCall;

const Fields<MapCall> kMap = {
    gaussian_function("activation", &MapCall::function),
    numbers("weightVariance", &MapCall::weights),
    numbers("biasVariance", &MapCall::biases),
    numbers("keepProbability", &MapCall::keeps),
    numbers("width", &MapCall::widths),
    probability("inputKeepProbability", &MapCall::input_keep),
    boolean("sharesMasks", &MapCall::shares_masks),
    boolean("scalesInputs", &MapCall::scales_inputs),
    boolean("isStandard", &MapCall::is_standard),
    boolean("hasTangent", &MapCall::has_tangent),
    whole("dimension", &MapCall::dimension, 1, 1e9),
    shared_numbers("inputs", &MapCall::inputs),
    shared_numbers("others", &MapCall::others),
    whole("firstRow", &MapCall::first_row, 0, 1e9),
    whole("rows", &MapCall::rows, 1, 1e9),
    whole("threads", &MapCall::threads, 1, kMostThreads),
};

// (call, control?) -> Promise<Float64Array>: variances of the rows, K, Theta, whether they are finite
Napi::Value kernel_maps(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<const MapCall>(kMap.argument(info, 0, "call"));
  kernel::validate(*call);
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info[1], kernel::result_size(*call), 1,
                    [call, control](std::span<double> result) { kernel::map_kernels(*call, control, result); });
}

const Fields<PairCall> kPairs = {
    gaussian_function("activation", &PairCall::function),
    boolean("hasTangent", &PairCall::has_tangent),
    numbers("varianceA", &PairCall::first),
    numbers("varianceB", &PairCall::second),
    numbers("oneMinusCorrelation", &PairCall::gap),
    whole("threads", &PairCall::threads, 1, 1024),
};

// (call, control?) -> Promise<Float64Array>: E phi phi of all pairs, then E phi' phi'
Napi::Value kernel_pairs(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<const PairCall>(kPairs.argument(info, 0, "call"));
  kernel::validate(*call);
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info[1], call->first.size() * (call->has_tangent ? 2 : 1), 1,
                    [call, control](std::span<double> result) { kernel::pair_expectations(*call, control, result); });
}

}  // namespace

std::vector<Function> kernel_maps_functions() {
  return {{"kernelMaps", kernel_maps, {kMap.info()}}, {"kernelPairs", kernel_pairs, {kPairs.info()}}};
}

}  // namespace mft::node
