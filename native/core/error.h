// The one exception type of the native code. Codes are those of the TypeScript MftError, without the ERR_MFT_ prefix.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace mft {

// code: "INVALID_ARGUMENT", "OUT_OF_RANGE", "SHAPE", "NOT_FINITE", "MEMORY", "NO_CONVERGENCE", "DEGENERATE", ...
// parameter: the API name of what was wrong, or empty.
class Error : public std::runtime_error {
 public:
  Error(std::string code, std::string parameter, const std::string& message)
      : std::runtime_error(message), code_(std::move(code)), parameter_(std::move(parameter)) {}
  const std::string& code() const { return code_; }
  const std::string& parameter() const { return parameter_; }

 private:
  std::string code_;
  std::string parameter_;
};

// Thrown when the caller asked a running kernel to stop; the adapter turns it into the rejection with signal.reason.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled"; }
};

}  // namespace mft
