// What a recurrent layer is made of: its parts, their parameters and gradients. recurrent_passes.cc: forward and back.
#include "train/layers/recurrent.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "core/error.h"
#include "train/layers/kinds.h"

namespace mft::train {
namespace {

constexpr std::array<const char*, 7> kCells = {"vanilla", "minimal", "gru",    "peepholeLstm",
                                               "lstm",    "minGru",  "minLstm"};
constexpr std::array<std::size_t, 7> kGates = {1, 1, 3, 4, 4, 2, 3};

// Streams of a gate: those of the layer are at this distance from each other.
constexpr std::size_t kGateStreams = std::size_t{1} << 16;

RecurrentCell cell_named(const std::string& name) {
  const auto found = std::find(kCells.begin(), kCells.end(), name);
  if (found == kCells.end())
    throw Error("INVALID_ARGUMENT", "layers", "Expected a known recurrent cell, received " + name + ".");
  return static_cast<RecurrentCell>(found - kCells.begin());
}

template <typename T>
std::unique_ptr<Layer<T>> make_recurrent(const LayerFields& f, const LayerPlace& place) {
  RecurrentShape shape;
  shape.cell = cell_named(f.word("cell"));
  shape.steps = f.count("steps");
  shape.inputs = place.inputs / shape.steps;
  shape.units = f.count("units");
  if (shape.inputs == 0 || shape.inputs * shape.steps != place.inputs)
    throw Error("SHAPE", "steps", "Expected the inputs of a recurrent layer to be a whole number for every position.");
  if (shape.cell == RecurrentCell::kMinimal && shape.inputs != shape.units)
    throw Error("SHAPE", "units", "Expected the minimal cell to have as many units as inputs.");
  shape.has_bias = f.flag("hasBiases");
  shape.reset_after = f.flag("resetAfter") && shape.cell == RecurrentCell::kGru;
  shape.returns_sequence = f.flag("returnsSequence");
  if (const double every = f.number("truncation", 0); every != 0) shape.truncation = f.count("truncation");
  shape.activation = f.activation("activation");
  const InitialLaw law = f.word("law") == "orthogonal" ? InitialLaw::kOrthogonal : InitialLaw::kGaussian;
  const std::size_t gates = kGates[static_cast<std::size_t>(shape.cell)];
  const std::vector<double>&input = f.list("inputWeightVariances", gates),
        &recurrent = f.list("recurrentWeightVariances", gates), &bias = f.list("biasVariances", gates),
        &mean = f.list("biasMeans", gates);
  for (std::size_t k = 0; k < gates; ++k) {
    shape.input_gates.push_back({InitialLaw::kGaussian, input[k], bias[k], mean[k]});
    shape.recurrent_gates.push_back({law, recurrent[k], 0, 0});
  }
  shape.candidate_recurrent_variance = f.variance("candidateRecurrentBiasVariance");
  shape.mask_layer = place.number;
  shape.keep_probability = f.number("keepProbability");
  return std::make_unique<RecurrentLayer<T>>(std::move(shape));
}

[[maybe_unused]] const bool kIsRegistered =
    register_layer("recurrent", {make_recurrent<float>, make_recurrent<double>});

}  // namespace

template <typename T>
RecurrentLayer<T>::RecurrentLayer(RecurrentShape shape) : shape_(std::move(shape)) {
  const RecurrentCell kind = shape_.cell;
  is_gru_ = kind == RecurrentCell::kGru;
  is_lstm_ = kind == RecurrentCell::kLstm || kind == RecurrentCell::kPeepholeLstm;
  has_cell_ = kind == RecurrentCell::kLstm;
  feeds_back_ = kind != RecurrentCell::kMinGru && kind != RecurrentCell::kMinLstm;
  const std::size_t h = shape_.units, gates = kGates[static_cast<std::size_t>(kind)];
  std::vector<std::size_t> all(gates);
  for (std::size_t k = 0; k < gates; ++k) all[k] = k;
  if (is_gru_) {
    // On the tape g, z, r and, with r after it, the product s of the candidate: z, r, s are one product of the state.
    add_part("input.", {0, 1}, h, From::kInput, shape_.has_bias);
    add_part("candidateInput.", {2}, 0, From::kInput, shape_.has_bias);
    state_part_ = parts_.size();
    add_part("recurrent.", {0, 1}, h, From::kState, false);
    add_part("candidateRecurrent.", {2}, shape_.reset_after ? 3 * h : 0,
             shape_.reset_after ? From::kState : From::kReset, shape_.reset_after && shape_.has_bias);
    gate_blocks_ = shape_.reset_after ? 4 : 3;
    extra_blocks_ = shape_.reset_after ? 0 : 1;
    state_gates_ = shape_.reset_after ? 3 : 2;
    state_at_ = h;
  } else {
    add_part("input.", all, 0, From::kInput, shape_.has_bias);
    state_part_ = parts_.size();
    if (feeds_back_) add_part("recurrent.", all, 0, From::kState, false);
    gate_blocks_ = gates;
    extra_blocks_ = is_lstm_ || kind == RecurrentCell::kMinimal || kind == RecurrentCell::kMinLstm ? 1 : 0;
    state_gates_ = feeds_back_ ? gates : 0;
  }
  stride_ = h * (gate_blocks_ + 1 + (has_cell_ ? 1 : 0) + extra_blocks_ + (shape_.keep_probability < 1 ? 1 : 0));
}

template <typename T>
void RecurrentLayer<T>::add_part(const std::string& prefix, std::vector<std::size_t> gates, std::size_t delta,
                                 From from, bool has_bias) {
  const std::size_t inputs = from == From::kInput ? shape_.inputs : shape_.units;
  const std::size_t offset = parameters();
  parts_.push_back({prefix, Affine<T>(inputs, gates.size() * shape_.units, has_bias), delta, from, gates, offset});
}

template <typename T>
std::size_t RecurrentLayer<T>::parameters() const {
  return parts_.empty() ? 0 : parts_.back().offset + parts_.back().affine.parameters();
}

template <typename T>
std::vector<Tensor> RecurrentLayer<T>::tensors() const {
  std::vector<Tensor> all;
  for (const Part& part : parts_)
    for (Tensor& tensor : part.affine.tensors(part.prefix)) all.push_back(std::move(tensor));
  return all;
}

template <typename T>
std::size_t RecurrentLayer<T>::initialisation_scratch() const {
  return train::initialisation_scratch(shape_.recurrent_gates.front(), shape_.units, shape_.units);
}

template <typename T>
void RecurrentLayer<T>::bind(ParameterBlock<T> block, std::span<const double> rates) {
  block_ = block;
  for (Part& part : parts_) {
    const std::size_t tensors = part.affine.has_bias() ? 2 : 1;
    part.affine.bind(block.from(part.offset), rates.first(std::min(tensors, rates.size())));
    if (!rates.empty()) rates = rates.subspan(tensors);
  }
}

template <typename T>
void RecurrentLayer<T>::initialise(std::uint64_t seed, std::size_t layer, T* values) const {
  const std::size_t h = shape_.units;
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const Part& part = parts_[p];
    T* at = values + part.offset;
    const bool is_input = part.from == From::kInput;
    for (const std::size_t k : part.gates) {
      const Initial& initial = (is_input ? shape_.input_gates : shape_.recurrent_gates)[k];
      const std::size_t stream = layer + kGateStreams * (1 + k + (is_input ? 0 : 4));
      initialise_weights(initial, seed, stream, h, part.affine.inputs(), at);
      at += h * part.affine.inputs();
    }
    if (!part.affine.has_bias()) continue;
    for (const std::size_t k : part.gates) {
      const std::size_t stream = layer + kGateStreams * (1 + k + (is_input ? 0 : 4));
      const Initial candidate{InitialLaw::kGaussian, 0, shape_.candidate_recurrent_variance, 0};
      initialise_biases(is_input ? shape_.input_gates[k] : candidate, seed, stream, h, at);
      at += h;
    }
  }
}

template <typename T>
std::size_t RecurrentLayer<T>::update_scratch() const {
  std::size_t most = 0;
  for (const Part& part : parts_) most = std::max(most, part.affine.update_scratch());
  return most;
}

template <typename T>
std::size_t RecurrentLayer<T>::update_tiles() const {
  std::size_t tiles = 0;
  for (const Part& part : parts_) tiles += part.affine.update_tiles();
  return tiles;
}

template <typename T>
template <typename Body>
auto RecurrentLayer<T>::with_tile(std::size_t tile, const T* input, const T* tape, Body body) const {
  std::size_t p = 0;
  while (tile >= parts_[p].affine.update_tiles()) tile -= parts_[p++].affine.update_tiles();
  const Part& part = parts_[p];
  const T* before = tape + gate_blocks_ * shape_.units;
  RowView<const T> read{input, shape_.inputs};
  if (part.from == From::kState) read = {before, stride_};
  if (part.from == From::kReset) read = {before + shape_.units, stride_};
  return body(part.affine, tile, read, RowView<const T>{tape + part.delta, stride_});
}

template <typename T>
void RecurrentLayer<T>::update(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                               const Update<T>& step, T* scratch) const {
  with_tile(tile, input, tape, [&](const Affine<T>& affine, std::size_t own, auto read, auto delta) {
    affine.update(own, batch * shape_.steps, read, delta, step, scratch);
  });
}

template <typename T>
double RecurrentLayer<T>::squared_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                           T* scratch) const {
  return with_tile(tile, input, tape, [&](const Affine<T>& affine, std::size_t own, auto read, auto delta) {
    return affine.squared_gradient(own, batch * shape_.steps, read, delta, scratch, shape_.steps);
  });
}

template <typename T>
bool RecurrentLayer<T>::has_gradient(std::size_t tile, std::size_t batch, const T* input, const T* tape,
                                     T* scratch) const {
  return with_tile(tile, input, tape, [&](const Affine<T>& affine, std::size_t own, auto read, auto delta) {
    return affine.has_gradient(own, batch * shape_.steps, read, delta, scratch);
  });
}

template class RecurrentLayer<float>;
template class RecurrentLayer<double>;

}  // namespace mft::train
