// The search for changes of one kind after which a network trains: candidates, each followed layer by layer.
import type { ActivationSpec } from '../../gaussian/activations.js';
import { pause } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { criticalPoints, smallestAttracting } from '../../gaussian/critical.js';
import { fixedPointsVariance } from '../../gaussian/fixed-points.js';
import { variancePreservingInitialization } from '../../gaussian/initialization.js';
import { acceptable, type Assessment, assess, type Demand, isEven, isSound, mayBeEven } from './assessment.js';
import { reachedMultipliers, repeatedLayer } from './fixed-point-quantities.js';
import { type ProfileOptions, singleProfile } from './profile.js';
import { activationOf, inputWidthOf, isOneActivation, type ResolvedFeedforwardSpec } from './spec.js';
import { isDeepEnough, networkTrainability, settles } from './trainable-depth.js';
import { leastOf } from '../../numeric/extremes.js';

/** Fields of the spec with their new values. */
export type Change = Partial<ResolvedFeedforwardSpec>;

/** Deeper networks are not searched for changes but of width and depth: each candidate is followed layer by layer. */
export const deepestSearched = 1000;
const scanned = 10;
const halvings = 10;
/** Tried in this order: as they are, then at their own critical variances. */
const alternatives = ['tanh', 'erf', 'relu', 'gelu', 'silu'] as const;
/** σ_b² tried. At 0 the critical point of odd φ attracts but freezes correlations and loses gradients as 1/L: not among these. */
const biases = [0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1] as const;
const standardBias = 0.05;

const unreachable = ['ERR_MFT_NO_FIXED_POINT', 'ERR_MFT_DEGENERATE', 'ERR_MFT_UNSUPPORTED', 'ERR_MFT_NO_CONVERGENCE'];

/** A value, or undefined where theory has none (no fixed point, no critical point). */
async function attempt<T>(value: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await value();
  } catch (error) {
    if (error instanceof MftError && unreachable.includes(error.code)) return undefined;
    throw error;
  }
}

/** How far two positive numbers are apart, with a floor that gives 0 a distance. */
export const apart = (a: number, b: number): number => Math.abs(Math.log((a + 0.1) / (b + 0.1)));

export function mean(value: unknown): number {
  const list = Array.isArray(value) ? (value as number[]) : [value as number];
  return list.reduce((sum, x) => sum + x, 0) / Math.max(1, list.length);
}

interface VariancePair {
  readonly weightVariance: number;
  readonly biasVariance: number;
}

export interface Reached {
  readonly change: Change;
  readonly after: Assessment;
}

/** The candidates of one network. */
export function searchFor(network: ResolvedFeedforwardSpec, options: ProfileOptions, wanted: Demand) {
  const { keepProbability: keeps, biasVariance: biasVariances } = network;
  const lowestKeep = typeof keeps === 'number' ? keeps : Math.min(1, leastOf(keeps));
  const meanBias = mean(biasVariances);

  /** The change, when the network after it is sound. */
  async function reached(change: Change, demand = wanted): Promise<Reached | undefined> {
    // A moment of two inputs takes milliseconds: let the event loop turn between them.
    await pause(options);
    const changed = { ...network, ...change };
    return attempt(async () => {
      if (!mayTrain(changed, demand) || !mayBeEven(await singleProfile(changed, options), demand)) return undefined;
      const after = await assess(changed, options);
      return isSound(after, demand) ? { change, after } : undefined;
    });
  }

  /** The smallest share in (0, 1] of the way at which the network is sound. */
  async function nearest(at: (share: number) => Change): Promise<Reached | undefined> {
    for (let i = 1; i <= scanned; i++) {
      let best = await reached(at(i / scanned));
      if (best === undefined) continue;
      let [low, high] = [(i - 1) / scanned, i / scanned];
      for (let k = 0; k < halvings; k++) {
        const middle = (low + high) / 2;
        const found = await reached(at(middle));
        if (found === undefined) low = middle;
        else [high, best] = [middle, found];
      }
      return best;
    }
    return undefined;
  }

  async function first(changes: Iterable<Change>): Promise<Reached | undefined> {
    for (const change of changes) {
      const found = await reached(change);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** σ_w² of the critical points that hold signals, at ρ; none at q* = 0. */
  function critical(activation: ActivationSpec, biasVariance: number, keep = lowestKeep): number[] {
    return criticalPoints(activation, { biasVariance, keepProbability: keep })
      .filter((point) => point.isStable && point.fixedPointVariance > 0)
      .map(({ weightVariance }) => weightVariance);
  }

  /** From the given numbers to a goal: σ_w² is a scale (geometric), σ_b² is not; lists go to the goal at once. */
  function way(goal: { readonly weightVariance?: number; readonly biasVariance?: number }): (share: number) => Change {
    const { weightVariance: w, biasVariance: b } = network;
    return (share) => ({
      ...(goal.weightVariance === undefined
        ? {}
        : {
            weightVariance:
              typeof w === 'number' && w > 0
                ? w ** (1 - share) * goal.weightVariance ** share
                : scaledByKeep(goal.weightVariance),
          }),
      ...(goal.biasVariance === undefined
        ? {}
        : { biasVariance: typeof b === 'number' ? b + (goal.biasVariance - b) * share : goal.biasVariance }),
    });
  }

  async function towards(goal: {
    readonly weightVariance?: number;
    readonly biasVariance?: number;
  }): Promise<Reached | undefined> {
    const at = way(goal);
    const isList = Array.isArray(network.weightVariance) && goal.weightVariance !== undefined;
    return isList ? reached(at(1)) : nearest(at);
  }

  /** A σ_w² made for the keep probability `lowestKeep`, per layer where keep probabilities differ. */
  function scaledByKeep(weightVariance: number): number | number[] {
    const { keepProbability, inputKeepProbability } = network;
    if (typeof keepProbability === 'number') return weightVariance;
    return [inputKeepProbability, ...keepProbability].map((keep) => (weightVariance / lowestKeep) * keep);
  }

  async function weights(): Promise<Reached | undefined> {
    const activation = activationOf(network, 0);
    const moment = secondMomentOf(network) ?? 1;
    const preserving = await attempt(
      () =>
        variancePreservingInitialization(activation, {
          biasVariance: meanBias,
          keepProbability: lowestKeep,
          variance: meanBias + moment,
        }).weightVariance,
    );
    const goals = [
      ...((await attempt(() => critical(activation, meanBias))) ?? []),
      ...(preserving === undefined ? [] : [preserving]),
    ];
    return anyOf(goals.map((weightVariance) => ({ weightVariance })));
  }

  async function anyOf(
    goals: readonly { readonly weightVariance?: number; readonly biasVariance?: number }[],
  ): Promise<Reached | undefined> {
    for (const goal of goals) {
      const found = await towards(goal);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function biasesByDistance(): number[] {
    return biases.filter((bias) => bias !== meanBias).sort((a, b) => apart(a, meanBias) - apart(b, meanBias));
  }

  async function biasAlone(): Promise<Reached | undefined> {
    return first(biasesByDistance().map((biasVariance) => ({ biasVariance })));
  }

  /** σ_w² and σ_b² of attracting critical points, the nearest σ_b² first. */
  async function criticalPairs(keep = lowestKeep): Promise<readonly VariancePair[]> {
    const activation = activationOf(network, 0);
    const chosen = (await attempt(() => smallestAttracting(activation, keep)))?.chosen;
    return [
      ...(chosen === undefined ? [] : [chosen]),
      ...biasesByDistance().flatMap((biasVariance) =>
        critical(activation, biasVariance, keep).map((weightVariance) => ({ weightVariance, biasVariance })),
      ),
    ].map(({ weightVariance, biasVariance }) => ({ weightVariance, biasVariance }));
  }

  async function variances(): Promise<Reached | undefined> {
    return anyOf(await criticalPairs());
  }

  /** Of the variances that keep signals and gradients of a size, those with the largest trainable depth. */
  async function even(): Promise<Reached | undefined> {
    const activation = activationOf(network, 0);
    const goals = [
      ...critical(activation, meanBias).map((weightVariance) => ({ weightVariance })),
      ...(await criticalPairs()),
    ];
    let best: Reached | undefined;
    for (const goal of goals) {
      const change = way(goal)(1);
      const after = await attempt(() => assess({ ...network, ...change }, options));
      if (after === undefined || !isEven(after)) continue;
      if (after.trainable.length > 1.01 * (best?.after.trainable.length ?? 0)) best = { change, after };
    }
    return best;
  }

  /** ρ towards 1, and with it the variances towards those of a critical point without dropout. */
  async function keepAndWeights(): Promise<Reached | undefined> {
    const { weightVariance, keepProbability } = network;
    const activation = activationOf(network, 0);
    if (typeof weightVariance !== 'number' || weightVariance === 0) return undefined;
    const same = (await attempt(() => critical(activation, meanBias, 1))) ?? [];
    const goals = [...(same.length === 0 ? [] : [{ weightVariance: same[0] as number }]), ...(await criticalPairs(1))];
    for (const goal of goals) {
      const at = way(goal);
      const found = await nearest((share) => ({
        ...at(share),
        keepProbability: typeof keepProbability === 'number' ? lowestKeep + (1 - lowestKeep) * share : 1,
      }));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Drawn inputs at which the network starts where it stays. */
  async function inputScale(): Promise<Reached | undefined> {
    const { inputs, inputKeepProbability } = network;
    const layer = repeatedLayer(network);
    if (layer === undefined || 'values' in inputs || 'dataset' in inputs || layer.weightVariance === 0)
      return undefined;
    if (gaussianFunctionOf(layer.activation).homogeneousDegree === 1) return undefined;
    const { points } = fixedPointsVariance(layer);
    const moments = points
      .map(({ variance }) => (inputKeepProbability * (variance - layer.biasVariance)) / layer.weightVariance)
      .filter((moment) => moment > 0);
    return first(moments.map((secondMoment) => ({ inputs: { ...inputs, secondMoment } })));
  }

  async function activation(): Promise<Reached | undefined> {
    const others = alternatives.filter((name) => name !== network.activation);
    for (const activation of others) {
      const found = await reached({ activation });
      if (found !== undefined && !isFrozen(found.after)) return found;
    }
    return first(
      others.flatMap((activation) => {
        const isHomogeneous = gaussianFunctionOf(activation).homogeneousDegree === 1;
        const biasVariance = isHomogeneous ? 0 : meanBias > 0 ? meanBias : standardBias;
        return critical(activation, biasVariance).map((weightVariance) => ({
          activation,
          weightVariance: scaledByKeep(weightVariance),
          ...(biasVariance === meanBias ? {} : { biasVariance }),
        }));
      }),
    );
  }

  /** The width at which networks scatter a tenth of what matters. */
  async function width({ profile }: Assessment): Promise<Reached | undefined> {
    const { width, weights } = network;
    if (typeof width !== 'number' || weights === 'orthogonal' || network.inputWidth !== undefined) return undefined;
    const wider = Math.ceil((width * (profile.finiteWidth?.variance ?? 0)) / 0.5);
    return wider > 1e6 || 'values' in network.inputs
      ? undefined
      : reached({ width: Math.max(wider, inputWidthOf(network)) }, { length: 0, gradient: acceptable });
  }

  /** The deepest network that trains as it is. */
  async function depth({ spec, trainable }: Assessment): Promise<Reached | undefined> {
    let high = Math.min(spec.depth - 1, Math.floor(trainable.low));
    let tried = high;
    let best: Reached | undefined;
    // Where signals vanish or grow the interval itself depends on the depth: bisect.
    let low = 0;
    while (high > low) {
      const found =
        tried >= 1 ? await reached(shortened(network, tried), { length: 0, gradient: acceptable }) : undefined;
      if (found === undefined) high = tried - 1;
      else [low, best] = [tried, found];
      tried = Math.ceil((low + high) / 2);
    }
    return best;
  }

  return {
    keep: lowestKeep,
    nearest,
    weights,
    biases: biasAlone,
    variances,
    even,
    keepAndWeights,
    inputScale,
    activation,
    width,
    depth,
  };
}

/** Critical at variance 0 with φ bent: signals and gradients fall with powers of depth there, and correlations stay where they start. */
function isFrozen({ found, layer }: Assessment): boolean {
  return (
    found?.fixedPointVariance === 0 &&
    Math.abs(found.gradientMultiplier - 1) < 1e-6 &&
    layer !== undefined &&
    gaussianFunctionOf(layer.activation).homogeneousDegree !== 1
  );
}

/** The first `depth` layers. */
function shortened(spec: ResolvedFeedforwardSpec, depth: number): Change {
  const cut = (value: number | readonly number[], count: number): number | number[] =>
    typeof value === 'number' ? value : value.slice(0, count);
  const lists = (['weightVariance', 'biasVariance', 'biasMean', 'width'] as const).filter((field) =>
    Array.isArray(spec[field]),
  );
  return {
    depth,
    ...Object.fromEntries(lists.map((field) => [field, cut(spec[field], depth)])),
    ...(isOneActivation(spec.activation) ? {} : { activation: spec.activation.slice(0, depth) }),
    ...(Array.isArray(spec.keepProbability) ? { keepProbability: cut(spec.keepProbability, depth - 1) } : {}),
  } as Change;
}

/** Cheap first: whether the interval of a fixed point with signals allows the depth. */
function mayTrain(spec: ResolvedFeedforwardSpec, { length }: Demand): boolean {
  const layer = repeatedLayer(spec);
  const moment = secondMomentOf(spec);
  if (layer === undefined || moment === undefined) return true;
  const first = (layer.weightVariance / spec.inputKeepProbability) * moment + layer.biasVariance;
  const found = reachedMultipliers(layer, first);
  if (found instanceof MftError || found.correlationMultiplier === undefined || !settles(found, spec.depth))
    return true;
  return isDeepEnough(spec.depth, networkTrainability(found, spec.depth), length);
}

/** Mean square of drawn inputs; undefined for given ones. */
function secondMomentOf({ inputs }: ResolvedFeedforwardSpec): number | undefined {
  return 'values' in inputs || 'dataset' in inputs ? undefined : (inputs.secondMoment ?? 1);
}
