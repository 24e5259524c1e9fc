// core/sparse_product: beside one entry after the other, on every instruction set; widths beside whole vectors, rows
// without entries, columns out of order and twice; what is no matrix is told.
#include "core/sparse_product.h"

#include <cstdint>
#include <string>
#include <vector>

#include "core/cpu.h"
#include "test/check.h"

namespace {

struct Made {
  std::vector<std::int32_t> pointers, columns;
  std::vector<double> values;
};

Made made(std::size_t rows, std::size_t columns, std::uint32_t seed) {
  Made all{{0}, {}, {}};
  std::uint32_t state = seed;
  const auto next = [&state] { return (state = state * 1664525u + 1013904223u) >> 8; };
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t entries = next() % 7; entries > 0; --entries) {
      all.columns.push_back(static_cast<std::int32_t>(next() % columns));
      all.values.push_back(static_cast<double>(next() % 1000) / 999 - 0.5);
    }
    all.pointers.push_back(static_cast<std::int32_t>(all.columns.size()));
  }
  return all;
}

}  // namespace

int main() {
  mft::test::Tally tally;
  using mft::InstructionSet;
  const InstructionSet best = mft::best_instruction_set();
  for (const InstructionSet set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    if (set > best) continue;
    mft::set_instruction_set(set);
    for (const std::size_t width : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 16u, 31u, 64u, 65u, 131u}) {
      const std::size_t rows = 37, columns = 29;
      const Made m = made(rows, columns, static_cast<std::uint32_t>(width));
      std::vector<double> x(columns * width), y(rows * width, -1.0), wanted(rows * width, 0.0);
      for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 17) / 7 - 1;
      for (std::size_t i = 0; i < rows; ++i)
        for (auto e = static_cast<std::size_t>(m.pointers[i]); e < static_cast<std::size_t>(m.pointers[i + 1]); ++e)
          for (std::size_t j = 0; j < width; ++j)
            wanted[i * width + j] += m.values[e] * x[static_cast<std::size_t>(m.columns[e]) * width + j];
      const mft::SparseMatrix matrix{m.pointers, m.columns, m.values.data(), columns};
      tally.check(mft::check(matrix) == mft::SparseFault::kNone, "a matrix");
      mft::sparse_product(matrix, width, x.data(), y.data());
      tally.check(y == wanted, std::string("the same bits: ") + mft::instruction_set_name(set));
    }
  }
  const std::vector<double> values(3, 1.0);
  const auto fault = [&](std::vector<std::int32_t> pointers, std::vector<std::int32_t> columns) {
    return mft::check({pointers, columns, values.data(), 4});
  };
  using mft::SparseFault;
  tally.check(fault({0, 3}, {0, 1, 3}) == SparseFault::kNone, "three entries");
  tally.check(fault({}, {}) == SparseFault::kRowPointers, "no pointers");
  tally.check(fault({0, 4}, {0, 1, 3}) == SparseFault::kRowPointers, "beyond the entries");
  tally.check(fault({0, 2, 1, 3}, {0, 1, 3}) == SparseFault::kRowPointers, "falling pointers");
  tally.check(fault({-1, 3}, {0, 1, 3}) == SparseFault::kRowPointers, "a negative pointer");
  tally.check(fault({0, 3}, {0, 1, 4}) == SparseFault::kColumns, "a column beyond the last");
  tally.check(fault({0, 3}, {0, -1, 3}) == SparseFault::kColumns, "a negative column");
  return tally.finish();
}
