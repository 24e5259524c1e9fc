// Training in C++ over OpenBLAS: back-propagation written by hand. work=products: the same matrix products alone.
#include "../competitor/generators.h"
#include "../competitor/product.h"
#include "../competitor/serve.h"

namespace {

struct Layer {
  int inputs, outputs;
  std::vector<float> start, weights, biases, outputs_of, errors;  // outputs_of: masked activations, one row an image
};

struct Training {
  int batch, steps;
  float rate, keep;
  std::vector<Layer> layers;
  std::vector<float> images;
  std::vector<int> labels;
};

void forward(const Layer& layer, int batch, const float* u, float* z) {
  bench::product(false, true, batch, layer.outputs, layer.inputs, 1.0F, u, layer.inputs, layer.weights.data(),
                 layer.inputs, 1.0F, z, layer.outputs);
}

void backward(const Layer& layer, int batch, const float* d, float* e) {
  bench::product(false, false, batch, layer.inputs, layer.outputs, 1.0F, d, layer.outputs, layer.weights.data(),
                 layer.inputs, 0.0F, e, layer.inputs);
}

// W -= rate D^T U: the update inside the product.
void update(Layer& layer, int batch, float rate, const float* d, const float* u) {
  bench::product(true, false, layer.outputs, layer.inputs, batch, -rate, d, layer.outputs, u, layer.inputs, 1.0F,
                 layer.weights.data(), layer.inputs);
}

Training training_from(const bench::Options& options) {
  Training training{static_cast<int>(options.number("batch")),
                    static_cast<int>(options.number("steps")),
                    static_cast<float>(options.number("learningRate")),
                    static_cast<float>(options.number("keepProbability")),
                    {},
                    {},
                    {}};
  bench::use_threads(static_cast<int>(options.number("threads")));
  const int depth = static_cast<int>(options.number("depth")), width = static_cast<int>(options.number("width"));
  std::uint32_t drawn = 0x40000000U;
  for (int l = 0; l < depth; ++l) {
    Layer layer{l == 0 ? 784 : width, l + 1 == depth ? 10 : width, {}, {}, {}, {}, {}};
    const double scale = std::sqrt(12.0 * options.number("weightVariance") / layer.inputs);
    layer.start.resize(static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.outputs));
    for (float& w : layer.start)
      w = static_cast<float>(scale * ((static_cast<double>(bench::hashed(drawn++)) + 0.5) * 0x1p-32 - 0.5));
    layer.weights = layer.start;
    layer.biases.resize(static_cast<std::size_t>(layer.outputs));
    layer.outputs_of.resize(static_cast<std::size_t>(layer.outputs * training.batch));
    layer.errors.resize(layer.outputs_of.size());
    training.layers.push_back(std::move(layer));
  }
  const std::uint32_t count = static_cast<std::uint32_t>(training.batch * training.steps);
  for (std::uint32_t i = 0; i < count; ++i) {
    int first = 0;
    for (std::uint32_t j = 0; j < 784; ++j) {
      const std::uint32_t pixel = bench::hashed(784 * i + j) >> 24;
      if (j < 3) first += static_cast<int>(pixel);
      training.images.push_back(static_cast<float>(pixel) / 255.0F);
    }
    training.labels.push_back(first * 10 / 768);
  }
  return training;
}

double step(Training& training, std::uint64_t seed, int number) {
  const int batch = training.batch;
  const float* input = training.images.data() + static_cast<std::ptrdiff_t>(784) * batch * number;
  const int* labels = training.labels.data() + static_cast<std::ptrdiff_t>(batch) * number;
  const auto threshold = static_cast<std::uint32_t>(static_cast<double>(training.keep) * 4294967295.0);
  const std::size_t depth = training.layers.size();
  const float* u = input;
  for (std::size_t l = 0; l < depth; ++l) {
    Layer& layer = training.layers[l];
    for (int i = 0; i < batch; ++i)
      std::copy(layer.biases.begin(), layer.biases.end(), layer.outputs_of.begin() + i * layer.outputs);
    forward(layer, batch, u, layer.outputs_of.data());
    if (l + 1 < depth) {
      const std::uint32_t key =
          bench::hashed(static_cast<std::uint32_t>(seed * 65537U + static_cast<std::uint64_t>(number) * 257U + l));
      float* z = layer.outputs_of.data();
      float* slope = layer.errors.data();  // kept until the error is written over it
      const std::size_t size = layer.outputs_of.size();
#pragma GCC ivdep
      for (std::size_t i = 0; i < size; ++i) {
        const float mask = bench::hashed(bench::hashed(static_cast<std::uint32_t>(i) ^ key) + key) <= threshold
                               ? 1.0F / training.keep
                               : 0.0F;
        const float value = std::tanh(z[i]);
        z[i] = mask * value;
        slope[i] = mask * (1.0F - value * value);
      }
    }
    u = layer.outputs_of.data();
  }
  double loss = 0.0;
  Layer& last = training.layers.back();
  for (int i = 0; i < batch; ++i) {
    const float* z = last.outputs_of.data() + i * 10;
    float largest = z[0], sum = 0.0F;
    for (int k = 1; k < 10; ++k) largest = std::max(largest, z[k]);
    for (int k = 0; k < 10; ++k) sum += std::exp(z[k] - largest);
    loss += static_cast<double>(std::log(sum) + largest - z[labels[i]]) / batch;
    for (int k = 0; k < 10; ++k)
      last.errors[static_cast<std::size_t>(i * 10 + k)] =
          (std::exp(z[k] - largest) / sum - (k == labels[i] ? 1.0F : 0.0F)) / static_cast<float>(batch);
  }
  static thread_local std::vector<float> product;
  for (std::size_t l = depth; l-- > 0;) {
    Layer& layer = training.layers[l];
    if (l > 0) {
      Layer& below = training.layers[l - 1];
      product.resize(below.errors.size());
      backward(layer, batch, layer.errors.data(), product.data());
      for (std::size_t i = 0; i < product.size(); ++i) below.errors[i] *= product[i];
    }
    update(layer, batch, training.rate, layer.errors.data(), l > 0 ? training.layers[l - 1].outputs_of.data() : input);
    for (int i = 0; i < batch; ++i)
      for (int k = 0; k < layer.outputs; ++k)
        layer.biases[static_cast<std::size_t>(k)] -=
            training.rate * layer.errors[static_cast<std::size_t>(i * layer.outputs + k)];
  }
  return loss;
}

void products(Training& training) {
  const int batch = training.batch;
  const std::size_t depth = training.layers.size();
  for (std::size_t l = 0; l < depth; ++l)
    forward(training.layers[l], batch, l == 0 ? training.images.data() : training.layers[l - 1].errors.data(),
            training.layers[l].outputs_of.data());
  for (std::size_t l = depth; l-- > 0;) {
    Layer& layer = training.layers[l];
    if (l > 0) backward(layer, batch, layer.outputs_of.data(), training.layers[l - 1].errors.data());
    update(layer, batch, 1e-20F, layer.outputs_of.data(),
           l > 0 ? training.layers[l - 1].errors.data() : training.images.data());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bench::Options options(count, arguments);
  Training training = training_from(options);
  if (options.text("work") == "products") {
    bench::serve([&](std::uint64_t) {
      for (Layer& layer : training.layers) std::fill(layer.outputs_of.begin(), layer.outputs_of.end(), 0.0F);
      for (int number = 0; number < training.steps; ++number) products(training);
      return bench::Answer{};
    });
    return 0;
  }
  bench::serve([&](std::uint64_t seed) {
    for (Layer& layer : training.layers) {
      layer.weights = layer.start;
      std::fill(layer.biases.begin(), layer.biases.end(), 0.0F);
    }
    std::vector<double> losses(4, 0.0);
    const int quarter = training.steps / 4;
    for (int number = 0; number < training.steps; ++number)
      losses[static_cast<std::size_t>(number / quarter)] += step(training, seed, number) / quarter;
    return bench::Answer{1, {{"loss", losses}}};
  });
}
