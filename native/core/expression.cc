#include "core/expression.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/math.h"

namespace mft {
namespace {

using math::Function;

// Numbers of a block: the whole stack stays in the second-level cache and on the call stack.
constexpr std::size_t kBlock = 128;

constexpr bool is_binary(Operation operation) {
  return operation >= Operation::kAdd && operation <= Operation::kMinimum;
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error("INVALID_ARGUMENT", "activation",
              "Expected `activation` to hold a well-formed expression program, received " + what + ".");
}

void check(const Program& program) {
  if (program.operations.empty()) refuse("an empty one");
  if (program.operations.size() > Expression::kMaximumOperations)
    refuse("one of " + std::to_string(program.operations.size()) + " operations");
  std::size_t depth = 0;
  std::size_t constants = 0;
  for (const std::uint32_t code : program.operations) {
    if (code >= kOperations) refuse("the unknown operation " + std::to_string(code));
    const auto operation = static_cast<Operation>(code);
    const std::size_t pops = code <= 1 ? 0 : (operation == Operation::kSelect ? 3 : (is_binary(operation) ? 2 : 1));
    if (depth < pops) refuse("an operation without operands");
    depth += 1 - pops;
    if (depth > Expression::kMaximumStack) refuse("one that needs too deep a stack");
    if (operation == Operation::kConstant) ++constants;
  }
  if (depth != 1) refuse("one that leaves " + std::to_string(depth) + " results");
  if (constants != program.constants.size()) refuse("one with a wrong number of constants");
}

template <typename T, typename F>
void combine(T* below, const T* top, std::size_t count, F f) {
  for (std::size_t i = 0; i < count; ++i) below[i] = f(below[i], top[i]);
}

template <typename T, typename F>
void transform(T* top, std::size_t count, F f) {
  for (std::size_t i = 0; i < count; ++i) top[i] = f(top[i]);
}

template <typename T>
void apply_binary(Operation operation, T* a, T* b, std::size_t n) {
  switch (operation) {
    case Operation::kAdd:
      return combine(a, b, n, [](T x, T y) { return x + y; });
    case Operation::kSubtract:
      return combine(a, b, n, [](T x, T y) { return x - y; });
    case Operation::kSubtractReversed:
      return combine(a, b, n, [](T x, T y) { return y - x; });
    case Operation::kMultiply:
      return combine(a, b, n, [](T x, T y) { return x * y; });
    case Operation::kDivide:
      return combine(a, b, n, [](T x, T y) { return x / y; });
    case Operation::kDivideReversed:
      return combine(a, b, n, [](T x, T y) { return y / x; });
    case Operation::kPower:
      return math::power(std::span<const T>(a, n), std::span<const T>(b, n), std::span<T>(a, n));
    case Operation::kPowerReversed:
      return math::power(std::span<const T>(b, n), std::span<const T>(a, n), std::span<T>(a, n));
    // NaN on either side stays.
    case Operation::kMaximum:
      return combine(a, b, n, [](T x, T y) { return x > y || x != x ? x : y; });
    default:
      return combine(a, b, n, [](T x, T y) { return x < y || x != x ? x : y; });
  }
}

template <typename T>
void apply_unary(Operation operation, T* a, std::size_t n) {
  const auto function = [&](Function f) { math::apply(f, std::span<const T>(a, n), std::span<T>(a, n)); };
  switch (operation) {
    case Operation::kNegate:
      return transform(a, n, [](T x) { return -x; });
    case Operation::kExp:
      return function(Function::kExp);
    case Operation::kLog:
      return function(Function::kLog);
    case Operation::kLog1p:
      return function(Function::kLog1p);
    case Operation::kExpm1:
      return function(Function::kExpm1);
    case Operation::kTanh:
      return function(Function::kTanh);
    case Operation::kSinh:
      return function(Function::kSinh);
    case Operation::kCosh:
      return function(Function::kCosh);
    case Operation::kErf:
      return function(Function::kErf);
    case Operation::kSin:
      return function(Function::kSin);
    case Operation::kCos:
      return function(Function::kCos);
    case Operation::kAtan:
      return function(Function::kAtan);
    case Operation::kSigmoid:
      return function(Function::kSigmoid);
    case Operation::kSoftplus:
      return function(Function::kSoftplus);
    case Operation::kSqrt:
      return transform(a, n, [](T x) { return std::sqrt(x); });  // correctly rounded everywhere
    case Operation::kAbs:
      return transform(a, n, [](T x) { return std::abs(x); });
    case Operation::kSign:
      return transform(a, n, [](T x) { return x > 0 ? T(1) : (x < 0 ? T(-1) : x); });
    case Operation::kStep:
      return transform(a, n, [](T x) { return x > 0 ? T(1) : (x <= 0 ? T(0) : x); });
    default:
      return transform(a, n, [](T x) { return x < 0 ? T(0) : x; });  // kRelu
  }
}

template <typename T>
void run_block(const Program& program, const T* z, T* out, std::size_t n) {
  T stack[Expression::kMaximumStack][kBlock];
  std::size_t depth = 0;
  const double* constant = program.constants.data();
  for (const std::uint32_t code : program.operations) {
    const auto operation = static_cast<Operation>(code);
    if (operation == Operation::kVariable) {
      std::copy_n(z, n, stack[depth++]);
    } else if (operation == Operation::kConstant) {
      std::fill_n(stack[depth++], n, static_cast<T>(*constant++));
    } else if (operation == Operation::kSelect) {
      T* condition = stack[depth - 3];
      const T* v = stack[depth - 2];
      const T* w = stack[depth - 1];
      for (std::size_t i = 0; i < n; ++i) condition[i] = condition[i] > 0 ? v[i] : w[i];
      depth -= 2;
    } else if (is_binary(operation)) {
      apply_binary(operation, stack[depth - 2], stack[depth - 1], n);
      --depth;
    } else {
      apply_unary(operation, stack[depth - 1], n);
    }
  }
  std::copy_n(stack[0], n, out);
}

template <typename T>
void run(const Program& program, std::span<const T> z, std::span<T> out) {
  if (z.size() != out.size())
    throw Error("SHAPE", "activation",
                "Expected the output to have the " + std::to_string(z.size()) + " elements of the input, received " +
                    std::to_string(out.size()) + ".");
  for (std::size_t i = 0; i < z.size(); i += kBlock)
    run_block(program, z.data() + i, out.data() + i, std::min(kBlock, z.size() - i));
}

}  // namespace

Expression::Expression(Program value, Program derivative, Program second_derivative) {
  programs_.push_back(std::move(value));
  programs_.push_back(std::move(derivative));
  programs_.push_back(std::move(second_derivative));
  for (const Program& program : programs_) check(program);
}

void Expression::evaluate(int order, std::span<const double> z, std::span<double> out) const {
  run(programs_.at(static_cast<std::size_t>(order)), z, out);
}
void Expression::evaluate(int order, std::span<const float> z, std::span<float> out) const {
  run(programs_.at(static_cast<std::size_t>(order)), z, out);
}

}  // namespace mft
