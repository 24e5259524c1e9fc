// The kernel of one layer, E φ(W·x) φ(W·y), for weights of any law: exact where a formula is known, (5.1) to (5.4) of
// docs/systems/kernel.md.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import type { GaussianFunction } from '../../gaussian/expectation.js';
import { logGamma } from '../../numeric/gamma.js';
import { angularKernel } from './angular.js';
import { isRotationInvariant, type LawName, type LawNumbers, radialFactor, requireMoment } from './laws.js';
import { norm, valuesOf } from './panels.js';
import { type Pairs, pairValues } from './pair.js';
import { sphereKernel } from './sphere-kernel.js';

/** The question: two inputs, φ and the law of the weights as they are (nothing is divided by a fan-in). */
interface LayerQuestion {
  readonly phi: GaussianFunction;
  readonly law: LawName;
  readonly numbers: LawNumbers;
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** Sign vectors are summed up to this dimension: 2^20 of them. */
const largestEnumeration = 20;
/** Choices of which weights are zero, each with a pair expectation. */
const largestSparse = 14;

/** E φ(W·x) φ(W·y). @throws MftError ERR_MFT_UNSUPPORTED where no exact way is known */
export async function layerKernel(question: LayerQuestion, options: ControlOptions): Promise<number> {
  // A weight that meets zeros only does not matter, and counts in the dimension of rotation-invariant laws alone.
  const dimension = question.x.length;
  const { phi, law, numbers } = question;
  if (isRotationInvariant(law)) return rotationInvariant(question, dimension, options);
  const used = [...question.x.keys()].filter((t) => question.x[t] !== 0 || question.y[t] !== 0);
  const [x, y] = [question.x, question.y].map((list) => Float64Array.from(used, (t) => list[t] as number)) as [
    Float64Array,
    Float64Array,
  ];
  const scale = Math.sqrt(numbers.variance);
  if (law === 'rademacher') return enumerated(phi, scaled(x, scale), scaled(y, scale), options);
  if (law === 'sparse') return sparse(question, x, y, options);
  if (law === 'studentT') requireMoment(numbers.degreesOfFreedom, 2 * (phi.homogeneousDegree ?? 1));
  const isAngular = law === 'uniform' || law === 'laplace' || law === 'generalizedGaussian';
  if (isAngular && x.length <= 2 && phi.homogeneousDegree !== null)
    return angularKernel(phi, law, numbers, padded(x), padded(y));
  throw new MftError(
    'ERR_MFT_UNSUPPORTED',
    `No exact layer kernel is known for weights of the law ${law} with this \`activation\` in ${x.length} dimensions: ` +
      'homogeneous activations in two dimensions have one; `simulate` takes every law.',
    { parameter: 'distribution', received: law },
  );
}

const scaled = (list: Float64Array, by: number): Float64Array => list.map((value) => by * value);
const padded = (list: Float64Array): readonly [number, number] => [list[0] ?? 0, list[1] ?? 0];

function rotationInvariant(question: LayerQuestion, dimension: number, options: ControlOptions): Promise<number> {
  const { phi, law, numbers } = question;
  const degree = phi.homogeneousDegree;
  const factor = degree === null ? undefined : radialFactor(law, numbers, dimension, degree);
  if (factor !== undefined) return gaussian(question, 1, options).then((value) => factor * value);
  if (law === 'gaussian') return gaussian(question, numbers.variance, options);
  if (law === 'multivariateT') return gammaMixture(question, options);
  const radius = law === 'orthogonal' ? Math.sqrt(numbers.variance * dimension) : numbers.radius;
  // The shadow of a ball on a plane is that of the sphere in two more dimensions.
  return Promise.resolve(sphereKernel(phi, question.x, question.y, radius, law === 'ball' ? dimension + 2 : dimension));
}

/** Pairs (W·x, W·y) of normals of variance `scales`. */
function pairsOf(x: Float64Array, y: Float64Array, scales: Float64Array): Pairs {
  const [a, b] = [norm(x), norm(y)];
  let inner = 0;
  for (let t = 0; t < x.length; t++) inner += (x[t] as number) * (y[t] as number);
  const gap = Float64Array.from(scales, () => directionGap(x, y, a, b));
  return {
    variance1: scales.map((s) => s * a * a),
    variance2: scales.map((s) => s * b * b),
    covariance: scales.map((s) => s * inner),
    gap,
  };
}

function directionGap(x: Float64Array, y: Float64Array, a: number, b: number): number {
  if (a === 0 || b === 0) return 1;
  let sum = 0;
  for (let t = 0; t < x.length; t++) sum += ((x[t] as number) / a - (y[t] as number) / b) ** 2;
  return Math.min(2, sum / 2);
}

async function gaussian({ phi, x, y }: LayerQuestion, variance: number, options: ControlOptions): Promise<number> {
  return (await pairValues(phi, pairsOf(x, y, Float64Array.of(variance)), options))[0] as number;
}

/**
 * Multivariate t: normals divided by √(χ²/ν), hence ∫ k(ν/(2t)) t^(ν/2 − 1) e^−t dt/Γ(ν/2), (5.3). In u with t = exp(u − e^−u) the
 * integrand falls off doubly exponentially on both sides, where the trapezoidal rule converges exponentially.
 */
async function gammaMixture({ phi, numbers, x, y }: LayerQuestion, options: ControlOptions): Promise<number> {
  const half = numbers.degreesOfFreedom / 2;
  if (phi.bound === Infinity) requireMoment(numbers.degreesOfFreedom, 2);
  const step = 1 / 32;
  const nodes: { readonly scale: number; readonly weight: number }[] = [];
  for (let u = -7; u <= 12; u += step) {
    const logT = u - Math.exp(-u);
    const t = Math.exp(logT);
    const logWeight = half * logT - t - logGamma(half) + Math.log1p(Math.exp(-u));
    const scale = (numbers.scale ** 2 * half) / t;
    if (logWeight > -745 && Number.isFinite(scale)) nodes.push({ scale, weight: step * Math.exp(logWeight) });
  }
  const scales = Float64Array.from(nodes, ({ scale }) => scale);
  const values = await pairValues(phi, pairsOf(x, y, scales), options);
  return values.reduce((sum, value, i) => sum + value * (nodes[i]?.weight as number), 0);
}

/** Weights ±1: the mean over all sign vectors, (5.4), in the order of a Gray code. */
function enumerated(phi: GaussianFunction, x: Float64Array, y: Float64Array, options: ControlOptions): number {
  const dimension = x.length;
  if (dimension > largestEnumeration)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected at most ${largestEnumeration} coordinates that are not zero for a sum over all sign vectors, received ${dimension}.`,
      { parameter: 'x', received: dimension },
    );
  const count = 2 ** dimension;
  const block = Math.min(count, 2 ** 14);
  let sum = 0;
  const [u, v] = [new Float64Array(block), new Float64Array(block)];
  for (let first = 0; first < count; first += block) {
    throwIfAborted(options);
    for (let i = 0; i < block; i++) {
      const bits = first + i;
      let [a, b] = [0, 0];
      for (let t = 0; t < dimension; t++) {
        const isNegative = ((bits >> t) & 1) === 1;
        a += isNegative ? -(x[t] as number) : (x[t] as number);
        b += isNegative ? -(y[t] as number) : (y[t] as number);
      }
      [u[i], v[i]] = [a, b];
    }
    const [fu, fv] = [valuesOf(phi, u), valuesOf(phi, v)];
    let part = 0;
    for (let i = 0; i < block; i++) part += (fu[i] as number) * (fv[i] as number);
    sum += part;
  }
  return sum / count;
}

/** Weights that are zero with probability 1 − density, else normal: the mean over which ones are zero, each a Gaussian pair. */
async function sparse(
  { phi, numbers }: LayerQuestion,
  x: Float64Array,
  y: Float64Array,
  options: ControlOptions,
): Promise<number> {
  const { density, variance } = numbers;
  const dimension = x.length;
  if (dimension > largestSparse)
    throw new MftError(
      'ERR_MFT_UNSUPPORTED',
      `Expected at most ${largestSparse} coordinates that are not zero for sparse weights, received ${dimension}.`,
      { parameter: 'x', received: dimension },
    );
  const count = 2 ** dimension;
  const pairs = {
    variance1: new Float64Array(count),
    variance2: new Float64Array(count),
    covariance: new Float64Array(count),
    gap: new Float64Array(count),
  };
  const weights = new Float64Array(count);
  for (let chosen = 0; chosen < count; chosen++) {
    const members = [...x.keys()].filter((t) => ((chosen >> t) & 1) === 1);
    const [p, q] = [x, y].map((list) => Float64Array.from(members, (t) => list[t] as number)) as [
      Float64Array,
      Float64Array,
    ];
    const one = pairsOf(p, q, Float64Array.of(variance / density));
    for (const name of ['variance1', 'variance2', 'covariance', 'gap'] as const)
      pairs[name][chosen] = one[name][0] as number;
    weights[chosen] = density ** members.length * (1 - density) ** (dimension - members.length);
  }
  const values = await pairValues(phi, pairs, options);
  return values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
}
