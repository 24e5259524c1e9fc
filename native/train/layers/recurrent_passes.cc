// A recurrent layer through time, forward and back.
#include <algorithm>
#include <span>

#include "core/math.h"
#include "core/product.h"
#include "train/buffer.h"
#include "train/cell_loops.h"
#include "train/elementwise.h"
#include "train/layers/recurrent.h"

namespace mft::train {
namespace {

template <typename T>
void apply(math::Function function, T* values, std::size_t count) {
  math::apply(function, std::span<const T>(values, count), std::span<T>(values, count));
}

// Numbers of the tile at work that no later step of the run reads. Grows once.
template <typename T>
T* tile_scratch(std::size_t count) {
  thread_local Buffer<T> scratch;
  if (scratch.size() < count) scratch.resize(count);
  return scratch.data();
}

}  // namespace

template <typename T>
typename RecurrentLayer<T>::At RecurrentLayer<T>::at(T* tape, std::size_t row, std::size_t step) const {
  T* own = tape + (row * shape_.steps + step) * stride_;
  T* before = own + gate_blocks_ * shape_.units;
  T* cell = before + shape_.units;
  return {own, before, cell, has_cell_ ? cell + shape_.units : cell};
}

template <typename T>
void RecurrentLayer<T>::input_products(std::size_t rows, const T* input, T* tape) const {
  const std::size_t positions = rows * shape_.steps;
  for (const Part& part : parts_)
    if (part.from == From::kInput)
      part.affine.forward(positions, {input, shape_.inputs}, false, {tape + part.delta, stride_});
  if (!is_gru_ || !shape_.reset_after) return;
  // The product of the candidate begins with its bias.
  const std::size_t h = shape_.units;
  const T* bias = shape_.has_bias ? weights_of(parts_.size() - 1) + h * h : nullptr;
  for (std::size_t p = 0; p < positions; ++p) {
    T* product = tape + p * stride_ + 3 * h;
    if (bias != nullptr)
      std::copy_n(bias, h, product);
    else
      std::fill_n(product, h, T(0));
  }
}

template <typename T>
void RecurrentLayer<T>::state_products(std::size_t rows, std::size_t step, T* tape) const {
  if (!feeds_back_) return;
  const std::size_t h = shape_.units, row_stride = tape_per_row();
  const At first = at(tape, 0, step);
  matrix_product(false, true, rows, state_gates_ * h, h, T(1), first.before, row_stride, weights_of(state_part_), h,
                 T(1), first.gates + state_at_, row_stride);
}

// gru with r before the product: g's pre-activation from r ∘ h.
template <typename T>
void RecurrentLayer<T>::candidates(std::size_t rows, std::size_t step, T* tape) const {
  const std::size_t h = shape_.units;
  for (std::size_t row = 0; row < rows; ++row) {
    const At own = at(tape, row, step);
    apply(math::Function::kSigmoid, own.gates + h, 2 * h);
    elementwise<T>().multiply(own.gates + 2 * h, own.before, own.extra, h);
  }
  const At first = at(tape, 0, step);
  matrix_product(false, true, rows, h, h, T(1), first.extra, tape_per_row(), weights_of(parts_.size() - 1), h, T(1),
                 first.gates, tape_per_row());
}

template <typename T>
void RecurrentLayer<T>::cell(At at, const T* x, T* after, T* cell_after, T* out) const {
  using math::Function;
  const std::size_t h = shape_.units;
  const CellLoops<T>& loops = cell_loops<T>();
  T* const gates = at.gates;
  switch (shape_.cell) {
    case RecurrentCell::kVanilla:
      std::copy_n(gates, h, after);
      activate_both(shape_.activation, std::span<const T>(after, h), std::span<T>(after, h), std::span<T>(gates, h));
      break;
    case RecurrentCell::kMinimal:
      apply(Function::kSigmoid, gates, h);
      std::copy_n(x, h, at.extra);
      loops.mix(gates, at.before, x, after, h);
      break;
    case RecurrentCell::kGru:
      if (shape_.reset_after) {
        apply(Function::kSigmoid, gates + h, 2 * h);
        loops.add_product(gates + 2 * h, gates + 3 * h, gates, h);
      }
      apply(Function::kTanh, gates, h);
      loops.mix(gates + h, at.before, gates, after, h);
      break;
    case RecurrentCell::kMinGru:
      apply(Function::kSigmoid, gates, h);
      loops.mix(gates, at.before, gates + h, after, h);
      break;
    case RecurrentCell::kMinLstm:
      apply(Function::kSigmoid, gates, 2 * h);
      loops.share(gates + h, gates, at.extra, h);
      loops.mix(at.extra, at.before, gates + 2 * h, after, h);
      break;
    case RecurrentCell::kPeepholeLstm:
    case RecurrentCell::kLstm: {
      apply(Function::kSigmoid, gates, 2 * h);
      apply(Function::kTanh, gates + 2 * h, h);
      apply(Function::kSigmoid, gates + 3 * h, h);
      T* const c = has_cell_ ? cell_after : after;
      loops.keep_and_write(gates + h, has_cell_ ? at.cell : at.before, gates, gates + 2 * h, c, h);
      std::copy_n(c, h, at.extra);
      apply(Function::kTanh, at.extra, h);
      if (has_cell_)
        elementwise<T>().multiply(gates + 3 * h, at.extra, after, h);
      else if (out != nullptr)
        elementwise<T>().multiply(gates + 3 * h, at.extra, out, h);
    }
  }
  if (out != nullptr && shape_.cell != RecurrentCell::kPeepholeLstm) std::copy_n(after, h, out);
}

// States after the last position go to `tails`, 2 units a row.
template <typename T>
void RecurrentLayer<T>::cells(std::size_t rows, std::size_t step, const T* input, T* output, T* tape, T* tails) const {
  const std::size_t h = shape_.units;
  const bool is_last = step + 1 == shape_.steps;
  if (is_gru_ && !shape_.reset_after) candidates(rows, step, tape);
  for (std::size_t row = 0; row < rows; ++row) {
    T* after = tails + 2 * row * h;
    T* cell_after = after + h;
    if (!is_last) {
      const At next = at(tape, row, step + 1);
      after = next.before;
      cell_after = next.cell;
    }
    T* out = nullptr;
    if (shape_.returns_sequence)
      out = output + row * outputs() + step * h;
    else if (is_last)
      out = output + row * h;
    cell(at(tape, row, step), input + (row * shape_.steps + step) * shape_.inputs, after, cell_after, out);
  }
}

template <typename T>
void RecurrentLayer<T>::mask(const Pass<T>& pass, Rows rows, T* output, T* tape, std::uint64_t* bits) const {
  const std::size_t h = shape_.units, units = outputs(), words = words_for(units);
  const std::size_t first = shape_.returns_sequence ? 0 : shape_.steps - 1;
  const T scale = static_cast<T>(pass.masks->scale(shape_.mask_layer));
  pass.masks->draw(shape_.mask_layer, rows.first, rows.count, units, std::span(bits, rows.count * words));
  for (std::size_t row = 0; row < rows.count; ++row) {
    const std::uint64_t* own = bits + row * words;
    for (std::size_t step = first; step < shape_.steps; ++step) {
      T* factors = at(tape, row, step).gates + stride_ - h;
      const std::size_t from = (step - first) * h;
      for (std::size_t k = 0; k < h; ++k) factors[k] = (own[(from + k) / 64] >> ((from + k) % 64)) & 1 ? scale : T(0);
      T* out = output + row * units + from;
      elementwise<T>().multiply(out, factors, out, h);
    }
  }
}

template <typename T>
void RecurrentLayer<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                                std::uint64_t* mask_bits) const {
  const std::size_t h = shape_.units, carried = state_per_row();
  input_products(rows.count, input, tape);
  for (std::size_t row = 0; row < rows.count; ++row) {
    const At start = at(tape, row, 0);
    const auto begin = [&](T* to, std::size_t from) {
      if (pass.state == nullptr)
        std::fill_n(to, h, T(0));
      else
        std::copy_n(pass.state + row * carried + from, h, to);
    };
    begin(start.before, 0);
    if (has_cell_) begin(start.cell, h);
  }
  T* tails = tile_scratch<T>(2 * rows.count * h);
  for (std::size_t step = 0; step < shape_.steps; ++step) {
    state_products(rows.count, step, tape);
    cells(rows.count, step, input, output, tape, tails);
  }
  if (pass.state != nullptr)
    for (std::size_t row = 0; row < rows.count; ++row)
      std::copy_n(tails + 2 * row * h, carried, pass.state + row * carried);
  if (!pass.is_training) return;
  record_values(pass.statistics, rows, output, outputs());
  if (pass.masks != nullptr && pass.masks->masks(shape_.mask_layer)) mask(pass, rows, output, tape, mask_bits);
}

template <typename T>
void RecurrentLayer<T>::add_errors(std::size_t rows, std::size_t step, const T* output_error, T* tape, T* dh) const {
  const std::size_t h = shape_.units;
  const bool is_masked = shape_.keep_probability < 1;
  if (!shape_.returns_sequence && step + 1 != shape_.steps) return;
  for (std::size_t row = 0; row < rows; ++row) {
    const T* error = output_error + row * outputs() + (shape_.returns_sequence ? step * h : 0);
    if (is_masked)
      cell_loops<T>().add_product(error, at(tape, row, step).gates + stride_ - h, dh + row * h, h);
    else
      elementwise<T>().add(error, dh + row * h, h);
  }
}

template <typename T>
void RecurrentLayer<T>::cells_back(std::size_t rows, std::size_t step, T* tape, T* dh, T* dc, T* work) const {
  const std::size_t h = shape_.units;
  const CellLoops<T>& loops = cell_loops<T>();
  for (std::size_t row = 0; row < rows; ++row) {
    const At own = at(tape, row, step);
    T* const gates = own.gates;
    T* const error = dh + row * h;
    switch (shape_.cell) {
      case RecurrentCell::kVanilla:
        elementwise<T>().multiply(error, gates, gates, h);
        std::fill_n(error, h, T(0));
        break;
      case RecurrentCell::kMinimal:
        loops.minimal_back(gates, own.before, own.extra, error, h);
        break;
      case RecurrentCell::kGru:
        loops.mix_back(gates + h, gates, own.before, error, true, h);
        if (shape_.reset_after) loops.reset_after_back(gates + 2 * h, gates + 3 * h, gates, h);
        break;
      case RecurrentCell::kMinGru:
        loops.mix_back(gates, gates + h, own.before, error, false, h);
        break;
      case RecurrentCell::kMinLstm:
        loops.min_lstm_back(gates, gates + h, gates + 2 * h, own.extra, own.before, error, h);
        break;
      case RecurrentCell::kPeepholeLstm:
      case RecurrentCell::kLstm:
        loops.lstm_back(gates, gates + h, gates + 2 * h, gates + 3 * h, own.extra, has_cell_ ? own.cell : own.before,
                        error, dc + row * h, h);
        std::fill_n(error, h, T(0));
    }
  }
  if (!is_gru_ || shape_.reset_after) return;
  matrix_product(false, false, rows, h, h, T(1), at(tape, 0, step).gates, tape_per_row(), weights_of(parts_.size() - 1),
                 h, T(0), work, h);
  for (std::size_t row = 0; row < rows; ++row) {
    const At own = at(tape, row, step);
    loops.reset_before_back(own.gates + 2 * h, own.before, work + row * h, dh + row * h, h);
  }
}

template <typename T>
void RecurrentLayer<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const {
  record_errors(pass.statistics, rows, output_error, outputs());
  const std::size_t h = shape_.units, tile = rows.count * h;
  T* const dh = tile_scratch<T>(3 * tile);
  T *const dc = dh + tile, *const work = dc + tile;
  std::fill_n(dh, 2 * tile, T(0));
  // What the recurrent product hands back goes to the state it read: of the peephole cell that is c.
  T* const fed = shape_.cell == RecurrentCell::kPeepholeLstm ? dc : dh;
  for (std::size_t step = shape_.steps; step-- > 0;) {
    if (shape_.truncation > 0 && step + 1 < shape_.steps && (step + 1) % shape_.truncation == 0)
      std::fill_n(dh, 2 * tile, T(0));
    add_errors(rows.count, step, output_error, tape, dh);
    cells_back(rows.count, step, tape, dh, dc, work);
    if (step == 0 || !feeds_back_) continue;
    matrix_product(false, false, rows.count, h, state_gates_ * h, T(1), at(tape, 0, step).gates + state_at_,
                   tape_per_row(), weights_of(state_part_), h, T(1), fed, h);
  }
  if (input_error == nullptr) return;
  const std::size_t positions = rows.count * shape_.steps;
  T beta = 0;
  if (shape_.cell == RecurrentCell::kMinimal) {
    beta = 1;
    for (std::size_t p = 0; p < positions; ++p)
      std::copy_n(tape + p * stride_ + 2 * h, h, input_error + p * h);  // gate, state before, dE/dx past the gate
  }
  for (const Part& part : parts_) {
    if (part.from != From::kInput) continue;
    part.affine.backward(positions, {tape + part.delta, stride_}, beta, {input_error, shape_.inputs});
    beta = 1;
  }
}

template void RecurrentLayer<float>::forward(const Pass<float>&, Rows, const float*, float*, float*,
                                             std::uint64_t*) const;
template void RecurrentLayer<float>::backward(const Pass<float>&, Rows, const float*, float*, float*) const;
template void RecurrentLayer<double>::forward(const Pass<double>&, Rows, const double*, double*, double*,
                                              std::uint64_t*) const;
template void RecurrentLayer<double>::backward(const Pass<double>&, Rows, const double*, double*, double*) const;

}  // namespace mft::train
