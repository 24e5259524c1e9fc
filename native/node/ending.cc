#include "node/ending.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "core/error.h"
#include "node/fields.h"

namespace mft::node {
namespace {

constexpr std::chrono::milliseconds kRingEvery{50};

// Every environment that loaded the addon, and the thread that rings. Never destroyed: the thread may outlive main().
class Watch {
 public:
  static Watch& instance() {
    static Watch* watch = new Watch();
    return *watch;
  }

  std::shared_ptr<EnvironmentEnd> of(napi_env env) {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_)
      if (entry.env == env) return entry.end;
    auto end = std::make_shared<EnvironmentEnd>();
    napi_value name;
    if (napi_create_string_utf8(env, "mft-native", NAPI_AUTO_LENGTH, &name) != napi_ok ||
        napi_create_threadsafe_function(env, nullptr, nullptr, name, 1, 1, nullptr, nullptr, end.get(), on_ring,
                                        &end->ring) != napi_ok ||
        napi_unref_threadsafe_function(env, end->ring) != napi_ok ||
        napi_add_env_cleanup_hook(env, forget, env) != napi_ok)
      throw Error("NATIVE_LOAD", "",
                  "Node could not give the addon what it needs to notice the end of an environment.");
    entries_.push_back({env, end});
    return end;
  }

  void begin(EnvironmentEnd& end) {
    const std::lock_guard lock(mutex_);
    end.calls.fetch_add(1);
    ++calls_;
    if (!is_started_) {
      std::thread([this] { run(); }).detach();
      is_started_ = true;
    }
    wake_.notify_one();
  }

  void finish(EnvironmentEnd& end) {
    const std::lock_guard lock(mutex_);
    end.calls.fetch_sub(1);
    --calls_;
  }

  void end(napi_env env, bool all) {
    const std::lock_guard lock(mutex_);
    for (const Entry& entry : entries_)
      if (all || entry.env == env) entry.end->is_ending.store(true);
  }

 private:
  struct Entry {
    napi_env env;
    std::shared_ptr<EnvironmentEnd> end;
  };

  static void on_ring(napi_env env, napi_value, void* context, void*) {
    if (env == nullptr || !may_call_javascript(env)) static_cast<EnvironmentEnd*>(context)->is_ending.store(true);
  }

  // All calls of the environment are over: Node waited for them.
  static void forget(void* env) {
    Watch& watch = instance();
    const std::lock_guard lock(watch.mutex_);
    std::erase_if(watch.entries_, [env](const Entry& entry) { return entry.env == env; });
  }

  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return calls_ > 0; });
      wake_.wait_for(lock, kRingEvery, [] { return false; });
      for (const Entry& entry : entries_)
        if (entry.end->calls.load() > 0) napi_call_threadsafe_function(entry.end->ring, nullptr, napi_tsfn_nonblocking);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Entry> entries_;
  int calls_ = 0;
  bool is_started_ = false;
};

// (isProcess) -> undefined
Napi::Value end_calls_function(const Napi::CallbackInfo& info) {
  end_calls(info.Env(), info.Length() > 0 && info[0].ToBoolean().Value());
  return info.Env().Undefined();
}

}  // namespace

std::shared_ptr<EnvironmentEnd> environment_end(napi_env env) { return Watch::instance().of(env); }

void end_calls(napi_env env, bool all) { Watch::instance().end(env, all); }

bool may_call_javascript(napi_env env) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return false;
  napi_value global;
  bool has = false;
  // Any function that may run JavaScript will do: it fails where that is not allowed.
  const bool may =
      napi_get_global(env, &global) == napi_ok && napi_has_named_property(env, global, "undefined", &has) == napi_ok;
  napi_close_handle_scope(env, scope);
  return may;
}

RunningCall::RunningCall(napi_env env) : environment_(environment_end(env)) { Watch::instance().begin(*environment_); }
RunningCall::~RunningCall() { Watch::instance().finish(*environment_); }

std::vector<Function> ending_functions() { return {{"endCalls", end_calls_function}}; }

}  // namespace mft::node
