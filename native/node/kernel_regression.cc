// System `kernel`: factorisations for regression. Matrices are Float64Arrays that are overwritten; they are kept alive
// until the promise settles.
#include <memory>
#include <span>

#include "core/blas.h"
#include "core/cholesky.h"
#include "core/lapack.h"
#include "node/fields.h"
#include "node/task.h"
#include "systems/kernel/gradient.h"

namespace mft::node {
namespace {

constexpr double kMostRows = 1 << 20;

struct MatrixCall {
  std::span<double> matrix, rows, out;
  std::size_t count = 1;
  double shift = 0.0, tolerance = 0.0;
  bool is_transposed = false;
  int threads = 1;
};

template <std::span<double> MatrixCall::*kMember>
Field<MatrixCall> in_place(const char* name) {
  return special<MatrixCall>(
      name, "matrix", [name](const Napi::Object& o, MatrixCall& into) { into.*kMember = doubles(o.Get(name), name); });
}

const Fields<MatrixCall> kFactor = {
    in_place<&MatrixCall::matrix>("matrix"),
    whole("count", &MatrixCall::count, 1, kMostRows),
    number("shift", &MatrixCall::shift),
    whole("threads", &MatrixCall::threads, 1, kMostThreads),
};
const Fields<MatrixCall> kSolve = {
    in_place<&MatrixCall::matrix>("matrix"),
    in_place<&MatrixCall::rows>("rows"),
    whole("count", &MatrixCall::count, 1, kMostRows),
    boolean("isTransposed", &MatrixCall::is_transposed),
    whole("threads", &MatrixCall::threads, 1, kMostThreads),
};
const Fields<MatrixCall> kProduct = {
    in_place<&MatrixCall::matrix>("matrix"),
    in_place<&MatrixCall::rows>("rows"),
    in_place<&MatrixCall::out>("out"),
    whole("count", &MatrixCall::count, 1, kMostRows),
    whole("threads", &MatrixCall::threads, 1, kMostThreads),
};
const Fields<MatrixCall> kSquare = {
    in_place<&MatrixCall::matrix>("matrix"),
    whole("count", &MatrixCall::count, 1, kMostRows),
};
const Fields<MatrixCall> kRank = {
    in_place<&MatrixCall::matrix>("matrix"),
    whole("count", &MatrixCall::count, 1, kMostRows),
    number("tolerance", &MatrixCall::tolerance),
};

void require_size(std::span<double> numbers, std::size_t size, const char* name) {
  if (numbers.size() != size) throw wrong(name, "a matrix of the right size");
}

template <typename Work>
Napi::Value start_quiet(const Napi::CallbackInfo& info, Work work) {
  return Task<bool>::start(
      info.Env(), all_arguments(info),
      [work = std::move(work)] {
        work();
        return true;
      },
      [](Napi::Env env, bool&) -> Napi::Value { return env.Undefined(); });
}

// ({matrix, count, shift, threads}, control?) -> Promise<{pivot, smallestRatio, logDeterminant}>
Napi::Value kernel_factor(const Napi::CallbackInfo& info) {
  const MatrixCall call = kFactor.argument(info, 0, "matrix");
  require_size(call.matrix, call.count * call.count, "matrix");
  const Control control = control_argument(info, 1);
  return Task<CholeskyOutcome>::start(
      info.Env(), all_arguments(info),
      [call, control] { return cholesky_factor(call.matrix.data(), call.count, call.shift, call.threads, control); },
      [](Napi::Env env, CholeskyOutcome& outcome) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("pivot", static_cast<double>(outcome.pivot));
        result.Set("smallestRatio", outcome.smallest_ratio);
        result.Set("logDeterminant", outcome.log_determinant);
        return Napi::Value(result);
      });
}

// ({matrix, rows, count, isTransposed, threads}, control?): the rows become L^-1 or L^-T times themselves.
Napi::Value kernel_solve(const Napi::CallbackInfo& info) {
  const MatrixCall call = kSolve.argument(info, 0, "matrix");
  require_size(call.matrix, call.count * call.count, "matrix");
  if (call.rows.size() % call.count != 0) throw wrong("rows", "rows as long as the matrix");
  const Control control = control_argument(info, 1);
  return start_quiet(info, [call, control] {
    solve_lower(call.matrix.data(), call.count, call.rows.data(), call.rows.size() / call.count, call.is_transposed,
                call.threads, control);
  });
}

// ({matrix, rows, out, count, threads}, control?): out = matrix rows^T, both of rows `count` long.
Napi::Value kernel_product(const Napi::CallbackInfo& info) {
  const MatrixCall call = kProduct.argument(info, 0, "matrix");
  const std::size_t height = call.matrix.size() / call.count, width = call.rows.size() / call.count;
  require_size(call.matrix, height * call.count, "matrix");
  require_size(call.rows, width * call.count, "rows");
  require_size(call.out, height * width, "out");
  const Control control = control_argument(info, 1);
  return start_quiet(info, [=] {
    product_of_rows(call.matrix.data(), height, call.rows.data(), width, call.count, call.out.data(), call.threads,
                    control);
  });
}

// ({matrix, count}): the factor in the lower triangle becomes the inverse of the matrix.
Napi::Value kernel_inverse(const Napi::CallbackInfo& info) {
  const MatrixCall call = kSquare.argument(info, 0, "matrix");
  require_size(call.matrix, call.count * call.count, "matrix");
  return start_quiet(info, [call] { lapack::inverse_from_cholesky(call.count, call.matrix.data(), call.count); });
}

// ({matrix, count}) -> Promise<eigenvalues>, decreasing; row k of the matrix becomes eigenvector k.
Napi::Value kernel_eigen(const Napi::CallbackInfo& info) {
  const MatrixCall call = kSquare.argument(info, 0, "matrix");
  require_size(call.matrix, call.count * call.count, "matrix");
  return Task<std::vector<double>>::start(
      info.Env(), all_arguments(info), [call] { return lapack::symmetric_eigen(call.count, call.matrix.data()); },
      [](Napi::Env env, std::vector<double>& values) -> Napi::Value { return float64_array(env, values); });
}

// ({matrix, count, tolerance}) -> Promise<rank>
Napi::Value kernel_rank(const Napi::CallbackInfo& info) {
  const MatrixCall call = kRank.argument(info, 0, "matrix");
  require_size(call.matrix, call.count * call.count, "matrix");
  return Task<std::size_t>::start(
      info.Env(), all_arguments(info),
      [call] { return lapack::semidefinite_rank(call.count, call.matrix.data(), call.count, call.tolerance); },
      [](Napi::Env env, std::size_t& rank) -> Napi::Value {
        return Napi::Number::New(env, static_cast<double>(rank));
      });
}

struct GradientCall {
  kernel::GradientModel model;
  std::span<double> gram, adjoint;
  std::size_t count = 1;
};

const Fields<kernel::PairFunction> kPairFunction = {
    word("kind", &kernel::PairFunction::kind,
         std::array<const char*, 6>{"rectifier", "erf", "gelu", "sin", "cos", "series"}),
    number("a", &kernel::PairFunction::a),
    number("b", &kernel::PairFunction::b),
};
const Fields<kernel::GradientModel> kGradientModel = {
    object("phi", &kernel::GradientModel::phi, kPairFunction),
    gaussian_function("activation", &kernel::GradientModel::function),
    numbers("weights", &kernel::GradientModel::weights),
    numbers("biases", &kernel::GradientModel::biases),
    numbers("keeps", &kernel::GradientModel::keeps),
    probability("inputKeep", &kernel::GradientModel::input_keep),
    boolean("hasSharedMasks", &kernel::GradientModel::has_shared_masks),
    boolean("isTangent", &kernel::GradientModel::is_tangent),
    whole("threads", &kernel::GradientModel::threads, 1, kMostThreads),
};
const Fields<GradientCall> kGradient = {
    object("model", &GradientCall::model, kGradientModel),
    special<GradientCall>(
        "gram", "matrix",
        [](const Napi::Object& o, GradientCall& into) { into.gram = doubles(o.Get("gram"), "gram"); }),
    special<GradientCall>(
        "adjoint", "matrix",
        [](const Napi::Object& o, GradientCall& into) { into.adjoint = doubles(o.Get("adjoint"), "adjoint"); }),
    whole("count", &GradientCall::count, 1, kMostRows),
};

// ({model, gram, adjoint, count}, control?) -> Promise<{weights, biases, slope, keep, value}>
Napi::Value kernel_gradient(const Napi::CallbackInfo& info) {
  const GradientCall call = kGradient.argument(info, 0, "call");
  require_size(call.gram, call.count * call.count, "gram");
  require_size(call.adjoint, call.count * call.count, "adjoint");
  const std::size_t layers = call.model.keeps.size() + 1;
  if (call.model.weights.size() != layers || call.model.biases.size() != layers)
    throw wrong("weights", "a number for every dense layer");
  const Control control = control_argument(info, 1);
  return Task<kernel::KernelGradient>::start(
      info.Env(), all_arguments(info),
      [call, control] { return kernel::kernel_gradient(call.model, call.gram, call.adjoint, call.count, control); },
      [](Napi::Env env, kernel::KernelGradient& gradient) {
        Napi::Object result = Napi::Object::New(env);
        result.Set("weights", float64_array(env, gradient.weights));
        result.Set("biases", float64_array(env, gradient.biases));
        result.Set("slope", gradient.slope);
        result.Set("keep", gradient.keep);
        result.Set("value", gradient.value);
        return Napi::Value(result);
      });
}

}  // namespace

std::vector<Function> kernel_regression_functions() {
  return {
      {"kernelFactor", kernel_factor, {kFactor.info()}},       {"kernelSolve", kernel_solve, {kSolve.info()}},
      {"kernelProduct", kernel_product, {kProduct.info()}},    {"kernelInverse", kernel_inverse, {kSquare.info()}},
      {"kernelEigen", kernel_eigen, {kSquare.info()}},         {"kernelRank", kernel_rank, {kRank.info()}},
      {"kernelGradient", kernel_gradient, {kGradient.info()}},
  };
}

}  // namespace mft::node
