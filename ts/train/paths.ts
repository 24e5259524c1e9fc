// Paths of a trained network: how probable they are, and what the run counted.
import { MftError } from '../core/errors.js';
import type { TrainableNetwork } from '../core/system.js';
import type { NativeResult } from './native.js';
import type { TrainPaths } from './result.js';

/** log θ of a completely connected network with dropout: Σ log(1 − (1 − ρ_l)^{N_l}) over the masked layers. */
export function logPathProbability(network: TrainableNetwork, dimension: number): number {
  const units = [dimension, ...network.widths];
  return network.keepProbability.reduce(
    (sum, keep, l) => sum + (keep < 1 ? Math.log1p(-((1 - keep) ** (units[l] as number))) : 0),
    0,
  );
}

const mostSteps = 2_147_483_647;

/** steps/θ, rounded. @throws MftError ERR_MFT_OUT_OF_RANGE when that is more than a run can take */
export function stepsWithPaths(steps: number, logPath: number): number {
  const wanted = steps * Math.exp(-logPath);
  if (wanted > mostSteps)
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`moreSteps\` to ask for at most 2^31 − 1 steps; ${steps} steps with a path take about ${wanted.toPrecision(3)}.`,
      { parameter: 'moreSteps', expected: `at most ${mostSteps} steps`, received: wanted },
    );
  return Math.round(wanted);
}

/** The counts of a run, when the network asked for them. */
export function trainPaths(
  network: TrainableNetwork,
  dimension: number,
  { paths }: NativeResult,
): { paths?: TrainPaths } {
  if (network.countsPaths !== true) return {};
  const { steps: _, ...counts } = paths;
  return { paths: { pathProbability: Math.exp(logPathProbability(network, dimension)), ...counts } };
}
