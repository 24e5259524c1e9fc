// Kernels of one finite network with given weights: the tangent kernel, sum over parameters of the products of
// derivatives of two outputs, and the covariance kernel of its last hidden layer. Never an array of inputs times
// parameters: a layer gives (gram of its inputs times the rate of its weights, plus the rate of its biases) times the
// gram of the derivatives by its pre-activations.
#pragma once
#include <cstddef>
#include <vector>

#include "core/activation.h"
#include "core/control.h"

namespace mft::kernel {

// z = W h + b, then the activation (the last layer of a network: none).
struct DenseLayer {
  std::size_t inputs = 1, outputs = 1;
  std::vector<double> weight;  // outputs x inputs, row-major
  std::vector<double> bias;    // outputs, or empty: no biases
  double weight_rate = 1.0;    // factors of the parameters' part in the tangent kernel
  double bias_rate = 1.0;
  Activation activation;
};

enum class Classes { kAveraged, kFull };

struct EmpiricalCall {
  std::vector<DenseLayer> layers;
  std::vector<double> inputs;  // rows of layers[0].inputs numbers
  std::vector<double> others;  // the same; empty: the inputs with themselves
  Classes classes = Classes::kAveraged;
  int threads = 1;
};

struct EmpiricalKernels {
  // rows x columns. Averaged: a row per input, the mean over outputs of the kernel of an output with itself. Full: a
  // row per (input, output), the outputs of an input side by side.
  std::vector<double> tangent;
  // Of inputs x others: h . h' / width of the last hidden layer (of the inputs themselves in a network of one layer).
  std::vector<double> features;
  std::size_t rows = 0, columns = 0;
};

// Bytes that a call takes at its peak, its layers and inputs included.
double empirical_bytes(const EmpiricalCall& call);
// Throws SHAPE where layers do not fit, NOT_FINITE where the network's numbers overflow, naming the layer.
EmpiricalKernels empirical_kernels(const EmpiricalCall& call, const Control& control);

}  // namespace mft::kernel
