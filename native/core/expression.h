// A user's activation as programs for a stack machine over blocks of numbers: one program for phi, phi' and phi'' each.
// They are compiled from text in TypeScript (ts/gaussian/expression.ts); here they are checked and run.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mft {

// The numbers are shared with ts/gaussian/expression-program.ts.
enum class Operation : std::uint32_t {
  kVariable = 0,  // push x
  kConstant = 1,  // push the next constant
  kAdd = 2,
  kSubtract = 3,
  kSubtractReversed = 4,  // top - below: the deeper operand was evaluated first
  kMultiply = 5,
  kDivide = 6,
  kDivideReversed = 7,
  kPower = 8,
  kPowerReversed = 9,
  kMaximum = 10,
  kMinimum = 11,
  kNegate = 12,
  kExp = 13,
  kLog = 14,
  kLog1p = 15,
  kExpm1 = 16,
  kTanh = 17,
  kSinh = 18,
  kCosh = 19,
  kErf = 20,
  kSin = 21,
  kCos = 22,
  kSqrt = 23,
  kAbs = 24,
  kSign = 25,
  kStep = 26,
  kRelu = 27,
  kSigmoid = 28,
  kSoftplus = 29,
  kAtan = 30,
  kSelect = 31,  // condition, v, w -> condition > 0 ? v : w
};
constexpr std::uint32_t kOperations = 32;

struct Program {
  std::vector<std::uint32_t> operations;
  std::vector<double> constants;  // in the order in which they are pushed
};

class Expression {
 public:
  static constexpr std::size_t kMaximumStack = 64;
  static constexpr std::size_t kMaximumOperations = 100000;

  // Throws INVALID_ARGUMENT when a program is not well formed or needs more than kMaximumStack places.
  Expression(Program value, Program derivative, Program second_derivative);

  // out[i] = the derivative of the given order (0, 1, 2) at z[i]; in place is allowed. Not a number where the
  // expression has no value (log of a negative number).
  void evaluate(int order, std::span<const double> z, std::span<double> out) const;
  void evaluate(int order, std::span<const float> z, std::span<float> out) const;

 private:
  std::vector<Program> programs_;
};

}  // namespace mft
