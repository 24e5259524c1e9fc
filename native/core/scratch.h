// Working storage that is used again: it grows and never shrinks.
#pragma once
#include <cstddef>
#include <vector>

namespace mft {

// Room for `size` numbers, whatever stands there.
template <typename T>
T* room(std::vector<T>& storage, std::size_t size) {
  if (storage.size() < size) storage.resize(size);
  return storage.data();
}

}  // namespace mft
