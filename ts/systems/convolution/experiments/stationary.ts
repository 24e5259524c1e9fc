// Stationary points of the risk of a small network, of any index: the norm of the gradient is brought down by damped Newton steps.
import { addon } from '../../../core/addon.js';
import { type ControlOptions, controlled } from '../../../core/control.js';
import type { NativeRisk } from '../native.js';
import type { Population } from './teacher.js';

export interface StationaryPoint {
  readonly weights: Float64Array;
  /** Of the Hessian of risk and decay, decreasing. */
  readonly eigenvalues: Float64Array;
  /** Negative eigenvalues. */
  readonly index: number;
  /** tr(H⁻¹ Σ H⁻¹), Σ the covariance of the gradients of single examples: n E|w_n − w*|² at large n. */
  readonly spread: number;
}

interface Setting extends ControlOptions {
  readonly decay: number;
  readonly threads: number;
}

/** Gradient at a stationary point; eigenvalues below this share of the largest are 0. */
const [tolerance, zero] = [1e-12, 1e-7] as const;
const [mostSteps, mostTries] = [100, 12] as const;

const norm = (vector: Float64Array): number => Math.hypot(...vector);

/** Risk, gradient and, if asked for, curvature at these weights. */
export async function riskAt(
  { native, images, labels }: Population,
  shares: Float64Array,
  weights: Float64Array,
  { decay, threads, ...control }: Setting,
  hasCurvature = true,
): Promise<NativeRisk> {
  const sample = { network: { ...native, weights }, images, labels, shares, decay, hasCurvature, threads };
  const { onProgress: _, ...quiet } = control;
  return controlled(quiet, 0, (slots) => addon().convolutionRisk(sample, slots));
}

/** Eigenvalues that are 0 but for rounding. */
export const zeroEigenvalues = ({ eigenvalues }: Pick<NativeRisk, 'eigenvalues'>): number =>
  eigenvalues.filter((value) => Math.abs(value) < zero * (eigenvalues[0] as number)).length;

/** −H (H² + damping²)⁻¹ ∇: Newton's step where damping is small. */
function step({ gradient, eigenvalues, eigenvectors }: NativeRisk, damping: number): Float64Array {
  const count = gradient.length;
  const result = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const value = eigenvalues[i] as number;
    const vector = eigenvectors.subarray(i * count, (i + 1) * count);
    const along = vector.reduce((sum, x, j) => sum + x * (gradient[j] as number), 0);
    const length = (along * value) / (value ** 2 + damping ** 2);
    for (let j = 0; j < count; j++) result[j]! -= length * (vector[j] as number);
  }
  return result;
}

/** The stationary point that the steps from `start` lead to; undefined where they end elsewhere. `damping`: of the first step. */
export async function stationaryPoint(
  population: Population,
  shares: Float64Array,
  start: Float64Array,
  setting: Setting,
  damping: number,
): Promise<StationaryPoint | undefined> {
  let [weights, damped] = [start, damping];
  for (let i = 0; i < mostSteps; i++) {
    const here = await riskAt(population, shares, weights, setting);
    const size = norm(here.gradient);
    if (size < tolerance) return pointOf(weights, here);
    let next: Float64Array | undefined;
    for (let tries = 0; next === undefined && tries < mostTries; tries++) {
      const move = step(here, damped * (here.eigenvalues[0] as number));
      const tried = weights.map((value, j) => value + (move[j] as number));
      const there = await riskAt(population, shares, tried, setting, false);
      if (norm(there.gradient) < size) next = tried;
      else damped = Math.max(5 * damped, 1e-9);
    }
    if (next === undefined) return undefined;
    [weights, damped] = [next, damped / 4];
  }
  return undefined;
}

function pointOf(weights: Float64Array, { eigenvalues, spread }: NativeRisk): StationaryPoint {
  return {
    weights,
    eigenvalues,
    index: eigenvalues.filter((value) => value < 0).length,
    spread: spread.reduce((sum, value, i) => sum + value / (eigenvalues[i] as number) ** 2, 0),
  };
}
