// Exact simulation of `feedforward`: arguments for the native engines, statistics of their trials.
import type { SimulationBody, SystemOptions } from '../../core/system.js';
import type { ResolvedFeedforwardRun, ResolvedFeedforwardSpec } from './spec.js';

export function simulationMemory(_spec: ResolvedFeedforwardSpec, _run: ResolvedFeedforwardRun): number {
  return 0;
}

export async function simulateFeedforward(_spec: ResolvedFeedforwardSpec, _run: ResolvedFeedforwardRun, _options: SystemOptions): Promise<SimulationBody> {
  return { observables: {}, warnings: [] };
}
