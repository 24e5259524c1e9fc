// Kernel ridge regression, which is the posterior of a Gaussian process: (6.1) to (6.4) of docs/systems/kernel.md. Several
// targets share one factorisation.
import { addon } from '../../core/addon.js';
import { expectedError, MftError } from '../../core/errors.js';
import {
  type Factor,
  factorize,
  type JitterRule,
  type KernelOrigin,
  type MatrixOptions,
  mean,
  product,
  solve,
} from './factor.js';

/** Targets, one row of `count` numbers for each of them. */
export interface Targets {
  readonly count: number;
  readonly rows: number;
  readonly values: Float64Array;
}

/** What the observations say. */
export interface Regression {
  readonly factor: Factor;
  readonly targets: Targets;
  /** α = A⁻¹ y, a row for each target. */
  readonly coefficients: Float64Array;
  /** −yᵀα/2 − log|A|/2 − (m/2) log 2π of each target. */
  readonly logMarginalLikelihood: Float64Array;
  /** s², by which A would have to be multiplied for the largest likelihood, and the sum over targets of the likelihoods then. */
  readonly outputScale: number;
  readonly scaledLogMarginalLikelihood: number;
  readonly meanDiagonal: number;
  readonly warnings: readonly string[];
}

/** Far outside: targets whose mean square is this much above or below what the kernel expects of them. */
const farOutside = 100;

/** Fits targets to the kernel of their inputs, which is overwritten. @throws MftError as `factorize` */
export async function regress(
  kernel: Float64Array,
  targets: Targets,
  noise: { readonly noiseVariance: number; readonly jitter: JitterRule },
  origin: KernelOrigin,
  options: MatrixOptions,
): Promise<Regression> {
  const factor = await factorize(kernel, targets.count, noise, origin, options);
  const coefficients = targets.values.slice();
  await solve(factor, coefficients, 'whole', options);
  const { count, rows, values } = targets;
  const constant = -factor.logDeterminant / 2 - (count / 2) * Math.log(2 * Math.PI);
  const fits = Float64Array.from({ length: rows }, (_, t) => {
    let sum = 0;
    for (let i = t * count; i < (t + 1) * count; i++) sum += (values[i] as number) * (coefficients[i] as number);
    return sum;
  });
  const outputScale = fits.reduce((sum, fit) => sum + fit, 0) / (count * rows);
  const meanDiagonal = mean(factor.diagonal);
  return {
    factor,
    targets,
    coefficients,
    logMarginalLikelihood: fits.map((fit) => constant - fit / 2),
    outputScale,
    scaledLogMarginalLikelihood: rows * (constant - (count / 2) * (Math.log(outputScale) + 1)),
    meanDiagonal,
    warnings: targetWarnings(targets, meanDiagonal + noise.noiseVariance),
  };
}

/** The covariance never sees the targets: whoever has them in other units must be told. */
function targetWarnings({ values, count, rows }: Targets, priorVariance: number): readonly string[] {
  return Array.from({ length: rows }, (_, t) => {
    const square = mean(values.subarray(t * count, (t + 1) * count).map((value) => value ** 2));
    if (square <= farOutside * priorVariance && square * farOutside >= priorVariance) return undefined;
    return (
      `the mean square ${square.toPrecision(3)} of target ${t} is far from its variance ` +
      `${priorVariance.toPrecision(3)} before any observation: the predicted covariance does not depend on the targets, so ` +
      'it does not say how far the mean is off; scale the targets, or the variances of the network'
    );
  }).filter((text) => text !== undefined);
}

/** K_* α of every target: tests × targets, row-major. `cross` is tests × count. */
export function posteriorMean(
  cross: Float64Array,
  { coefficients, count }: { readonly coefficients: Float64Array; readonly count: number },
  options: MatrixOptions,
): Promise<Float64Array> {
  return product(cross, coefficients, count, options);
}

/** Variances that rounding has made negative: those within this fraction of the prior are zeros. */
const rounding = 1e-10;

/** A posterior covariance or its diagonal, and how many variances were small and negative and are 0. */
export interface PosteriorSpread {
  readonly values: Float64Array;
  readonly clampedVariances: number;
}

/** K_** − K_* A⁻¹ K_*ᵀ: tests × tests. `cross` (tests × count) becomes L⁻¹ K_*ᵀ, row by row. */
export async function posteriorCovariance(
  prior: Float64Array,
  cross: Float64Array,
  factor: Factor,
  options: MatrixOptions,
): Promise<PosteriorSpread> {
  const tests = cross.length / factor.count;
  await solve(factor, cross, 'half', options);
  const explained = await product(cross, cross, factor.count, options);
  const values = new Float64Array(tests * tests);
  for (let i = 0; i < tests; i++)
    for (let j = 0; j < tests; j++) {
      // The product of rows is symmetric to rounding only.
      const [a, b] = [explained[i * tests + j] as number, explained[j * tests + i] as number];
      values[i * tests + j] = (prior[i * tests + j] as number) - (a + b) / 2;
    }
  const diagonal = Float64Array.from({ length: tests }, (_, i) => values[i * tests + i] as number);
  const priors = diagonal.map((_, i) => prior[i * tests + i] as number);
  const spread = clamped(diagonal, priors);
  spread.values.forEach((value, i) => {
    values[i * tests + i] = value;
  });
  return { values, clampedVariances: spread.clampedVariances };
}

/** @throws MftError ERR_MFT_DEGENERATE for a variance that is negative beyond rounding */
export function clamped(variances: Float64Array, priors: Float64Array): PosteriorSpread {
  let clampedVariances = 0;
  const values = variances.map((variance, i) => {
    if (variance >= 0) return variance;
    if (variance < -rounding * (priors[i] as number))
      throw new MftError(
        'ERR_MFT_DEGENERATE',
        `The predicted variance of test input ${i} is ${variance}, of a variance ${priors[i]} before any observation: the ` +
          'kernel is too near to a singular one; give a `noiseVariance` above 0.',
        { parameter: 'noiseVariance', received: variance },
      );
    clampedVariances += 1;
    return 0;
  });
  return { values, clampedVariances };
}

/** Predictions of every observation from all the others, and the variances of what they predict. */
interface LeaveOneOut {
  /** y_i − α_i/(A⁻¹)_ii, a row for each target. */
  readonly means: Float64Array;
  /** 1/(A⁻¹)_ii, noise included; the same for all targets. */
  readonly variances: Float64Array;
}

/** Overwrites the factor. */
export async function leaveOneOut({ factor, targets, coefficients }: Regression): Promise<LeaveOneOut> {
  const { count, matrix } = factor;
  await addon().kernelInverse({ matrix, count });
  const variances = Float64Array.from({ length: count }, (_, i) => 1 / (matrix[i * count + i] as number));
  const means = targets.values.map((y, at) => y - (coefficients[at] as number) * (variances[at % count] as number));
  return { means, variances };
}

/**
 * Targets as users give them: a number or a list of numbers for each input.
 *
 * @throws MftError ERR_MFT_SHAPE, ERR_MFT_INVALID_ARGUMENT, ERR_MFT_OUT_OF_RANGE naming the row
 */
export function targetsOf(given: readonly (number | readonly number[])[], count: number): Targets {
  if (given.length !== count)
    throw expectedError('ERR_MFT_SHAPE', 'targets', `${count} targets, one for each input`, given.length);
  const first = given[0];
  const rows = Array.isArray(first) ? first.length : 1;
  if (rows === 0) throw expectedError('ERR_MFT_SHAPE', 'targets.0', 'a number, or a list of at least one', first);
  const values = new Float64Array(rows * count);
  given.forEach((target, i) => {
    const list: readonly unknown[] = Array.isArray(target) ? target : [target];
    if (Array.isArray(target) !== Array.isArray(first) || list.length !== rows)
      throw expectedError('ERR_MFT_SHAPE', `targets.${i}`, 'as many numbers as the first', target);
    list.forEach((value, t) => {
      if (typeof value !== 'number')
        throw expectedError('ERR_MFT_INVALID_ARGUMENT', `targets.${i}`, 'finite numbers', value);
      if (!Number.isFinite(value)) throw expectedError('ERR_MFT_OUT_OF_RANGE', `targets.${i}`, 'finite numbers', value);
      values[t * count + i] = value;
    });
  });
  return { count, rows, values };
}
