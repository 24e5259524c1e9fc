// Ensembles of infinitely wide networks trained by gradient flow, or by steps of gradient descent, on half the mean squared
// error: (6.5) to (6.8) of docs/systems/kernel.md.
import { addon } from '../../core/addon.js';
import type { ControlOptions } from '../../core/control.js';
import { expectedError, MftError } from '../../core/errors.js';
import { factorize, type KernelOrigin, product, solve } from './factor.js';
import { clamped, type PosteriorSpread, type Targets } from './regression.js';
import './regression-native.js';

/** The workspace of LAPACK's eigenvalues of more rows is longer than its 32-bit lengths can say. */
const mostEigenvalues = 32_766;

/** How long, how fast. */
interface Training {
  readonly learningRate: number;
  /** η t is all that counts in the flow; steps in descent. */
  readonly time: number;
  readonly dynamics: 'flow' | 'descent';
}

/** Kernels of an ensemble: Θ of the training inputs, and what the tests have with them. */
interface EnsembleKernels {
  readonly count: number;
  readonly tests: number;
  /** Θ and K of the training inputs. */
  readonly tangent: Float64Array;
  readonly covariance: Float64Array;
  /** Θ_* and K_*: tests × count. */
  readonly crossTangent: Float64Array;
  readonly crossCovariance: Float64Array;
  /** K_**. */
  readonly prior: Float64Array;
}

/** What the networks of an ensemble say of the tests. */
interface Ensemble {
  /** tests × targets. */
  readonly mean: Float64Array;
  /** tests × tests, of one output; the outputs of a network are independent. */
  readonly covariance: PosteriorSpread;
  /** 2 m/λ_max: descent with a larger rate diverges. */
  readonly largestStableRate: number;
  readonly smallestEigenvalue: number;
  readonly largestEigenvalue: number;
}

/** `tangent` is overwritten. @throws MftError ERR_MFT_DEGENERATE where an infinite time has no limit on the training inputs */
export async function ensemble(
  kernels: EnsembleKernels,
  targets: Targets,
  training: Training,
  origin: KernelOrigin,
  options: ControlOptions,
): Promise<Ensemble> {
  const { count, tests, tangent, covariance, crossTangent, crossCovariance, prior } = kernels;
  if (count > mostEigenvalues)
    throw expectedError(
      'ERR_MFT_OUT_OF_RANGE',
      'inputs',
      `at most ${mostEigenvalues} rows, for which eigenvalues can be computed`,
      count,
    );
  const isInfinite = training.time === Number.POSITIVE_INFINITY;
  // M = Θ_* B, tests × count.
  let map: Float64Array | undefined;
  if (isInfinite) {
    const factor = await factorize(tangent.slice(), count, { noiseVariance: 0, jitter: 'none' }, origin, options);
    map = crossTangent.slice();
    await solve(factor, map, 'whole', options);
  }
  const eigenvalues = await addon().kernelEigen({ matrix: tangent, count });
  const largestEigenvalue = eigenvalues[0] as number;
  const largestStableRate = (2 * count) / largestEigenvalue;
  if (isInfinite) refuseUnstable(training, largestStableRate);
  map ??= await mapAt(training, eigenvalues, tangent, crossTangent, count, options);
  const through = await product(map, covariance, count, options);
  const both = await product(through, map, count, options);
  const single = await product(map, crossCovariance, count, options);
  const values = prior.map((value, at) => {
    const [i, j] = [Math.floor(at / tests), at % tests];
    const mirrored = j * tests + i;
    const moved = ((both[at] as number) + (both[mirrored] as number)) / 2;
    return value + moved - (single[at] as number) - (single[mirrored] as number);
  });
  const diagonal = Float64Array.from({ length: tests }, (_, i) => values[i * tests + i] as number);
  const spread = clamped(
    diagonal,
    diagonal.map((_, i) => Math.max(prior[i * tests + i] as number, both[i * tests + i] as number)),
  );
  spread.values.forEach((value, i) => {
    values[i * tests + i] = value;
  });
  return {
    mean: await product(map, targets.values, count, options),
    covariance: { values, clampedVariances: spread.clampedVariances },
    largestStableRate,
    smallestEigenvalue: eigenvalues[count - 1] as number,
    largestEigenvalue,
  };
}

function refuseUnstable({ dynamics, learningRate }: Training, largestStableRate: number): void {
  if (dynamics === 'flow' || learningRate < largestStableRate) return;
  throw new MftError(
    'ERR_MFT_OUT_OF_RANGE',
    `Expected \`learningRate\` to be below 2 m/λ_max = ${largestStableRate}, where descent converges, received ${learningRate}.`,
    { parameter: 'learningRate', expected: `a number below ${largestStableRate}`, received: learningRate },
  );
}

/** Θ_* V diag((1 − decay_k)/λ_k) Vᵀ, from the rows of eigenvectors. */
async function mapAt(
  training: Training,
  eigenvalues: Float64Array,
  vectors: Float64Array,
  cross: Float64Array,
  count: number,
  options: ControlOptions,
): Promise<Float64Array> {
  const coefficients = await product(cross, vectors, count, options);
  const factors = eigenvalues.map((value) => response(training, value, count));
  for (let at = 0; at < coefficients.length; at++)
    coefficients[at] = (coefficients[at] as number) * (factors[at % count] as number);
  const columns = new Float64Array(vectors.length);
  for (let i = 0; i < count; i++)
    for (let j = 0; j < count; j++) columns[j * count + i] = vectors[i * count + j] as number;
  return product(coefficients, columns, count, options);
}

/** (1 − e^{−η t λ/m})/λ, or (1 − (1 − η λ/m)^t)/λ; their common limit η t/m at λ = 0. */
function response({ learningRate, time, dynamics }: Training, eigenvalue: number, count: number): number {
  const rate = (learningRate * eigenvalue) / count;
  const scale = (learningRate * time) / count;
  if (Math.abs(rate * time) < 1e-300) return scale;
  if (dynamics === 'flow') return (-Math.expm1(-rate * time) / (rate * time)) * scale;
  if (rate < 1) return (-Math.expm1(time * Math.log1p(-rate)) / (rate * time)) * scale;
  const left = time % 2 === 0 ? (rate - 1) ** time : -((rate - 1) ** time);
  if (!Number.isFinite(left))
    throw new MftError(
      'ERR_MFT_NOT_FINITE',
      `Descent with \`learningRate\` ${learningRate} leaves the range of double precision within ${time} steps: it is stable ` +
        `below 2 m/λ_max only, and η λ/m is ${rate}.`,
      { parameter: 'learningRate', received: learningRate },
    );
  return ((1 - left) / (rate * time)) * scale;
}
