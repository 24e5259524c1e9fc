#include "systems/kernel/near_pairs.h"

#include <cmath>

namespace mft::kernel {
namespace {

// Fewer pairs than this are integrated sooner than a table is made.
constexpr std::size_t kFewPairs = 100;
// The closed form of straight pieces loses digits where the pieces are large and their sum is not.
constexpr double kMostRounding = 2e-13;

}  // namespace

NearPairs::NearPairs(const GaussianFunction& function, bool has_tangent, double least, double largest, double widest,
                     std::size_t count, int threads, const Control& control)
    : function_(function),
      has_tangent_(has_tangent),
      least_(least),
      largest_(largest),
      widest_(widest),
      threads_(threads),
      control_(control),
      lines_(piecewise_linear(function)),
      wants_tables_(count >= kFewPairs && !lines_ && AngleTable::is_possible(function)) {}

double NearPairs::quadrature(const Integrand& integrand, const PairRow& first, const PairRow& second,
                             double gap) const {
  control_.throw_if_cancelled();
  return gaussian_pair_moment(function_, integrand, first.variance, second.variance, gap);
}

const AngleTable* NearPairs::table(bool is_opposite) const {
  const std::scoped_lock lock(making_);
  auto& found = tables_[is_opposite ? 1 : 0];
  if (found == nullptr)
    found = std::make_unique<AngleTable>(function_, has_tangent_, is_opposite, least_, largest_, widest_, threads_,
                                         control_);
  return found->is_resolved() ? found.get() : nullptr;
}

PairExpectations NearPairs::at(const PairRow& first, const PairRow& second, double gap, Series& series) const {
  if (lines_) {
    const double whole = std::sqrt(first.second) * std::sqrt(second.second);
    const PairExpectations found = lines_->pair(first.variance, second.variance, gap);
    if (lines_->rounding(first.variance, second.variance) < kMostRounding * whole) return found;
    return {quadrature({.value = 1}, first, second, gap), found.slope};
  }
  // tan(angle/2) = sqrt(g/(2 - g)).
  const bool is_opposite = gap > 1;
  const double near = is_opposite ? 2 - gap : gap, angle = 2 * std::atan(std::sqrt(near / (2 - near)));
  if (wants_tables_ && angle <= widest_ && first.variance >= least_ && first.variance <= largest_ &&
      second.variance >= least_ && second.variance <= largest_) {
    if (const AngleTable* found = table(is_opposite)) {
      std::vector<double>& row = is_opposite ? series.opposite : series.near;
      if (row.empty()) row = found->row(first.variance);
      const PairExpectations relative = found->at(row, second.variance, angle);
      return {relative.product * std::sqrt(first.second) * std::sqrt(second.second),
              relative.slope * std::sqrt(first.slope_second) * std::sqrt(second.slope_second)};
    }
  }
  return {quadrature({.value = 1}, first, second, gap),
          has_tangent_ ? quadrature({.first = 1}, first, second, gap) : 0.0};
}

}  // namespace mft::kernel
