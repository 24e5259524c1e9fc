// The choice of OpenBLAS's core with planted libraries: one that computes wrong, one that lacks a core, one whose every
// core is wrong; and the check of products with planted mistakes.
#include "core/blas_core.h"

#include <functional>
#include <limits>
#include <set>
#include <string>

#include "check.h"
#include "core/blas.h"
#include "core/error.h"
#include "core/product_check.h"

namespace {

using namespace mft;
using mft::test::Tally;

template <typename Real>
void naive(bool ta, bool tb, std::size_t m, std::size_t n, std::size_t k, Real alpha, const Real* a, std::size_t lda,
           const Real* b, std::size_t ldb, Real beta, Real* c, std::size_t ldc) {
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      Real sum = 0;
      for (std::size_t p = 0; p < k; ++p)
        sum += (ta ? a[p * lda + i] : a[i * lda + p]) * (tb ? b[j * ldb + p] : b[p * ldb + j]);
      Real& out = c[i * ldc + j];
      out = alpha * sum + (beta == 0 ? Real{0} : beta * out);
    }
}

// Right, but for one mistake.
enum class Mistake { kLastElement, kLastTerm, kReadsC, kIgnoresTranspose };
template <Mistake mistake, typename Real>
void planted(bool ta, bool tb, std::size_t m, std::size_t n, std::size_t k, Real alpha, const Real* a, std::size_t lda,
             const Real* b, std::size_t ldb, Real beta, Real* c, std::size_t ldc) {
  if (mistake == Mistake::kReadsC && m * n * k < 1000 && beta == 0)
    for (std::size_t i = 0; i < m * n; ++i) c[i] *= beta;
  if (mistake == Mistake::kLastTerm && k % 4 == 1 && k > 1) --k;
  if (mistake == Mistake::kIgnoresTranspose && m == n) tb = false;
  const bool reads = mistake == Mistake::kReadsC && m * n * k < 1000 && beta == 0;
  naive(ta, tb, m, n, k, alpha, a, lda, b, ldb, reads ? Real{1} : beta, c, ldc);
  if (mistake == Mistake::kLastElement && n % 32 == 1) c[m * ldc - 1] *= Real{1.001};
}

void check_products(Tally& tally) {
  tally.check(products_are_right<float>(naive<float>) && products_are_right<double>(naive<double>), "the naive twin");
  tally.check(!products_are_right<float>(planted<Mistake::kLastElement, float>), "one element 0.1 % off");
  tally.check(!products_are_right<double>(planted<Mistake::kLastElement, double>), "one element 0.1 % off, double");
  tally.check(!products_are_right<float>(planted<Mistake::kLastTerm, float>), "the last term of odd depths left out");
  tally.check(!products_are_right<double>(planted<Mistake::kReadsC, double>), "beta = 0 reads C");
  tally.check(products_are_right<float>(static_cast<Product<float>>(blas::gemm)), "OpenBLAS, float");
}

void check_zero_factor(Tally& tally) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double a[9] = {nan, nan, nan, nan, nan, nan, nan, nan, nan};
  double c[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  blas::gemm(false, true, 3, 3, 3, 0.0, a, 3, a, 3, 2.0, c, 3);
  for (int i = 0; i < 9; ++i) tally.check(c[i] == 2.0 * (i + 1), "alpha = 0 reads neither A nor B");
}

// A library with some cores, of which some compute wrong.
struct Library {
  std::set<std::string> cores = {};
  std::set<std::string> wrong = {};
  std::string running = {};
  int taken = 0;
  blas::CoreDoor door() {
    return {.current = [this] { return running; },
            .take =
                [this](const std::string& name) {
                  ++taken;
                  if (cores.count(name) != 0) running = name;
                },
            .is_right = [this] { return wrong.count(running) == 0; }};
  }
};

void check_choice(Tally& tally) {
  const Processor emerald{"GenuineIntel", 6, 207, true, true, true, true, true};
  const Processor zen4{"AuthenticAMD", 25, 17, true, true, true, true, true};
  const std::set<std::string> all{"Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake"};
  const auto expect = [&](const char* what, Library library, const Processor& processor, bool is_users,
                          const std::string& core, blas::CoreStatus status) {
    const blas::CoreChoice choice = blas::choose_core(processor, is_users, library.door());
    tally.check(choice.core == core && library.running == core, std::string(what) + ": took " + choice.core);
    tally.check(choice.status == status, std::string(what) + ": status");
  };
  using enum blas::CoreStatus;
  expect("a fall-back", {all, {}, "Prescott"}, emerald, false, "Cooperlake", kSuitable);
  expect("the user's choice stays", {all, {}, "Prescott"}, emerald, true, "Prescott", kBelow);
  expect("a suitable core stays", {all, {}, "SkylakeX"}, emerald, false, "SkylakeX", kSuitable);
  expect("narrower is faster on Zen 4", {all, {}, "Cooperlake"}, zen4, false, "Haswell", kSuitable);
  expect("a user's wider core", {all, {}, "Cooperlake"}, zen4, true, "Cooperlake", kSuitable);
  expect("an old library", {{"Prescott", "Haswell"}, {}, "Prescott"}, emerald, false, "Haswell", kBelow);
  expect("the best computes wrong", {all, {"Cooperlake"}, "Prescott"}, emerald, false, "SkylakeX", kRefused);
  expect("every suitable core is wrong", {all, {"Cooperlake", "SkylakeX"}, "Prescott"}, emerald, false, "Haswell",
         kRefused);
  expect("the user's is wrong", {all, {"Haswell"}, "Haswell"}, zen4, true, "Zen", kRefused);
  Library still{all, {}, "Haswell"};
  blas::choose_core(zen4, false, still.door());
  tally.check(still.taken == 0, "nothing is taken where the core is suitable");
  Library broken{all, all, "Haswell"};
  try {
    blas::choose_core(zen4, false, broken.door());
    tally.check(false, "no core computes right: an error");
  } catch (const Error& error) {
    tally.check(error.code() == "NATIVE_LOAD", "no core computes right: its code");
  }
}

void check_this_machine(Tally& tally) {
  const blas::CoreChoice& core = blas::core();
  tally.check(core.core != "" && core.found != "" && core.best != "", "the choice has names");
  tally.check(core.status != blas::CoreStatus::kRefused, "this machine's core computes right");
}

}  // namespace

int main() {
  blas::prepare();
  Tally tally;
  check_products(tally);
  check_zero_factor(tally);
  check_choice(tally);
  check_this_machine(tally);
  return tally.finish();
}
