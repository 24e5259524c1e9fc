// Simulation of `implicit`: arguments for native/systems/implicit, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { threadsFor } from '../../core/memory.js';
import type { Estimated } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { axesAt, estimateTrials, type Measure, type TrialEstimator, valueAt } from '../../statistics/trials.js';
import type { NativeSimulation } from './native.js';
import type { ImplicitObservable } from './observables.js';
import type { ResolvedImplicitRun, ResolvedImplicitSpec } from './spec.js';

/** What the addon takes of a spec and a run. */
export function nativeSimulation(spec: ResolvedImplicitSpec, run: ResolvedImplicitRun): NativeSimulation {
  return {
    activation: resolveActivation(spec.activation),
    weightVariance: spec.weightVariance,
    inputVariance: spec.inputVariance,
    keepProbability: spec.keepProbability,
    width: spec.width,
    termCount: spec.termCount,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

const estimators: Readonly<Record<ImplicitObservable, TrialEstimator>> = {
  preActivationVariance: 'mean',
  squaredJacobianRadius: 'mean',
  adjointNorm: 'mean',
  termNorm: 'logMean',
  neumannError: 'meanLog',
};

/** Random layers of a spec, each solved forward and backward. See `simulate`. */
export async function simulate(
  spec: ResolvedImplicitSpec,
  run: ResolvedImplicitRun,
  options: SystemOptions,
): Promise<SimulationBody<ImplicitObservable>> {
  const native = nativeSimulation(spec, run);
  const table = addon().implicitLayout(native);
  const measures = Object.fromEntries(
    Object.entries(estimators).map(([name, estimator]) => {
      const place = table.places[name as ImplicitObservable];
      const reason =
        name === 'preActivationVariance'
          ? 'larger than the largest number'
          : 'no trial came to rest: iteration or Neumann series did not settle';
      return [name, { axes: axesAt(place), estimator, value: valueAt(place), reason } satisfies Measure];
    }),
  ) as Record<ImplicitObservable, Measure>;
  const estimated = await estimateTrials<ImplicitObservable>(
    measures,
    run,
    table.rowLength,
    1,
    options,
    (part, slots) => addon().implicitSimulate({ ...native, ...part }, slots),
  );
  const observables = Object.fromEntries(
    Object.entries(estimated).map(([name, estimate]) => [name, withoutInner(estimate)]),
  ) as SimulationBody<ImplicitObservable>['observables'];
  const settled = observables.adjointNorm?.count[0] ?? 0;
  return {
    observables,
    warnings:
      settled === run.trials
        ? []
        : [
            {
              id: 'trialsDidNotSettle',
              message:
                `${run.trials - settled} of ${run.trials} layers have no stable steady state or a Neumann series that grows; ` +
                'they are left out.',
            },
          ],
  };
}

/** Rows have two axes, the second of one place; of a single value it is the only one. */
const withoutInner = (estimate: Estimated): Estimated => ({ ...estimate, axes: estimate.axes.slice(0, 1) });
