#include "systems/kernel/gradient.h"

#include <algorithm>
#include <deque>

#include "core/parallel.h"
#include "systems/kernel/series_derivatives.h"

namespace mft::kernel {
namespace {

// Rows whose sums are taken together: they do not depend on threads, so nor does the order of summation.
constexpr std::size_t kRows = 32;

struct Sums {
  KernelGradient gradient;
  std::vector<double> variances;  // adjoints of q^l, layer by layer, of all rows: hidden layers 1 .. L
};

class Engine {
 public:
  Engine(const GradientModel& model, std::span<const double> gram, std::span<const double> adjoint, std::size_t count,
         const Control& control)
      : model_(model), gram_(gram), adjoint_(adjoint), count_(count), depth_(model.keeps.size()) {
    variances_.resize(depth_ * count);
    for (std::size_t l = 0; l < depth_; ++l) {
      const std::span<double> own = std::span(variances_).subspan(l * count, count);
      for (std::size_t i = 0; i < count; ++i) {
        if (l == 0) {
          own[i] = first(gram_[i * count + i], model_.input_keep);
        } else {
          const double second = own_at(l - 1, i, variances_[(l - 1) * count + i]).product.value;
          own[i] = model_.weights[l] * second / model_.keeps[l - 1] + model_.biases[l];
        }
      }
      if (model_.phi.kind == PairKind::kSeries)
        series_.emplace_back(model_.function, own, depth_, model_.threads, control);
    }
  }

  Sums zeros() const {
    Sums sums;
    sums.gradient.weights.assign(depth_ + 1, 0.0);
    sums.gradient.biases.assign(depth_ + 1, 0.0);
    sums.variances.assign(depth_ * count_, 0.0);
    return sums;
  }

  void add_pairs(std::size_t i, Sums& sums) const {
    std::vector<Step> steps(depth_);
    std::vector<SeriesDerivatives::RowSeries> rows(series_.size());
    for (std::size_t j = 0; j < i; ++j) {
      const double weight = 2.0 * adjoint_[i * count_ + j];
      const double input_keep = model_.has_shared_masks ? model_.input_keep : 1.0;
      double k = first(gram_[i * count_ + j], input_keep), theta = k;
      for (std::size_t l = 0; l < depth_; ++l) {
        Step& step = steps[l];
        step.moments = series_.empty()
                           ? pair_moments(model_.phi, {variances_[l * count_ + i], variances_[l * count_ + j], k})
                           : series_[l].pair(i, j, k, rows[l]);
        step.theta = theta;
        step.keep = model_.has_shared_masks ? model_.keeps[l] : 1.0;
        forward(l, step, k, theta);
      }
      sums.gradient.value += weight * (model_.is_tangent ? theta : k);
      Adjoints bar = outermost(weight);
      for (std::size_t l = depth_; l-- > 0;) {
        const Step& step = steps[l];
        const Parts parts = backward(l, step, model_.has_shared_masks, bar, sums.gradient);
        sums.variances[l * count_ + i] +=
            parts.product * step.moments.product.by_q1 + parts.tangent * step.moments.tangent.by_q1;
        sums.variances[l * count_ + j] +=
            parts.product * step.moments.product.by_q2 + parts.tangent * step.moments.tangent.by_q2;
      }
      add_first(gram_[i * count_ + j] / input_keep, bar, sums.gradient);
    }
  }

  // A row with itself, whose variances every pair of the row has asked for.
  void add_own(std::size_t i, const std::vector<double>& variances, KernelGradient& gradient) const {
    std::vector<Step> steps(depth_);
    double q = first(gram_[i * count_ + i], model_.input_keep), theta = q;
    for (std::size_t l = 0; l < depth_; ++l) {
      steps[l] = {own_at(l, i, q), theta, model_.keeps[l]};
      forward(l, steps[l], q, theta);
    }
    const double weight = adjoint_[i * count_ + i];
    gradient.value += weight * (model_.is_tangent ? theta : q);
    Adjoints bar = outermost(weight);
    for (std::size_t l = depth_; l-- > 0;) {
      backward(l, steps[l], true, bar, gradient);
      bar.k += variances[l * count_ + i];
    }
    add_first(gram_[i * count_ + i] / model_.input_keep, bar, gradient);
  }

 private:
  struct Step {
    PairMoments moments;
    double theta = 0, keep = 1;
  };
  struct Adjoints {
    double k = 0, theta = 0;
  };
  // Of E phi phi and E phi' phi'.
  struct Parts {
    double product = 0, tangent = 0;
  };

  PairMoments own_at(std::size_t l, std::size_t i, double q) const {
    return series_.empty() ? own_moments(model_.phi, q) : series_[l].own(i);
  }

  double first(double inner, double keep) const { return model_.weights[0] * inner / keep + model_.biases[0]; }

  void forward(std::size_t l, const Step& step, double& k, double& theta) const {
    const double weight = model_.weights[l + 1] / step.keep;
    k = weight * step.moments.product.value + model_.biases[l + 1];
    theta = k + weight * step.moments.tangent.value * theta;
  }

  Adjoints outermost(double weight) const { return model_.is_tangent ? Adjoints{0, weight} : Adjoints{weight, 0}; }

  // Through hidden layer l: from the adjoints of dense layer l + 2 to those of l + 1.
  Parts backward(std::size_t l, const Step& step, bool is_kept, Adjoints& bar, KernelGradient& gradient) const {
    const auto& [product, tangent] = step.moments;
    const double weight = model_.weights[l + 1], scale = weight / step.keep;
    const double k_bar = bar.k + bar.theta;  // Theta contains K
    const double share = (k_bar * product.value + bar.theta * tangent.value * step.theta) / step.keep;
    gradient.weights[l + 1] += share;
    gradient.biases[l + 1] += k_bar;
    if (is_kept) gradient.keep -= weight * share / step.keep;
    const Parts parts = {k_bar * scale, bar.theta * scale * step.theta};
    gradient.slope += parts.product * product.by_slope + parts.tangent * tangent.by_slope;
    bar = {parts.product * product.by_k + parts.tangent * tangent.by_k, bar.theta * scale * tangent.value};
    return parts;
  }

  void add_first(double inner, const Adjoints& bar, KernelGradient& gradient) const {
    const double k_bar = bar.k + bar.theta;
    gradient.weights[0] += k_bar * inner;
    gradient.biases[0] += k_bar;
  }

  const GradientModel& model_;
  std::span<const double> gram_, adjoint_;
  std::size_t count_, depth_;
  std::vector<double> variances_;
  std::deque<SeriesDerivatives> series_;  // of hidden layers, where there is no closed form
};

void add(KernelGradient& into, const KernelGradient& part) {
  for (std::size_t l = 0; l < part.weights.size(); ++l) {
    into.weights[l] += part.weights[l];
    into.biases[l] += part.biases[l];
  }
  into.slope += part.slope;
  into.keep += part.keep;
  into.value += part.value;
}

}  // namespace

KernelGradient kernel_gradient(const GradientModel& model, std::span<const double> gram,
                               std::span<const double> adjoint, std::size_t count, const Control& control) {
  const Engine engine(model, gram, adjoint, count, control);
  // A fixed number of blocks, row i in block i mod kRows: equal work, and sums of one size.
  const std::size_t blocks = std::min(kRows, count);
  std::vector<Sums> parts(blocks, engine.zeros());
  parallel_for(blocks, model.threads, [&](std::size_t b, int) {
    for (std::size_t i = b; i < count; i += blocks) {
      control.throw_if_cancelled();
      engine.add_pairs(i, parts[b]);
    }
    control.advance(1);
  });
  Sums total = engine.zeros();
  for (const Sums& part : parts) {
    add(total.gradient, part.gradient);
    for (std::size_t at = 0; at < part.variances.size(); ++at) total.variances[at] += part.variances[at];
  }
  for (std::size_t i = 0; i < count; ++i) engine.add_own(i, total.variances, total.gradient);
  return total.gradient;
}

}  // namespace mft::kernel
