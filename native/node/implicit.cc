// System `implicit`: random equilibrium layers for JavaScript.
#include <algorithm>
#include <cmath>
#include <complex>
#include <memory>
#include <utility>
#include <vector>

#include "core/blas.h"
#include "core/lapack.h"
#include "core/sparse_product.h"

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/implicit/simulation.h"

namespace mft::node {
namespace {

using implicit::Simulation;

const Fields<Simulation> kSimulation = {
    activation("activation", &Simulation::activation),
    number("weightVariance", &Simulation::weight_variance),
    number("inputVariance", &Simulation::input_variance),
    probability("keepProbability", &Simulation::keep_probability),
    whole("width", &Simulation::width, 1, 1e6),
    whole("termCount", &Simulation::terms, 1, 1e6),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

Simulation simulation_argument(const Napi::CallbackInfo& info) {
  Simulation simulation = kSimulation.argument(info, 0, "simulation");
  if (!(simulation.keep_probability > 0)) throw wrong("keepProbability", "a number in (0, 1]");
  if (!(simulation.weight_variance >= 0)) throw wrong("weightVariance", "a number >= 0");
  if (!(simulation.input_variance >= 0)) throw wrong("inputVariance", "a number >= 0");
  return simulation;
}

// (simulation) -> the layout of a row
Napi::Value implicit_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), implicit::row_table(simulation_argument(info)));
}

// (simulation) -> bytes
Napi::Value implicit_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), implicit::memory_estimate(simulation_argument(info)));
}

// (simulation, control?) -> Promise<Float64Array> of rows
Napi::Value implicit_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(simulation_argument(info));
  const Control control = control_argument(info, 1);
  return start_rows(info.Env(), info.Length() > 1 ? info[1] : info.Env().Undefined(),
                    implicit::row_table(*simulation).row_length, simulation->range.count,
                    [simulation, control](std::span<double> rows) { implicit::simulate(*simulation, control, rows); });
}

bool flag(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsBoolean()) throw wrong(name, "true or false");
  return info[index].As<Napi::Boolean>().Value();
}

std::size_t count(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsNumber()) throw wrong(name, "a whole number");
  const double value = info[index].As<Napi::Number>().DoubleValue();
  if (!(value >= 0 && value <= 1e9) || std::floor(value) != value) throw wrong(name, "a whole number in [0, 1e9]");
  return static_cast<std::size_t>(value);
}

std::span<double> array(const Napi::CallbackInfo& info, std::size_t index, const char* name, std::size_t length) {
  if (info.Length() <= index) throw wrong(name, "a Float64Array");
  const std::span<double> values = doubles(info[index], name);
  if (values.size() != length) throw Error("SHAPE", name, std::string("The array `") + name + "` has a wrong length.");
  return values;
}

// (transposeA, transposeB, m, n, k, a, b, c): c (m x n) = op(a) op(b), row-major.
Napi::Value implicit_multiply(const Napi::CallbackInfo& info) {
  const bool ta = flag(info, 0, "transposeA"), tb = flag(info, 1, "transposeB");
  const std::size_t m = count(info, 2, "m"), n = count(info, 3, "n"), k = count(info, 4, "k");
  const double* a = array(info, 5, "a", m * k).data();
  const double* b = array(info, 6, "b", k * n).data();
  double* c = array(info, 7, "c", m * n).data();
  if (n == 1)
    blas::gemv(ta, ta ? k : m, ta ? m : k, 1, a, ta ? m : k, b, 0, c);
  else if (m == 1)
    blas::gemv(!tb, tb ? n : k, tb ? k : n, 1, b, tb ? k : n, a, 0, c);
  else
    blas::gemm(ta, tb, m, n, k, 1, a, ta ? m : k, b, tb ? k : n, 0, c, n);
  return info.Env().Undefined();
}

template <typename T>
std::span<T> integers(const Napi::CallbackInfo& info, std::size_t index, const char* name) {
  if (info.Length() <= index || !info[index].IsTypedArray() ||
      info[index].As<Napi::TypedArray>().TypedArrayType() != napi_int32_array)
    throw wrong(name, "an Int32Array");
  auto view = info[index].As<Napi::Int32Array>();
  return {view.Data(), view.ElementLength()};
}

// (rowPointers, columns, values, columnCount, width, x, y): y = A x for a graph operator A in compressed rows and x of
// `width` numbers a node. Rows and columns are checked before anything is read.
Napi::Value implicit_graph_multiply(const Napi::CallbackInfo& info) {
  const std::span<std::int32_t> pointers = integers<std::int32_t>(info, 0, "rowPointers");
  const std::span<std::int32_t> columns = integers<std::int32_t>(info, 1, "columns");
  const double* values = array(info, 2, "values", columns.size()).data();
  const std::size_t others = count(info, 3, "columnCount"), width = count(info, 4, "width");
  const SparseMatrix matrix{pointers, columns, values, others};
  switch (check(matrix)) {
    case SparseFault::kRowPointers:
      throw wrong("rowPointers", "increasing from 0 to the number of entries");
    case SparseFault::kColumns:
      throw wrong("columns", "nodes of the graph");
    case SparseFault::kNone:
      break;
  }
  const double* x = array(info, 5, "x", others * width).data();
  double* y = array(info, 6, "y", (pointers.size() - 1) * width).data();
  sparse_product(matrix, width, x, y);
  return info.Env().Undefined();
}

// (size, jacobian) -> Promise<[size real parts, size imaginary parts, size singular values of J, and of I - J]>
Napi::Value implicit_spectrum(const Napi::CallbackInfo& info) {
  const std::size_t n = count(info, 0, "size");
  const std::span<double> view = array(info, 1, "jacobian", n * n);
  return Task<std::vector<double>>::start(
      info.Env(), info.Env().Undefined(),
      [n, jacobian = std::vector<double>(view.begin(), view.end())] {
        std::vector<double> result(4 * n), work = jacobian;
        const std::vector<std::complex<double>> values = lapack::eigenvalues(n, work.data());
        for (std::size_t i = 0; i < n; ++i) {
          result[i] = values[i].real();
          result[n + i] = values[i].imag();
        }
        work = jacobian;
        const std::vector<double> own = lapack::singular_values(n, n, work.data());
        std::copy(own.begin(), own.end(), result.begin() + static_cast<std::ptrdiff_t>(2 * n));
        for (std::size_t i = 0; i < n * n; ++i) work[i] = -jacobian[i];
        for (std::size_t i = 0; i < n; ++i) work[i * n + i] += 1;
        const std::vector<double> other = lapack::singular_values(n, n, work.data());
        std::copy(other.begin(), other.end(), result.begin() + static_cast<std::ptrdiff_t>(3 * n));
        return result;
      },
      [](Napi::Env env, std::vector<double>& result) { return Napi::Value(float64_array(env, result)); });
}

// (size, matrix, b) -> Promise<solution, or an empty array where a pivot is 0>
Napi::Value implicit_solve(const Napi::CallbackInfo& info) {
  const std::size_t n = count(info, 0, "size");
  const std::span<double> matrix = array(info, 1, "matrix", n * n), b = array(info, 2, "b", n);
  return Task<std::vector<double>>::start(
      info.Env(), info.Env().Undefined(),
      [n, m = std::vector<double>(matrix.begin(), matrix.end()), x = std::vector<double>(b.begin(), b.end())] {
        std::vector<double> work = m, result = x;
        if (!lapack::solve(n, work.data(), result.data())) result.clear();
        return result;
      },
      [](Napi::Env env, std::vector<double>& result) { return Napi::Value(float64_array(env, result)); });
}

}  // namespace

std::vector<Function> implicit_functions() {
  return {{"implicitLayout", implicit_layout, {kSimulation.info()}},
          {"implicitMemory", implicit_memory, {kSimulation.info()}},
          {"implicitSimulate", implicit_simulate, {kSimulation.info()}},
          {"implicitMultiply", implicit_multiply},
          {"implicitGraphMultiply", implicit_graph_multiply},
          {"implicitSpectrum", implicit_spectrum},
          {"implicitSolve", implicit_solve}};
}

}  // namespace mft::node
