// Simulation of `kernel`: arguments for native/systems/kernel, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { perLayer } from '../../core/checks.js';
import type { InputVectors } from '../../core/inputs.js';
import { threadsFor } from '../../core/memory.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { axesAt, estimateTrials, type Measure, type RowTable, valueAt } from '../../statistics/trials.js';
import type { KernelPlace, NativeSimulation } from './native.js';
import type { KernelObservable } from './observables.js';
import { hasTangent } from './pair.js';
import { drawnInputs, inputVectors, lawOf, modelOf, type ResolvedKernelRun, type ResolvedKernelSpec } from './spec.js';

/** Draws the trials and reduces them. See `simulate`. */
export async function simulate(
  spec: ResolvedKernelSpec,
  run: ResolvedKernelRun,
  options: SystemOptions,
): Promise<SimulationBody<KernelObservable>> {
  const native = nativeSimulation(spec, run, options.inputs);
  const table = addon().kernelLayout({ ...native, trials: 1 });
  const observables = await estimateTrials(
    measuresOf(table),
    run,
    table.rowLength,
    spec.depth + 1,
    options,
    (part, slots) => addon().kernelSimulate({ ...native, ...part }, slots),
  );
  return { observables, warnings: [] };
}

function measuresOf({ places }: RowTable<KernelPlace>): Partial<Record<KernelObservable, Measure>> {
  const measures: Partial<Record<KernelObservable, Measure>> = {};
  for (const [name, place] of Object.entries(places))
    measures[name as KernelPlace] = {
      axes: axesAt(place),
      estimator: 'mean',
      value: valueAt(place),
      reason: 'the variance of an input is exactly zero in every trial: it has no angle',
    };
  return measures;
}

/** What the addon takes. */
export function nativeSimulation(
  spec: ResolvedKernelSpec,
  run: ResolvedKernelRun,
  read: InputVectors | undefined,
): NativeSimulation {
  const { depth, inputs } = spec;
  const isDrawn = !('values' in inputs || 'dataset' in inputs);
  const drawn = drawnInputs(spec);
  const vectors = isDrawn ? undefined : inputsOrNone(spec, read);
  const dimension = isDrawn ? inputVectors(spec, undefined).dimension : (vectors?.dimension ?? 1);
  const model = modelOf(spec, dimension);
  const { law, parameter } = lawOf(spec);
  return {
    activation: resolveActivation(spec.activation),
    inputWidth: dimension,
    width: Float64Array.from(perLayer('width', spec.width, depth)),
    weightVariance: Float64Array.from(model.weights),
    biasVariance: Float64Array.from(model.biases),
    keepProbability: Float64Array.from(model.keeps),
    inputKeepProbability: model.inputKeep,
    sharesMasks: model.sharedMasks,
    scalesInputs: model.scalesInputs,
    isStandard: model.isStandard,
    hasTangent: run.hasTangent && (depth === 0 || hasTangent(model.phi)),
    isConditional: run.estimator === 'conditional' && depth > 0,
    law,
    lawParameter: parameter,
    inputs: vectors?.count ?? drawn.count,
    ...(vectors === undefined ? {} : { vectors: vectors.values }),
    secondMoment: drawn.secondMoment,
    oneMinusCorrelation: drawn.oneMinusCorrelation,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

/** Images stand for themselves in estimates of cost, before they are read: as many vectors of zeros. */
function inputsOrNone(spec: ResolvedKernelSpec, read: InputVectors | undefined): InputVectors {
  if (read === undefined && 'dataset' in spec.inputs) {
    const [count, dimension] = [spec.inputs.indices.length, spec.inputWidth ?? largestImage];
    return { count, dimension, values: new Float64Array(count * dimension) };
  }
  return inputVectors(spec, read);
}

/** Components of an image of CIFAR-10. */
const largestImage = 3072;
