// Simulations of a figure, as jobs of a sweep.
import type { Observable } from '../core/results.js';
import type { SweepPlan } from '../sweep/plan.js';
import { type FigureRun, figureRuns } from './runs.js';
import type { ReproductionOptions } from './types.js';

export interface SimulatedRun extends Omit<FigureRun<object>, 'result'> {
  readonly observables: Readonly<Record<string, Observable>>;
}

/** Simulates every point of the plan, or reads it from the journal: as `figureRuns`. */
export async function simulatedRuns(
  plan: Omit<SweepPlan, 'verb'>,
  options: ReproductionOptions,
): Promise<readonly SimulatedRun[]> {
  const runs = await figureRuns<Pick<SimulatedRun, 'observables'>>(
    { verb: 'simulate', ...plan },
    'simulation',
    options,
  );
  return runs.map(({ spec, run, result }) => ({ spec, run, observables: result.observables }));
}
