// What training holds weights to: the nearest matrix of a rank against its singular values, and norms.
#include "train/held.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/blas.h"
#include "core/lapack.h"
#include "core/random.h"
#include "test/check.h"

using namespace mft;
using namespace mft::train;

namespace {

double norm(const std::vector<double>& w) {
  double sum = 0;
  for (const double x : w) sum += x * x;
  return std::sqrt(sum);
}

void near(test::Tally& tally, double value, double wanted, double tolerance, const std::string& name) {
  tally.within(value - wanted, -tolerance, tolerance, name);
}

void check_rank(test::Tally& tally, std::size_t rows, std::size_t columns, std::size_t rank, double scale) {
  const std::string name = std::to_string(rows) + " x " + std::to_string(columns) + " to " + std::to_string(rank);
  std::vector<double> w(rows * columns);
  random_normals(Stream{1, 1, 0, Purpose::kDataset}, 0, std::span<double>(w));
  for (double& x : w) x *= scale;
  const std::vector<double> before = w;
  std::vector<double> copy = w;
  const std::vector<double> values = lapack::singular_values(rows, columns, copy.data());
  hold_rank(rank, rows, columns, w.data());
  std::vector<double> away = w;
  for (std::size_t i = 0; i < w.size(); ++i) away[i] = (away[i] - before[i]) / scale;
  double rest = 0;
  for (std::size_t i = rank; i < values.size(); ++i) rest += values[i] / scale * (values[i] / scale);
  // Eckart and Young: no matrix of this rank is nearer.
  near(tally, norm(away), std::sqrt(rest), 1e-12 * std::sqrt(static_cast<double>(w.size())), name + ", distance");
  copy = w;
  const std::vector<double> after = lapack::singular_values(rows, columns, copy.data());
  for (std::size_t i = 0; i < after.size(); ++i)
    near(tally, after[i] / scale, i < rank ? values[i] / scale : 0, 1e-12 * values[0] / scale, name + ", value");
}

}  // namespace

int main() {
  blas::prepare();
  test::Tally tally;
  check_rank(tally, 6, 25, 2, 1);
  check_rank(tally, 25, 6, 2, 1);
  check_rank(tally, 9, 9, 8, 1e-200);
  check_rank(tally, 4, 300, 1, 1e200);
  {
    std::vector<double> w(12, 0.5);
    const std::vector<double> before = w;
    hold_rank(0, 3, 4, w.data());
    hold_rank(3, 3, 4, w.data());
    hold_norm(std::numeric_limits<double>::infinity(), w.size(), w.data());
    hold_norm(2, w.size(), w.data());
    tally.check(w == before, "what is inside stays");
    hold_norm(0.25, w.size(), w.data());
    near(tally, norm(w), 0.25, 1e-15, "a larger norm is shrunk");
    hold_norm(0, w.size(), w.data());
    tally.check(norm(w) == 0, "to nothing");
    w.assign(12, 1e300);
    hold_norm(1, w.size(), w.data());
    near(tally, norm(w), 1, 1e-15, "a norm whose square is no number");
    w[3] = std::nan("");
    hold_rank(1, 3, 4, w.data());
    hold_norm(1, w.size(), w.data());
    tally.check(std::isnan(w[3]), "what is not finite stays");
  }
  return tally.finish();
}
