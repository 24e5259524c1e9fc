// Simulation of `kernel`: arguments for native/systems/kernel, statistics of its rows.
import { addon, seedHalves } from '../../core/addon.js';
import { controlled } from '../../core/control.js';
import { threadsFor } from '../../core/memory.js';
import { axis } from '../../core/results.js';
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import { accumulator, addTrial, estimated } from '../../statistics/moments.js';
import type { KernelObservable } from './observables.js';
import type { ResolvedKernelRun, ResolvedKernelSpec } from './spec.js';

export async function simulate(
  spec: ResolvedKernelSpec,
  run: ResolvedKernelRun,
  options: SystemOptions,
): Promise<SimulationBody<KernelObservable>> {
  const request = {
    weightVariance: spec.weightVariance,
    width: spec.width,
    depth: spec.depth,
    seed: seedHalves(run.seed),
    firstTrial: run.firstTrial,
    trials: run.trials,
    threads: threadsFor(run.threads),
  };
  const rows = await controlled(options, run.trials, (slots) => addon().kernelSimulate(request, slots));
  const size = spec.depth + 1;
  const sums = accumulator(size);
  for (let trial = 0; trial < run.trials; trial++) addTrial(sums, rows, trial * size);
  const secondMoment = estimated(sums, [axis('layer', size)], 'mean', 'larger than the largest number');
  return {
    observables: { secondMoment: run.rawTrials ? { ...secondMoment, trials: rows } : secondMoment },
    warnings: [],
  };
}
