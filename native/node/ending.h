// Native work ends with the environment that asked for it. Node waits for every call that runs or is queued before an
// environment (the main thread, a worker thread) may end, and runs its cleanup hooks only afterwards: too late to
// cancel. So while calls run, a watching thread rings at each environment's loop, which still turns while Node waits;
// the ring finds that JavaScript may no longer be called, and every Control of that environment is cancelled.
// `process.exit` and uncaught exceptions do not turn the loop again: ts/core/addon.ts calls `endCalls` on 'exit'.
#pragma once
#include <napi.h>

#include <atomic>
#include <memory>

namespace mft::node {

// One environment, shared by its calls; made at its first call.
struct EnvironmentEnd {
  std::atomic<bool> is_ending{false};
  std::atomic<int> calls{0};
  napi_threadsafe_function ring = nullptr;
};

std::shared_ptr<EnvironmentEnd> environment_end(napi_env env);

// Cancels every call of this environment; with `all`, of every environment of the process.
void end_calls(napi_env env, bool all);

// False once JavaScript may not be called any more: settle nothing then.
bool may_call_javascript(napi_env env);

// From its construction to its destruction a call counts as running or queued.
class RunningCall {
 public:
  explicit RunningCall(napi_env env);
  ~RunningCall();
  RunningCall(const RunningCall&) = delete;
  RunningCall& operator=(const RunningCall&) = delete;
  bool is_ending() const { return environment_->is_ending.load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<EnvironmentEnd> environment_;
};

}  // namespace mft::node
