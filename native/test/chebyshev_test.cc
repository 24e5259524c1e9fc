// Tables over logarithms: as exact as they promise, for smooth functions and for ones a polynomial cannot follow.
#include "core/chebyshev.h"

#include <cmath>
#include <cstdio>

int main() {
  int passed = 0;
  int failed = 0;
  const auto check = [&](bool ok, const char* what, double x) {
    if (ok) {
      ++passed;
      return;
    }
    ++failed;
    std::printf("failed: %s at %g\n", what, x);
  };
  int calls = 0;
  mft::LogTable smooth(
      [&](double x) {
        ++calls;
        return std::atan(x) + 1;
      },
      1e-11);
  mft::LogTable rough([](double x) { return 1 + std::abs(std::sin(40 * x)); }, 1e-11);
  for (double x = 1e-3; x < 1e3; x *= 1.0173) {
    check(std::abs(smooth(x) / (std::atan(x) + 1) - 1) < 1e-11, "a smooth function", x);
    check(std::abs(rough(x) / (1 + std::abs(std::sin(40 * x))) - 1) < 1e-11, "a rough function is called itself", x);
  }
  check(calls < 25 * 20, "patches are built once", calls);
  mft::LogTable2 pair([](double x, double y) { return 1 / std::sqrt((1 + x * y) * (1 + x * (2 - y))); }, 1e-11);
  for (double x = 1e-2; x < 1e2; x *= 1.31)
    for (double y = 1; y > 1e-6; y *= 0.61)
      check(std::abs(pair(x, y) * std::sqrt((1 + x * y) * (1 + x * (2 - y))) - 1) < 1e-11, "two variables", y);
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
