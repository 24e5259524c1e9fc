// Simulation of `recurrent`: arguments for native/systems/recurrent, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { threadsFor } from '../../core/memory.js';
import type { Estimated } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import {
  axesAt,
  estimateTrials,
  type Measure,
  type RowTable,
  type TrialEstimator,
  valueAt,
} from '../../statistics/trials.js';
import { nativeCell } from './cell.js';
import type { NativeSimulation, RecurrentPlace } from './native.js';
import type { RecurrentObservable } from './observables.js';
import type { ResolvedRecurrentRun, ResolvedRecurrentSpec } from './spec.js';

export function nativeSimulation(spec: ResolvedRecurrentSpec, run: ResolvedRecurrentRun): NativeSimulation {
  return {
    isTied: spec.weightSharing === 'tied',
    jacobian: run.jacobian,
    singularValues: false,
    inputCorrelation: spec.inputCorrelation,
    startVariance: spec.initialStateVariance,
    startCorrelation: spec.initialStateCorrelation,
    width: spec.width,
    inputWidth: spec.inputWidth,
    steps: spec.steps,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

const places: Readonly<Record<RecurrentObservable, readonly [RecurrentPlace, TrialEstimator]>> = {
  stateVariance: ['stateVariance', 'mean'],
  stateCovariance: ['stateCovariance', 'mean'],
  perturbationGrowth: ['perturbation', 'logMean'],
  jacobianSecondMoment: ['jacobianSecondMoment', 'mean'],
};

export async function simulate(
  spec: ResolvedRecurrentSpec,
  run: ResolvedRecurrentRun,
  options: SystemOptions,
): Promise<SimulationBody<RecurrentObservable>> {
  const cell = nativeCell(spec);
  const native = nativeSimulation(spec, run);
  const table = addon().recurrentLayout({ ...native, trials: 1 }, cell);
  const estimated = await estimateTrials(
    measuresOf(table, run.jacobian),
    run,
    table.rowLength,
    spec.steps,
    options,
    (part, slots) => addon().recurrentSimulate({ ...native, ...part }, cell, slots),
  );
  const observables = Object.fromEntries(
    Object.entries(estimated).map(([name, estimate]) => [name, overTime(estimate)]),
  ) as SimulationBody<RecurrentObservable>['observables'];
  return { observables, warnings: [] };
}

/** Rows have two axes, the second of one place. */
const overTime = (estimate: Estimated): Estimated => ({ ...estimate, axes: estimate.axes.slice(0, 1) });

/** A run that carries the Jacobian is for that alone: what it shares with a plain run it would give with the same bits. */
function measuresOf(table: RowTable<RecurrentPlace>, jacobian: boolean): Partial<Record<RecurrentObservable, Measure>> {
  const measures: Partial<Record<RecurrentObservable, Measure>> = {};
  for (const [name, [place, estimator]] of Object.entries(places) as [
    RecurrentObservable,
    readonly [RecurrentPlace, TrialEstimator],
  ][]) {
    const at = table.places[place];
    if (at !== undefined && jacobian === (name === 'jacobianSecondMoment'))
      measures[name] = { axes: axesAt(at), estimator, value: valueAt(at) };
  }
  return measures;
}
