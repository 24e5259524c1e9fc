// A lock on an open file that the kernel drops when its holder dies: one writer per journal.
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "node/fields.h"

namespace mft::node {
namespace {

// (fd) -> true when this process now holds the lock, false when another one does. Held until the descriptor is closed;
// Node opens files with O_CLOEXEC, so child processes do not keep it alive.
Napi::Value lock_file(const Napi::CallbackInfo& info) {
  if (info.Length() < 1 || !info[0].IsNumber()) throw wrong("fd", "a file descriptor");
  const int descriptor = info[0].As<Napi::Number>().Int32Value();
  int status = 0;
  do {
    status = flock(descriptor, LOCK_EX | LOCK_NB);
  } while (status != 0 && errno == EINTR);
  if (status == 0) return Napi::Boolean::New(info.Env(), true);
  const int reason = errno;
  if (reason == EWOULDBLOCK) return Napi::Boolean::New(info.Env(), false);
  throw Error("UNSUPPORTED", "journal",
              "The file system of this journal has no file locks (" + std::generic_category().message(reason) +
                  "), so a second run on it could not be noticed. Put the journal on a local disk or another mount.");
}

}  // namespace

std::vector<Function> file_lock_functions() { return {{"lockFile", lock_file}}; }

}  // namespace mft::node
