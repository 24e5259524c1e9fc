// The list of what the addon exports.
#include <napi.h>

#include "core/blas.h"
#include "node/adapters.h"
#include "node/task.h"

namespace mft::node {
namespace {

template <Napi::Value (*kFunction)(const Napi::CallbackInfo&)>
void add(Napi::Object& exports, const char* name) {
  exports.Set(name, Napi::Function::New<synchronous<kFunction>>(exports.Env(), name));
}

Napi::Object initialise(Napi::Env, Napi::Object exports) {
  blas::use_one_thread();
  add<environment>(exports, "environment");
  add<use_instruction_set>(exports, "useInstructionSet");
  add<lock_file>(exports, "lockFile");
  add<normals>(exports, "normals");
  add<uniforms>(exports, "uniforms");
  add<activate>(exports, "activate");
  add<simulate_feedforward>(exports, "simulateFeedforward");
  add<feedforward_layout>(exports, "feedforwardLayout");
  add<feedforward_memory>(exports, "feedforwardMemory");
  add<feedforward_phase>(exports, "feedforwardPhase");
  add<gaussian>(exports, "gaussian");
  add<start_gaussian>(exports, "startGaussian");
  add<gaussian_rule_points>(exports, "gaussianRule");
  add<gaussian_pair_rule_points>(exports, "gaussianPairRule");
  add<percolation_reach>(exports, "percolationReach");
  add<percolation_stationary>(exports, "percolationStationary");
  add<percolation_lattice>(exports, "percolationLattice");
  add<percolation_count>(exports, "percolationCount");
  add<percolation_split>(exports, "percolationSplit");
  add<residual_recurrence>(exports, "residualRecurrence");
  add<residual_simulate>(exports, "residualSimulate");
  add<residual_memory>(exports, "residualMemory");
  add<alpha_relu_correlation_map>(exports, "alphaReluCorrelationMap");
  add<alpha_relu_correlation_deficit>(exports, "alphaReluCorrelationDeficit");
  add<alpha_relu_correlation_slope>(exports, "alphaReluCorrelationSlope");
  add<tanh_second_moment_complement>(exports, "tanhSecondMomentComplement");
  add<train_networks>(exports, "trainNetworks");
  add<training_memory>(exports, "trainingMemory");
  return exports;
}

}  // namespace
}  // namespace mft::node

Napi::Object mft_initialise(Napi::Env env, Napi::Object exports) { return mft::node::initialise(env, exports); }
NODE_API_MODULE(mft_native, mft_initialise)
