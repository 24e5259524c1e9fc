// The forward recursions (3.3) of docs/systems/feedforward.md, layer by layer at infinite width, for any number of inputs.
import { perLayer } from '../../core/checks.js';
import { MftError } from '../../core/errors.js';
import { drawnDeficit, type InputRow, type InputVectors } from '../../core/inputs.js';
import { alphaDropout, alphaForm } from '../../gaussian/alpha-dropout.js';
import { affineFunctionOf, type GaussianFunction } from '../../gaussian/expectation.js';
import { deficit, expectation, pairExpectation } from '../../gaussian/moments.js';
import { activationOf, inputWidthOf, largestPaired, type ResolvedFeedforwardSpec } from './spec.js';

/** Mean squares and distances of the inputs: s_a = |x_a|²/N_0 and, for pairs, δ = 1 − correlation. */
export interface InputGram {
  readonly count: number;
  readonly dimension: number;
  readonly secondMoment: Float64Array;
  /** N_0 Σ x_i⁴/(Σ x_i²)² of each input; for drawn inputs its mean over directions. */
  readonly kurtosis: Float64Array;
  readonly pairs: readonly InputPair[];
}

interface InputPair {
  readonly a: number;
  readonly b: number;
  /** 1 − x_a·x_b/(|x_a||x_b|); 1 when an input is zero. */
  readonly delta: number;
  /** Σ|x_ai x_bi|/N_0; for drawn inputs its limit at large N_0. */
  readonly absolute: number;
  /** N_0 Σ x_i² y_i²/(Σ x_i² Σ y_i²); for drawn inputs its mean over directions. */
  readonly square: number;
}

type InputRelation = Omit<InputPair, 'a' | 'b'>;

/** √(a b), roots before the product: numbers beyond 1e±154 have no product. */
export function rootProduct(a: number, b: number): number {
  return a === b ? a : Math.sqrt(a) * Math.sqrt(b);
}

/** E|xy| for a centred Gaussian pair with unit variances and correlation r. */
export function absoluteProduct(r: number): number {
  const c = Math.min(1, Math.max(-1, r));
  return (2 / Math.PI) * (Math.sqrt((1 - c) * (1 + c)) + c * Math.asin(c));
}

/** The spec's parameters, one number per layer. Layer l (1..L) stands at index l − 1. */
export interface LayerParameters {
  readonly depth: number;
  /**
   * As a function of the pre-activation without the mean of its bias; with alpha dropout ρ(aφ + b) in the hidden layers, so
   * that u = (m/ρ) phi at kept units.
   */
  readonly phi: readonly GaussianFunction[];
  readonly weightVariance: readonly number[];
  readonly biasVariance: readonly number[];
  readonly biasMean: readonly number[];
  /** ρ_l of the hidden layers 1..L−1. */
  readonly keepProbability: readonly number[];
  /** What u is at dropped units of the hidden layers. */
  readonly dropped: readonly number[];
  readonly inputKeepProbability: number;
  readonly width: readonly number[];
  readonly isShared: boolean;
}

/** Pair statistics of one layer. */
export interface PairState {
  readonly varianceA: number;
  readonly varianceB: number;
  readonly delta: number;
}

export interface ForwardPass {
  /** variance[l − 1][a] = q_aa of layer l, without the square of the mean of its biases; pairs likewise. */
  readonly variance: readonly Float64Array[];
  /** pair[l − 1][p]. */
  readonly pair: readonly (readonly PairState[])[];
  /** Of each input, the relative variance that masks of the inputs give the weights' part of q^1. */
  readonly maskNoise: Float64Array;
}

export function layerParameters(spec: ResolvedFeedforwardSpec): LayerParameters {
  const { depth } = spec;
  const keepProbability = perLayer('keepProbability', spec.keepProbability, depth - 1);
  const biasMean = perLayer('biasMean', spec.biasMean, depth);
  const isAlpha = (l: number): boolean => spec.dropout === 'alpha' && (keepProbability[l] ?? 1) < 1;
  const phi = (l: number): GaussianFunction => {
    const form = isAlpha(l) ? alphaForm(keepProbability[l] as number) : { scale: 1, offset: 0 };
    return affineFunctionOf(activationOf(spec, l), { ...form, shift: biasMean[l] as number });
  };
  const isUniform = typeof spec.biasMean === 'number' && typeof spec.keepProbability === 'number';
  const same = isUniform && !Array.isArray(spec.activation) ? phi(0) : undefined;
  return {
    depth,
    // The last layer is neither masked nor one of the hidden ones.
    phi: Array.from({ length: depth }, (_, l) => (l === depth - 1 ? phi(l) : (same ?? phi(l)))),
    biasMean,
    dropped: keepProbability.map((keep, l) => (isAlpha(l) ? alphaDropout(keep).c : 0)),
    weightVariance: perLayer('weightVariance', spec.weightVariance, depth),
    biasVariance: perLayer('biasVariance', spec.biasVariance, depth),
    keepProbability,
    inputKeepProbability: spec.inputKeepProbability,
    width: perLayer('width', spec.width, depth),
    isShared: spec.maskSharing === 'shared',
  };
}

/** The Gram matrix of the inputs, from the spec or from the images it names. */
export function inputGram(spec: ResolvedFeedforwardSpec, images: InputVectors | undefined): InputGram {
  const { inputs } = spec;
  if (images !== undefined)
    return gramOf(images.count, images.dimension, (a) =>
      images.values.subarray(a * images.dimension, (a + 1) * images.dimension),
    );
  if ('values' in inputs)
    return gramOf(inputs.values.length, inputs.values[0]?.length ?? 0, (a) => inputs.values[a] as InputRow);
  const count = 'indices' in inputs ? inputs.indices.length : (inputs.count ?? 2);
  const moment = 'indices' in inputs ? 1 : (inputs.secondMoment ?? 1);
  const delta = 'indices' in inputs ? 0.5 : drawnDeficit(inputs);
  const dimension = inputWidthOf(spec);
  // E x_i⁴ of a vector of length √N_0 in a random direction is 3 N_0/(N_0 + 2).
  const direction = dimension / (dimension + 2);
  const square = direction * (1 + 2 * (1 - delta) ** 2);
  return {
    count,
    dimension,
    secondMoment: new Float64Array(count).fill(moment),
    kurtosis: new Float64Array(count).fill(3 * direction),
    pairs: pairsOf(count, () => ({ delta, absolute: moment * absoluteProduct(1 - delta), square })),
  };
}

function gramOf(count: number, dimension: number, vector: (a: number) => ArrayLike<number>): InputGram {
  const rows = Array.from({ length: count }, (_, a) => vector(a));
  const lengths = rows.map((row) => Math.sqrt(dot(row, row)));
  const relation = (a: number, b: number): InputRelation => {
    const [x, y, p, q] = [
      rows[a] as ArrayLike<number>,
      rows[b] as ArrayLike<number>,
      lengths[a] as number,
      lengths[b] as number,
    ];
    if (p === 0 || q === 0) return { delta: 1, absolute: 0, square: 0 };
    let absolute = 0;
    let sum = 0; // ½|x/|x| − y/|y||²: nothing cancels for nearly parallel inputs
    let square = 0;
    for (let i = 0; i < dimension; i++) {
      square += (((x[i] as number) / p) * ((y[i] as number) / q)) ** 2;
      sum += ((x[i] as number) / p - (y[i] as number) / q) ** 2;
      absolute += Math.abs((x[i] as number) * (y[i] as number));
    }
    return { delta: Math.min(2, 0.5 * sum), absolute: absolute / dimension, square: dimension * square };
  };
  return {
    count,
    dimension,
    secondMoment: Float64Array.from(lengths, (length) => (length * length) / dimension),
    kurtosis: Float64Array.from(rows, (row, a) => {
      const length = lengths[a] as number;
      let sum = 0;
      for (let i = 0; length > 0 && i < dimension; i++) sum += ((row[i] as number) / length) ** 4;
      return dimension * sum;
    }),
    pairs: pairsOf(count, relation),
  };
}

function dot(x: ArrayLike<number>, y: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}

/** Pairs (0,1), (0,2), …, (1,2), … of the first inputs, as the simulation reports them. */
function pairsOf(count: number, relation: (a: number, b: number) => InputRelation): InputPair[] {
  const paired = Math.min(count, largestPaired);
  const pairs: InputPair[] = [];
  for (let a = 0; a < paired; a++) for (let b = a + 1; b < paired; b++) pairs.push({ a, b, ...relation(a, b) });
  return pairs;
}

/** Masks of the inputs: relative variances of the part σ_w² |u⁰_a|²/N_0 of q^1, and of u⁰_a·u⁰_b/N_0 of pairs, at given inputs. */
export function inputMaskNoise(
  layers: Pick<LayerParameters, 'inputKeepProbability' | 'isShared'>,
  gram: InputGram,
): { readonly single: Float64Array; readonly pair: Float64Array } {
  const keep = layers.inputKeepProbability;
  // E m²/ρ⁴ of one mask or of two over the square of the mean, less 1.
  const ofPair = layers.isShared ? 1 / keep - 1 : 1 / keep ** 2 - 1;
  return {
    single: gram.kurtosis.map((kurtosis) => ((1 / keep - 1) * kurtosis) / gram.dimension),
    pair: Float64Array.from(gram.pairs, ({ delta, square }) =>
      ofPair === 0 || delta === 1 ? 0 : (ofPair * square) / (1 - delta) ** 2 / gram.dimension,
    ),
  };
}

/**
 * All layers: q_aa' = (σ_w²/ρ) E φ² + σ_b²; pairs of equal variance carry δ (no cancellation as inputs merge), pairs of
 * unequal variance the covariance. `tick` is called after every layer: it may wait, and it throws when cancelled.
 */
export async function forwardPass(
  layers: LayerParameters,
  gram: InputGram,
  tick: (layer: number) => Promise<void>,
): Promise<ForwardPass> {
  const { depth, weightVariance, biasVariance, keepProbability, isShared } = layers;
  const variance: Float64Array[] = [];
  const pair: PairState[][] = [];
  for (let l = 0; l < depth; l++) {
    const [w, b] = [weightVariance[l] as number, biasVariance[l] as number];
    const keep = l === 0 ? layers.inputKeepProbability : (keepProbability[l - 1] as number);
    const before = variance[l - 1];
    // Of the layer below; not read in the first one.
    const phi = layers.phi[Math.max(0, l - 1)] as GaussianFunction;
    const dropped = l === 0 ? 0 : (layers.dropped[l - 1] as number);
    const activity = (a: number): number =>
      before === undefined ? (gram.secondMoment[a] as number) : expectation(phi, { value: 2 }, before[a] as number);
    const constant = b + w * (1 - keep) * dropped * dropped;
    const now = settled(
      Float64Array.from({ length: gram.count }, (_, a) => (w / keep) * activity(a) + constant),
      before,
    );
    // An overflow would pass as a variance that has settled, and as Infinity · 0 further up.
    if (!now.every(Number.isFinite))
      throw new MftError(
        'ERR_MFT_NOT_FINITE',
        `The variance of layer ${l + 1} is beyond the range of double precision (1.8e308): lower \`weightVariance\`, ` +
          '`biasVariance`, `depth` or the inputs, or raise `keepProbability`.',
        { parameter: 'weightVariance' },
      );
    variance.push(now);
    pair.push(
      gram.pairs.map((input, p) => {
        const last = pair[l - 1]?.[p];
        const [varianceA, varianceB] = [now[input.a] as number, now[input.b] as number];
        return {
          varianceA,
          varianceB,
          delta: nextDelta({
            phi,
            w,
            b,
            keep,
            dropped,
            isShared,
            varianceA,
            varianceB,
            activityA: activity(input.a),
            activityB: activity(input.b),
            last,
            input,
          }),
        };
      }),
    );
    await tick(l + 1);
  }
  return { variance, pair, maskNoise: inputMaskNoise(layers, gram).single };
}

/** Values that have stopped moving keep their bits, so that their moments are found in the cache. */
function settled(now: Float64Array, before: Float64Array | undefined): Float64Array {
  if (before === undefined) return now;
  return now.map((value, a) =>
    value < Infinity && Math.abs(value - (before[a] as number)) <= 1e-15 * value ? (before[a] as number) : value,
  );
}

interface PairStep {
  readonly phi: GaussianFunction;
  readonly w: number;
  readonly b: number;
  readonly keep: number;
  readonly dropped: number;
  readonly isShared: boolean;
  readonly varianceA: number;
  readonly varianceB: number;
  readonly activityA: number;
  readonly activityB: number;
  readonly last: PairState | undefined;
  readonly input: InputPair;
}

/** What dropped units with the value c add to E u_a u_b, given E phi of both inputs (or E|phi| and |c| for E|u_a u_b|). */
export function droppedProduct(keep: number, c: number, isShared: boolean, means: readonly number[]): number {
  const off = 1 - keep;
  return isShared ? off * c * c : off * c * (means.reduce((sum, mean) => sum + mean, 0) + off * c);
}

function nextDelta(step: PairStep): number {
  const { phi, w, b, keep, dropped, isShared, varianceA, varianceB, activityA, activityB, last, input } = step;
  if (varianceA === 0 || varianceB === 0) return 1;
  const isEqual = last === undefined ? activityA === activityB : last.varianceA === last.varianceB;
  let delta: number;
  if (isEqual) {
    // Independent masks: q − q_ab = σ_w²[(1/ρ − 1) E φ² + D]; shared masks: (σ_w²/ρ) D.
    const gap = last === undefined ? activityA * input.delta : deficit(phi, last.varianceA, last.delta);
    const mean = last === undefined || dropped === 0 ? 0 : expectation(phi, { value: 1 }, last.varianceA);
    const masks = (1 / keep - 1) * activityA + (1 - keep) * dropped * (keep * dropped - 2 * mean);
    delta = (w * (isShared ? gap / keep : masks + gap)) / varianceA;
  } else {
    const product =
      last === undefined
        ? rootProduct(activityA, activityB) * (1 - input.delta)
        : pairExpectation(phi, { value: 1 }, last.varianceA, last.varianceB, last.delta);
    const added =
      last === undefined || dropped === 0
        ? 0
        : droppedProduct(
            keep,
            dropped,
            isShared,
            [last.varianceA, last.varianceB].map((q) => expectation(phi, { value: 1 }, q)),
          );
    delta = 1 - ((isShared ? w / keep : w) * product + w * added + b) / rootProduct(varianceA, varianceB);
  }
  const clamped = Math.min(2, Math.max(0, delta));
  return last !== undefined && Math.abs(clamped - last.delta) <= 1e-15 * clamped ? last.delta : clamped;
}
