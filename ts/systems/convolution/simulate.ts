// Simulation of `convolution`: arguments for native/systems/convolution, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { threadsFor } from '../../core/memory.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { resolveActivation } from '../../gaussian/activations.js';
import { axesAt, estimateTrials, type Measure, valueAt } from '../../statistics/trials.js';
import type { ConvolutionPlace, NativeSimulation } from './native.js';
import type { ConvolutionObservable } from './observables.js';
import { imageOf, networkFromSpec, type ResolvedConvolutionRun, type ResolvedConvolutionSpec } from './spec.js';

/** What the addon takes of a spec and a run. */
export function nativeSimulation(spec: ResolvedConvolutionSpec, run: ResolvedConvolutionRun): NativeSimulation {
  const { layers } = networkFromSpec(spec);
  const [inputHeight, inputWidth, inputChannels] = spec.input;
  return {
    image: imageOf(spec),
    inputChannels,
    inputHeight,
    inputWidth,
    kernel: Float64Array.from(layers, ({ kernel }) => kernel),
    stride: Float64Array.from(layers, ({ stride }) => stride),
    channels: Float64Array.from(layers, ({ channels }) => channels),
    pool: Float64Array.from(layers, ({ pool }) => pool),
    padding: spec.padding,
    pooling: spec.pooling,
    activation: resolveActivation(spec.activation),
    weightVariance: spec.weightVariance,
    biasVariance: spec.biasVariance,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

/** Random networks of a spec. See `simulate`. */
export async function simulate(
  spec: ResolvedConvolutionSpec,
  run: ResolvedConvolutionRun,
  options: SystemOptions,
): Promise<SimulationBody<ConvolutionObservable>> {
  const native = nativeSimulation(spec, run);
  const table = addon().convolutionLayout(native);
  const measure = (name: ConvolutionPlace): Measure => {
    const place = table.places[name];
    return {
      axes: axesAt(place),
      estimator: place.scale === 'log' ? 'logMean' : 'mean',
      value: valueAt(place),
      reason:
        name === 'neighbourCovariance'
          ? 'no neighbours, or larger than the largest number'
          : 'larger than the largest number',
    };
  };
  const observables = await estimateTrials<ConvolutionObservable>(
    {
      variance: measure('variance'),
      cornerVariance: measure('cornerVariance'),
      neighbourCovariance: measure('neighbourCovariance'),
      varianceMode: measure('varianceMode'),
      gradient: measure('gradient'),
    },
    run,
    table.rowLength,
    2 * spec.depth,
    options,
    (part, slots) => addon().convolutionSimulate({ ...native, ...part }, slots),
  );
  return { observables, warnings: [] };
}
