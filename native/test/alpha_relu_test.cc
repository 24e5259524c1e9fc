// The correlation map of x^alpha, x > 0, against 60-digit values of its hypergeometric form, and its exact identities.
#include "core/alpha_relu.h"

#include <cmath>
#include <cstdio>
#include <numbers>

#include "core/error.h"

namespace {

int passed = 0, failed = 0;

void check(bool condition, const char* what, double a, double b) {
  if (condition) {
    ++passed;
  } else {
    ++failed;
    std::printf("FAILED %s: %.17g %.17g\n", what, a, b);
  }
}

struct Case {
  double alpha, deficit, value;
};
// 1 - J(1 - deficit), 60-digit arithmetic.
constexpr Case kCases[] = {
    {-0.2, 1e-09, 0.0010113265375061584}, {0.5, 0.25, 0.18458219659916578},   {0.55, 1e-12, 2.4092620386671317e-12},
    {0.8, 1e-09, 1.0658368602687476e-9},  {0.8, 0.5, 0.36350719110519626},    {1.0, 1e-14, 9.9999996998945613e-15},
    {1.45, 0.3, 0.29318482558417708},     {1.5, 1e-06, 1.124998679443561e-6}, {1.5, 1.7, 0.97985991008568173},
    {2.0, 1.0, 0.83333333333333333},      {2.5, 0.7, 0.73498158574652089},    {7.0, 0.6, 0.93184919660261704},
    {20.0, 0.1, 0.65081444690963225},
};

double relu_deficit(double deficit) {  // closed form for alpha = 1, with the angle computed stably
  const double angle = 2.0 * std::asin(std::sqrt(deficit / 2.0));
  return deficit - (std::sin(angle) - angle * std::cos(angle)) / std::numbers::pi;
}

}  // namespace

int main() {
  for (const Case& c : kCases) {
    const double value = mft::alpha_relu_correlation_deficit(c.alpha, c.deficit);
    check(std::abs(value / c.value - 1.0) < 1e-13, "deficit", value, c.value);
  }
  for (double deficit = 0.1; deficit < 2.0; deficit += 0.1) {
    const double value = mft::alpha_relu_correlation_deficit(1.0, deficit);
    check(std::abs(value - relu_deficit(deficit)) < 2e-15, "alpha = 1 is relu", value, relu_deficit(deficit));
    for (const double alpha : {0.6, 0.97, 1.5, 2.0, 3.2}) {
      const double map = mft::alpha_relu_correlation_map(alpha, 1.0 - deficit);
      const double other = 1.0 - mft::alpha_relu_correlation_deficit(alpha, deficit);
      check(std::abs(map - other) < 1e-13, "map and deficit", map, other);
      const double h = 1e-4;
      const double slope = (mft::alpha_relu_correlation_deficit(alpha, deficit + h) -
                            mft::alpha_relu_correlation_deficit(alpha, deficit - h)) /
                           (2.0 * h);
      const double exact = mft::alpha_relu_correlation_slope(alpha, deficit);
      if (deficit < 1.85) check(std::abs(slope - exact) < 1e-6, "slope", slope, exact);
    }
  }
  check(std::abs(mft::alpha_relu_correlation_map(2.0, 0.0) - 1.0 / 6.0) < 1e-15, "J_2(0) = 1/6",
        mft::alpha_relu_correlation_map(2.0, 0.0), 1.0 / 6.0);
  check(mft::alpha_relu_correlation_map(0.7, -1.0) == 0.0 && mft::alpha_relu_correlation_map(0.7, 1.0) == 1.0, "ends",
        0, 1);
  try {
    mft::alpha_relu_correlation_map(-0.5, 0.0);
    check(false, "alpha = -1/2 is refused", 0, 0);
  } catch (const mft::Error& error) {
    check(error.code() == "OUT_OF_RANGE" && error.parameter() == "alpha", "alpha = -1/2 is refused", 0, 0);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
