// Changes after which a depth is trainable, each found and verified by the prediction of the changed network.
import { acceptable, type Assessment, isEven, isScattered, isSound, noticeable } from './assessment.js';
import type { ProfileOptions } from './profile.js';
import type { ResolvedFeedforwardSpec } from './spec.js';
import { apart, type Change, deepestSearched, mean, type Reached, searchFor } from './change-search.js';

interface FoundChange {
  readonly id: string;
  /** Signals and gradients are kept, but the depth is still more than trains. */
  readonly isPartial?: true;
  /** What changes, as the start of a sentence. */
  readonly what: string;
  readonly change: Change;
  readonly after: Assessment;
}

/** How much of a network a change changes: numbers by their ratio, another activation or depth by more. */
function distance(before: ResolvedFeedforwardSpec, change: Change): number {
  let sum = 0;
  for (const [field, value] of Object.entries(change)) {
    const old = (before as Readonly<Record<string, unknown>>)[field];
    if (field === 'activation') sum += 3;
    else if (field === 'depth') sum += 5 + apart(value as number, before.depth);
    else if (field === 'inputs') sum += 1;
    else sum += apart(mean(value), mean(old));
  }
  return sum + 0.5 * Object.keys(change).length;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/**
 * Changes after which the network of `before.spec` is expected to train: σ_w², σ_b², both; ρ, ρ and σ_w²; the scale of the
 * inputs; the activation; the width; the depth. Each is the nearest of its kind that works, the nearest kind first, and `after`
 * is its own prediction.
 *
 * **Numerics**: 10 values towards the goal, then 10 halvings: the change found is within 1/10240 of the way of the smallest.
 */
export async function workingChanges(before: Assessment, options: ProfileOptions): Promise<readonly FoundChange[]> {
  const { spec, trainable } = before;
  // Deeper than any calibration a network may be sound and still called too deep: then a change has to bring something.
  const isOnlyDeep = isSound(before);
  const search = searchFor(
    spec,
    options,
    isOnlyDeep
      ? {
          length: 2 * trainable.length,
          gradient: Math.max(noticeable, Math.abs(before.profile.logGradientRatio ?? 0) / 2),
        }
      : { length: 0, gradient: acceptable },
  );
  const changes: FoundChange[] = [];
  const add = (id: string, what: (change: Change) => string, found: Reached | undefined): boolean => {
    if (found !== undefined) changes.push({ id, what: what(found.change), ...found });
    return found !== undefined;
  };
  const keep = search.keep;
  const shallower = async (): Promise<boolean> =>
    add('changeDepth', ({ depth }) => `\`depth\` ${depth}`, await search.depth(before));
  const wider = async (): Promise<boolean> =>
    isScattered(before.profile) &&
    add('changeWidth', ({ width }) => `\`width\` ${String(width)}`, await search.width(before));
  if (spec.depth > deepestSearched || (isOnlyDeep && trainable.length === Number.POSITIVE_INFINITY)) {
    await wider();
    await shallower();
    return changes;
  }
  add('changeWeightVariance', variances, await search.weights());
  add('changeBiasVariance', variances, await search.biases());
  if (keep < 1)
    add(
      'changeKeepProbability',
      ({ keepProbability }) => `\`keepProbability\` ${shown(keepProbability as number)}`,
      await search.nearest((share) => ({ keepProbability: keep + (1 - keep) * share })),
    );
  const isAlone = changes.length > 0;
  if (!isAlone) add('changeVariances', variances, await search.variances());
  add(
    'changeInputScale',
    ({ inputs }) => `Inputs of mean square ${shown((inputs as { secondMoment: number }).secondMoment)}`,
    await search.inputScale(),
  );
  if (!isAlone && keep < 1)
    add(
      'changeTogether',
      ({ keepProbability, ...rest }) =>
        `\`keepProbability\` ${shown(keepProbability as number)} and ${variances(rest)} together`,
      await search.keepAndWeights(),
    );
  add(
    'changeActivation',
    ({ activation, ...rest }) =>
      `Activation ${String(activation)}${Object.keys(rest).length === 0 ? '' : ` at ${variances(rest)}`}`,
    await search.activation(),
  );
  await wider();
  const isHelped = changes.some(({ change }) => !('activation' in change) && !('keepProbability' in change));
  const even = isHelped || isEven(before) ? undefined : await search.even();
  if (even !== undefined) {
    const id = 'biasVariance' in even.change ? 'changeVariances' : 'changeWeightVariance';
    changes.push({ id, isPartial: true, what: variances(even.change), ...even });
  }
  await shallower();
  return changes.sort((a, b) => distance(spec, a.change) - distance(spec, b.change));
}

function variances({ weightVariance, biasVariance }: Change): string {
  const list = (value: number | readonly number[]): string =>
    typeof value === 'number' ? shown(value) : `[${value.map(shown).join(', ')}]`;
  return [
    ...(weightVariance === undefined ? [] : [`\`weightVariance\` ${list(weightVariance)}`]),
    ...(biasVariance === undefined ? [] : [`\`biasVariance\` ${list(biasVariance)}`]),
  ].join(' and ');
}
