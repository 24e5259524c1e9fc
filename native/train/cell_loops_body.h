// Inside of train/cell_loops: the loops, written plainly; the compiler vectorises them for the flags of the including
// file. Everything is in an unnamed namespace so that each instruction set keeps its own copy.
#pragma once
#include "train/cell_loops.h"

namespace mft::train {
namespace {

template <typename T>
void mix(const T* u, const T* before, const T* g, T* h, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) h[k] = u[k] * before[k] + (T(1) - u[k]) * g[k];
}

template <typename T>
void add_product(const T* __restrict a, const T* __restrict b, T* __restrict sum, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) sum[k] += a[k] * b[k];
}

template <typename T>
void keep_and_write(const T* f, const T* before, const T* i, const T* g, T* c, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) c[k] = f[k] * before[k] + i[k] * g[k];
}

template <typename T>
void share(const T* f, const T* i, T* out, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) out[k] = f[k] / (f[k] + i[k]);
}

template <typename T>
void minimal_back(T* __restrict u, const T* __restrict before, T* __restrict written, T* __restrict dh, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const T error = dh[k], gate = u[k], rest = T(1) - gate;
    u[k] = error * (before[k] - written[k]) * gate * rest;
    written[k] = error * rest;
    dh[k] = error * gate;
  }
}

template <typename T>
void mix_back(T* __restrict z, T* __restrict g, const T* __restrict before, T* __restrict dh, bool is_tanh,
              std::size_t n) {
  const T bend = is_tanh ? T(1) : T(0);
  for (std::size_t k = 0; k < n; ++k) {
    const T error = dh[k], gate = z[k], rest = T(1) - gate, candidate = g[k];
    z[k] = error * (before[k] - candidate) * gate * rest;
    g[k] = error * rest * (T(1) - bend * candidate * candidate);
    dh[k] = error * gate;
  }
}

template <typename T>
void reset_before_back(T* __restrict r, const T* __restrict before, const T* __restrict product_error, T* __restrict dh,
                       std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const T gate = r[k];
    dh[k] += product_error[k] * gate;
    r[k] = product_error[k] * before[k] * gate * (T(1) - gate);
  }
}

template <typename T>
void reset_after_back(T* __restrict r, T* __restrict s, const T* __restrict dg, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const T gate = r[k];
    r[k] = dg[k] * s[k] * gate * (T(1) - gate);
    s[k] = dg[k] * gate;
  }
}

template <typename T>
void lstm_back(T* __restrict i, T* __restrict f, T* __restrict g, T* __restrict o, const T* __restrict tanh_c,
               const T* __restrict before, const T* __restrict dh, T* __restrict dc, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const T out = o[k], bent = tanh_c[k], write = i[k], keep = f[k], candidate = g[k];
    const T error = dc[k] + dh[k] * out * (T(1) - bent * bent);
    o[k] = dh[k] * bent * out * (T(1) - out);
    i[k] = error * candidate * write * (T(1) - write);
    f[k] = error * before[k] * keep * (T(1) - keep);
    g[k] = error * write * (T(1) - candidate * candidate);
    dc[k] = error * keep;
  }
}

template <typename T>
void min_lstm_back(T* __restrict i, T* __restrict f, T* __restrict g, const T* __restrict share,
                   const T* __restrict before, T* __restrict dh, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    const T error = dh[k], keep = share[k], rest = T(1) - keep;
    const T slope = error * (before[k] - g[k]) * keep * rest;
    i[k] = -slope * (T(1) - i[k]);
    f[k] = slope * (T(1) - f[k]);
    g[k] = error * rest;
    dh[k] = error * keep;
  }
}

template <typename T>
inline constexpr CellLoops<T> kCellLoops = {mix<T>,          add_product<T>,  keep_and_write<T>,    share<T>,
                                            minimal_back<T>, mix_back<T>,     reset_before_back<T>, reset_after_back<T>,
                                            lstm_back<T>,    min_lstm_back<T>};

}  // namespace
}  // namespace mft::train
