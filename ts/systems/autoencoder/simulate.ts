// Simulation of `autoencoder`: arguments for native/systems/autoencoder, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { threadsFor } from '../../core/memory.js';
import { innerAxis } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { estimateTrials, type Measure, valueAt } from '../../statistics/trials.js';
import type { AutoencoderPlace, NativeSimulation } from './native.js';
import type { AutoencoderObservable } from './observables.js';
import { type Stage, stagesOf } from './schedule.js';
import { recordsOf, type ResolvedAutoencoderRun, type ResolvedAutoencoderSpec, spectrumOf } from './spec.js';

/** What the addon takes of a spec and a run. */
export function nativeSimulation(spec: ResolvedAutoencoderSpec, run: ResolvedAutoencoderRun): NativeSimulation {
  const stages = stagesOf(spec);
  const [start] = stages;
  const later = (pick: (stage: Stage) => number): Float64Array => Float64Array.from(stages.slice(1), pick);
  return {
    spectrum: spectrumOf(spec),
    width: spec.width,
    noiseVariance: start.noiseVariance,
    noise: spec.noise,
    keepProbability: spec.inputKeepProbability,
    examples: run.examples,
    weightDecay: start.weightDecay,
    learningRate: start.learningRate,
    initial: spec.initial,
    initialVariance: spec.initialVariance,
    tied: spec.tied,
    records: recordsOf(spec),
    stageSteps: later(({ fromStep }) => fromStep),
    stageNoiseVariances: later(({ noiseVariance }) => noiseVariance),
    stageWeightDecays: later(({ weightDecay }) => weightDecay),
    stageLearningRates: later(({ learningRate }) => learningRate),
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
}

/** Monte Carlo of a spec over starts of the weights. See `simulate`. */
export async function simulate(
  spec: ResolvedAutoencoderSpec,
  run: ResolvedAutoencoderRun,
  options: SystemOptions,
): Promise<SimulationBody<AutoencoderObservable>> {
  const native = nativeSimulation(spec, run);
  const table = addon().autoencoderLayout(native);
  const steps = { name: 'step', values: native.records };
  const measure = (name: AutoencoderPlace): Measure => {
    const place = table.places[name];
    const [, inner] = place.axes;
    return { axes: [steps, innerAxis(inner.name, inner.count)], estimator: 'mean', value: valueAt(place) };
  };
  const observables = await estimateTrials<AutoencoderObservable>(
    {
      modeMapping: measure('modeMapping'),
      loss: measure('loss'),
      squaredNorm: measure('squaredNorm'),
      singularValue: measure('singularValue'),
    },
    run,
    table.rowLength,
    native.records.length,
    options,
    (part, slots) => addon().autoencoderSimulate({ ...native, ...part }, slots),
  );
  return { observables, warnings: [] };
}
