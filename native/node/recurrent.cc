// System `recurrent`: its functions for JavaScript.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "node/fields.h"
#include "node/rows.h"
#include "node/task.h"
#include "systems/recurrent/lstm.h"
#include "systems/recurrent/population.h"
#include "systems/recurrent/simulation.h"
#include "systems/recurrent/spectrum.h"
#include "systems/recurrent/theory.h"

namespace mft::node {
namespace {

using recurrent::Cell;
using recurrent::CellKind;
using recurrent::Gate;
using recurrent::Simulation;
using recurrent::SiteProcess;
using recurrent::StateMoments;
using recurrent::Theory;

const Fields<Gate> kGate = {
    number("recurrentWeightVariance", &Gate::recurrent),
    number("inputWeightVariance", &Gate::input),
    number("biasVariance", &Gate::bias_variance),
    number("biasMean", &Gate::bias_mean),
};

const Fields<Cell> kCell = {
    word<Cell, CellKind, 7>("cell", &Cell::kind,
                            {"vanilla", "minimal", "gru", "peepholeLstm", "lstm", "minGru", "minLstm"}),
    gaussian_function("activation", &Cell::function),
    word<Cell, recurrent::GateFunction, 2>("gate", &Cell::gate, {"sigmoid", "probit"}),
    boolean("resetAfter", &Cell::reset_after),
    number("candidateRecurrentBiasVariance", &Cell::candidate_recurrent_bias),
    special<Cell>("gates", "list",
                  [](const Napi::Object& o, Cell& into) {
                    const Napi::Value value = o.Get("gates");
                    if (!value.IsArray() || value.As<Napi::Array>().Length() > recurrent::kGates)
                      throw wrong("gates", "a list of at most four objects");
                    const auto items = value.As<Napi::Array>();
                    for (std::uint32_t i = 0; i < items.Length(); ++i) {
                      const Napi::HandleScope scope(items.Env());
                      const Napi::Value item = items.Get(i);
                      if (!item.IsObject()) throw wrong("gates", "a list of at most four objects");
                      kGate.read(item.As<Napi::Object>(), into.gates[i]);
                    }
                  }),
    number("inputVariance", &Cell::input_variance),
    number("inputFourthMoment", &Cell::input_fourth_moment),
    boolean("isOrthogonal", &Cell::is_orthogonal),
};

enum class Asked {
  kFixedPoints,
  kPair,
  kTrajectory,
  kJacobian,
  kSettled,
  kStart,
  kCriticalVariances,
  kCriticalBiasMeans,
  kResolvent,
  kShare,
  kEdge,
  kLstm,
  kTiedMinimal
};

struct Question {
  Asked what = Asked::kFixedPoints;
  double second = 0, mean = 0, covariance = 0;
  double variance = 0, low = 0, high = 0, real = 0, imaginary = 0;
  std::size_t steps = 1, points = 120, samples = 1, populations = 1;
  std::uint64_t seed = 1;
  std::vector<double> input_correlation = {0}, singular_values;
};

const Fields<Question> kQuestion = {
    word<Question, Asked, 13>("what", &Question::what,
                              {"fixedPoints", "pair", "trajectory", "jacobian", "settled", "start", "criticalVariances",
                               "criticalBiasMeans", "resolvent", "share", "edge", "lstm", "tiedMinimal"}),
    optional(number("second", &Question::second)),
    optional(number("mean", &Question::mean)),
    optional(number("covariance", &Question::covariance)),
    optional(number("variance", &Question::variance)),
    optional(number("low", &Question::low)),
    optional(number("high", &Question::high)),
    optional(number("real", &Question::real)),
    optional(number("imaginary", &Question::imaginary)),
    optional(whole("steps", &Question::steps, 1, 1e6)),
    optional(whole("points", &Question::points, 20, 400)),
    optional(whole("samples", &Question::samples, 2, 1e7)),
    optional(whole("populations", &Question::populations, 1, 1000)),
    optional(seed("seed", &Question::seed)),
    optional(numbers("singularValues", &Question::singular_values)),
    optional(numbers("inputCorrelation", &Question::input_correlation)),
};

using Answer = std::map<std::string, std::vector<double>>;

Answer fixed_points(const Theory& theory, const Control& control) {
  Answer answer;
  for (const recurrent::FixedPoint& point : theory.fixed_points(control)) {
    answer["second"].push_back(point.state.second);
    answer["mean"].push_back(point.state.mean);
    answer["isStable"].push_back(point.is_stable ? 1 : 0);
    answer["chi1MinusOne"].push_back(theory.chi1_minus_one(point.state));
    answer["slope"].push_back(theory.variance_map_slope(point.state));
    answer["preactivationVariance"].push_back(
        theory.cell().gates[0].variance(point.state.second, theory.cell().input_variance));
  }
  return answer;
}

// Times 0..steps of the moments of a pair, and of the first gate's pre-activation at times 1..steps.
Answer trajectory(const Theory& theory, const Question& question, const Control& control) {
  Answer answer;
  StateMoments state{question.second, question.mean};
  double covariance = question.covariance;
  const bool has_fourth = theory.cell().kind == CellKind::kMinimal;
  double fourth = 3 * state.second * state.second;  // the start is Gaussian
  std::vector<StateMoments> states;
  std::vector<double> fourths;
  const Gate& gate = theory.cell().gates[0];
  const double r = theory.cell().input_variance;
  for (std::size_t time = 0; time <= question.steps; ++time) {
    control.throw_if_cancelled();
    if (!std::isfinite(state.second))
      throw Error("NOT_FINITE", "recurrentWeightVariance",
                  "The second moment of the state leaves the range of numbers at step " + std::to_string(time) +
                      "; lower `recurrentWeightVariance` or `steps`.");
    answer["second"].push_back(state.second);
    answer["mean"].push_back(state.mean);
    answer["covariance"].push_back(covariance);
    if (time == question.steps) break;
    const std::vector<double>& list = question.input_correlation;
    const double input_covariance = r * list[std::min(time, list.size() - 1)];
    answer["preactivationVariance"].push_back(gate.variance(state.second, r));
    answer["preactivationCovariance"].push_back(gate.covariance(covariance, input_covariance));
    answer["chi1MinusOne"].push_back(theory.chi1_minus_one(state));
    answer["chi1"].push_back(theory.chi1(state));
    states.push_back(state);
    fourths.push_back(fourth);
    const double next_covariance = theory.next_covariance(state, covariance, input_covariance);
    if (has_fourth) fourth = theory.next_fourth_moment(state, fourth);
    state = theory.next(state);
    covariance = next_covariance;
    control.advance(1);
  }
  answer["products"] = product_second_moments(theory, states, fourths);
  return answer;
}

Answer jacobian(const Theory& theory, const Question& question) {
  const StateMoments state{question.second, question.mean};
  const double third = theory.third_moment(state), fourth = theory.fourth_moment(state);
  const recurrent::JacobianMoments moments = theory.jacobian(state, third, fourth);
  Answer answer;
  answer["firstMinusOne"] = {moments.first_minus_one};
  answer["fourth"] = {fourth};
  if (!moments.second) return answer;
  answer["second"] = {*moments.second};
  answer["products"] = product_second_moments(theory, std::vector<StateMoments>(question.steps, state),
                                              std::vector<double>(question.steps, fourth));
  return answer;
}

// One answer after the other for every population of sampled units: one where units are the nodes of a rule.
Answer spectrum(const Question& question, const Cell& cell, const Control& control) {
  recurrent::UnitSampling sampling{question.second,  question.mean, question.variance,
                                   question.samples, question.seed, 0};
  std::vector<double> values;
  const std::size_t populations = recurrent::is_sampled(cell) ? question.populations : 1;
  for (; sampling.population < populations; ++sampling.population) {
    const recurrent::JacobianUnits units = recurrent::jacobian_units(cell, sampling, control);
    if (question.what == Asked::kEdge) {
      values.push_back(recurrent::singular_value_edge(units));
    } else if (question.what == Asked::kShare) {
      for (const double s : question.singular_values)
        values.push_back(recurrent::singular_value_share(units, s, control));
    } else {
      const std::complex<double> w{question.real, question.imaginary};
      const std::complex<double> value =
          cell.is_orthogonal ? recurrent::orthogonal_resolvent(units, w) : recurrent::resolvent(units, w, control);
      values.insert(values.end(), {value.real(), value.imag()});
    }
    control.advance(1);
  }
  return {{"value", std::move(values)}};
}

// The state's moments just after pre-activations of these moments (vanilla).
Answer start(const Theory& theory, const Question& question) {
  Cell cell = theory.cell();
  cell.gates[0] = {0, 0, question.variance, cell.gates[0].bias_mean};
  const StateMoments state = Theory(cell).next({0, 0});
  cell.gates[0] = {1, 0, 0, cell.gates[0].bias_mean};
  const double covariance = Theory(cell).next_covariance({question.variance, 0}, question.covariance, 0);
  return {{"second", {state.second}}, {"mean", {state.mean}}, {"covariance", {covariance}}};
}

Answer answer_to(const Question& question, const Cell& cell, const Control& control) {
  const Theory theory(cell);
  switch (question.what) {
    case Asked::kFixedPoints:
      return fixed_points(theory, control);
    case Asked::kPair: {
      const recurrent::PairPoint pair =
          theory.pair_fixed_point({question.second, question.mean}, question.input_correlation.at(0));
      return {{"covariance", {pair.covariance}},
              {"susceptibilityMinusOne", {pair.susceptibility_minus_one}},
              {"isAtUnity", {pair.is_at_unity ? 1.0 : 0.0}}};
    }
    case Asked::kTrajectory:
      return trajectory(theory, question, control);
    case Asked::kJacobian:
      return jacobian(theory, question);
    case Asked::kSettled: {
      // At a pre-activation variance: what the first gate says there.
      Cell fixed = cell;
      fixed.gates[0] = {0, 0, question.variance, cell.gates[0].bias_mean};
      const recurrent::UnitMoments at = Theory(fixed).gates(0).of[0];
      return {{"second", {Theory(fixed).settled(0).second}},
              {"slopeSquare", {at.d2}},
              {"closedShare", {at.closed_share}},
              {"leak", {at.leak}}};
    }
    case Asked::kStart:
      return start(theory, question);
    case Asked::kCriticalVariances:
      return {{"roots", theory.critical_recurrent_variances(control)}};
    case Asked::kCriticalBiasMeans:
      return {{"roots", theory.critical_bias_means(question.low, question.high, control)}};
    case Asked::kResolvent:
    case Asked::kShare:
    case Asked::kEdge:
      return spectrum(question, cell, control);
    case Asked::kLstm: {
      const recurrent::LstmState state = recurrent::lstm_fixed_point(cell, question.points, control);
      return {{"second", {state.second}},
              {"mean", {state.mean}},
              {"cellSecond", {state.cell_second}},
              {"growth", {state.growth}}};
    }
    case Asked::kTiedMinimal: {
      const std::array<double, 3> moments = recurrent::tied_minimal_moments(cell);
      return {{"second", {moments.begin(), moments.end()}}};
    }
  }
  return {};
}

struct Grid {
  std::vector<Cell> cells;
  std::vector<double> input_correlation;  // per cell; empty: no pairs
  int threads = 1;
};

const Fields<Grid> kGrid = {
    list("cells", &Grid::cells, kCell),
    optional(numbers("inputCorrelation", &Grid::input_correlation)),
    whole("threads", &Grid::threads, 1, kMostThreads),
};

// What is reached from zero at every point of a grid; isKnown 0 where a point has none, or an error that says more.
Answer grid_answer(const Grid& grid, const Control& control) {
  const std::size_t count = grid.cells.size();
  Answer answer;
  for (const char* name : {"second", "chi1MinusOne", "covariance", "susceptibilityMinusOne", "isAtUnity", "isKnown"})
    answer[name].assign(count, 0);
  parallel_for(count, grid.threads, [&](std::size_t i, int) {
    control.throw_if_cancelled();
    try {
      const Theory theory(grid.cells[i]);
      const std::vector<recurrent::FixedPoint> points = theory.fixed_points(control);
      const auto stable = std::find_if(points.begin(), points.end(), [](const auto& point) { return point.is_stable; });
      const StateMoments state = (stable == points.end() ? points.front() : *stable).state;
      answer.at("second")[i] = state.second;
      answer.at("chi1MinusOne")[i] = theory.chi1_minus_one(state);
      if (!grid.input_correlation.empty()) {
        const recurrent::PairPoint pair = theory.pair_fixed_point(state, grid.input_correlation[i]);
        answer.at("covariance")[i] = pair.covariance;
        answer.at("susceptibilityMinusOne")[i] = pair.susceptibility_minus_one;
        answer.at("isAtUnity")[i] = pair.is_at_unity ? 1 : 0;
      }
      answer.at("isKnown")[i] = 1;
    } catch (const Error&) {  // the point is asked for by itself, and its error goes to the caller
    }
    control.advance(1);
  });
  return answer;
}

Napi::Value columns(Napi::Env env, Answer& answer) {
  Napi::Object result = Napi::Object::New(env);
  for (const auto& [name, values] : answer) result.Set(name, float64_array(env, values));
  return result;
}

// (grid, control?) -> Promise<object of Float64Arrays>
Napi::Value recurrent_grid(const Napi::CallbackInfo& info) {
  const auto grid = std::make_shared<const Grid>(kGrid.argument(info, 0, "grid"));
  if (!grid->input_correlation.empty() && grid->input_correlation.size() != grid->cells.size())
    throw wrong("inputCorrelation", "a list with one number per cell");
  const Control control = control_argument(info, 1);
  return Task<Answer>::start(
      info.Env(), info[1], [grid, control] { return grid_answer(*grid, control); }, columns);
}

// (question, cell, control?) -> Promise<object of Float64Arrays>
Napi::Value recurrent_theory(const Napi::CallbackInfo& info) {
  const Question question = kQuestion.argument(info, 0, "question");
  const auto cell = std::make_shared<const Cell>(kCell.argument(info, 1, "cell"));
  if (question.input_correlation.empty()) throw wrong("inputCorrelation", "a list of at least one number");
  const Control control = control_argument(info, 2);
  return Task<Answer>::start(
      info.Env(), info[2], [question, cell, control] { return answer_to(question, *cell, control); }, columns);
}

const Fields<SiteProcess> kSites = {
    boolean("isTied", &SiteProcess::is_tied),
    number("inputCorrelation", &SiteProcess::input_correlation),
    number("startVariance", &SiteProcess::start_variance),
    number("startCorrelation", &SiteProcess::start_correlation),
    whole("steps", &SiteProcess::steps, 1, 1e6),
    whole("sites", &SiteProcess::sites, 2, 1e8),
    seed("seed", &SiteProcess::seed),
    whole("populations", &SiteProcess::populations, 1, 1e6),
    whole("threads", &SiteProcess::threads, 1, kMostThreads),
};

SiteProcess sites_argument(const Napi::CallbackInfo& info) {
  SiteProcess process = kSites.argument(info, 0, "process");
  process.cell = kCell.argument(info, 1, "cell");
  return process;
}

// (process, cell) -> bytes of one population
Napi::Value recurrent_site_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), recurrent::site_memory(sites_argument(info)));
}

// (process, cell, control?) -> Promise<Float64Array>: a row per population
Napi::Value recurrent_sites(const Napi::CallbackInfo& info) {
  const auto process = std::make_shared<const SiteProcess>(sites_argument(info));
  const Control control = control_argument(info, 2);
  return start_rows(info.Env(), info[2], recurrent::site_row_length(*process), process->populations,
                    [process, control](std::span<double> rows) { recurrent::sample_sites(*process, control, rows); });
}

const Fields<Simulation> kSimulation = {
    boolean("isTied", &Simulation::is_tied),
    boolean("jacobian", &Simulation::has_jacobian),
    boolean("singularValues", &Simulation::has_singular_values),
    number("inputCorrelation", &Simulation::input_correlation),
    number("startVariance", &Simulation::start_variance),
    number("startCorrelation", &Simulation::start_correlation),
    whole("width", &Simulation::width, 1, 1e6),
    whole("inputWidth", &Simulation::input_width, 1, 1e6),
    whole("steps", &Simulation::steps, 1, 1e6),
    seed("seed", &Simulation::seed),
    first_trial(&Simulation::range),
    trial_count(&Simulation::range),
    trial_threads(&Simulation::range),
};

Simulation simulation_argument(const Napi::CallbackInfo& info) {
  Simulation simulation = kSimulation.argument(info, 0, "simulation");
  simulation.cell = kCell.argument(info, 1, "cell");
  return simulation;
}

// (simulation, cell) -> the layout of a row
Napi::Value recurrent_layout(const Napi::CallbackInfo& info) {
  return row_table(info.Env(), recurrent::row_table(simulation_argument(info)));
}

// (simulation, cell) -> bytes
Napi::Value recurrent_memory(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), recurrent::memory_estimate(simulation_argument(info)));
}

// (simulation, cell, control?) -> Promise<Float64Array> of rows
Napi::Value recurrent_simulate(const Napi::CallbackInfo& info) {
  const auto simulation = std::make_shared<const Simulation>(simulation_argument(info));
  const Control control = control_argument(info, 2);
  return start_rows(info.Env(), info[2], recurrent::row_table(*simulation).row_length, simulation->range.count,
                    [simulation, control](std::span<double> rows) { recurrent::simulate(*simulation, control, rows); });
}

}  // namespace

std::vector<Function> recurrent_functions() {
  return {{"recurrentTheory", recurrent_theory, {kQuestion.info(), kCell.info()}},
          {"recurrentGrid", recurrent_grid, {kGrid.info()}},
          {"recurrentSites", recurrent_sites, {kSites.info(), kCell.info()}},
          {"recurrentSiteMemory", recurrent_site_memory, {kSites.info(), kCell.info()}},
          {"recurrentLayout", recurrent_layout, {kSimulation.info(), kCell.info()}},
          {"recurrentMemory", recurrent_memory, {kSimulation.info(), kCell.info()}},
          {"recurrentSimulate", recurrent_simulate, {kSimulation.info(), kCell.info()}}};
}

}  // namespace mft::node
