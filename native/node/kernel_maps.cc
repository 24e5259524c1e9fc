// Kernels of large data matrices for JavaScript.
#include <memory>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/kernel/maps.h"

namespace mft::node {
namespace {

using kernel::MapCall;

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
    numbers("inputs", &MapCall::inputs),
    numbers("others", &MapCall::others),
    whole("firstRow", &MapCall::first_row, 0, 1e9),
    whole("rows", &MapCall::rows, 1, 1e9),
    whole("threads", &MapCall::threads, 1, kMostThreads),
};

// (call, control?) -> Promise<Float64Array>: variances of the rows, K, Theta
Napi::Value kernel_maps(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<const MapCall>(kMap.argument(info, 0, "call"));
  kernel::validate(*call);
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info[1], kernel::result_size(*call), 1,
                    [call, control](std::span<double> result) { kernel::map_kernels(*call, control, result); });
}

}  // namespace

std::vector<Function> kernel_maps_functions() { return {{"kernelMaps", kernel_maps, {kMap.info()}}}; }

}  // namespace mft::node
