// System `kernel`: the kernels of one network with given weights.
#include <memory>

#include "node/fields.h"
#include "node/task.h"
#include "systems/kernel/empirical.h"

namespace mft::node {
namespace {

using kernel::DenseLayer;
using kernel::EmpiricalCall;
using kernel::EmpiricalKernels;

const Fields<DenseLayer> kDense = {
    whole("inputs", &DenseLayer::inputs, 1, 1 << 30),
    whole("outputs", &DenseLayer::outputs, 1, 1 << 30),
    numbers("weight", &DenseLayer::weight),
    numbers("bias", &DenseLayer::bias),
    number("weightRate", &DenseLayer::weight_rate),
    number("biasRate", &DenseLayer::bias_rate),
    activation("activation", &DenseLayer::activation),
};
const Fields<EmpiricalCall> kEmpirical = {
    list("layers", &EmpiricalCall::layers, kDense),
    numbers("inputs", &EmpiricalCall::inputs),
    numbers("others", &EmpiricalCall::others),
    word("classes", &EmpiricalCall::classes, std::array<const char*, 2>{"averaged", "full"}),
    whole("threads", &EmpiricalCall::threads, 1, kMostThreads),
};

// (network, control?) -> Promise<{tangent, features, rows, columns}>
Napi::Value kernel_empirical(const Napi::CallbackInfo& info) {
  const auto call = std::make_shared<const EmpiricalCall>(kEmpirical.argument(info, 0, "network"));
  const Control control = control_argument(info, 1);
  return Task<EmpiricalKernels>::start(
      info.Env(), info[1], [call, control] { return kernel::empirical_kernels(*call, control); },
      [](Napi::Env env, EmpiricalKernels& kernels) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("tangent", float64_array(env, kernels.tangent));
        result.Set("features", float64_array(env, kernels.features));
        result.Set("rows", static_cast<double>(kernels.rows));
        result.Set("columns", static_cast<double>(kernels.columns));
        return Napi::Value(result);
      });
}

}  // namespace

std::vector<Function> kernel_empirical_functions() {
  return {{"kernelEmpirical", kernel_empirical, {kEmpirical.info()}}};
}

}  // namespace mft::node
