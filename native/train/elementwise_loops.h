// Inside of train/elementwise: the loops, written plainly; the compiler vectorises them for the flags of the including
// file. Everything is in an unnamed namespace so that each instruction set keeps its own copy.
#pragma once
#include <bit>
#include <cmath>
#include <type_traits>

#include "train/elementwise.h"

namespace mft::train {
namespace {

template <typename T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

// x when the lowest bit of `keep` is 1, else +0: without a branch.
template <typename T>
T kept(T x, Bits<T> keep) {
  return std::bit_cast<T>(std::bit_cast<Bits<T>>(x) & (Bits<T>(0) - (keep & 1)));
}

// body(first, count, word of bits) for stretches of at most sizeof(T) * 8 elements, so that shifts stay inside a lane.
template <typename T, typename Body>
void for_words(const std::uint64_t* bits, std::size_t n, Body body) {
  constexpr std::size_t kLaneBits = sizeof(T) * 8;
  for (std::size_t first = 0; first < n; first += kLaneBits) {
    const Bits<T> word = static_cast<Bits<T>>(bits[first / 64] >> (first % 64));
    body(first, n - first < kLaneBits ? n - first : kLaneBits, word);
  }
}

template <typename T>
void mask_both(T* value, T* derivative, const std::uint64_t* bits, T scale, std::size_t n) {
  for_words<T>(bits, n, [&](std::size_t first, std::size_t count, Bits<T> word) {
    T* __restrict v = value + first;
    T* __restrict d = derivative + first;
    for (std::size_t j = 0; j < count; ++j) {
      v[j] = kept(v[j] * scale, word >> static_cast<Bits<T>>(j));
      d[j] = kept(d[j] * scale, word >> static_cast<Bits<T>>(j));
    }
  });
}

template <typename T>
void mask(T* value, const std::uint64_t* bits, T scale, std::size_t n) {
  for_words<T>(bits, n, [&](std::size_t first, std::size_t count, Bits<T> word) {
    T* v = value + first;
    for (std::size_t j = 0; j < count; ++j) v[j] = kept(v[j] * scale, word >> static_cast<Bits<T>>(j));
  });
}

template <typename T>
void multiply(const T* a, const T* b, T* product, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) product[i] = a[i] * b[i];
}

template <typename T>
void add(const T* term, T* sum, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sum[i] += term[i];
}

template <typename T>
void scale_all(T factor, T* values, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) values[i] *= factor;
}

template <typename T>
void from_bytes(const std::uint8_t* bytes, const T* scale, const T* shift, T* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<T>(bytes[i]) * scale[i] + shift[i];
}

template <typename T>
void from_floats(const float* floats, const T* scale, const T* shift, T* out, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<T>(floats[i]) * scale[i] + shift[i];
}

template <typename T>
void sgd(const UpdateFactors<T>& f, const T* g, T* w, std::size_t n) {
  const T rate = f.rate, weight_decay = f.weight_decay;
  for (std::size_t i = 0; i < n; ++i) w[i] -= rate * (g[i] + weight_decay * w[i]);
}

template <typename T>
void momentum(const UpdateFactors<T>& f, T* velocity, T* w, std::size_t n) {
  const T rate = f.rate, weight_decay = f.weight_decay;
  for (std::size_t i = 0; i < n; ++i) {
    const T v = velocity[i] + weight_decay * w[i];
    velocity[i] = v;
    w[i] -= rate * v;
  }
}

template <typename T>
void nesterov(const UpdateFactors<T>& f, const T* g, T* velocity, T* w, std::size_t n) {
  const T rate = f.rate, weight_decay = f.weight_decay, mu = f.momentum;
  for (std::size_t i = 0; i < n; ++i) {
    const T gradient = g[i] + weight_decay * w[i];
    const T v = mu * velocity[i] + gradient;
    velocity[i] = v;
    w[i] -= rate * (gradient + mu * v);
  }
}

template <typename T>
void rms_prop(const UpdateFactors<T>& f, const T* g, T* square, T* w, std::size_t n) {
  const T rate = f.rate, weight_decay = f.weight_decay, decay = f.decay, rest = T(1) - f.decay, epsilon = f.epsilon;
  for (std::size_t i = 0; i < n; ++i) {
    const T gradient = g[i] + weight_decay * w[i];
    const T s = decay * square[i] + rest * (gradient * gradient);
    square[i] = s;
    w[i] -= rate * gradient / (std::sqrt(s) + epsilon);
  }
}

template <typename T>
void adam(const UpdateFactors<T>& f, const T* g, T* first, T* second, T* w, std::size_t n) {
  const T weight_decay = f.weight_decay, beta1 = f.beta1, rest1 = T(1) - f.beta1, beta2 = f.beta2,
          rest2 = T(1) - f.beta2;
  const T step = f.rate * f.correction1, root = std::sqrt(f.correction2), epsilon = f.epsilon;
  for (std::size_t i = 0; i < n; ++i) {
    const T gradient = g[i] + weight_decay * w[i];
    const T m = beta1 * first[i] + rest1 * gradient;
    const T s = beta2 * second[i] + rest2 * (gradient * gradient);
    first[i] = m;
    second[i] = s;
    w[i] -= step * m / (std::sqrt(s) * root + epsilon);
  }
}

template <typename T>
inline constexpr Elementwise<T> kElementwise = {mask_both<T>, mask<T>,       multiply<T>,    add<T>,
                                                scale_all<T>, from_bytes<T>, from_floats<T>, sgd<T>,
                                                momentum<T>,  nesterov<T>,   rms_prop<T>,    adam<T>};

}  // namespace
}  // namespace mft::train
