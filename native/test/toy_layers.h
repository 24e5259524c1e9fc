// Layers that no system has yet, in plain loops, registered by the tests alone: what the interface of train/layer.h
// must carry. A vocabulary, a recurrence tied over the positions of a row, a convolution, a pooling, and a fixed point.
#pragma once
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "train/layers/kinds.h"

namespace mft::train::toy {

// What the layers share: parameters drawn from N(0, 1 / columns) (biases: columns = 1, drawn with deviation 0.1), one
// update tile, and a gradient that the layer adds up itself.
template <typename T>
class ToyLayer : public Layer<T> {
 public:
  ToyLayer(std::size_t inputs, std::size_t outputs) : inputs_(inputs), outputs_(outputs) {}
  std::size_t inputs() const override { return inputs_; }
  std::size_t outputs() const override { return outputs_; }
  std::vector<Tensor> tensors() const override { return tensors_; }
  std::size_t parameters() const override {
    std::size_t sum = 0;
    for (const Tensor& tensor : tensors_) sum += tensor.size();
    return sum;
  }
  std::size_t evaluation_scratch_per_row() const override { return tape_per_row(); }
  std::size_t tape_per_row() const override = 0;
  std::size_t update_scratch() const override { return parameters(); }
  std::size_t update_tiles() const override { return tensors_.empty() ? 0 : 1; }
  void bind(ParameterBlock<T> block, std::span<const double> rates) override {
    block_ = block;
    rates_.assign(rates.begin(), rates.end());
  }
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override {
    std::vector<double> normals(parameters());
    random_normals({seed, 0, static_cast<std::uint32_t>(layer), Purpose::kInitialisation}, 0, std::span(normals));
    std::size_t at = 0;
    for (const Tensor& tensor : tensors_) {
      const bool is_bias = tensor.shape.size() == 1;
      const double scale = is_bias ? 0.1 : 1 / std::sqrt(static_cast<double>(tensor.size() / tensor.shape[0]));
      for (std::size_t i = 0; i < tensor.size(); ++i, ++at) values[at] = static_cast<T>(scale * normals[at]);
    }
  }
  void update(std::size_t, std::size_t batch, const T* input, const T* tape, const Update<T>& step,
              T* scratch) const override {
    gradient(batch, input, tape, scratch);
    std::size_t at = 0, number = 0;
    for (const Tensor& tensor : tensors_) {
      ParameterBlock<T> block = block_.from(at);
      if (!rates_.empty()) block.rate = static_cast<T>(rates_[number]);
      if (tensor.shape.size() == 1)
        step.biases(scratch + at, block, tensor.size());
      else
        step.summed_weights(scratch + at, block, tensor.size());
      at += tensor.size();
      ++number;
    }
  }
  double squared_gradient(std::size_t, std::size_t batch, const T* input, const T* tape, T* scratch) const override {
    gradient(batch, input, tape, scratch);
    double sum = 0;
    for (std::size_t i = 0; i < parameters(); ++i)
      sum += std::pow(static_cast<double>(scratch[i]) / static_cast<double>(batch), 2);
    return sum;
  }
  bool has_gradient(std::size_t, std::size_t batch, const T* input, const T* tape, T* scratch) const override {
    gradient(batch, input, tape, scratch);
    return std::any_of(scratch, scratch + parameters(), [](T x) { return x != T(0); });
  }

 protected:
  // The sum over the batch, in the order of the tensors; `sums` is overwritten.
  virtual void gradient(std::size_t batch, const T* input, const T* tape, T* sums) const = 0;
  const T* values() const { return block_.values; }

  std::size_t inputs_, outputs_;
  std::vector<Tensor> tensors_;

 private:
  ParameterBlock<T> block_;
  std::vector<double> rates_;
};

// T words of a vocabulary to T vectors.
template <typename T>
class Embedding final : public ToyLayer<T> {
 public:
  Embedding(const LayerFields& f, const LayerPlace& place)
      : ToyLayer<T>(place.inputs, place.inputs * f.count("units")), words_(f.count("words")), units_(f.count("units")) {
    this->tensors_ = {{"weight", {words_, units_}}};
  }
  std::size_t tokens() const override { return words_; }
  std::size_t tape_per_row() const override { return this->outputs_; }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T*, std::uint64_t*) const override {
    for (std::size_t i = 0; i < rows.count * this->inputs_; ++i)
      std::copy_n(this->values() + static_cast<std::size_t>(input[i]) * units_, units_, output + i * units_);
    record_values(pass.statistics, rows, output, this->outputs_);
  }
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T*, T* tape) const override {
    std::copy_n(output_error, rows.count * this->outputs_, tape);
    record_errors(pass.statistics, rows, output_error, this->outputs_);
  }

 protected:
  void gradient(std::size_t batch, const T* input, const T* tape, T* sums) const override {
    std::fill_n(sums, this->parameters(), T(0));
    for (std::size_t i = 0; i < batch * this->inputs_; ++i)
      for (std::size_t k = 0; k < units_; ++k)
        sums[static_cast<std::size_t>(input[i]) * units_ + k] += tape[i * units_ + k];
  }

 private:
  std::size_t words_, units_;
};

// h_t = tanh(W h_{t-1} + U x_t + b) at every position of a row, h_0 from the step before or 0; without the recurrence
// y_t = U x_t + b. One W, U and b for all positions. Tape of a row: h_0 .. h_T, then dE/dz_1 .. dE/dz_T.
template <typename T>
class Recurrent final : public ToyLayer<T> {
 public:
  Recurrent(const LayerFields& f, const LayerPlace& place)
      : ToyLayer<T>(place.inputs, f.count("positions") * f.count("units")),
        positions_(f.count("positions")),
        units_(f.count("units")),
        features_(place.inputs / positions_),
        is_recurrent_(f.flag("isRecurrent")) {
    if (is_recurrent_) this->tensors_.push_back({"recurrent", {units_, units_}});
    this->tensors_.push_back({"weight", {units_, features_}});
    this->tensors_.push_back({"bias", {units_}});
  }
  std::size_t state_per_row() const override { return is_recurrent_ ? units_ : 0; }
  std::size_t tape_per_row() const override { return (2 * positions_ + 1) * units_; }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape, std::uint64_t*) const override {
    for (std::size_t row = 0; row < rows.count; ++row) {
      T* h = tape + row * tape_per_row();
      T* state = pass.state == nullptr ? nullptr : pass.state + row * state_per_row();
      for (std::size_t k = 0; k < units_; ++k) h[k] = is_recurrent_ && state != nullptr ? state[k] : T(0);
      for (std::size_t t = 0; t < positions_; ++t, h += units_)
        for (std::size_t k = 0; k < units_; ++k) {
          T z = b()[k];
          for (std::size_t j = 0; j < features_; ++j)
            z += u()[k * features_ + j] * input[row * this->inputs_ + t * features_ + j];
          for (std::size_t j = 0; is_recurrent_ && j < units_; ++j) z += this->values()[k * units_ + j] * h[j];
          h[units_ + k] = output[row * this->outputs_ + t * units_ + k] = is_recurrent_ ? std::tanh(z) : z;
        }
      if (is_recurrent_ && state != nullptr) std::copy_n(h, units_, state);
    }
    record_values(pass.statistics, rows, output, this->outputs_);
  }
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override {
    record_errors(pass.statistics, rows, output_error, this->outputs_);
    for (std::size_t row = 0; row < rows.count; ++row) {
      const T* h = tape + row * tape_per_row();
      T* delta = tape + row * tape_per_row() + (positions_ + 1) * units_;
      for (std::size_t t = positions_; t-- > 0;)
        for (std::size_t k = 0; k < units_; ++k) {
          T error = output_error[row * this->outputs_ + t * units_ + k];
          for (std::size_t j = 0; is_recurrent_ && t + 1 < positions_ && j < units_; ++j)
            error += this->values()[j * units_ + k] * delta[(t + 1) * units_ + j];
          const T value = h[(t + 1) * units_ + k];
          delta[t * units_ + k] = is_recurrent_ ? error * (1 - value * value) : error;
        }
      for (std::size_t t = 0; input_error != nullptr && t < positions_; ++t)
        for (std::size_t j = 0; j < features_; ++j) {
          T sum = 0;
          for (std::size_t k = 0; k < units_; ++k) sum += u()[k * features_ + j] * delta[t * units_ + k];
          input_error[row * this->inputs_ + t * features_ + j] = sum;
        }
    }
  }

 protected:
  void gradient(std::size_t batch, const T* input, const T* tape, T* sums) const override {
    std::fill_n(sums, this->parameters(), T(0));
    T* of_u = sums + (u() - this->values());
    T* of_b = sums + (b() - this->values());
    for (std::size_t row = 0; row < batch; ++row)
      for (std::size_t t = 0; t < positions_; ++t) {
        const T* h = tape + row * tape_per_row() + t * units_;
        const T* delta = tape + row * tape_per_row() + (positions_ + 1 + t) * units_;
        const T* x = input + row * this->inputs_ + t * features_;
        for (std::size_t k = 0; k < units_; ++k) {
          of_b[k] += delta[k];
          for (std::size_t j = 0; j < features_; ++j) of_u[k * features_ + j] += delta[k] * x[j];
          for (std::size_t j = 0; is_recurrent_ && j < units_; ++j) sums[k * units_ + j] += delta[k] * h[j];
        }
      }
  }

 private:
  const T* u() const { return this->values() + (is_recurrent_ ? units_ * units_ : 0); }
  const T* b() const { return u() + units_ * features_; }
  std::size_t positions_, units_, features_;
  bool is_recurrent_;
};

// tanh of a valid cross-correlation with `channels` kernels of size x size; images are channels x side x side.
template <typename T>
class Convolution final : public ToyLayer<T> {
 public:
  Convolution(const LayerFields& f, const LayerPlace& place)
      : ToyLayer<T>(place.inputs, f.count("channels") * (f.count("side") - f.count("size") + 1) *
                                      (f.count("side") - f.count("size") + 1)),
        channels_(f.count("channels")),
        side_(f.count("side")),
        size_(f.count("size")),
        out_(side_ - size_ + 1),
        depth_(place.inputs / (side_ * side_)) {
    this->tensors_ = {{"weight", {channels_, depth_, size_, size_}}, {"bias", {channels_}}};
  }
  std::size_t tape_per_row() const override { return this->outputs_; }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape, std::uint64_t*) const override {
    for (std::size_t row = 0; row < rows.count; ++row) {
      T* y = output + row * this->outputs_;
      const T* bias = this->values() + this->tensors_[0].size();
      for (std::size_t i = 0; i < this->outputs_; ++i) y[i] = bias[i / (out_ * out_)];
      each([&](std::size_t to, std::size_t from, std::size_t w) {
        y[to] += this->values()[w] * input[row * this->inputs_ + from];
      });
      for (std::size_t i = 0; i < this->outputs_; ++i) y[i] = std::tanh(y[i]);
      if (pass.is_training) std::copy_n(y, this->outputs_, tape + row * this->outputs_);
    }
    record_values(pass.statistics, rows, output, this->outputs_);
  }
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override {
    record_errors(pass.statistics, rows, output_error, this->outputs_);
    for (std::size_t i = 0; i < rows.count * this->outputs_; ++i) tape[i] = output_error[i] * (1 - tape[i] * tape[i]);
    if (input_error == nullptr) return;
    std::fill_n(input_error, rows.count * this->inputs_, T(0));
    for (std::size_t row = 0; row < rows.count; ++row)
      each([&](std::size_t to, std::size_t from, std::size_t w) {
        input_error[row * this->inputs_ + from] += this->values()[w] * tape[row * this->outputs_ + to];
      });
  }

 protected:
  void gradient(std::size_t batch, const T* input, const T* tape, T* sums) const override {
    std::fill_n(sums, this->parameters(), T(0));
    for (std::size_t row = 0; row < batch; ++row) {
      const T* delta = tape + row * this->outputs_;
      for (std::size_t i = 0; i < this->outputs_; ++i) sums[this->tensors_[0].size() + i / (out_ * out_)] += delta[i];
      each([&](std::size_t to, std::size_t from, std::size_t w) {
        sums[w] += delta[to] * input[row * this->inputs_ + from];
      });
    }
  }

 private:
  // Output, input and weight of every product of one image.
  template <typename Body>
  void each(Body body) const {
    for (std::size_t c = 0; c < channels_; ++c)
      for (std::size_t d = 0; d < depth_; ++d)
        for (std::size_t p = 0; p < size_ * size_; ++p)
          for (std::size_t q = 0; q < out_ * out_; ++q)
            body(c * out_ * out_ + q, (d * side_ + q / out_ + p / size_) * side_ + q % out_ + p % size_,
                 (c * depth_ + d) * size_ * size_ + p);
  }
  std::size_t channels_, side_, size_, out_, depth_;
};

// The largest of every 2 x 2 square; no parameters. Tape: where it was.
template <typename T>
class Pool final : public ToyLayer<T> {
 public:
  Pool(const LayerFields& f, const LayerPlace& place)
      : ToyLayer<T>(place.inputs, place.inputs / 4), side_(f.count("side")) {}
  std::size_t tape_per_row() const override { return this->outputs_; }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape, std::uint64_t*) const override {
    const std::size_t half = side_ / 2;
    for (std::size_t i = 0; i < rows.count * this->outputs_; ++i) {
      const std::size_t image = i / (half * half), at = i % (half * half);
      const std::size_t corner = image * side_ * side_ + 2 * (at / half) * side_ + 2 * (at % half);
      std::size_t best = corner;
      for (const std::size_t next : {corner + 1, corner + side_, corner + side_ + 1})
        if (input[next] > input[best]) best = next;
      output[i] = input[best];
      if (pass.is_training) tape[i] = static_cast<T>(best);
    }
    record_values(pass.statistics, rows, output, this->outputs_);
  }
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override {
    record_errors(pass.statistics, rows, output_error, this->outputs_);
    if (input_error == nullptr) return;
    std::fill_n(input_error, rows.count * this->inputs_, T(0));
    for (std::size_t i = 0; i < rows.count * this->outputs_; ++i)
      input_error[static_cast<std::size_t>(tape[i])] += output_error[i];
  }

 protected:
  void gradient(std::size_t, const T*, const T*, T*) const override {}

 private:
  std::size_t side_;
};

// z = tanh(W z + U x), solved by iteration (W is small); backward solves the adjoint equation. Counts iterations, and
// rows that have not converged. Tape of a row: z, then dE/d(W z + U x).
template <typename T>
class FixedPoint final : public ToyLayer<T> {
 public:
  FixedPoint(const LayerFields& f, const LayerPlace& place)
      : ToyLayer<T>(place.inputs, f.count("units")), units_(f.count("units")), most_(f.count("iterations")) {
    this->tensors_ = {{"recurrent", {units_, units_}}, {"weight", {units_, place.inputs}}};
  }
  std::vector<std::string> counters() const override { return {"iterations", "unconverged"}; }
  std::size_t tape_per_row() const override { return 2 * units_; }
  void initialise(std::uint64_t seed, std::size_t layer, T* values) const override {
    ToyLayer<T>::initialise(seed, layer, values);
    for (std::size_t i = 0; i < units_ * units_; ++i) values[i] *= T(0.3);
  }
  void forward(const Pass<T>& pass, Rows rows, const T* input, T* output, T* tape, std::uint64_t*) const override {
    for (std::size_t row = 0; row < rows.count; ++row) {
      T* z = output + row * units_;
      T* next = tape + row * tape_per_row();
      std::fill_n(z, units_, T(0));
      double change = 1;
      std::size_t count = 0;
      for (; change > 1e-15 && count < most_; ++count) {
        change = 0;
        for (std::size_t k = 0; k < units_; ++k) {
          T sum = 0;
          for (std::size_t j = 0; j < units_; ++j) sum += this->values()[k * units_ + j] * z[j];
          for (std::size_t j = 0; j < this->inputs_; ++j)
            sum += u()[k * this->inputs_ + j] * input[row * this->inputs_ + j];
          next[k] = std::tanh(sum);
          change = std::max(change, static_cast<double>(std::abs(next[k] - z[k])));
        }
        std::copy_n(next, units_, z);
      }
      if (pass.counts == nullptr) continue;
      pass.counts[2 * row] = static_cast<double>(count);
      pass.counts[2 * row + 1] = change > 1e-15 ? 1 : 0;
    }
    record_values(pass.statistics, rows, output, units_);
  }
  void backward(const Pass<T>& pass, Rows rows, const T* output_error, T* input_error, T* tape) const override {
    record_errors(pass.statistics, rows, output_error, units_);
    for (std::size_t row = 0; row < rows.count; ++row) {
      const T* z = tape + row * tape_per_row();
      T* delta = tape + row * tape_per_row() + units_;
      std::fill_n(delta, units_, T(0));
      // delta = (1 - z^2) (error + W^T delta)
      for (std::size_t count = 0; count < most_; ++count)
        for (std::size_t k = 0; k < units_; ++k) {
          T sum = output_error[row * units_ + k];
          for (std::size_t j = 0; j < units_; ++j) sum += this->values()[j * units_ + k] * delta[j];
          delta[k] = (1 - z[k] * z[k]) * sum;
        }
      for (std::size_t j = 0; input_error != nullptr && j < this->inputs_; ++j) {
        T sum = 0;
        for (std::size_t k = 0; k < units_; ++k) sum += u()[k * this->inputs_ + j] * delta[k];
        input_error[row * this->inputs_ + j] = sum;
      }
    }
  }

 protected:
  void gradient(std::size_t batch, const T* input, const T* tape, T* sums) const override {
    std::fill_n(sums, this->parameters(), T(0));
    for (std::size_t row = 0; row < batch; ++row) {
      const T* z = tape + row * tape_per_row();
      for (std::size_t k = 0; k < units_; ++k) {
        const T delta = z[units_ + k];
        for (std::size_t j = 0; j < units_; ++j) sums[k * units_ + j] += delta * z[j];
        for (std::size_t j = 0; j < this->inputs_; ++j)
          sums[units_ * units_ + k * this->inputs_ + j] += delta * input[row * this->inputs_ + j];
      }
    }
  }

 private:
  const T* u() const { return this->values() + units_ * units_; }
  std::size_t units_, most_;
};

template <template <typename> class Kind, typename T>
std::unique_ptr<Layer<T>> make(const LayerFields& fields, const LayerPlace& place) {
  return std::make_unique<Kind<T>>(fields, place);
}

template <template <typename> class Kind>
bool registered(const char* name) {
  return register_layer(name, {make<Kind, float>, make<Kind, double>});
}

inline const bool kAreRegistered = registered<Embedding>("toyEmbedding") && registered<Recurrent>("toyRecurrent") &&
                                   registered<Convolution>("toyConvolution") && registered<Pool>("toyPool") &&
                                   registered<FixedPoint>("toyFixedPoint");

}  // namespace mft::train::toy
