#include "train/layers/embedding.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>

#include "core/random.h"
#include "core/statistics.h"
#include "train/elementwise.h"
#include "train/layers/kinds.h"
#include "train/row_statistics.h"

namespace mft::train {
namespace {

// Words of an update tile.
constexpr std::size_t kTileWords = 512;

template <typename T>
std::unique_ptr<Layer<T>> make(const LayerFields& f, const LayerPlace& place) {
  f.number("hasBiases", 0);  // it has none, whatever the network has
  return std::make_unique<Embedding<T>>(EmbeddingShape{f.count("words"), place.inputs, f.count("units"),
                                                       f.variance("weightVariance"), place.number,
                                                       f.number("keepProbability")});
}

[[maybe_unused]] const bool kIsRegistered = register_layer("embedding", {make<float>, make<double>});

}  // namespace

template <typename T>
std::size_t Embedding<T>::update_tiles() const {
  return (shape_.words + kTileWords - 1) / kTileWords;
}

template <typename T>
std::size_t Embedding<T>::update_scratch() const {
  return std::min(kTileWords, shape_.words) * shape_.units;
}

template <typename T>
void Embedding<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  block_ = block;
  if (!rates.empty()) block_.rate = static_cast<T>(rates[0]);
}

template <typename T>
void Embedding<T>::initialise(std::uint64_t seed, std::size_t layer, T* values) const {
  const std::span<T> all(values, parameters());
  random_normals({seed, 0, static_cast<std::uint32_t>(layer), Purpose::kInitialisation}, 0, all);
  elementwise<T>().scale(static_cast<T>(std::sqrt(shape_.weight_variance)), values, parameters());
}

template <typename T>
void Embedding<T>::lend(const Layer<T>& borrower, const T* input, const T* tape) {
  borrowers_.push_back({&borrower, input, tape});
}

template <typename T>
void Embedding<T>::forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape,
                           std::uint64_t* mask_bits) const {
  const std::size_t units = shape_.units, total = outputs(), words = words_for(total);
  for (std::size_t p = 0; p < rows.count * shape_.positions; ++p)
    std::copy_n(block_.values + static_cast<std::size_t>(input[p]) * units, units, output + p * units);
  if (!pass.is_training) return;
  record_values(pass.statistics, rows, output, total);
  if (pass.masks == nullptr || !pass.masks->masks(shape_.mask_layer)) return;
  const T scale = static_cast<T>(pass.masks->scale(shape_.mask_layer));
  pass.masks->draw(shape_.mask_layer, rows.first, rows.count, total, std::span(mask_bits, rows.count * words));
  std::fill_n(tape, rows.count * total, T(1));
  for (std::size_t row = 0; row < rows.count; ++row)
    elementwise<T>().mask_both(output + row * total, tape + row * total, mask_bits + row * words, scale, total);
}

template <typename T>
void Embedding<T>::backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const {
  const std::size_t count = rows.count * outputs();
  if (shape_.keep_probability < 1)
    elementwise<T>().multiply(output_error, tape, tape, count);
  else
    std::copy_n(output_error, count, tape);
  record_errors(pass.statistics, rows, tape, outputs());
  // Words have no neighbours to move to.
  if (input_error != nullptr) std::fill_n(input_error, rows.count * inputs(), T(0));
}

template <typename T>
typename Embedding<T>::Words Embedding<T>::words_of(std::size_t tile) const {
  const std::size_t first = tile * kTileWords;
  return {first, std::min(kTileWords, shape_.words - first)};
}

template <typename T>
typename Embedding<T>::Words Embedding<T>::gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                                    T* sums, std::vector<char>* is_there) const {
  const Words words = words_of(tile);
  const std::size_t units = shape_.units;
  std::fill_n(sums, words.count * units, T(0));
  if (is_there != nullptr) is_there->assign(words.count, borrowers_.empty() ? 0 : 1);
  for (std::size_t p = 0; p < batch * shape_.positions; ++p) {
    const std::size_t word = static_cast<std::size_t>(input[p]);
    if (word < words.first || word >= words.first + words.count) continue;
    if (is_there != nullptr) (*is_there)[word - words.first] = 1;
    elementwise<T>().add(tape + p * units, sums + (word - words.first) * units, units);
  }
  for (const Borrower& each : borrowers_)
    each.layer->add_shared_gradient(words.first, words.count, batch, each.input, each.tape, sums);
  return words;
}

template <typename T>
void Embedding<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
                          T* scratch) const {
  thread_local std::vector<char> is_there;
  const Words words = gradient(tile, batch, input, tape, scratch, &is_there);
  const std::size_t units = shape_.units;
  if (!step.ignores_zeros()) is_there.assign(words.count, 1);
  for (std::size_t first = 0; first < words.count;) {
    if (!is_there[first]) {
      ++first;
      continue;
    }
    std::size_t end = first;
    while (end < words.count && is_there[end]) ++end;
    step.summed_weights(scratch + first * units, block_.from((words.first + first) * units), (end - first) * units);
    first = end;
  }
}

template <typename T>
double Embedding<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                      T* scratch) const {
  const Words words = gradient(tile, batch, input, tape, scratch, nullptr);
  const std::size_t count = words.count * shape_.units;
  elementwise<T>().scale(T(1) / static_cast<T>(batch), scratch, count);
  return sum_of_squares(std::span<const T>(scratch, count));
}

template <typename T>
bool Embedding<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape, T* scratch) const {
  const Words words = gradient(tile, batch, input, tape, scratch, nullptr);
  return std::any_of(scratch, scratch + words.count * shape_.units, [](T x) { return x != T(0); });
}

template class Embedding<float>;
template class Embedding<double>;

}  // namespace mft::train
