// How adapters run: errors of the native code become JavaScript errors with `code` and `parameter` (ts/core/addon.ts
// makes them MftErrors); long work runs on a worker thread and settles a promise.
#pragma once
#include <napi.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <new>
#include <string>
#include <utility>

#include "core/control.h"
#include "core/error.h"
#include "node/ending.h"

namespace mft::node {

inline Napi::Error to_javascript(Napi::Env env, const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& e) {
    Napi::Error result = Napi::Error::New(env, e.what());
    result.Set("code", Napi::String::New(env, "ERR_MFT_" + e.code()));
    if (!e.parameter().empty()) result.Set("parameter", Napi::String::New(env, e.parameter()));
    return result;
  } catch (const Cancelled&) {
    Napi::Error result = Napi::Error::New(env, "cancelled");
    result.Set("code", Napi::String::New(env, "ERR_MFT_CANCELLED"));
    return result;
  } catch (const std::bad_alloc&) {
    Napi::Error result = Napi::Error::New(env, "The native code could not allocate the memory it planned.");
    result.Set("code", Napi::String::New(env, "ERR_MFT_MEMORY"));
    return result;
  } catch (const Napi::Error& e) {
    return e;
  } catch (const std::exception& e) {
    return Napi::Error::New(env, e.what());
  }
}

// Runs an adapter: its C++ exceptions become JavaScript exceptions.
inline Napi::Value synchronous(Napi::Value (*run)(const Napi::CallbackInfo&), const Napi::CallbackInfo& info) {
  try {
    return run(info);
  } catch (...) {
    throw to_javascript(info.Env(), std::current_exception());
  }
}

// work() runs on a worker thread; finish() turns its result into the promised value on the JavaScript thread.
// `keep` (a control array, an output buffer) stays alive until the promise is settled.
template <typename Result>
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<Result()>;
  using Finish = std::function<Napi::Value(Napi::Env, Result&)>;

  static Napi::Promise start(Napi::Env env, Napi::Value keep, Work work, Finish finish) {
    auto* task = new Task(env, std::move(work), std::move(finish));  // deletes itself when done (AsyncWorker)
    if (keep.IsObject()) task->kept_ = Napi::Persistent(keep.As<Napi::Object>());
    const Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 protected:
  void Execute() override {
    try {
      if (call_.is_ending()) throw Cancelled();
      result_ = work_();
    } catch (...) {
      error_ = std::current_exception();
    }
  }
  // An environment that ends has no one who waits for the promise; settling it would throw where nothing catches.
  void OnOK() override {
    if (!may_call_javascript(Env())) return;
    try {
      settle();
    } catch (...) {
      if (may_call_javascript(Env())) throw;
    }
  }

 private:
  Task(Napi::Env env, Work work, Finish finish)
      : Napi::AsyncWorker(env),
        call_(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(work)),
        finish_(std::move(finish)) {}

  void settle() {
    const Napi::HandleScope scope(Env());
    if (error_) {
      deferred_.Reject(to_javascript(Env(), error_).Value());
      return;
    }
    try {
      deferred_.Resolve(finish_(Env(), result_));
    } catch (...) {
      deferred_.Reject(to_javascript(Env(), std::current_exception()).Value());
    }
  }

  RunningCall call_;
  Napi::Promise::Deferred deferred_;
  Work work_;
  Finish finish_;
  Result result_{};
  std::exception_ptr error_;
  Napi::ObjectReference kept_;
};

// Copies numbers into a new Float64Array (external buffers are not allowed everywhere).
template <typename Container>
Napi::Float64Array float64_array(Napi::Env env, const Container& values) {
  Napi::Float64Array result = Napi::Float64Array::New(env, values.size());
  std::copy(values.begin(), values.end(), result.Data());
  return result;
}

}  // namespace mft::node
