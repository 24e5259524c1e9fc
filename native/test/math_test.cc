// The elementary functions against long double (64-bit mantissa): errors in units in the last place over dense and
// hostile points, special values, and the same bits on every instruction set.
#include "core/math.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "core/random.h"
#include "test/check.h"

namespace {

using mft::math::Function;

mft::test::Tally tally;

// |value - exact| in units in the last place of exact (subnormal numbers: of the smallest number).
template <typename T>
double ulps(T value, long double exact) {
  if (std::isnan(exact)) return std::isnan(value) ? 0 : 1e9;
  const T rounded = static_cast<T>(exact);
  if (std::isinf(rounded)) {
    return value == rounded || (std::isfinite(value) && std::abs(value) >= std::numeric_limits<T>::max()) ? 0 : 1e9;
  }
  if (!std::isfinite(value)) return 1e9;
  int exponent;
  std::frexp(rounded, &exponent);
  const int digits = std::numeric_limits<T>::digits;
  const int lowest = std::numeric_limits<T>::min_exponent - digits;
  return static_cast<double>(std::abs(static_cast<long double>(value) - exact) /
                             std::ldexp(1.0L, std::max(exponent - digits, lowest)));
}

struct Case {
  Function function;
  const char* name;
  long double (*exact)(long double);
  double low, high;  // dense points
  double bound_double, bound_float;
};

long double sigmoid_exact(long double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
long double softplus_exact(long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }

const Case kCases[] = {
    {Function::kExp, "exp", [](long double x) { return std::exp(x); }, -746, 710, 1, 1},
    {Function::kExpm1, "expm1", [](long double x) { return std::expm1(x); }, -50, 710, 2, 2},
    {Function::kLog, "log", [](long double x) { return std::log(x); }, 0, 3, 1, 1},
    {Function::kLog1p, "log1p", [](long double x) { return std::log1p(x); }, -1, 3, 1.5, 1.5},
    {Function::kTanh, "tanh", [](long double x) { return std::tanh(x); }, -20, 20, 3.5, 3.5},
    {Function::kErf, "erf", [](long double x) { return std::erf(x); }, -6, 6, 1.5, 1},
    {Function::kErfc, "erfc", [](long double x) { return std::erfc(x); }, -6, 27.5, 4, 1},
    {Function::kSin, "sin", [](long double x) { return std::sin(x); }, -100, 100, 1, 1},
    {Function::kCos, "cos", [](long double x) { return std::cos(x); }, -100, 100, 1, 1},
    {Function::kAtan, "atan", [](long double x) { return std::atan(x); }, -10, 10, 1.5, 1},
    {Function::kSinh, "sinh", [](long double x) { return std::sinh(x); }, -711, 711, 3, 1},
    {Function::kCosh, "cosh", [](long double x) { return std::cosh(x); }, -711, 711, 3, 1},
    {Function::kSigmoid, "sigmoid", sigmoid_exact, -746, 50, 2.5, 2.5},
    {Function::kSoftplus, "softplus", softplus_exact, -746, 50, 2, 2},
};

// Dense in [low, high], dense on a logarithmic scale through all exponents, and special numbers.
template <typename T>
std::vector<T> points(double low, double high) {
  std::vector<T> all;
  const mft::Stream stream{.seed = 11, .trial = 0, .layer = 0, .purpose = mft::Purpose::kInputs};
  std::vector<double> uniforms(400000);
  mft::random_uniforms(stream, 0, uniforms);
  for (std::size_t i = 0; i < uniforms.size() / 2; ++i) {
    all.push_back(static_cast<T>(low + (high - low) * uniforms[2 * i]));
    all.push_back(static_cast<T>((high - low) / 64 * (uniforms[2 * i] - 0.5)));
    const int span = std::numeric_limits<T>::max_exponent - std::numeric_limits<T>::min_exponent + 60;
    const T size = static_cast<T>(std::ldexp(
        1 + uniforms[2 * i + 1], static_cast<int>(span * uniforms[2 * i]) + std::numeric_limits<T>::min_exponent - 60));
    all.push_back(size);
    all.push_back(-size);
  }
  for (const double x : {0.0,
                         0x1p-1074,
                         0x1p-1022,
                         0x1p-149,
                         0x1p-126,
                         1.0,
                         0x1.fffffffffffffp-1,
                         0.5,
                         0.47,
                         0.34657359,
                         1.0397,
                         22.0,
                         20.0,
                         709.782712893384,
                         710.4758,
                         745.13,
                         88.72,
                         103.9,
                         27.226,
                         26.54,
                         1.5707963267948966,
                         3.141592653589793,
                         6381956970095103.0 * 0x1p797,
                         0x1p20,
                         1048576.5,
                         1e22,
                         1e300,
                         std::numeric_limits<double>::max(),
                         std::numeric_limits<double>::infinity()})
    for (const double sign : {1.0, -1.0}) {
      const T value = static_cast<T>(sign * x);
      all.push_back(value);
      all.push_back(std::nextafter(value, T(0)));
      all.push_back(std::nextafter(value, std::numeric_limits<T>::infinity()));
    }
  all.push_back(std::numeric_limits<T>::quiet_NaN());
  return all;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (std::memcmp(&a[i], &b[i], sizeof(T)) != 0 && !(std::isnan(a[i]) && std::isnan(b[i]))) return false;
  return true;
}

std::vector<mft::InstructionSet> instruction_sets() {
  std::vector<mft::InstructionSet> sets;
  for (int i = 0; i <= static_cast<int>(mft::best_instruction_set()); ++i)
    sets.push_back(static_cast<mft::InstructionSet>(i));
  return sets;
}

template <typename T>
void test_accuracy(const Case& c, double bound, const char* type) {
  const std::vector<T> x = points<T>(c.low, c.high);
  std::vector<std::vector<T>> results;
  for (const auto set : instruction_sets()) {
    mft::set_instruction_set(set);
    std::vector<T> y(x.size());
    mft::math::apply(c.function, x, y);
    results.push_back(y);
    tally.check(same_bits(results.front(), y),
                std::string(c.name) + " " + type + ": same bits on " + mft::instruction_set_name(set));
  }
  double worst = 0;
  T where = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double error = ulps<T>(results.front()[i], c.exact(static_cast<long double>(x[i])));
    if (error > worst) {
      worst = error;
      where = x[i];
    }
    if (x[i] == 0 && c.exact(0) == 0 && std::signbit(results.front()[i]) != std::signbit(x[i])) worst = 1e9;
  }
  std::printf("%-9s %-6s largest error %.3f ulp at %.17g\n", c.name, type, worst, static_cast<double>(where));
  tally.check(worst <= bound, std::string(c.name) + " " + type + " within its bound");
}

// In place, and every length: the last, partial vector gives the same bits.
void test_lengths() {
  std::vector<double> x(77);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.37 * static_cast<double>(i) - 13;
  std::vector<double> whole(x.size());
  mft::math::apply(Function::kTanh, x, whole);
  for (std::size_t n = 0; n <= x.size(); ++n) {
    std::vector<double> part(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n));
    mft::math::apply(Function::kTanh, part, part);
    tally.check(std::equal(part.begin(), part.end(), whole.begin()), "tanh of a span of length " + std::to_string(n));
  }
}

void test_power() {
  const std::vector<double> uniforms = [] {
    std::vector<double> u(400000);
    mft::random_uniforms({.seed = 5, .trial = 0, .layer = 0, .purpose = mft::Purpose::kInputs}, 0, u);
    return u;
  }();
  std::vector<double> base, exponent;
  for (std::size_t i = 0; i + 1 < uniforms.size(); i += 2) {
    base.push_back(i % 4 == 0 ? std::exp(100 * (uniforms[i] - 0.5)) : 0.5 + uniforms[i]);
    exponent.push_back(i % 4 == 0 ? 15 * (uniforms[i + 1] - 0.5) : 1000 * (uniforms[i + 1] - 0.5));
  }
  const double inf = std::numeric_limits<double>::infinity();
  for (const double b : {0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, inf, -inf, 0x1p-1074, 1e300, -3.0})
    for (const double e :
         {0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, -0.5, 1e300, -1e300, inf, -inf, 0x1p53, 4503599627370497.0}) {
      base.push_back(b);
      exponent.push_back(e);
    }
  std::vector<std::vector<double>> results;
  for (const auto set : instruction_sets()) {
    mft::set_instruction_set(set);
    std::vector<double> out(base.size());
    mft::math::power(base, exponent, out);
    results.push_back(out);
    tally.check(same_bits(results.front(), out), std::string("power: same bits on ") + mft::instruction_set_name(set));
  }
  double worst = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const double error = ulps<double>(
        results.front()[i], std::pow(static_cast<long double>(base[i]), static_cast<long double>(exponent[i])));
    if (error > 1) std::printf("power(%g, %g) = %g: %g ulp\n", base[i], exponent[i], results.front()[i], error);
    worst = std::max(worst, error);
  }
  std::printf("power     double largest error %.3f ulp\n", worst);
  tally.check(worst <= 1, "power within its bound");
}

// The check can fail: one unit off in one element is seen.
void test_power_of_the_test() {
  tally.check(ulps<double>(std::nextafter(0.5, 1.0), 0.5L) >= 1, "an error of one ulp is seen (double)");
  tally.check(ulps<float>(std::nextafter(0.5f, 1.0f), 0.5L) >= 1, "an error of one ulp is seen (float)");
  tally.check(ulps<double>(0x1p-1074, 0x1p-1074L * 3) == 2, "subnormal errors are counted");
}

}  // namespace

int main() {
  test_power_of_the_test();
  for (const Case& c : kCases) {
    test_accuracy<double>(c, c.bound_double, "double");
    test_accuracy<float>(c, c.bound_float, "float");
  }
  test_lengths();
  test_power();
  return tally.finish();
}
