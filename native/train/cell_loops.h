// The loops of recurrent cells that are no matrix products, over the units of one row at one time, once per instruction
// set. Same bits on all of them: only separate additions, products and quotients. A gate at hand is its value, and is
// replaced by dE/d(pre-activation) on the way back; 1 - u is formed as it stands.
#pragma once
#include <cstddef>

namespace mft::train {

template <typename T>
struct CellLoops {
  // h = u before + (1 - u) g
  void (*mix)(const T* u, const T* before, const T* g, T* h, std::size_t n);
  // sum += a b
  void (*add_product)(const T* a, const T* b, T* sum, std::size_t n);
  // c = f before + i g
  void (*keep_and_write)(const T* f, const T* before, const T* i, const T* g, T* c, std::size_t n);
  // minLstm: share = f / (f + i)
  void (*share)(const T* f, const T* i, T* share, std::size_t n);

  // minimal: gate u, of `written` = x it makes dE/dx past the gate; dh becomes that of the state before.
  void (*minimal_back)(T* u, const T* before, T* written, T* dh, std::size_t n);
  // gru and minGru: gates z and g; is_tanh: g is one.
  void (*mix_back)(T* z, T* g, const T* before, T* dh, bool is_tanh, std::size_t n);
  // gru, r before the product: dr from dE/d(r h), whose share is added to dh.
  void (*reset_before_back)(T* r, const T* before, const T* product_error, T* dh, std::size_t n);
  // gru, r after the product s: dr, and s becomes dE/ds; dg is at hand.
  void (*reset_after_back)(T* r, T* s, const T* dg, std::size_t n);
  // lstm: gates i, f, g, o, tanh of the new c, and c before; dc becomes that of c before.
  void (*lstm_back)(T* i, T* f, T* g, T* o, const T* tanh_c, const T* before, const T* dh, T* dc, std::size_t n);
  // minLstm: gates i, f, g and the share f / (f + i).
  void (*min_lstm_back)(T* i, T* f, T* g, const T* share, const T* before, T* dh, std::size_t n);
};

// The loops for the active instruction set.
template <typename T>
const CellLoops<T>& cell_loops();

struct CellLoopSets {
  CellLoops<float> of_floats;
  CellLoops<double> of_doubles;
};
const CellLoopSets& cell_loops_baseline();
const CellLoopSets& cell_loops_avx2();
const CellLoopSets& cell_loops_avx512();

}  // namespace mft::train
