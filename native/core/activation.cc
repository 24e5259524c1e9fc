#include "core/activation.h"

#include <algorithm>
#include <string>

#include "core/activation_table.h"
#include "core/cpu.h"
#include "core/error.h"
#include "core/expression.h"

namespace mft {
namespace {

// Blocks of an expression with both outputs: phi may overwrite z, so z is copied first.
constexpr std::size_t kBlock = 128;

void check_sizes(std::size_t input, std::size_t output) {
  if (input != output)
    throw Error("SHAPE", "activation",
                "Expected the output to have the " + std::to_string(input) + " elements of the input, received " +
                    std::to_string(output) + ".");
}

template <typename T>
void dispatch(const Activation& activation, ActivationOutput output, std::span<const T> z, std::span<T> out,
              std::span<T> derivative) {
  const ActivationRequest<T> request{activation.kind,
                                     activation.parameters[0],
                                     activation.parameters[1],
                                     output,
                                     z.data(),
                                     out.data(),
                                     derivative.data(),
                                     z.size()};
#ifdef MFT_X86_64
  switch (active_instruction_set()) {
    case InstructionSet::kAvx512:
      return activate_avx512(request);
    case InstructionSet::kAvx2:
      return activate_avx2(request);
    case InstructionSet::kBaseline:
      break;
  }
#endif
  activate_baseline(request);
}

const Expression& expression_of(const Activation& activation) {
  if (!activation.expression)
    throw Error("INVALID_ARGUMENT", "activation", "Expected `activation` to carry its expression, received none.");
  return *activation.expression;
}

// The block of z at `first`, moved by the activation's shift.
template <typename T>
std::span<const T> shifted(const Activation& activation, std::span<const T> z, std::size_t first, T (&copy)[kBlock]) {
  const std::size_t n = std::min(kBlock, z.size() - first);
  for (std::size_t j = 0; j < n; ++j) copy[j] = static_cast<T>(z[first + j] + activation.shift);
  return {copy, n};
}

template <typename T>
void stretch(std::span<T> out, double scale, double offset) {
  for (T& y : out) y = static_cast<T>(scale * y + offset);
}

template <typename T>
void evaluate(const Activation& activation, ActivationOutput output, std::span<const T> z, std::span<T> out) {
  check_sizes(z.size(), out.size());
  if (!activation.is_plain()) {
    const Activation plain{activation.kind, activation.parameters, activation.expression};
    const double offset = output == ActivationOutput::kValue ? activation.offset : 0.0;
    T copy[kBlock];
    for (std::size_t i = 0; i < z.size(); i += kBlock) {
      const std::span<const T> block = shifted(activation, z, i, copy);
      evaluate(plain, output, block, out.subspan(i, block.size()));
      stretch(out.subspan(i, block.size()), activation.scale, offset);
    }
    return;
  }
  if (activation.kind != ActivationKind::kExpression) return dispatch(activation, output, z, out, std::span<T>());
  const int order = output == ActivationOutput::kValue ? 0 : (output == ActivationOutput::kDerivative ? 1 : 2);
  expression_of(activation).evaluate(order, z, out);
}

template <typename T>
void evaluate_both(const Activation& activation, std::span<const T> z, std::span<T> value, std::span<T> derivative) {
  check_sizes(z.size(), value.size());
  check_sizes(z.size(), derivative.size());
  if (!activation.is_plain()) {
    const Activation plain{activation.kind, activation.parameters, activation.expression};
    T copy[kBlock];
    for (std::size_t i = 0; i < z.size(); i += kBlock) {
      const std::span<const T> block = shifted(activation, z, i, copy);
      evaluate_both(plain, block, value.subspan(i, block.size()), derivative.subspan(i, block.size()));
      stretch(value.subspan(i, block.size()), activation.scale, activation.offset);
      stretch(derivative.subspan(i, block.size()), activation.scale, 0.0);
    }
    return;
  }
  if (activation.kind != ActivationKind::kExpression)
    return dispatch(activation, ActivationOutput::kBoth, z, value, derivative);
  const Expression& expression = expression_of(activation);
  T copy[kBlock];
  for (std::size_t i = 0; i < z.size(); i += kBlock) {
    const std::size_t n = z.size() - i < kBlock ? z.size() - i : kBlock;
    for (std::size_t j = 0; j < n; ++j) copy[j] = z[i + j];
    const std::span<const T> block(copy, n);
    expression.evaluate(0, block, value.subspan(i, n));
    expression.evaluate(1, block, derivative.subspan(i, n));
  }
}

}  // namespace

void activate(const Activation& activation, std::span<const double> z, std::span<double> value) {
  evaluate(activation, ActivationOutput::kValue, z, value);
}
void activate(const Activation& activation, std::span<const float> z, std::span<float> value) {
  evaluate(activation, ActivationOutput::kValue, z, value);
}
void activate_derivative(const Activation& activation, std::span<const double> z, std::span<double> derivative) {
  evaluate(activation, ActivationOutput::kDerivative, z, derivative);
}
void activate_derivative(const Activation& activation, std::span<const float> z, std::span<float> derivative) {
  evaluate(activation, ActivationOutput::kDerivative, z, derivative);
}
void activate_both(const Activation& activation, std::span<const double> z, std::span<double> value,
                   std::span<double> derivative) {
  evaluate_both(activation, z, value, derivative);
}
void activate_both(const Activation& activation, std::span<const float> z, std::span<float> value,
                   std::span<float> derivative) {
  evaluate_both(activation, z, value, derivative);
}
void activate_second_derivative(const Activation& activation, std::span<const double> z, std::span<double> second) {
  evaluate(activation, ActivationOutput::kSecondDerivative, z, second);
}

bool grows_linearly(const Activation& activation) {
  if (!activation.is_plain()) return false;
  switch (activation.kind) {
    case ActivationKind::kLinear:
    case ActivationKind::kRelu:
    case ActivationKind::kLeakyRelu:
    case ActivationKind::kAbRelu:
    case ActivationKind::kAbs:
      return true;
    case ActivationKind::kAlphaRelu:
    case ActivationKind::kRectifiedMonomial:
      return activation.parameters[0] == 1.0;
    default:
      return false;
  }
}

}  // namespace mft
