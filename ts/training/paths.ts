// Paths of a trained network: how probable they are, and what the run counted.
import { MftError } from '../core/errors.js';
import type { NativeResult } from './native.js';
import type { TrainingPlan } from './plan.js';

/** log θ of a completely connected network with dropout: Σ log(1 − (1 − ρ_l)^{N_l}) over the masked layers. */
export function logPathProbability(plan: TrainingPlan): number {
  const masked = [
    { units: size(plan.input), keep: plan.inputKeepProbability },
    ...plan.layers.map((layer) => ({
      units: size(layer.output),
      // Around the hidden units of a block its shortcut leads on.
      keep: layer.kind !== 'block' && 'keepProbability' in layer ? layer.keepProbability : 1,
    })),
  ];
  return masked.reduce((sum, { units, keep }) => sum + (keep < 1 ? Math.log1p(-((1 - keep) ** units)) : 0), 0);
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
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

/** The counters of a run: those of the kinds that its plan asks for, and what its layers count. */
export function counters(
  plan: TrainingPlan,
  { paths, counts }: NativeResult,
): { counters?: Readonly<Record<string, number>> } {
  const { steps: _, ...counted } = paths;
  const ofPaths = plan.counters.includes('paths')
    ? { pathProbability: Math.exp(logPathProbability(plan)), ...counted }
    : {};
  const all = { ...ofPaths, ...counts };
  return Object.keys(all).length === 0 ? {} : { counters: all };
}
