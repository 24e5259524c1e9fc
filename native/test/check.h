// The whole test framework of the native tests: count, say what failed, return the exit code.
#pragma once
#include <cstdio>
#include <string>

namespace mft::test {

struct Tally {
  int passed = 0;
  int failed = 0;

  void check(bool ok, const std::string& what) {
    if (ok) {
      ++passed;
    } else {
      ++failed;
      std::printf("FAILED: %s\n", what.c_str());
    }
  }

  // For values that should lie in a band; prints the value when they do not.
  void within(double value, double low, double high, const std::string& what) {
    check(value >= low && value <= high, what + ": " + std::to_string(value) + " is not in [" + std::to_string(low) +
                                             ", " + std::to_string(high) + "]");
  }

  int finish() const {
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
  }
};

}  // namespace mft::test
