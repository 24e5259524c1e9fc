// The network of a published setting: quantities of theory and simulations of it, through the public verbs.
import { expectedError } from '../core/errors.js';
import type { ActivationSpec } from '../gaussian/activations.js';
import type { FeedforwardRun, FeedforwardSpec } from '../systems/feedforward/spec.js';
import type { Systems } from '../systems/registry.js';
import { evaluate } from '../verbs/evaluate.js';
import { simulate } from '../verbs/predict.js';
import type { Simulation } from '../verbs/results.js';
import type { ReproductionOptions } from './types.js';

/** σ_w², σ_b², ρ and φ of every layer. */
export interface Network {
  readonly activation: ActivationSpec;
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly keepProbability: number;
}

/** A named quantity of system feedforward that is a number. */
export async function quantity(name: Systems['feedforward']['quantity'], parameters: object): Promise<number> {
  const value = await evaluate('feedforward', name, parameters);
  if (typeof value !== 'number') throw expectedError('ERR_MFT_DEGENERATE', name, 'a number', value);
  return value;
}

/** Simulates the network with the seed and threads of the reproduction. */
export function simulated(
  spec: FeedforwardSpec,
  run: FeedforwardRun,
  options: ReproductionOptions,
): Promise<Simulation<'feedforward'>> {
  const { seed = 1, threads = 0, journal: _journal, ...control } = options;
  return simulate({ system: 'feedforward', ...spec }, { seed, threads, ...run }, control);
}
