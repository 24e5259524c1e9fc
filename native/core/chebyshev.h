// A function of log x (and log y) tabulated piecewise by Chebyshev polynomials, patch by patch as it is asked for:
// patches are one octave wide, of degree 15, and each is checked against the function when it is built. Where the check
// fails the function itself is called, so that a table never loses accuracy, only speed. Safe to use from several
// threads.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

namespace mft {

constexpr int kChebyshevOrder = 16;

// f(log2 x) for positive functions; one patch per octave.
class LogTable {
 public:
  LogTable(std::function<double(double)> function, double tolerance)
      : function_(std::move(function)), tolerance_(tolerance) {}
  double operator()(double x);

 private:
  struct Patch {
    bool is_exact = false;
    std::array<double, kChebyshevOrder> coefficients{};
  };
  const Patch& patch_at(int octave);
  Patch built(int octave) const;

  std::function<double(double)> function_;
  double tolerance_;
  std::mutex building_;
  std::shared_mutex mutex_;
  std::unordered_map<int, std::unique_ptr<const Patch>> patches_;
};

// f(log2 x, log2 y).
class LogTable2 {
 public:
  LogTable2(std::function<double(double, double)> function, double tolerance)
      : function_(std::move(function)), tolerance_(tolerance) {}
  double operator()(double x, double y);

 private:
  struct Patch {
    bool is_exact = false;
    std::array<double, kChebyshevOrder * kChebyshevOrder> coefficients{};
  };
  const Patch& patch_at(int i, int j);
  Patch built(int i, int j) const;

  std::function<double(double, double)> function_;
  double tolerance_;
  std::mutex building_;
  std::shared_mutex mutex_;
  std::unordered_map<std::int64_t, std::unique_ptr<const Patch>> patches_;
};

}  // namespace mft
