#include "train/loss.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "core/math.h"

namespace mft::train {
namespace {

// exp(z - largest), valid until the next call, and their sum.
template <typename T>
std::pair<std::span<const T>, double> exponentials_of(const T* z, std::size_t classes, T largest) {
  thread_local std::vector<T> exponentials;
  exponentials.resize(classes);
  for (std::size_t k = 0; k < classes; ++k) exponentials[k] = z[k] - largest;
  const std::span<T> terms(exponentials);
  math::apply(math::Function::kExp, std::span<const T>(terms), terms);
  double sum = 0;
  for (const T term : terms) sum += static_cast<double>(term);
  return {terms, sum};
}

template <typename T>
double brier(const T* z, std::size_t label, std::size_t classes, T largest, T* error) {
  const auto [terms, sum] = exponentials_of(z, classes, largest);
  double squares = 0, product = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    const double v = static_cast<double>(terms[k]) / sum, r = v - (k == label ? 1.0 : 0.0);
    squares += r * r;
    product += v * r;
  }
  if (error != nullptr)
    for (std::size_t k = 0; k < classes; ++k) {
      const double v = static_cast<double>(terms[k]) / sum;
      error[k] = static_cast<T>(v * (v - (k == label ? 1.0 : 0.0) - product));
    }
  return 0.5 * squares;
}

template <typename T>
double cross_entropy(const T* z, std::size_t label, std::size_t classes, T largest, T* error) {
  const auto [terms, sum] = exponentials_of(z, classes, largest);
  double log_sum = sum;
  math::apply(math::Function::kLog, std::span<const double>(&log_sum, 1), std::span<double>(&log_sum, 1));
  if (error != nullptr)
    for (std::size_t k = 0; k < classes; ++k)
      error[k] = static_cast<T>(static_cast<double>(terms[k]) / sum - (k == label ? 1.0 : 0.0));
  return log_sum - (static_cast<double>(z[label]) - static_cast<double>(largest));
}

template <typename T>
double squared(const T* z, std::size_t label, std::size_t classes, T* error) {
  double sum = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    const T difference = z[k] - (k == label ? T(1) : T(0));
    if (error != nullptr) error[k] = difference;
    sum += static_cast<double>(difference) * static_cast<double>(difference);
  }
  return 0.5 * sum;
}

}  // namespace

template <typename T>
void loss_of(LossKind kind, const T* z, const std::uint32_t* labels, std::size_t rows, std::size_t classes,
             double* loss, std::uint32_t* correct, T* error) {
  for (std::size_t row = 0; row < rows; ++row) {
    const T* at = z + row * classes;
    T* row_error = error == nullptr ? nullptr : error + row * classes;
    const T* largest = std::max_element(at, at + classes);
    const std::size_t label = labels[row];
    correct[row] = static_cast<std::size_t>(largest - at) == label ? 1 : 0;
    loss[row] = kind == LossKind::kCrossEntropy ? cross_entropy(at, label, classes, *largest, row_error)
                : kind == LossKind::kBrier      ? brier(at, label, classes, *largest, row_error)
                                                : squared(at, label, classes, row_error);
  }
}

template <typename T>
void sequence_loss_of(LossKind kind, const T* z, const std::uint32_t* labels, std::size_t rows, std::size_t positions,
                      std::size_t classes, double* loss, std::uint32_t* correct, T* error) {
  const T share = T(1) / static_cast<T>(positions);
  for (std::size_t row = 0; row < rows; ++row) {
    double sum = 0;
    std::uint32_t hits = 0;
    for (std::size_t at = row * positions; at < (row + 1) * positions; ++at) {
      T* own = error == nullptr ? nullptr : error + at * classes;
      if (labels[at] == kNoLabel) {
        if (own != nullptr) std::fill_n(own, classes, T(0));
        continue;
      }
      double one = 0;
      std::uint32_t hit = 0;
      loss_of(kind, z + at * classes, labels + at, 1, classes, &one, &hit, own);
      sum += one;
      hits += hit;
      if (own != nullptr)
        for (std::size_t k = 0; k < classes; ++k) own[k] *= share;
    }
    loss[row] = sum / static_cast<double>(positions);
    correct[row] = hits;
  }
}

template <typename T>
void reconstruction_loss_of(const T* z, const T* x, std::size_t rows, std::size_t count, double* loss, T* error) {
  for (std::size_t row = 0; row < rows; ++row) {
    double sum = 0;
    for (std::size_t k = row * count; k < (row + 1) * count; ++k) {
      const T difference = z[k] - x[k];
      if (error != nullptr) error[k] = difference;
      sum += static_cast<double>(difference) * static_cast<double>(difference);
    }
    loss[row] = 0.5 * sum;
  }
}

template void sequence_loss_of(LossKind, const float*, const std::uint32_t*, std::size_t, std::size_t, std::size_t,
                               double*, std::uint32_t*, float*);
template void sequence_loss_of(LossKind, const double*, const std::uint32_t*, std::size_t, std::size_t, std::size_t,
                               double*, std::uint32_t*, double*);
template void reconstruction_loss_of(const float*, const float*, std::size_t, std::size_t, double*, float*);
template void reconstruction_loss_of(const double*, const double*, std::size_t, std::size_t, double*, double*);
template void loss_of(LossKind, const float*, const std::uint32_t*, std::size_t, std::size_t, double*, std::uint32_t*,
                      float*);
template void loss_of(LossKind, const double*, const std::uint32_t*, std::size_t, std::size_t, double*, std::uint32_t*,
                      double*);

}  // namespace mft::train
