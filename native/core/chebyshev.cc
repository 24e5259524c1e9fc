#include "core/chebyshev.h"

#include <cmath>
#include <mutex>
#include <numbers>
#include <span>

namespace mft {
namespace {

constexpr int kOrder = kChebyshevOrder;
using Line = std::array<double, kOrder>;

double node(int k) { return std::cos(std::numbers::pi * (k + 0.5) / kOrder); }

// Coefficients of the interpolating polynomial from the values at the nodes.
Line transformed(const Line& values) {
  Line result{};
  for (int n = 0; n < kOrder; ++n) {
    double sum = 0;
    for (int k = 0; k < kOrder; ++k)
      sum += values[static_cast<std::size_t>(k)] * std::cos(std::numbers::pi * n * (k + 0.5) / kOrder);
    result[static_cast<std::size_t>(n)] = (n == 0 ? 1.0 : 2.0) * sum / kOrder;
  }
  return result;
}

double clenshaw(std::span<const double> c, double t) {
  double b1 = 0;
  double b2 = 0;
  for (int n = kOrder - 1; n > 0; --n) {
    const double b0 = 2 * t * b1 - b2 + c[static_cast<std::size_t>(n)];
    b2 = b1;
    b1 = b0;
  }
  return t * b1 - b2 + c[0];
}

double clenshaw2(std::span<const double> c, double s, double t) {
  Line line;
  for (std::size_t n = 0; n < kOrder; ++n) line[n] = clenshaw(c.subspan(n * kOrder, kOrder), t);
  return clenshaw(line, s);
}

// x in octave i at t in [-1, 1]
double position(int octave, double t) { return std::exp2(octave + 0.5 * (t + 1)); }

// Where a patch is checked: far from the nodes.
constexpr std::array<double, 3> kChecked = {-0.97, 0.1, 0.93};

bool agrees(double table, double exact, double tolerance) {
  return std::isfinite(exact) && std::abs(table - exact) <= tolerance * std::abs(exact);
}

}  // namespace

LogTable::Patch LogTable::built(int octave) const {
  Line values;
  for (int k = 0; k < kOrder; ++k) values[static_cast<std::size_t>(k)] = function_(position(octave, node(k)));
  Patch patch;
  patch.coefficients = transformed(values);
  for (const double t : kChecked)
    if (!agrees(clenshaw(patch.coefficients, t), function_(position(octave, t)), tolerance_)) patch.is_exact = true;
  return patch;
}

const LogTable::Patch& LogTable::patch_at(int octave) {
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = patches_.find(octave); found != patches_.end()) return *found->second;
  }
  const std::lock_guard building(building_);  // two threads never build the same patch
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = patches_.find(octave); found != patches_.end()) return *found->second;
  }
  auto made = std::make_unique<const Patch>(built(octave));
  const std::unique_lock lock(mutex_);
  return *patches_.try_emplace(octave, std::move(made)).first->second;
}

double LogTable::operator()(double x) {
  const double log = std::log2(x);
  const double octave = std::floor(log);
  const Patch& patch = patch_at(static_cast<int>(octave));
  return patch.is_exact ? function_(x) : clenshaw(patch.coefficients, 2 * (log - octave) - 1);
}

LogTable2::Patch LogTable2::built(int i, int j) const {
  std::array<Line, kOrder> rows;
  for (int k = 0; k < kOrder; ++k) {
    Line values;
    for (int l = 0; l < kOrder; ++l)
      values[static_cast<std::size_t>(l)] = function_(position(i, node(k)), position(j, node(l)));
    rows[static_cast<std::size_t>(k)] = transformed(values);
  }
  Patch patch;
  for (std::size_t l = 0; l < kOrder; ++l) {
    Line column;
    for (std::size_t k = 0; k < kOrder; ++k) column[k] = rows[k][l];
    column = transformed(column);
    for (std::size_t k = 0; k < kOrder; ++k) patch.coefficients[k * kOrder + l] = column[k];
  }
  for (const double s : kChecked)
    for (const double t : kChecked)
      if (!agrees(clenshaw2(patch.coefficients, s, t), function_(position(i, s), position(j, t)), tolerance_))
        patch.is_exact = true;
  return patch;
}

const LogTable2::Patch& LogTable2::patch_at(int i, int j) {
  const std::int64_t key = (static_cast<std::int64_t>(i) << 32) + j;
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = patches_.find(key); found != patches_.end()) return *found->second;
  }
  const std::lock_guard building(building_);  // two threads never build the same patch
  {
    const std::shared_lock lock(mutex_);
    if (const auto found = patches_.find(key); found != patches_.end()) return *found->second;
  }
  auto made = std::make_unique<const Patch>(built(i, j));
  const std::unique_lock lock(mutex_);
  return *patches_.try_emplace(key, std::move(made)).first->second;
}

double LogTable2::operator()(double x, double y) {
  const double log_x = std::log2(x);
  const double log_y = std::log2(y);
  const double i = std::floor(log_x);
  // y = 1 belongs to the octave below it: functions of a correlation end at 1 - c = 1 here.
  const double j = log_y == 0 ? -1 : std::floor(log_y);
  const Patch& patch = patch_at(static_cast<int>(i), static_cast<int>(j));
  return patch.is_exact ? function_(x, y) : clenshaw2(patch.coefficients, 2 * (log_x - i) - 1, 2 * (log_y - j) - 1);
}

}  // namespace mft
