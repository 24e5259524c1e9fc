// The network of an experiment: quantities of theory and simulations of it, through the public verbs.
import { expectedError } from '../../../core/errors.js';
import type { ActivationSpec } from '../../../gaussian/activations.js';
import type { ControlOptions } from '../../../core/control.js';
import type { FeedforwardQuantity } from '../quantities.js';
import type { FeedforwardRun, FeedforwardSpec } from '../spec.js';
import { evaluate } from '../../../verbs/evaluate.js';
import { simulate } from '../../../verbs/predict.js';
import type { Simulation } from '../../../verbs/results.js';

/** σ_w², σ_b², ρ and φ of every layer. */
export interface Network {
  readonly activation: ActivationSpec;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly keepProbability: number;
}

/** What every simulation of an experiment takes: its seed (default 1), threads (0 = all processors), signal and progress. */
export interface ExperimentOptions extends ControlOptions {
  readonly seed?: number;
  readonly threads?: number;
}

/** A named quantity of system feedforward that is a number. */
export async function quantity(name: FeedforwardQuantity, parameters: object): Promise<number> {
  const value = await evaluate('feedforward', name, parameters);
  if (typeof value !== 'number') throw expectedError('ERR_MFT_DEGENERATE', name, 'a number', value);
  return value;
}

/** Simulates the network with the seed and threads of the experiment, whatever else its options hold. */
export function simulated(
  spec: FeedforwardSpec,
  run: FeedforwardRun,
  options: ExperimentOptions,
): Promise<Simulation<'feedforward'>> {
  const { seed = 1, threads = 0, signal, onProgress } = options;
  const control = { ...(signal === undefined ? {} : { signal }), ...(onProgress === undefined ? {} : { onProgress }) };
  return simulate({ system: 'feedforward', ...spec }, { seed, threads, ...run }, control);
}
