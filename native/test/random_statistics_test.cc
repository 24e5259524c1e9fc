// The laws of core/random: moments, tails, Kolmogorov-Smirnov, independence. Fixed seeds; every statistic is compared
// with its exact law and must lie within 6 standard deviations; planted errors show that the tests have power.
#include <algorithm>
#include <cmath>
#include <vector>

#include "core/random.h"
#include "test/check.h"

namespace {

using namespace mft;

test::Tally tally;
constexpr double kLimit = 6;

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// z of the first six moments about zero. Var(x^k) = E x^2k - (E x^k)^2.
template <class T>
std::vector<double> moment_scores(const std::vector<T>& values) {
  const double expected[13] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395};
  double sums[7] = {};
  for (std::size_t start = 0; start < values.size(); start += 4096) {
    double partial[7] = {};
    for (std::size_t i = start; i < std::min(start + 4096, values.size()); ++i) {
      const double x = static_cast<double>(values[i]);
      double power = x;
      for (int k = 1; k <= 6; ++k, power *= x) partial[k] += power;
    }
    for (int k = 1; k <= 6; ++k) sums[k] += partial[k];
  }
  const double count = static_cast<double>(values.size());
  std::vector<double> scores;
  for (int k = 1; k <= 6; ++k)
    scores.push_back((sums[k] / count - expected[k]) /
                     std::sqrt((expected[2 * k] - expected[k] * expected[k]) / count));
  return scores;
}

double binomial_score(double hits, double count, double p) {
  return (hits - count * p) / std::sqrt(count * p * (1 - p));
}

// sqrt(n) sup |F_n - F|; P(> 3) = 3e-8.
template <class T>
double kolmogorov_smirnov(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  double largest = 0;
  const double count = static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double f = normal_distribution(static_cast<double>(values[i]));
    largest = std::max({largest, f - static_cast<double>(i) / count, static_cast<double>(i + 1) / count - f});
  }
  return largest * std::sqrt(count);
}

// z of the mean of x y and of x^2 y^2 over independent standard normals.
template <class T>
void uncorrelated(std::span<const T> x, std::span<const T> y, const std::string& what) {
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double product = static_cast<double>(x[i]) * static_cast<double>(y[i]);
    products += product;
    squares += product * product;
  }
  const double count = static_cast<double>(x.size());
  tally.within(products / std::sqrt(count), -kLimit, kLimit, "correlation: " + what);
  tally.within((squares - count) / std::sqrt(8 * count), -kLimit, kLimit, "correlation of squares: " + what);
}

template <class T>
void normals(const std::string& what) {
  constexpr std::size_t kCount = 1 << 24;
  const Stream stream{20240607, 1, 2, Purpose::kForwardNormals};
  std::vector<T> values(kCount);
  random_normals(stream, 0, std::span<T>(values));

  const auto scores = moment_scores(values);
  for (std::size_t k = 0; k < scores.size(); ++k)
    tally.within(scores[k], -kLimit, kLimit, "moment " + std::to_string(k + 1) + " of " + what);

  for (const double threshold : {0.0, 0.01, 1.0, 2.0, 3.0, 4.0, 4.5, 5.0}) {
    const double p = normal_distribution(-threshold);
    double above = 0, below = 0;
    for (const T x : values) {
      above += static_cast<double>(x) > threshold;
      below += static_cast<double>(x) < -threshold;
    }
    tally.within(binomial_score(above, kCount, p), -kLimit, kLimit, what + " above " + std::to_string(threshold));
    tally.within(binomial_score(below, kCount, p), -kLimit, kLimit, what + " below -" + std::to_string(threshold));
  }

  const std::vector<T> sample(values.begin(), values.begin() + (1 << 20));
  tally.within(kolmogorov_smirnov(sample), 0.2, 3, "Kolmogorov-Smirnov of " + what);

  // Cosine and sine of one pair, neighbours, neighbouring groups.
  const std::span<const T> all(values);
  for (const std::size_t lag : {std::size_t{1}, std::size_t{2}, 64 / sizeof(T), 128 / sizeof(T)})
    uncorrelated(all.first(kCount - lag), all.subspan(lag), what + ", lag " + std::to_string(lag));

  // Power: a scale wrong by 0.2 %, a mean wrong by 0.002, and tails cut at 3.5 are all seen.
  std::vector<T> wrong = values;
  for (T& x : wrong) x *= static_cast<T>(1.002);
  tally.check(std::abs(moment_scores(wrong)[1]) > kLimit, "a planted error of scale is seen: " + what);
  wrong = values;
  for (T& x : wrong) x += static_cast<T>(0.002);
  tally.check(std::abs(moment_scores(wrong)[0]) > kLimit, "a planted error of mean is seen: " + what);
  wrong = values;
  for (T& x : wrong) x = std::clamp(x, T{-3.5}, T{3.5});
  tally.check(std::abs(moment_scores(wrong)[5]) > kLimit, "planted short tails are seen: " + what);
  wrong = sample;
  for (T& x : wrong) x += static_cast<T>(0.01);
  tally.check(kolmogorov_smirnov(wrong) > 3, "a planted shift is seen by Kolmogorov-Smirnov: " + what);
}

void streams() {
  constexpr std::size_t kCount = 1 << 18;
  const Stream base{5, 0, 0, Purpose::kForwardNormals};
  std::vector<double> x(kCount), y(kCount);
  random_normals(base, 0, std::span<double>(x));
  std::vector<Stream> others;
  for (int bit = 0; bit < 64; bit += 9) others.push_back({base.seed ^ (std::uint64_t{1} << bit), 0, 0, base.purpose});
  for (int bit = 0; bit < 32; bit += 7) {
    others.push_back({base.seed, std::uint32_t{1} << bit, 0, base.purpose});
    others.push_back({base.seed, 0, std::uint32_t{1} << bit, base.purpose});
  }
  others.push_back({base.seed, 0, 0, Purpose::kBackwardNormals});
  others.push_back({base.seed, 0, 0, Purpose::kMasks});
  for (std::size_t k = 0; k < others.size(); ++k) {
    random_normals(others[k], 0, std::span<double>(y));
    uncorrelated<double>(x, y, "streams, case " + std::to_string(k));
  }
}

void uniforms() {
  constexpr std::size_t kCount = 1 << 23;
  constexpr std::size_t kBins = 1024;
  std::vector<double> u(kCount);
  random_uniforms({99, 3, 1, Purpose::kInputs}, 0, u);
  std::vector<double> bins(kBins);
  double sum = 0;
  for (const double value : u) {
    ++bins[static_cast<std::size_t>(value * kBins)];
    sum += value - 0.5;
  }
  tally.check(std::all_of(u.begin(), u.end(), [](double value) { return value > 0 && value < 1; }),
              "uniforms are inside (0, 1)");
  tally.within(sum * std::sqrt(12.0 / kCount), -kLimit, kLimit, "mean of uniforms");
  double chi_square = 0;
  for (const double hits : bins) chi_square += (hits - kCount / kBins) * (hits - kCount / kBins) / (kCount / kBins);
  tally.within((chi_square - (kBins - 1)) / std::sqrt(2.0 * (kBins - 1)), -kLimit, kLimit, "chi-square of uniforms");
}

void bernoulli() {
  constexpr std::size_t kWords = 1 << 18;
  const Stream stream{31, 4, 1, Purpose::kMasks};
  std::vector<std::uint64_t> bits(kWords), above(kWords);
  for (const double p : {0.5, 0.9, 1.0 / 3.0, 0.05, 0.999, 1e-4}) {
    const std::string what = " of bits with p = " + std::to_string(p);
    random_bernoulli(stream, 11, p, bits);
    double at[64] = {}, pairs[4] = {}, ones = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      for (unsigned j = 0; j < 64; ++j) at[j] += static_cast<double>(bits[i] >> j & 1);
      for (unsigned j = 0; j < 64; j += 2) ++pairs[bits[i] >> j & 3];
    }
    double chi_square = 0;
    for (const double hits : at) {
      ones += hits;
      const double score = binomial_score(hits, kWords, p);
      chi_square += score * score;
    }
    tally.within(binomial_score(ones, 64.0 * kWords, p), -kLimit, kLimit, "frequency" + what);
    tally.within((chi_square - 64) / std::sqrt(128.0), -kLimit, kLimit, "chi-square of the 64 positions" + what);
    tally.within(binomial_score(pairs[3], 32.0 * kWords, p * p), -kLimit, kLimit, "neighbouring ones" + what);
    tally.within(binomial_score(pairs[0], 32.0 * kWords, (1 - p) * (1 - p)), -kLimit, kLimit,
                 "neighbouring zeros" + what);
    tally.check(std::abs(binomial_score(ones, 64.0 * kWords, p + 0.01 * std::sqrt(p * (1 - p)))) > kLimit,
                "a planted error of p is seen" + what);
    // The same u decides for every p: a larger p only adds ones.
    random_bernoulli(stream, 11, std::min(1.0, 1.1 * p), above);
    bool nested = true;
    for (std::size_t i = 0; i < kWords; ++i) nested = nested && (bits[i] & ~above[i]) == 0;
    tally.check(nested, "bits are nested in p" + what);
  }
}

}  // namespace

int main() {
  normals<float>("float normals");
  normals<double>("double normals");
  streams();
  uniforms();
  bernoulli();
  return tally.finish();
}
