// Every catalogue activation and its derivatives against long double formulas and finite differences, the contracts at
// kinks and in the tails, the same bits on every instruction set, and the expression machine.
#include "core/activation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "core/error.h"
#include "core/expression.h"
#include "core/random.h"
#include "test/check.h"

namespace {

using mft::Activation;
using mft::ActivationKind;
using Real = long double;

mft::test::Tally tally;

// phi, phi', phi'' and the sizes against which their errors are measured (larger than the number only where phi' or
// phi'' has a zero between terms that cancel).
struct Exact {
  Real value, first, second;
  Real first_scale = 0, second_scale = 0;
};

Exact erf_exact(Real x, Real scale) {
  const Real first = scale * 2 * std::numbers::inv_sqrtpi_v<Real> * std::exp(-scale * scale * x * x);
  return {std::erf(scale * x), first, -2 * scale * scale * x * first};
}

Exact sigmoid_exact(Real x) {
  const Real e = std::exp(-std::abs(x)), d = 1 / (1 + e);
  return {x < 0 ? e * d : d, e * d * d, (x < 0 ? 1 : -1) * e * d * d * std::tanh(std::abs(x) / 2)};
}

Exact gelu_exact(Real x) {
  const Real cdf = std::erfc(-x / std::numbers::sqrt2_v<Real>) / 2;
  const Real density = std::exp(-x * x / 2) * std::numbers::inv_sqrtpi_v<Real> / std::numbers::sqrt2_v<Real>;
  return {x * cdf, cdf + x * density, (2 - x * x) * density, cdf + std::abs(x) * density, (2 + x * x) * density};
}

Exact silu_exact(Real x) {
  const Exact s = sigmoid_exact(x);
  return {x * s.value, s.value + x * s.first, 2 * s.first + x * s.second, s.value + std::abs(x * s.first),
          2 * s.first + std::abs(x * s.second)};
}

Exact elu_exact(Real x, Real scale, Real alpha) {
  if (x > 0) return {scale * x, scale, 0};
  const Real e = scale * alpha * std::exp(x);
  return {scale * alpha * std::expm1(x), e, e};
}

Exact power_exact(Real x, Real p) {
  if (x <= 0) return {0, 0, 0};
  return {std::pow(x, p), p * std::pow(x, p - 1), p * (p - 1) * std::pow(x, p - 2)};
}

Exact clip_exact(Real x, Real low, Real high) {
  return {x < low ? low : (x > high ? high : x), x > low && x <= high ? Real(1) : 0, 0};
}

Exact hard_sigmoid_exact(Real x) { return {std::clamp<Real>(x / 4 + 0.5L, 0, 1), x > -2 && x <= 2 ? 0.25L : 0, 0}; }

Exact hard_swish_exact(Real x) {
  if (x <= -3) return {0, 0, 0};
  if (x > 3) return {x, 1, 0};
  return {x * (x + 3) / 6, (2 * x + 3) / 6, 1.0L / 3, 1};
}

Exact mish_exact(Real x) {
  const Real e = std::exp(-std::abs(x)), w = std::exp(x);
  const Real d = x < 0 ? e * e + 2 * e + 2 : 1 + 2 * e + 2 * e * e;  // 1 + (1 + w)^2, over w^2 above zero
  const Real t = x < 0 ? e * (e + 2) / d : (1 + 2 * e) / d;
  const Real slope = x < 0 ? 4 * e * (1 + e) / (d * d) : 4 * e * e * (1 + e) / (d * d);
  const Real logistic = x < 0 ? w / (1 + w) : 1 / (1 + e);
  const Real turn = 1 + logistic - 4 * (x < 0 ? e * (1 + e) : 1 + e) / d;
  return {x * t, t + x * slope, slope * (2 + x * turn), t + std::abs(x * slope), slope * (2 + std::abs(x) * 4)};
}

Exact swish_exact(Real x, Real beta) {
  const Exact silu = silu_exact(beta * x);
  return {silu.value / beta, silu.first, beta * silu.second, silu.first_scale, beta * silu.second_scale};
}

Exact softsign_exact(Real x) {
  const Real d = 1 + std::abs(x);
  return {x / d, 1 / (d * d), std::copysign(Real(2), -x) / (d * d * d)};
}

Exact celu_exact(Real x, Real alpha) {
  if (x > 0) return {x, 1, 0};
  const Real e = std::exp(x / alpha);
  return {alpha * std::expm1(x / alpha), e, e / alpha};
}

Exact gelu_tanh_exact(Real x) {
  const Real scale = 2 * std::sqrt(2 / std::numbers::pi_v<Real>), cubic = static_cast<Real>(0.044715);
  const Real y = scale * (x + cubic * x * x * x), speed = scale * (1 + 3 * cubic * x * x), bend = 6 * scale * cubic * x;
  const Exact s = sigmoid_exact(y);
  return {x * s.value, s.value + x * speed * s.first, (2 * speed + x * bend) * s.first + x * speed * speed * s.second,
          s.value + std::abs(x * speed * s.first),
          (2 * speed + std::abs(x * bend)) * s.first + std::abs(x * speed * speed * s.second)};
}

Exact softplus_exact(Real x, Real beta) {
  const Exact s = sigmoid_exact(beta * x);
  return {(std::max(beta * x, Real(0)) + std::log1p(std::exp(-std::abs(beta * x)))) / beta, s.value, beta * s.first};
}

Exact snake_exact(Real x, Real alpha) {
  const Real s = std::sin(alpha * x), c = std::cos(alpha * x);
  return {x + s * s / alpha, 1 + 2 * s * c, 2 * alpha * (c * c - s * s), 2, 2 * alpha};
}

struct Case {
  std::string name;
  Activation activation;
  std::function<Exact(Real)> exact;
  double value_bound, first_bound, second_bound;  // ulp
  double low = -45, high = 45;
};

Exact slopes(Real x, Real a, Real b) { return {x < 0 ? a * x : b * x, x > 0 ? b : a, 0}; }

std::vector<Case> cases() {
  using K = ActivationKind;
  const Real lambda = 1.0507009873554804934L, alpha = 1.6732632423543772848L;
  return {
      {"linear",
       {K::kLinear, {}, {}},
       [](Real x) {
         return Exact{x, 1, 0};
       },
       0,
       0,
       0},
      {"tanh",
       {K::kTanh, {}, {}},
       [](Real x) {
         const Real e = std::exp(-2 * std::abs(x)), s = 4 * e / ((1 + e) * (1 + e));
         return Exact{std::tanh(x), s, -2 * std::tanh(x) * s};
       },
       3.5,
       6,
       9,
       -370,
       370},
      {"erf", {K::kErf, {}, {}}, [](Real x) { return erf_exact(x, 1); }, 1.5, 2, 3, -27, 27},
      {"erfUnitSlope",
       {K::kErfUnitSlope, {}, {}},
       [](Real x) { return erf_exact(x, std::sqrt(std::numbers::pi_v<Real>) / 2); },
       3,
       2,
       4,
       -30,
       30},
      {"relu",
       {K::kRelu, {}, {}},
       [](Real x) {
         return Exact{x > 0 ? x : 0, x > 0 ? Real(1) : 0, 0};
       },
       0,
       0,
       0},
      {"leakyRelu", {K::kLeakyRelu, {0.25, 0}, {}}, [](Real x) { return slopes(x, 0.25L, 1); }, 0.5, 0, 0},
      {"hardTanh",
       {K::kHardTanh, {}, {}},
       [](Real x) {
         return Exact{x < -1 ? -1 : (x > 1 ? 1 : x), x > -1 && x <= 1 ? Real(1) : 0, 0};
       },
       0,
       0,
       0,
       -3,
       3},
      {"sigmoid", {K::kSigmoid, {}, {}}, sigmoid_exact, 2.5, 6.5, 10, -744, 744},
      {"softplus",
       {K::kSoftplus, {}, {}},
       [](Real x) {
         const Exact s = sigmoid_exact(x);
         return Exact{std::max(x, Real(0)) + std::log1p(std::exp(-std::abs(x))), s.value, s.first};
       },
       2,
       2.5,
       6.5,
       -744,
       744},
      {"gelu", {K::kGelu, {}, {}}, gelu_exact, 5, 6, 4, -38.5, 38.5},
      {"silu", {K::kSilu, {}, {}}, silu_exact, 4.5, 5.5, 8, -750, 750},
      {"elu", {K::kElu, {1, 0}, {}}, [](Real x) { return elu_exact(x, 1, 1); }, 2, 1, 1, -40, 10},
      {"selu", {K::kSelu, {}, {}}, [=](Real x) { return elu_exact(x, lambda, alpha); }, 4, 3, 3, -40, 10},
      {"sin",
       {K::kSin, {}, {}},
       [](Real x) {
         return Exact{std::sin(x), std::cos(x), -std::sin(x)};
       },
       1,
       1,
       1},
      {"cos",
       {K::kCos, {}, {}},
       [](Real x) {
         return Exact{std::cos(x), -std::sin(x), -std::cos(x)};
       },
       1,
       1,
       1},
      {"alphaRelu", {K::kAlphaRelu, {0.75, 0}, {}}, [](Real x) { return power_exact(x, 0.75L); }, 1, 2, 2},
      {"rectifiedMonomial",
       {K::kRectifiedMonomial, {3, 0}, {}},
       [](Real x) { return power_exact(x, 3); },
       1.5,
       1.5,
       0.5},
      {"abRelu", {K::kAbRelu, {-0.5, 2}, {}}, [](Real x) { return slopes(x, -0.5L, 2); }, 0.5, 0, 0},
      {"abs", {K::kAbs, {}, {}}, [](Real x) { return slopes(x, -1, 1); }, 0, 0, 0},
      {"step",
       {K::kStep, {}, {}},
       [](Real x) {
         return Exact{x > 0 ? Real(1) : 0, 0, 0};
       },
       0,
       0,
       0},
      // Where the argument of the exponential or the sine is a rounded product, tails lose half a unit per unit of it.
      {"clip", {K::kClip, {-0.5, 2}, {}}, [](Real x) { return clip_exact(x, -0.5L, 2); }, 0, 0, 0, -3, 3},
      {"relu6", {K::kClip, {0, 6}, {}}, [](Real x) { return clip_exact(x, 0, 6); }, 0, 0, 0, -8, 8},
      {"hardSigmoid", {K::kHardSigmoid, {0.25, 0}, {}}, hard_sigmoid_exact, 2, 0, 0, -4, 4},
      {"hardSwish", {K::kHardSwish, {}, {}}, hard_swish_exact, 3, 3, 1, -4, 4},
      {"mish", {K::kMish, {}, {}}, mish_exact, 6, 8, 12, -740, 740},
      {"swish", {K::kSwish, {1.5, 0}, {}}, [](Real x) { return swish_exact(x, 1.5L); }, 20, 20, 22, -20, 20},
      {"softsign", {K::kSoftsign, {}, {}}, softsign_exact, 2, 4, 6},
      {"celu", {K::kCelu, {0.5, 0}, {}}, [](Real x) { return celu_exact(x, 0.5L); }, 3, 2, 2, -20, 10},
      {"geluTanh", {K::kGeluTanh, {}, {}}, gelu_tanh_exact, 70, 65, 70, -6, 6},
      {"softplusBeta", {K::kSoftplusBeta, {2, 0}, {}}, [](Real x) { return softplus_exact(x, 2); }, 3, 4, 8, -40, 40},
      {"snake", {K::kSnake, {1.5, 0}, {}}, [](Real x) { return snake_exact(x, 1.5L); }, 6, 10, 30, -20, 20},
      {"sign",
       {K::kSign, {}, {}},
       [](Real x) {
         return Exact{x > 0 ? Real(1) : (x < 0 ? Real(-1) : 0), 0, 0};
       },
       0,
       0,
       0},
  };
}

template <typename T>
double ulps(T value, Real exact, Real scale) {
  int exponent;
  std::frexp(static_cast<T>(std::max(std::abs(exact), scale)), &exponent);
  const int digits = std::numeric_limits<T>::digits;
  const int lowest = std::numeric_limits<T>::min_exponent - digits;
  if (!std::isfinite(value)) return 1e9;
  return static_cast<double>(std::abs(static_cast<Real>(value) - exact) /
                             std::ldexp(Real(1), std::max(exponent - digits, lowest)));
}

template <typename T>
std::vector<T> points(double low, double high) {
  std::vector<double> u(60000);
  mft::random_uniforms({.seed = 3, .trial = 0, .layer = 0, .purpose = mft::Purpose::kInputs}, 0, u);
  std::vector<T> z;
  for (std::size_t i = 0; i + 1 < u.size(); i += 2) {
    z.push_back(static_cast<T>(low + (high - low) * u[i]));
    z.push_back(static_cast<T>(8 * (u[i] - 0.5)));
    z.push_back(static_cast<T>(std::ldexp(u[i + 1] - 0.5, -static_cast<int>(60 * u[i]))));
  }
  for (const double x : {0.0, -0.0, 1e-310, -1e-310, 1e-45}) z.push_back(static_cast<T>(x));
  return z;
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <typename T>
void test_case(const Case& c, const char* type) {
  const std::vector<T> z = points<T>(c.low, c.high);
  std::vector<T> value(z.size()), first(z.size()), second(z.size()), reference_value, reference_first;
  std::vector<double> reference_second;
  for (int set = 0; set <= static_cast<int>(mft::best_instruction_set()); ++set) {
    mft::set_instruction_set(static_cast<mft::InstructionSet>(set));
    std::vector<T> both_value(z.size()), both_first(z.size());
    value = z;  // in place
    mft::activate(c.activation, value, value);
    mft::activate_derivative(c.activation, z, first);
    mft::activate_both(c.activation, z, both_value, both_first);
    tally.check(same_bits(value, both_value) && same_bits(first, both_first),
                c.name + ": both outputs at once are the same bits");
    if constexpr (std::is_same_v<T, double>) mft::activate_second_derivative(c.activation, z, second);
    if (set == 0) {
      reference_value = value;
      reference_first = first;
    }
    tally.check(same_bits(value, reference_value) && same_bits(first, reference_first),
                c.name + " " + type + ": same bits on every instruction set");
  }
  double worst[3] = {};
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Exact exact = c.exact(z[i]);
    if (std::abs(exact.value) < static_cast<Real>(std::numeric_limits<T>::max()))
      worst[0] = std::max(worst[0], ulps(value[i], exact.value, 0));
    if (std::abs(exact.first) < static_cast<Real>(std::numeric_limits<T>::max()))
      worst[1] = std::max(worst[1], ulps(first[i], exact.first, exact.first_scale));
    if constexpr (std::is_same_v<T, double>)
      if (std::abs(exact.second) < static_cast<Real>(std::numeric_limits<T>::max()))
        worst[2] = std::max(worst[2], ulps(second[i], exact.second, exact.second_scale));
  }
  std::printf("%-18s %-6s ulp: phi %.2f, phi' %.2f, phi'' %.2f\n", c.name.c_str(), type, worst[0], worst[1], worst[2]);
  tally.check(worst[0] <= c.value_bound, c.name + " " + type + ": phi within its bound");
  tally.check(worst[1] <= c.first_bound, c.name + " " + type + ": phi' within its bound");
  tally.check(worst[2] <= c.second_bound, c.name + " " + type + ": phi'' within its bound");
}

// phi' and phi'' against central differences, away from kinks: independent of the formulas above.
void test_differences(const Case& c) {
  const double smallest = c.name == "alphaRelu" ? 0.3 : 0.02;  // its third derivative is infinite at 0
  double worst = 0;
  for (double x = -4.05; x < 4; x += 0.1) {
    if (std::abs(std::abs(x) - 1) < 0.02 || std::abs(x) < smallest) continue;
    bool is_at_kink = false;
    for (const double kink : {-0.5, -2.0, 2.0, -3.0, 3.0}) is_at_kink = is_at_kink || std::abs(x - kink) < 0.02;
    if (is_at_kink) continue;
    const double h = 1e-5;
    const double z[3] = {x - h, x, x + h};
    double value[3], first[3], second[3];
    mft::activate(c.activation, z, value);
    mft::activate_derivative(c.activation, z, first);
    mft::activate_second_derivative(c.activation, z, second);
    worst = std::max(worst, std::abs((value[2] - value[0]) / (2 * h) - first[1]) / (1 + std::abs(first[1])));
    worst = std::max(worst, std::abs((first[2] - first[0]) / (2 * h) - second[1]) / (1 + std::abs(second[1])));
  }
  tally.check(worst < 1e-8, c.name + ": derivatives equal central differences");
}

double one(const Activation& activation, double x, int order) {
  const double z[1] = {x};
  double out[1];
  if (order == 0) mft::activate(activation, z, out);
  if (order == 1) mft::activate_derivative(activation, z, out);
  if (order == 2) mft::activate_second_derivative(activation, z, out);
  return out[0];
}

void test_limits() {
  const double inf = std::numeric_limits<double>::infinity();
  for (const Case& c : cases()) {
    const bool oscillates = c.name == "sin" || c.name == "cos" || c.name == "snake";
    for (const double x : {inf, -inf}) {
      if (oscillates) continue;
      for (int order = 0; order < 3; ++order)
        tally.check(!std::isnan(one(c.activation, x, order)),
                    c.name + ": a number at infinity, order " + std::to_string(order));
    }
    tally.check(std::isnan(one(c.activation, std::nan(""), 0)), c.name + ": NaN stays NaN");
  }
  tally.check(one({ActivationKind::kRelu, {}, {}}, 0, 1) == 0, "relu'(0) = 0");
  tally.check(one({ActivationKind::kLeakyRelu, {0.1, 0}, {}}, 0, 1) == 0.1, "leaky relu'(0) = slope");
  tally.check(one({ActivationKind::kAbs, {}, {}}, 0, 1) == -1, "abs'(0) is the left one");
  tally.check(
      one({ActivationKind::kHardTanh, {}, {}}, 1, 1) == 1 && one({ActivationKind::kHardTanh, {}, {}}, -1, 1) == 0,
      "hard tanh' at its kinks is the left one");
  tally.check(one({ActivationKind::kRectifiedMonomial, {1, 0}, {}}, 1e-300, 2) == 0,
              "max(x, 0)'' is zero, not 0 times infinity");
}

void test_expression() {
  // x * tanh(x - 2); sech^2 through 1/cosh^2; phi'' is left out (0).
  const mft::Program value{{0, 0, 1, 3, 17, 5}, {2}};
  const mft::Program first{{0, 1, 3, 17, 0, 0, 1, 3, 19, 1, 8, 6, 2}, {2, 2, 2}};
  const mft::Program second{{1}, {0}};
  const Activation activation{
      ActivationKind::kExpression, {}, std::make_shared<const mft::Expression>(value, first, second)};
  std::vector<double> z(1000), phi(1000), slope(1000), phi2(1000), slope2(1000);
  for (std::size_t i = 0; i < z.size(); ++i) z[i] = 0.01 * static_cast<double>(i) - 5;
  mft::activate(activation, z, phi);
  mft::activate_derivative(activation, z, slope);
  double worst = 0;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double t = std::tanh(z[i] - 2);
    worst = std::max({worst, std::abs(phi[i] - z[i] * t), std::abs(slope[i] - (t + z[i] * (1 - t * t)))});
  }
  tally.check(worst < 1e-14, "an expression and its derivative have the right values");
  phi2 = z;
  mft::activate_both(activation, phi2, phi2, slope2);
  tally.check(same_bits(phi, phi2) && same_bits(slope, slope2), "both outputs of an expression, in place");

  const auto refused = [&](const mft::Program& bad) {
    try {
      mft::Expression(bad, second, second);
    } catch (const mft::Error& error) {
      return error.code() == "INVALID_ARGUMENT";
    }
    return false;
  };
  tally.check(refused({{}, {}}), "an empty program is refused");
  tally.check(refused({{2}, {}}), "an operation without operands is refused");
  tally.check(refused({{0, 0}, {}}), "two results are refused");
  tally.check(refused({{99}, {}}), "an unknown operation is refused");
  tally.check(refused({{1}, {}}), "a missing constant is refused");
  tally.check(refused({std::vector<std::uint32_t>(70, 0), {}}), "a deep stack is refused");
}

}  // namespace

int main() {
  // The measure sees a planted error of one unit.
  tally.check(ulps<double>(std::nextafter(1.5, 2.0), 1.5L, 0) == 1, "an error of one ulp is seen");
  for (const Case& c : cases()) {
    test_case<double>(c, "double");
    test_case<float>(c, "float");
    test_differences(c);
  }
  test_limits();
  test_expression();
  return tally.finish();
}
