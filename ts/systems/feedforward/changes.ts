// The nearest change of one field that makes a depth trainable.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { setImmediate } from 'node:timers/promises';
import { MftError } from '../../core/errors.js';
import type { ActivationSpec } from '../../gaussian/activations.js';
import { criticalWeightVariance } from '../../gaussian/critical.js';
import { type Layer, multipliers } from '../../gaussian/fixed-points.js';
import { type TrainableDepth, trainableDepth } from './trainable-depth.js';
import { trainableLengths } from './trainability.js';

interface TrainableChange {
  readonly id: string;
  readonly claim: string;
  readonly change: Readonly<Record<string, unknown>>;
  readonly after: TrainableDepth;
  /** The depth after the change. */
  readonly newDepth: number;
}

const scanned = 10;
const halvings = 10;
/** Tried in this order: as they are, then at their own critical weight variance. */
const alternatives: readonly ActivationSpec[] = ['tanh', 'erf', 'relu', 'gelu', 'silu'];

const unreachable = ['ERR_MFT_NO_FIXED_POINT', 'ERR_MFT_DEGENERATE', 'ERR_MFT_UNSUPPORTED'];

/** A value, or undefined where theory has none (no fixed point, no critical point). */
function attempt<T>(value: () => T): T | undefined {
  try {
    return value();
  } catch (error) {
    if (error instanceof MftError && unreachable.includes(error.code)) return undefined;
    throw error;
  }
}

/**
 * Changes of one field each (two where another activation needs its own weight variance) after which `depth` lies at or
 * below the low end of the 80 % interval: σ_w² towards criticality, ρ upwards, another activation, a smaller depth. A field
 * that cannot do it alone is left out; when none can, ρ and σ_w² are moved together.
 *
 * **Numerics**: 10 values towards the goal, then 10 halvings: the change found is within 1/10240 of the way of the smallest.
 */
export async function trainableChanges(
  layer: Layer,
  depth: number,
  before: TrainableDepth,
  options: ControlOptions = {},
): Promise<readonly TrainableChange[]> {
  const changes: TrainableChange[] = [];
  const add = (id: string, claim: string, change: Readonly<Record<string, unknown>>, after: TrainableDepth): void => {
    changes.push({ id, claim, change, after, newDepth: depth });
  };
  const critical = attempt(() =>
    criticalWeightVariance(layer.activation, {
      biasVariance: layer.biasVariance,
      keepProbability: layer.keepProbability ?? 1,
    }),
  );
  if (critical !== undefined && layer.weightVariance > 0) {
    // Geometric in σ_w²: it is a scale.
    const at = (share: number): Layer => ({
      ...layer,
      weightVariance: layer.weightVariance ** (1 - share) * critical ** share,
    });
    const found = await nearest(at, depth, options);
    if (found !== undefined)
      add(
        'changeWeightVariance',
        `\`weightVariance\` ` +
          `${shown(found.layer.weightVariance)}, ` +
          `nearer to the critical ` +
          `${shown(critical)}, makes ` +
          `${depth} layers ` +
          `trainable${reason(layer, found.layer)}.`,
        { weightVariance: found.layer.weightVariance },
        found.after,
      );
  }
  const keep = layer.keepProbability ?? 1;
  if (keep < 1) {
    const found = await nearest((share) => ({ ...layer, keepProbability: keep + (1 - keep) * share }), depth, options);
    if (found !== undefined)
      add(
        'changeKeepProbability',
        `\`keepProbability\` ${shown(found.layer.keepProbability as number)} makes ${depth} layers trainable${reason(layer, found.layer)}.`,
        { keepProbability: found.layer.keepProbability },
        found.after,
      );
  }
  const other = await otherActivation(layer, depth);
  if (other !== undefined) {
    const name = String(other.change.activation);
    const variance = shown(other.layer.weightVariance);
    const at = 'weightVariance' in other.change ? ` at its critical \`weightVariance\` ${variance}` : '';
    add(
      'changeActivation',
      `Activation ${name}${at} makes ${depth} layers trainable${reason(layer, other.layer)}.`,
      other.change,
      other.after,
    );
  }
  const isAlone = changes.length > 0;
  if (!isAlone && keep < 1 && layer.weightVariance > 0) {
    const goal =
      attempt(() =>
        criticalWeightVariance(layer.activation, { biasVariance: layer.biasVariance, keepProbability: 1 }),
      ) ?? layer.weightVariance;
    const found = await nearest(
      (share) => ({
        ...layer,
        keepProbability: keep + (1 - keep) * share,
        weightVariance: layer.weightVariance ** (1 - share) * goal ** share,
      }),
      depth,
      options,
    );
    if (found !== undefined)
      add(
        'changeTogether',
        `\`keepProbability\` ${shown(found.layer.keepProbability as number)} and \`weightVariance\` ` +
          `${shown(found.layer.weightVariance)} together make ${depth} layers trainable${reason(layer, found.layer)}.`,
        { keepProbability: found.layer.keepProbability, weightVariance: found.layer.weightVariance },
        found.after,
      );
  }
  const shallower = Math.floor(before.low);
  if (shallower >= 1 && shallower < depth)
    changes.push({
      id: 'changeDepth',
      claim:
        `${shallower} layers are trainable as the network is.` +
        (isAlone
          ? ''
          : ' No change of the weight variance, the keep probability or the activation alone ' +
            `makes ${depth} layers trainable.`),
      change: { depth: shallower },
      after: before,
      newDepth: shallower,
    });
  return changes;
}

/** ": 6 ξ_c grows from 22 to 86 layers" */
function reason(before: Layer, after: Layer): string {
  const [old, grown] = [before, after].map((layer) =>
    attempt(() => trainableLengths(multipliers(layer)).trainableLengthSixCorrelation),
  );
  if (old === undefined || grown === undefined || !(grown > old)) return '';
  const length = grown < 1e6 ? Number(grown.toPrecision(3)) : 'more than a million';
  return `: 6 ξ_c grows from ${Number(old.toPrecision(3))} to ${length} layers`;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(6)));
}

interface Reached {
  readonly layer: Layer;
  readonly after: TrainableDepth;
}

async function reaching(layer: Layer, depth: number): Promise<Reached | undefined> {
  // A moment of two inputs takes milliseconds: let the event loop turn between them.
  await setImmediate();
  const after = attempt(() => trainableDepth(multipliers(layer)));
  return after !== undefined && after.low >= depth ? { layer, after } : undefined;
}

/** The smallest share in (0, 1] of the way at which the depth is trainable. */
async function nearest(
  at: (share: number) => Layer,
  depth: number,
  options: ControlOptions,
): Promise<Reached | undefined> {
  for (let i = 1; i <= scanned; i++) {
    throwIfAborted(options);
    let best = await reaching(at(i / scanned), depth);
    if (best === undefined) continue;
    let [low, high] = [(i - 1) / scanned, i / scanned];
    for (let k = 0; k < halvings; k++) {
      const middle = (low + high) / 2;
      const reached = await reaching(at(middle), depth);
      if (reached === undefined) low = middle;
      else [high, best] = [middle, reached];
    }
    return best;
  }
  return undefined;
}

async function otherActivation(
  layer: Layer,
  depth: number,
): Promise<(Reached & { readonly change: Readonly<Record<string, unknown>> }) | undefined> {
  const others = alternatives.filter((activation) => activation !== layer.activation);
  for (const activation of others) {
    const found = await reaching({ ...layer, activation }, depth);
    if (found !== undefined) return { ...found, change: { activation } };
  }
  for (const activation of others) {
    const weightVariance = attempt(() =>
      criticalWeightVariance(activation, {
        biasVariance: layer.biasVariance,
        keepProbability: layer.keepProbability ?? 1,
      }),
    );
    const found =
      weightVariance === undefined ? undefined : await reaching({ ...layer, activation, weightVariance }, depth);
    if (found !== undefined) return { ...found, change: { activation, weightVariance } };
  }
  return undefined;
}
