// Gaussian expectations: closed forms against the graded rules, and identities that hold for every activation.
#include "core/gaussian.h"

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "core/gaussian_closed.h"

namespace {

int passed = 0;
int failed = 0;

void check(bool ok, const std::string& what) {
  if (ok) {
    ++passed;
    return;
  }
  ++failed;
  std::printf("failed: %s\n", what.c_str());
}

// |a - b| <= tolerance * scale
void near(double a, double b, double tolerance, double scale, const std::string& what) {
  const bool ok = a == b || std::abs(a - b) <= tolerance * scale;
  char text[400];
  if (!ok)
    std::snprintf(text, sizeof text, "%s: %.17g against %.17g (relative %.2g)", what.c_str(), a, b,
                  std::abs(a - b) / scale);
  check(ok, ok ? what : text);
}

struct Case {
  std::string name;
  mft::GaussianFunction function;
  bool is_odd;
};

std::vector<Case> cases() {
  using Kind = mft::ActivationKind;
  const auto make = [](Kind kind, std::vector<double> kinks, double a = 0, double b = 0) {
    return mft::gaussian_function(mft::Activation{kind, {a, b}, {}}, {std::move(kinks)});
  };
  return {{"linear", make(Kind::kLinear, {}), true},
          {"tanh", make(Kind::kTanh, {}), true},
          {"erf", make(Kind::kErf, {}), true},
          {"erfUnitSlope", make(Kind::kErfUnitSlope, {}), true},
          {"relu", make(Kind::kRelu, {0}), false},
          {"leakyRelu", make(Kind::kLeakyRelu, {0}, 0.2), false},
          {"hardTanh", make(Kind::kHardTanh, {-1, 1}), true},
          {"sigmoid", make(Kind::kSigmoid, {}), false},
          {"softplus", make(Kind::kSoftplus, {}), false},
          {"gelu", make(Kind::kGelu, {}), false},
          {"silu", make(Kind::kSilu, {}), false},
          {"elu", make(Kind::kElu, {0}, 1), false},
          {"elu0.5", make(Kind::kElu, {0}, 0.5), false},
          {"selu", make(Kind::kSelu, {0}), false},
          {"sin", make(Kind::kSin, {}), true},
          {"cos", make(Kind::kCos, {}), false},
          {"abRelu", make(Kind::kAbRelu, {0}, -0.3, 1.2), false},
          {"abs", make(Kind::kAbs, {0}), false},
          {"square", make(Kind::kRectifiedMonomial, {0}, 2), false},
          {"cube", make(Kind::kRectifiedMonomial, {0}, 3), false}};
}

const std::vector<mft::Integrand> kSingles = {{.value = 1},
                                              {.value = 2},
                                              {.first = 2},
                                              {.value = 1, .first = 1, .argument = 1},
                                              {.value = 2, .first = 2},
                                              {.first = 4},
                                              {.value = 4},
                                              {.first = 2, .argument = 2}};
const std::vector<mft::Integrand> kPairs = {{.value = 1},
                                            {.first = 1},
                                            {.first = 2},
                                            {.value = 1, .first = 1},
                                            {.value = 1, .is_absolute = true},
                                            {.first = 1, .is_absolute = true}};

std::string label(const Case& item, const char* what, int index, double q, double delta) {
  char text[200];
  std::snprintf(text, sizeof text, "%s %s %d q=%g delta=%g", item.name.c_str(), what, index, q, delta);
  return text;
}

void closed_forms_equal_quadrature() {
  for (const Case& item : cases()) {
    const bool oscillates = item.name == "sin" || item.name == "cos";
    for (const double q : {1e-8, 1e-3, 0.3, 1.0, 7.0, 150.0, 250.0, 1e4}) {
      for (std::size_t i = 0; i < kSingles.size(); ++i) {
        const auto closed = mft::closed_moment(item.function.activation, kSingles[i], q);
        if (!closed) continue;
        const double integral = mft::gaussian_moment_by_quadrature(item.function, kSingles[i], q);
        mft::Integrand square{2 * kSingles[i].value, 2 * kSingles[i].first, 0, 2 * kSingles[i].argument, false};
        const double scale = std::sqrt(mft::gaussian_moment_by_quadrature(item.function, square, q));
        near(*closed, integral, 1e-13, scale, label(item, "moment", static_cast<int>(i), q, 0));
      }
      if (oscillates && q > 100) continue;  // the pair rule would need a billion points; these have closed forms
      // |phi phi| and squares of an oscillating phi need minutes of quadrature once several waves fit: tested up to q
      // = 1.
      const std::size_t pairs = oscillates && q > 1 ? 2 : kPairs.size();
      for (const double delta : {1e-12, 1e-6, 1e-2, 0.5, 1.0, 1.999}) {
        for (std::size_t i = 0; i < pairs; ++i) {
          const auto closed = mft::closed_pair_moment(item.function.activation, kPairs[i], q, q, delta);
          const auto uneven = mft::closed_pair_moment(item.function.activation, kPairs[i], q, 0.3 * q, delta);
          mft::Integrand square{2 * kPairs[i].value, 2 * kPairs[i].first, 0, 0, false};
          const double scale = mft::gaussian_moment(item.function, square, q);
          if (closed)
            near(*closed, mft::gaussian_pair_moment_by_quadrature(item.function, kPairs[i], q, q, delta), 2e-13, scale,
                 label(item, "pair", static_cast<int>(i), q, delta));
          if (uneven && q <= 150)
            near(*uneven, mft::gaussian_pair_moment_by_quadrature(item.function, kPairs[i], q, 0.3 * q, delta), 5e-13,
                 scale, label(item, "uneven pair", static_cast<int>(i), q, delta));
        }
        if (const auto closed = mft::closed_deficit(item.function.activation, q, delta);
            closed && !(item.name == "abs" && delta > 1.9))
          near(*closed, mft::gaussian_deficit_by_quadrature(item.function, q, delta), 1e-12, std::abs(*closed),
               label(item, "deficit", 0, q, delta));
      }
    }
  }
}

void identities_hold() {
  for (const Case& item : cases()) {
    for (const double q : {1e-8, 0.1, 1.0, 5.0, 60.0, 1e4}) {
      const double second = mft::gaussian_moment(item.function, {.value = 2}, q);
      const double mean = mft::gaussian_moment(item.function, {.value = 1}, q);
      const double slope = mft::gaussian_moment(item.function, {.first = 2}, q);
      near(mft::gaussian_pair_moment(item.function, {.value = 1}, q, q, 0), second, 1e-13, second,
           label(item, "M at 0", 0, q, 0));
      if (!(q > 100 && (item.name == "sin" || item.name == "cos")))
        near(mft::gaussian_pair_moment_by_quadrature(item.function, {.value = 1}, q, q, 1), mean * mean, 1e-13, second,
             label(item, "M at 1", 0, q, 1));
      near(mft::gaussian_deficit(item.function, q, 1), second - mean * mean, 1e-12, second,
           label(item, "D at 1", 0, q, 1));
      const bool kinked = !item.function.profile.kinks.empty();
      near(mft::gaussian_deficit(item.function, q, 1e-14), q * 1e-14 * slope, kinked || q > 1e3 ? 1e-5 : 1e-11,
           q * 1e-14 * slope, label(item, "D at 1e-14", 0, q, 1e-14));
      for (const double delta : {3e-5, 9.9e-5, 1.01e-4, 3e-3, 0.3, 1.2}) {
        const double deficit = mft::gaussian_deficit(item.function, q, delta);
        const double pair = mft::gaussian_pair_moment(item.function, {.value = 1}, q, q, delta);
        near(deficit, second - pair, 1e-12, second, label(item, "M + D", 0, q, delta));
        if (item.is_odd)
          near(mft::gaussian_deficit(item.function, q, 2 - delta), 2 * second - deficit, 1e-12, second,
               label(item, "odd D", 0, q, delta));
      }
      // continuity where the method changes
      const double below = mft::gaussian_deficit(item.function, q, 1e-4 * (1 - 1e-9));
      const double above = mft::gaussian_deficit(item.function, q, 1e-4 * (1 + 1e-9));
      near((above - below) / (2e-13 * q), mft::gaussian_pair_moment(item.function, {.first = 1}, q, q, 1e-4), 2e-3,
           slope, label(item, "slope of D at the seam", 0, q, 1e-4));
    }
  }
}

void divergences_are_said() {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const Case& item : cases()) {
    const double curvature = mft::gaussian_moment(item.function, {.second = 2}, 1);
    const bool kinked = item.name == "relu" || item.name == "leakyRelu" || item.name == "hardTanh" ||
                        item.name == "elu0.5" || item.name == "selu" || item.name == "abRelu" || item.name == "abs";
    check((curvature == infinity) == kinked, item.name + ": phi'' is square integrable unless there is a genuine kink");
  }
}

}  // namespace

int main() {
  closed_forms_equal_quadrature();
  identities_hold();
  divergences_are_said();
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
