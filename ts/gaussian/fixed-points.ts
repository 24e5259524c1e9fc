// Fixed points of the length map and of the correlation map of a random network, and what follows from them: multipliers
// and depth scales.
import { expectedError, MftError } from '../core/errors.js';
import { givenLayer } from './checks.js';
import type { ActivationSpec } from './activations.js';
import { alphaDropout, alphaForm } from './alpha-dropout.js';
import { type Activation, affineFunctionOf, type GaussianFunction, gaussianFunctionOf } from './expectation.js';
import { deficit, expectation, pairExpectation, varianceSlope } from './moments.js';
import { maximum, rootBetween } from '../numeric/roots.js';
import { searchRange } from './search-range.js';

/** A fully connected layer repeated for ever. */
export interface Layer {
  readonly activation: Activation;
  /** σ_w² ≥ 0. */
  readonly weightVariance: number;
  /** σ_b² ≥ 0. */
  readonly biasVariance: number;
  /** ρ in (0, 1]. Default 1. */
  readonly keepProbability?: number;
  /** Whether a pair of inputs gets the same dropout masks. Default 'independent'. */
  readonly maskSharing?: 'independent' | 'shared';
  /** What a dropped unit is: 0, or what alpha dropout says. Default 'plain'. */
  readonly dropout?: 'plain' | 'alpha';
}

/** A fixed point q* = V(q*) of the length map. */
export interface VarianceFixedPoint {
  readonly variance: number;
  /** χ_q = V'(q*). */
  readonly multiplier: number;
  /** Attracts from both sides (from above at q* = 0). */
  readonly isStable: boolean;
  /** |χ_q| = 1: approached algebraically, or every variance is fixed. */
  readonly isMarginal: boolean;
}

export interface VarianceFixedPoints {
  /** All fixed points, by increasing variance. */
  readonly points: readonly VarianceFixedPoint[];
  /** The one that the recursion reaches from `start`; undefined when it diverges. */
  readonly reached?: VarianceFixedPoint;
}

const rounding = 1e-13;
const marginality = 1e-12;

/** Mean square of the pre-activations one layer on: V(q) = (σ_w²/ρ) m2(q) + σ_b², and with alpha dropout σ_w²(1 − ρ)c². */
export function varianceMap(layer: Layer, variance: number): number {
  return gain(layer) * expectation(layerFunction(layer), { value: 2 }, variance) + constantOf(layer);
}

/** φ of a layer; with alpha dropout ρ(aφ + b), so that m/ρ times it is what kept units are. */
function layerFunction(layer: Layer): GaussianFunction {
  if (!isAlpha(layer)) return gaussianFunctionOf(layer.activation);
  return affineFunctionOf(layer.activation as ActivationSpec, alphaForm(layer.keepProbability ?? 1));
}

function isAlpha({ dropout, keepProbability = 1 }: Layer): boolean {
  return dropout === 'alpha' && keepProbability < 1;
}

/** What V(q) has beside E φ²: σ_b², and what dropped units add. */
function constantOf(layer: Layer): number {
  return isAlpha(layer) ? layer.biasVariance + layer.weightVariance * droppedSquare(layer) : layer.biasVariance;
}

/** (1 − ρ)c², which dropped units add to E u². */
function droppedSquare(layer: Layer): number {
  const keep = layer.keepProbability ?? 1;
  return isAlpha(layer) ? (1 - keep) * alphaDropout(keep).c ** 2 : 0;
}

/** factor · moment, 0 for the factor 0 even where the moment is infinite (a layer without weights passes nothing). */
export function scaled(factor: number, moment: number): number {
  return factor === 0 ? 0 : factor * moment;
}

/** σ_w²/ρ. */
export function gain(layer: Layer): number {
  return layer.weightVariance / (layer.keepProbability ?? 1);
}

/**
 * All fixed points q* of the length map V(q) = (σ_w²/ρ) E φ² + σ_b², with slope and stability, and the one reached from `start`.
 *
 * @param layer σ_w², σ_b², ρ, φ
 * @param start where the recursion starts; default 1
 * @returns all fixed points in [0, 1e12]; `reached` is absent when the recursion grows for ever or circles
 * @throws MftError like the Gaussian moments
 * **Numerics**: sign changes of V(q)/q − 1 on a logarithmic grid of 480 cells, then Newton in a bracket; relative
 * error 1e-12/|1 − χ_q|.
 * **Source**: Poole et al. 2016; dropout: Schoenholz et al. 2017.
 *
 * @example
 * const layer = { activation: 'tanh', weightVariance: 1.4, biasVariance: 0.1, keepProbability: 0.8 } as const;
 * fixedPointsVariance(layer).reached?.variance; // 0.66093867920418
 */
export function fixedPointsVariance(layer: Layer, start = 1): VarianceFixedPoints {
  if (typeof start !== 'number') throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'start', 'a number >= 0', start);
  if (!(start >= 0 && start < Infinity)) throw expectedError('ERR_MFT_OUT_OF_RANGE', 'start', 'a number >= 0', start);
  return fixedPoints(givenLayer(layer), start);
}

function fixedPoints(layer: Layer, start: number): VarianceFixedPoints {
  const phi = layerFunction(layer);
  if (phi.homogeneousDegree === 1) return homogeneousFixedPoints(layer, phi, start);
  const points: VarianceFixedPoint[] = [];
  // A jump at 0 (step, sign) throws any signal away from 0, however small.
  const vanishes = phi.atZero.value === 0 && phi.homogeneousDegree !== 0;
  if (layer.biasVariance === 0 && (vanishes || layer.weightVariance === 0)) points.push(pointAtZero(layer, phi));
  const excess = (q: number): number => varianceMap(layer, q) / q - 1;
  let last: { readonly q: number; readonly sign: number } | undefined;
  for (const q of searchRange(phi, { biasVariance: constantOf(layer), gain: gain(layer) })) {
    const value = excess(q);
    if (Number.isNaN(value) || Math.abs(value) < rounding) continue;
    const sign = Math.sign(value);
    if (last !== undefined && sign !== last.sign) points.push(pointAt(layer, phi, polished(layer, phi, last.q, q)));
    last = { q, sign };
  }
  const reached = reachedFrom(layer, points, start);
  return { points, ...(reached === undefined ? {} : { reached }) };
}

function polished(layer: Layer, phi: GaussianFunction, low: number, high: number): number {
  return rootBetween(
    (q) => ({ value: varianceMap(layer, q) - q, slope: gain(layer) * varianceSlope(phi, q) - 1 }),
    low,
    high,
  );
}

function pointAt(layer: Layer, phi: GaussianFunction, variance: number): VarianceFixedPoint {
  const multiplier = gain(layer) * varianceSlope(phi, variance);
  return {
    variance,
    multiplier,
    isStable: Math.abs(multiplier) < 1,
    isMarginal: Math.abs(Math.abs(multiplier) - 1) < marginality,
  };
}

/** q = 0, fixed without bias when φ(0) = 0: stable iff V(q) <= q just above it. */
function pointAtZero(layer: Layer, phi: GaussianFunction): VarianceFixedPoint {
  const multiplier = layer.weightVariance === 0 ? 0 : gain(layer) * varianceSlope(phi, 0);
  const isMarginal = Math.abs(multiplier - 1) < marginality;
  const smallest = 1e-6 * Math.min(1, phi.scale ** 2);
  const isStable = isMarginal ? varianceMap(layer, smallest) <= smallest : multiplier < 1;
  return { variance: 0, multiplier, isStable, isMarginal };
}

function homogeneousFixedPoints(layer: Layer, phi: GaussianFunction, start: number): VarianceFixedPoints {
  const multiplier = gain(layer) * varianceSlope(phi, 1);
  const isMarginal = Math.abs(multiplier - 1) < marginality;
  if (isMarginal && layer.biasVariance === 0) {
    const every = { variance: start, multiplier, isStable: true, isMarginal };
    return { points: [every], reached: every };
  }
  if (isMarginal) return { points: [] };
  if (multiplier > 1)
    return { points: layer.biasVariance === 0 ? [{ variance: 0, multiplier, isStable: false, isMarginal }] : [] };
  const point = { variance: layer.biasVariance / (1 - multiplier), multiplier, isStable: true, isMarginal };
  return { points: [point], reached: point };
}

const largestIterations = 5000;

/** Where the recursion goes: the next fixed point in its direction; followed step by step where V falls. */
function reachedFrom(
  layer: Layer,
  points: readonly VarianceFixedPoint[],
  start: number,
): VarianceFixedPoint | undefined {
  const at = points.find((point) => point.variance === start);
  if (at !== undefined) return at;
  const grows = varianceMap(layer, start) > start;
  const next = grows
    ? points.find((point) => point.variance > start)
    : points.findLast((point) => point.variance < start);
  if (next === undefined || next.multiplier >= 0) return next;
  // V falls near the fixed point: the recursion jumps over it, and may circle for ever.
  let q = start;
  for (let step = 0; step < largestIterations; step++) {
    q = varianceMap(layer, q);
    const near = points.find(
      (point) => Math.abs(point.variance - q) <= 1e-6 * point.variance && Math.abs(point.multiplier) < 1,
    );
    if (near !== undefined) return near;
  }
  return undefined;
}

/**
 * The fixed point that the recursion reaches from `start`, or the documented error.
 *
 * @throws MftError ERR_MFT_NO_FIXED_POINT with the weight variance below which there is one; ERR_MFT_NO_CONVERGENCE when the
 *   recursion circles around an unstable fixed point
 */
export function reachedFixedPoint(layer: Layer, start = 1): VarianceFixedPoint {
  const { points, reached } = fixedPointsVariance(layer, start);
  if (reached !== undefined) return reached;
  const grows = varianceMap(layer, start) > start;
  const circling = points.find((point) => point.multiplier < -1);
  if (circling !== undefined && !(grows && points.every((point) => point.variance < start))) {
    throw new MftError(
      'ERR_MFT_NO_CONVERGENCE',
      `The variance circles around the unstable fixed point ${circling.variance} (slope ${circling.multiplier}) and never settles.`,
      { parameter: 'weightVariance' },
    );
  }
  throw divergence(layer, points, start);
}

/** Two facts, told apart: whether there are fixed points at all, and from where they are reached. */
function divergence(layer: Layer, points: readonly VarianceFixedPoint[], start: number): MftError {
  const limit = limitingWeightVariance(layer);
  const received = layer.weightVariance;
  if (points.length === 0 || points.every((point) => !point.isStable && point.variance === 0)) {
    const shown = Number(limit.toPrecision(12));
    return new MftError(
      'ERR_MFT_NO_FIXED_POINT',
      `The variance grows without bound from any start: with these \`biasVariance\` and \`keepProbability\` a fixed point ` +
        `needs \`weightVariance\` ${received < shown ? 'well ' : ''}below ${shown}, received ${received}.`,
      { parameter: 'weightVariance', expected: `a number below ${limit}`, received },
    );
  }
  const short = (variance: number): string => String(Number(variance.toPrecision(6)));
  const stretches = varianceBasins(layer)
    .filter(({ reaches }) => typeof reaches === 'number')
    .map(
      ({ from, to, reaches }) => `${short(reaches as number)} is reached from between ${short(from)} and ${short(to)}`,
    );
  const repelling = points.filter((point) => !point.isStable).map(({ variance }) => short(variance));
  return new MftError(
    'ERR_MFT_NO_FIXED_POINT',
    `From the variance ${start} the signal grows without bound, although there are fixed points: ` +
      `${[...stretches, ...(repelling.length === 0 ? [] : [`${repelling.join(', ')} repels`])].join('; ')}.`,
    { parameter: 'weightVariance', received },
  );
}

/** A stretch of starting variances, without its ends, and where the recursion goes from there. */
export interface VarianceBasin {
  readonly from: number;
  /** Infinity: no end. */
  readonly to: number;
  /** The fixed point that is reached, 'infinity' (growth without bound) or 'cycle' (never settles). */
  readonly reaches: number | 'infinity' | 'cycle';
}

const basinStarts = 48;
const basinBisections = 40;

/**
 * From where each fixed point of the length map is reached: stretches of starting variances that cover (0, ∞).
 *
 * @param layer σ_w², σ_b², ρ, φ
 * @returns basins by increasing variance; neighbours differ in what they reach. Repelling fixed points are ends of basins
 * @throws MftError like `fixedPointsVariance`
 * **Numerics**: where V rises everywhere the ends are the repelling fixed points; where it falls somewhere the recursion is
 * followed from 48 starts (5000 steps) and ends are bisected, so that basins narrower than a cell of this grid may be missed.
 * **Source**: derived.
 *
 * @example
 * varianceBasins({ activation: 'gelu', weightVariance: 3, biasVariance: 0 });
 * // [{ from: 0, to: 0.247…, reaches: 0 }, { from: 0.247…, to: Infinity, reaches: 'infinity' }]
 */
export function varianceBasins(layer: Layer): readonly VarianceBasin[] {
  return basins(givenLayer(layer));
}

function basins(layer: Layer): readonly VarianceBasin[] {
  const phi = layerFunction(layer);
  const { points } = fixedPointsVariance(layer);
  if (phi.homogeneousDegree === 1) {
    const only = points[0];
    if (only?.isMarginal) return [];
    return [{ from: 0, to: Infinity, reaches: only?.isStable ? only.variance : 'infinity' }];
  }
  const range = searchRange(phi, { biasVariance: constantOf(layer), gain: gain(layer) });
  const values = range.map((q) => varianceMap(layer, q));
  const isRising = values.every((value, i) => i === 0 || value >= (values[i - 1] as number) * (1 - rounding));
  if (!isRising) return followedBasins(layer, points, range);
  const ends = [...new Set([0, ...points.map(({ variance }) => variance)]), Infinity];
  return merged(
    ends.slice(0, -1).map((from, i) => {
      const to = ends[i + 1] as number;
      const inside =
        to === Infinity ? 2 * Math.max(from, range[0] as number) : from === 0 ? to / 2 : Math.sqrt(from * to);
      const grows = varianceMap(layer, inside) > inside;
      return { from, to, reaches: grows ? (to === Infinity ? 'infinity' : to) : from };
    }),
  );
}

function merged(basins: readonly VarianceBasin[]): readonly VarianceBasin[] {
  const result: VarianceBasin[] = [];
  for (const basin of basins) {
    const last = result.at(-1);
    if (last?.reaches === basin.reaches) result[result.length - 1] = { ...last, to: basin.to };
    else result.push(basin);
  }
  return result;
}

function followedBasins(
  layer: Layer,
  points: readonly VarianceFixedPoint[],
  range: readonly number[],
): readonly VarianceBasin[] {
  const [low, high] = [Math.log(range[0] as number), Math.log(range.at(-1) as number)];
  const basins: VarianceBasin[] = [];
  let last = low;
  for (let i = 0; i < basinStarts; i++) {
    const x = low + ((high - low) * i) / (basinStarts - 1);
    const reaches = followed(layer, points, Math.exp(x));
    const previous = basins.at(-1);
    if (previous === undefined) basins.push({ from: 0, to: Infinity, reaches });
    else if (previous.reaches !== reaches) {
      let [a, b] = [last, x];
      for (let step = 0; step < basinBisections; step++) {
        const middle = 0.5 * (a + b);
        if (followed(layer, points, Math.exp(middle)) === previous.reaches) a = middle;
        else b = middle;
      }
      const end = Math.exp(b);
      basins[basins.length - 1] = { ...previous, to: end };
      basins.push({ from: end, to: Infinity, reaches });
    }
    last = x;
  }
  return basins;
}

/** Where the recursion goes, step by step. */
function followed(layer: Layer, points: readonly VarianceFixedPoint[], start: number): VarianceBasin['reaches'] {
  const attracting = points.filter((point) => point.isStable);
  let q = start;
  for (let step = 0; step < largestIterations; step++) {
    const near = attracting.find((point) => Math.abs(point.variance - q) <= 1e-6 * Math.max(point.variance, 1e-9));
    if (near !== undefined) return near.variance;
    q = varianceMap(layer, q);
    if (!(q < 1e150)) return 'infinity';
  }
  return 'cycle';
}

/** The largest σ_w² for which V(q) = q has a solution: ρ sup (q − σ_b²)/m2(q); Infinity where φ grows slower than x. */
export function limitingWeightVariance(layer: Layer): number {
  const phi = layerFunction(layer);
  const keep = layer.keepProbability ?? 1;
  if (phi.homogeneousDegree === 1) return keep / varianceSlope(phi, 1);
  const ratio = (q: number): number =>
    (q - layer.biasVariance) / (expectation(phi, { value: 2 }, q) + keep * droppedSquare(layer));
  if (phi.bound < Infinity) return Infinity;
  const range = searchRange(phi, { biasVariance: layer.biasVariance });
  const largest = range.at(-1) as number;
  if (ratio(largest) > 10 * ratio(largest / 1e6)) return Infinity;
  const inside = maximum((x) => ratio(Math.exp(x)), range.map(Math.log)).value;
  // Without bias the ratio has a limit at q = 0.
  const atZero = layer.biasVariance === 0 && phi.atZero.value === 0 ? 1 / varianceSlope(phi, 0) : 0;
  return keep * Math.max(inside, Number.isFinite(atZero) ? atZero : 0);
}

/** What independent masks take from a pair of equal inputs: E u² − E u_a u_b, (1/ρ − 1) E φ² where dropped units are 0. */
function maskNoise(layer: Layer, phi: GaussianFunction, variance: number): number {
  const keep = layer.keepProbability ?? 1;
  const plain = ((1 - keep) / keep) * expectation(phi, { value: 2 }, variance);
  if (!isAlpha(layer)) return plain;
  const { c } = alphaDropout(keep);
  return plain + (1 - keep) * c * (keep * c - 2 * expectation(phi, { value: 1 }, variance));
}

/**
 * δ* = 1 − c*, the attracting fixed point of the correlation map of a pair with variances q*.
 *
 * @throws MftError ERR_MFT_DEGENERATE at q* = 0, where a correlation is 0/0
 */
export function fixedPointDelta(layer: Layer, variance: number): number {
  if (variance === 0) {
    throw new MftError(
      'ERR_MFT_DEGENERATE',
      'At the fixed point variance 0 all signals vanish: the correlation of a pair is undefined there.',
      { parameter: 'weightVariance' },
    );
  }
  const phi = layerFunction(layer);
  const keep = layer.keepProbability ?? 1;
  const isShared = layer.maskSharing === 'shared';
  const pairGain = layer.weightVariance * (isShared ? 1 / keep : 1);
  const floor = isShared ? 0 : layer.weightVariance * maskNoise(layer, phi, variance);
  if (floor === 0 && scaled(gain(layer), expectation(phi, { first: 2 }, variance)) <= 1 + marginality) return 0;
  const map = (delta: number): number => (floor + pairGain * deficit(phi, variance, delta)) / variance;
  // T(δ)/δ falls with δ (the correlation map is convex): one root, bracketed from 1 downwards, found in log δ.
  if (map(1) >= 1 - 4 * Number.EPSILON) return 1;
  let low = 1;
  do low /= 16;
  while (map(low) <= low && low > 1e-17);
  if (low <= 1e-17) return 0;
  const root = rootBetween(
    (x) => {
      const delta = Math.exp(x);
      const ratio = map(delta) / delta;
      return {
        value: ratio - 1,
        slope: pairGain * pairExpectation(phi, { first: 1 }, variance, variance, delta) - ratio,
      };
    },
    Math.log(low),
    Math.min(0, Math.log(low * 16)),
  );
  // One Newton step in δ itself: the logarithm of a δ near 1 has fewer digits than δ.
  const delta = Math.exp(root);
  const slope = pairGain * pairExpectation(phi, { first: 1 }, variance, variance, delta);
  const step = (map(delta) - delta) / (1 - slope);
  return Math.min(1, Math.abs(step) < 1e-6 * delta ? delta + step : delta);
}

/** The multipliers at the fixed point. */
export interface Multipliers {
  readonly fixedPointVariance: number;
  readonly isMarginal: boolean;
  /** δ* = 1 − c*; absent at q* = 0. */
  readonly oneMinusFixedPointCorrelation?: number;
  /** χ_q = (σ_w²/ρ) v2(q*). */
  readonly varianceMultiplier: number;
  /** χ₁ = (σ_w²/ρ) s2(q*). */
  readonly gradientMultiplier: number;
  /** χ_c = σ_w² F(q*, δ*); absent at q* = 0. */
  readonly correlationMultiplier?: number;
  /** At q* = 0 with dropout: slope of the correlation map of signals that vanish, at its own fixed point. It does not depend on σ_w². */
  readonly vanishingCorrelationMultiplier?: number;
}

/** q*, c* and the multipliers χ_q, χ₁, χ_c of a layer. @throws MftError like `reachedFixedPoint` */
export function multipliers(layer: Layer, start = 1): Multipliers {
  const phi = layerFunction(layer);
  const { variance, multiplier, isMarginal } = reachedFixedPoint(layer, start);
  const gradientMultiplier = scaled(gain(layer), expectation(phi, { first: 2 }, variance));
  const single = { fixedPointVariance: variance, isMarginal, varianceMultiplier: multiplier, gradientMultiplier };
  if (variance === 0) return { ...single, ...vanishingCorrelation(layer, phi) };
  const delta = fixedPointDelta(layer, variance);
  return {
    ...single,
    oneMinusFixedPointCorrelation: delta,
    correlationMultiplier: correlationMultiplier(layer, variance, delta),
  };
}

/** Small enough for φ(x) ≈ φ'(0) x, or for both slopes at a kink at 0. */
const vanishing = 1e-10;

/**
 * The layer with the σ_w² that keeps a vanishing variance: correlations go through it as through any σ_w². Without
 * dropout inputs stay as they are.
 */
function vanishingCorrelation(
  layer: Layer,
  phi: GaussianFunction,
): Pick<Multipliers, 'vanishingCorrelationMultiplier'> {
  const weightVariance = ((layer.keepProbability ?? 1) * vanishing) / expectation(phi, { value: 2 }, vanishing);
  if ((layer.keepProbability ?? 1) === 1 || !Number.isFinite(weightVariance)) return {};
  const kept = { ...layer, weightVariance };
  return { vanishingCorrelationMultiplier: correlationMultiplier(kept, vanishing, fixedPointDelta(kept, vanishing)) };
}

/** χ_c = σ_w² F(q, δ) (σ_w²/ρ with shared masks). */
export function correlationMultiplier(layer: Layer, variance: number, delta: number): number {
  const pairGain = layer.maskSharing === 'shared' ? gain(layer) : layer.weightVariance;
  return scaled(pairGain, pairExpectation(layerFunction(layer), { first: 1 }, variance, variance, delta));
}

/** ξ = −1/log|χ|: positive decays, negative grows, Infinity is critical (within rounding), 0 ends in one layer. */
export function depthScale(multiplier: number): number {
  const size = Math.abs(multiplier);
  if (size === 0 || size === Infinity) return 0;
  if (Math.abs(size - 1) < marginality) return Infinity;
  return -1 / Math.log(size);
}
