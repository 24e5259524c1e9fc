// Numbers that live as long as their owner: a view of an array of the caller's.
#pragma once
#include <memory>
#include <span>

namespace mft {

struct SharedNumbers {
  std::span<const double> values = {};
  std::shared_ptr<const void> owner = {};
};

}  // namespace mft
