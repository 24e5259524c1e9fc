#include "systems/kernel/pairs.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/error.h"
#include "core/parallel.h"
#include "systems/kernel/hermite.h"
#include "systems/kernel/near_pairs.h"

namespace mft::kernel {
namespace {

constexpr std::size_t kPairsPerUnit = 64;
// Terms are cut as for a correlation this much larger: gaps of pairs, 1 - E phi phi / E phi^2, divide by small numbers.
constexpr double kSlack = 1.01;

// Sum of a_k b_k x^k and its derivative by x.
struct Sum {
  double value = 0, slope = 0;
};
Sum series(const double* a, const double* b, std::size_t terms, double x) {
  Sum sum;
  for (std::size_t k = terms; k-- > 0;) {
    sum.slope = sum.slope * x + sum.value;
    sum.value = sum.value * x + a[k] * b[k];
  }
  return sum;
}

}  // namespace

void validate(const PairCall& call) {
  if (call.second.size() != call.first.size() || call.gap.size() != call.first.size())
    throw Error("SHAPE", "gap", "Expected as many gaps as variances.");
  const auto is_variance = [](double q) { return q > 0 && std::isfinite(q); };
  if (!std::all_of(call.first.begin(), call.first.end(), is_variance) ||
      !std::all_of(call.second.begin(), call.second.end(), is_variance))
    throw Error("OUT_OF_RANGE", "variance", "Expected variances > 0.");
  if (!std::all_of(call.gap.begin(), call.gap.end(), [](double gap) { return gap >= 0 && gap <= 2; }))
    throw Error("OUT_OF_RANGE", "gap", "Expected gaps in [0, 2].");
}

void pair_expectations(const PairCall& call, const Control& control, std::span<double> result) {
  const std::size_t count = call.first.size();
  std::vector<double> variances(call.first);
  variances.insert(variances.end(), call.second.begin(), call.second.end());
  std::sort(variances.begin(), variances.end());
  variances.erase(std::unique(variances.begin(), variances.end()), variances.end());
  if (variances.empty()) return;
  const HermiteTable table = hermite_table(call.function, variances, call.has_tangent,
                                           orders_within_memory(variances.size(), 1), call.threads, control);
  const auto& limits = table.limits;
  const auto is_near = [&](double gap) { return kSlack * std::abs(1 - gap) > limits.back(); };
  const auto near = static_cast<std::size_t>(std::count_if(call.gap.begin(), call.gap.end(), is_near));
  const double widest = std::acos(std::clamp(limits.back() / kSlack, 0.0, 1.0));
  const NearPairs near_pairs(call.function, call.has_tangent, variances.front(), variances.back(), widest, near,
                             call.threads, control);
  const auto place = [&](double q) {
    return static_cast<std::size_t>(std::lower_bound(variances.begin(), variances.end(), q) - variances.begin());
  };
  parallel_for((count + kPairsPerUnit - 1) / kPairsPerUnit, call.threads, [&](std::size_t unit, int) {
    control.throw_if_cancelled();
    const std::size_t end = std::min(count, (unit + 1) * kPairsPerUnit);
    // Pairs come row by row: a series serves as long as the first variance stays.
    NearPairs::Series own;
    double owner = 0;
    for (std::size_t at = unit * kPairsPerUnit; at < end; ++at) {
      const double q1 = call.first[at], q2 = call.second[at], c = 1 - call.gap[at];
      const std::size_t i = place(q1), j = place(q2);
      PairExpectations found{};
      if (is_near(call.gap[at])) {
        if (q1 != owner) own = {};
        owner = q1;
        found = near_pairs.at({q1, table.second[i], table.slope_second[i]},
                              {q2, table.second[j], table.slope_second[j]}, call.gap[at], own);
      } else {
        const auto step = static_cast<std::size_t>(
            std::lower_bound(limits.begin(), limits.end(), kSlack * std::abs(c)) - limits.begin());
        const std::size_t terms = kOrdersPerStep / 2 * (step + 1);
        const Sum even = series(&table.even[i * table.even_count], &table.even[j * table.even_count],
                                std::min(terms, table.even_count), c * c);
        const Sum odd = series(table.odd.data() + i * table.odd_count, table.odd.data() + j * table.odd_count,
                               std::min(terms, table.odd_count), c * c);
        found.product = even.value + c * odd.value;
        found.slope = (2 * c * even.slope + (odd.value + 2 * c * c * odd.slope)) / (std::sqrt(q1) * std::sqrt(q2));
      }
      result[at] = found.product;
      if (call.has_tangent) result[count + at] = found.slope;
    }
    control.advance(static_cast<std::int32_t>(end - unit * kPairsPerUnit));
  });
}

}  // namespace mft::kernel
