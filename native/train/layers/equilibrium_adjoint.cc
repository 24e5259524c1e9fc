// How an equilibrium layer finds its adjoint: four ways over the rows of a tile.
#include <algorithm>
#include <cmath>
#include <span>

#include "core/statistics.h"
#include "train/elementwise.h"
#include "train/layers/equilibrium.h"

namespace mft::train {
namespace {

template <typename T>
double square(const T* a, std::size_t n) {
  return sum_of_squares(std::span<const T>(a, n));
}

// y += factor x
template <typename T>
void add_scaled(double factor, const T* x, T* y, std::size_t n) {
  const T f = static_cast<T>(factor);
  for (std::size_t i = 0; i < n; ++i) y[i] += f * x[i];
}

}  // namespace

template <typename T>
void EquilibriumLayer<T>::transposed_product(bool has_mask, std::size_t rows, std::size_t v, std::size_t product,
                                             T* tape) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    elementwise<T>().multiply(own + slope(0), own + v, own + delta(0), n);
  }
  state_.backward(rows, from(tape, delta(0)), T(0), at(tape, product));
  if (!has_mask) return;
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    elementwise<T>().multiply(own + mask(), own + product, own + product, n);
  }
}

template <typename T>
void EquilibriumLayer<T>::product(bool has_mask, std::size_t rows, std::size_t v, std::size_t product, T* tape) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    if (has_mask)
      elementwise<T>().multiply(own + mask(), own + v, own + delta(0), n);
    else
      std::copy_n(own + v, n, own + delta(0));
  }
  // J v has no bias: the affine part of W has none.
  state_.forward(rows, from(tape, delta(0)), false, at(tape, product));
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    elementwise<T>().multiply(own + slope(0), own + product, own + product, n);
  }
}

// z = sum over k < terms of (J^T)^k g; the next term is the residual.
template <typename T>
void EquilibriumLayer<T>::solve_neumann(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  const std::size_t z = state(), v = drive(), next = first_free(), is_done = updates();
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    std::copy_n(g + row * n, n, own + z);
    std::copy_n(g + row * n, n, own + v);
    own[is_done] = T(0);
  }
  std::size_t open = rows;
  for (std::size_t k = 1; k < shape_.terms && open > 0; ++k) {
    transposed_product(has_mask, rows, v, next, tape);
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      if (own[is_done] != T(0)) continue;
      if (counts != nullptr) counts[3 * row + 2] = static_cast<double>(k);
      std::copy_n(own + next, n, own + v);
      if (square(own + next, n) > shape_.tolerance * shape_.tolerance * square(g + row * n, n)) {
        elementwise<T>().add(own + next, own + z, n);
      } else {
        own[is_done] = T(1);
        --open;
      }
    }
  }
}

// z <- J^T z + g from a start drawn in [0, 1).
template <typename T>
void EquilibriumLayer<T>::solve_original(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  for (std::size_t row = 0; row < rows; ++row)
    std::copy_n(tape + row * stride + start(), n, tape + row * stride + state());
  for (std::size_t k = 0; k < shape_.terms; ++k) {
    transposed_product(has_mask, rows, state(), first_free(), tape);
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      elementwise<T>().add(g + row * n, own + first_free(), n);
      std::copy_n(own + first_free(), n, own + state());
    }
  }
  if (counts == nullptr) return;
  for (std::size_t row = 0; row < rows; ++row) counts[3 * row + 2] = static_cast<double>(shape_.terms);
}

// Conjugate gradient on (I - J)(I - J)^T z = (I - J) g, with the residual r = g - (I - J)^T z carried along.
template <typename T>
void EquilibriumLayer<T>::solve_conjugate_gradient(bool has_mask, std::size_t rows, const T* g, T* tape,
                                                   double* counts) const {
  const std::size_t n = shape_.units, stride = tape_per_row();
  const std::size_t z = state(), r = first_free(), p = drive(), q = start(), is_done = updates();
  // a <- b - a
  const auto less = [n](T* a, const T* b) {
    for (std::size_t i = 0; i < n; ++i) a[i] = b[i] - a[i];
  };
  const std::size_t length = is_done + 1;  // of (I - J) r
  std::size_t open = rows;
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    std::fill_n(own + z, n, T(0));
    std::copy_n(g + row * n, n, own + r);
    own[is_done] = T(0);
  }
  product(has_mask, rows, r, q, tape);
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    less(own + q, own + r);
    std::copy_n(own + q, n, own + p);
    own[length] = static_cast<T>(std::sqrt(square(own + q, n)));
    if (own[length] == T(0)) {
      own[is_done] = T(1);
      --open;
    }
  }
  for (std::size_t k = 1; k <= shape_.terms && open > 0; ++k) {
    transposed_product(has_mask, rows, p, q, tape);
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      if (own[is_done] != T(0)) continue;
      less(own + q, own + p);
      const double gamma = static_cast<double>(own[length]) * static_cast<double>(own[length]);
      const double alpha = gamma / square(own + q, n);
      add_scaled(alpha, own + p, own + z, n);
      add_scaled(-alpha, own + q, own + r, n);
      if (counts != nullptr) counts[3 * row + 2] = static_cast<double>(2 * k);
      if (square(own + r, n) > shape_.tolerance * shape_.tolerance * square(g + row * n, n)) continue;
      own[is_done] = T(1);
      --open;
    }
    if (k == shape_.terms || open == 0) break;
    product(has_mask, rows, r, q, tape);
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      if (own[is_done] != T(0)) continue;
      less(own + q, own + r);
      const double before = static_cast<double>(own[length]);
      const double after = std::sqrt(square(own + q, n));
      own[length] = static_cast<T>(after);
      const T beta = static_cast<T>(after / before * (after / before));
      T *direction = own + p, *steepest = own + q;
      for (std::size_t i = 0; i < n; ++i) direction[i] = steepest[i] + beta * direction[i];
    }
  }
}

// Back through the last updates of a row, from its own end.
template <typename T>
void EquilibriumLayer<T>::go_back(bool has_mask, std::size_t rows, const T* g, T* tape, double* counts) const {
  const std::size_t n = shape_.units, stride = tape_per_row(), most = bundles();
  const Elementwise<T>& loops = elementwise<T>();
  std::size_t deepest = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    const std::size_t done = static_cast<std::size_t>(own[updates()]);
    deepest = std::max(deepest, std::min(done, most));
    if (counts != nullptr) counts[3 * row + 2] = static_cast<double>(std::min(done, most));
    std::copy_n(g + row * n, n, own + state());
    for (std::size_t b = done; b < most; ++b) {  // bundles that this row has not reached
      std::fill_n(own + masked_state(b), n, T(0));
      std::fill_n(own + delta(b), n, T(0));
    }
    // The third slots behind the bundles are 0 from the start, and stay so.
  }
  for (std::size_t j = 0; j < deepest; ++j) {
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      const std::size_t done = static_cast<std::size_t>(own[updates()]);
      if (j >= std::min(done, most)) {
        std::fill_n(own + drive(), n, T(0));
        continue;
      }
      const std::size_t b = (done - 1 - j) % most;
      loops.multiply(own + slope(b), own + state(), own + delta(b), n);
      std::copy_n(own + delta(b), n, own + drive());
    }
    if (j + 1 == deepest) break;
    state_.backward(rows, from(tape, drive()), T(0), at(tape, state()));
    if (!has_mask) continue;
    for (std::size_t row = 0; row < rows; ++row) {
      T* own = tape + row * stride;
      loops.multiply(own + mask(), own + state(), own + state(), n);
    }
  }
  for (std::size_t row = 0; row < rows; ++row) {
    T* own = tape + row * stride;
    std::fill_n(own + delta_sum(), n, T(0));
    std::fill_n(own + drive(), n, T(0));
    for (std::size_t b = 0; b < most; ++b) loops.add(own + delta(b), own + delta_sum(), n);
  }
}

template void EquilibriumLayer<float>::solve_neumann(bool, std::size_t, const float*, float*, double*) const;
template void EquilibriumLayer<float>::solve_original(bool, std::size_t, const float*, float*, double*) const;
template void EquilibriumLayer<float>::solve_conjugate_gradient(bool, std::size_t, const float*, float*, double*) const;
template void EquilibriumLayer<float>::go_back(bool, std::size_t, const float*, float*, double*) const;
template void EquilibriumLayer<double>::solve_neumann(bool, std::size_t, const double*, double*, double*) const;
template void EquilibriumLayer<double>::solve_original(bool, std::size_t, const double*, double*, double*) const;
template void EquilibriumLayer<double>::solve_conjugate_gradient(bool, std::size_t, const double*, double*,
                                                                 double*) const;
template void EquilibriumLayer<double>::go_back(bool, std::size_t, const double*, double*, double*) const;

}  // namespace mft::train
