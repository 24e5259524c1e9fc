// Memory of many MiB in pages of 2 MiB where the system offers them: an array of 256 MiB is then met in 128 page
// faults, not in 65,536, which take longer than a pass over it.
#pragma once
#include <cstddef>
#include <cstdint>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace mft {

// Asks for them inside of a fresh array, before it is written. A hint: nothing depends on it.
inline void prefer_huge_pages([[maybe_unused]] void* first, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kPage = std::size_t{1} << 21, kLeast = 8 * kPage;  // of fewer one more would be a waste
  if (bytes < kLeast) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(first);
  const std::uintptr_t from = (begin + kPage - 1) / kPage * kPage, to = (begin + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
#endif
}

}  // namespace mft
