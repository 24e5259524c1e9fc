// Which growth law a sequence follows: power, exponential, exp √l or stretched exponential, compared on log f by BIC.
import * as z from 'zod';
import { parse } from '../../core/checks.js';
import { numberList } from '../../core/copy.js';
import { numberField } from '../../core/fields.js';
import { windowField } from '../../fit/options.js';
import { expectedError, MftError } from '../../core/errors.js';
import { type SeparableProblem, solve, solveAt } from '../../fit/separable.js';

export type FittedForm =
  | 'bounded'
  | 'powerOfLog'
  | 'exponentialOfSqrtLog'
  | 'power'
  | 'exponential'
  | 'exponentialOfSqrt'
  | 'stretchedExponential';

/** One law fitted to log f: log f = offset + coefficient·g(l), g = log log l, √(log l), log l, l, √l or l^exponent. */
export interface FittedGrowth {
  readonly form: FittedForm;
  /** Factor of g; for a power law the exponent of l, for powerOfLog that of log l. */
  readonly coefficient: number;
  /** Power of l inside the exponential; 0 where there is none. */
  readonly exponent: number;
  readonly offset: number;
  /** Root mean square residual of log f. */
  readonly residual: number;
  /** Bayesian information criterion; smaller is better. */
  readonly criterion: number;
}

export interface GrowthFit {
  readonly best: FittedGrowth;
  /** All laws, best first. */
  readonly models: readonly FittedGrowth[];
  /** Relative change of the best law's local coefficient per decade of l over the window. */
  readonly drift: number;
  /** False when the drift exceeds 2 % per decade: the asymptotic law is not reached. */
  readonly isDetermined: boolean;
}

export interface GrowthFitOptions {
  /** Only layers in [low, high]. Default: the last decade and a half. */
  readonly window?: readonly [number, number];
  /** Growth of log f per decade below which f counts as bounded. Default 0.01. */
  readonly boundedSlope?: number;
}

const growthFitOptions = z.strictObject({
  window: windowField,
  boundedSlope: numberField({ low: 0 }, 'Growth per decade that counts as bounded.').optional(),
});

const stretchGrid = Array.from({ length: 59 }, (_, i) => 0.02 * (i + 1));
const points = 60;
const determinedDrift = 0.02;

/**
 * Fits the growth laws of residual networks to a sequence given as logarithms and chooses among them.
 *
 * @param layers l > 0, ascending
 * @param logValues log f(l): log χ_0/χ_l, log p_l, …
 * @param options the window of layers, and the growth below which a sequence counts as bounded
 * @returns the laws by BIC; a stretched exponential must win by 6 against its special cases
 * @throws MftError ERR_MFT_SHAPE (lengths, fewer than 8 layers in the window), ERR_MFT_NOT_FINITE
 *
 * **Numerics**: least squares on 60 points spaced evenly in log l; the exponent by golden section.
 * **Source**: laws of Yang & Schoenholz 2017, 2018; the choice by BIC is ours.
 *
 * @example
 * const l = Array.from({ length: 1000 }, (_, i) => i + 1);
 * fitGrowth(l, l.map((x) => 0.75 * Math.sqrt(x))).best.form; // 'exponentialOfSqrt'
 */
export function fitGrowth(
  layers: ArrayLike<number>,
  logValues: ArrayLike<number>,
  options: GrowthFitOptions = {},
): GrowthFit {
  const checked = parse(growthFitOptions, options, 'options') as GrowthFitOptions;
  return fitForms(numberList(layers, 'layers'), numberList(logValues, 'logValues'), checked);
}

function fitForms(layers: Float64Array, logValues: Float64Array, options: GrowthFitOptions): GrowthFit {
  if (layers.length !== logValues.length)
    throw new MftError(
      'ERR_MFT_SHAPE',
      `Expected \`logValues\` to have as many values as \`layers\` (${layers.length}), received ${logValues.length}.`,
      { parameter: 'logValues' },
    );
  const top = layers[layers.length - 1] as number;
  const [low, high] = options.window ?? [Math.max(layers[0] as number, top / 30), top];
  const { x, y } = thinned(layers, logValues, low, high);
  if (x.length < 8) throw expectedError('ERR_MFT_SHAPE', 'layers', 'at least 8 layers in the window', x.length);
  const bad = y.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw expectedError('ERR_MFT_NOT_FINITE', 'logValues', 'finite logarithms', y[bad]);
  const decades = Math.log10((x[x.length - 1] as number) / (x[0] as number));
  const rise = ((y[y.length - 1] as number) - (y[0] as number)) / decades;
  const models = [
    ...((x[0] as number) > Math.E
      ? [
          linear(x, y, 'powerOfLog', (l) => Math.log(Math.log(l)), 0),
          linear(x, y, 'exponentialOfSqrtLog', (l) => Math.sqrt(Math.log(l)), 0),
        ]
      : []),
    linear(x, y, 'power', Math.log, 0),
    linear(x, y, 'exponential', (l) => l, 1),
    linear(x, y, 'exponentialOfSqrt', Math.sqrt, 0.5),
    stretched(x, y),
  ].sort((a, b) => a.criterion - b.criterion);
  if (Math.abs(rise) < (options.boundedSlope ?? 0.01)) {
    const mean = y.reduce((sum, value) => sum + value / y.length, 0);
    const residual = Math.sqrt(y.reduce((sum, value) => sum + (value - mean) ** 2 / y.length, 0));
    const best: FittedGrowth = {
      form: 'bounded',
      coefficient: 0,
      exponent: 0,
      offset: mean,
      residual,
      criterion: criterion(residual, y.length, 1),
    };
    return { best, models: [best, ...models], drift: 0, isDetermined: true };
  }
  const best = models[0] as FittedGrowth;
  const drift = driftOf(best, x, y);
  return { best, models, drift, isDetermined: drift <= determinedDrift };
}

/** At most 60 points, evenly in log l. */
function thinned(
  layers: ArrayLike<number>,
  values: ArrayLike<number>,
  low: number,
  high: number,
): { x: number[]; y: number[] } {
  const chosen = new Set<number>();
  let i = 0;
  for (let k = 0; k < points; k++) {
    const wanted = low * (high / low) ** (k / (points - 1));
    while (i + 1 < layers.length && (layers[i] as number) < wanted * (1 - 1e-12)) i++;
    const at = layers[i] as number;
    if (at >= low && at <= high && at > 0) chosen.add(i);
  }
  const index = [...chosen];
  return { x: index.map((k) => layers[k] as number), y: index.map((k) => values[k] as number) };
}

/** n log(mean square) + k log n; the residual is floored at rounding. */
function criterion(residual: number, count: number, parameters: number): number {
  return 2 * count * Math.log(Math.max(residual, 1e-12)) + parameters * Math.log(count);
}

function problemOf(
  x: readonly number[],
  y: readonly number[],
  g: (theta: number, l: number) => number,
): SeparableProblem {
  return { x, y, weight: x.map(() => 1), basis: (theta, l) => [g(theta, l), 1], slope: () => 0 };
}

function linear(
  x: readonly number[],
  y: readonly number[],
  form: FittedForm,
  g: (l: number) => number,
  exponent: number,
): FittedGrowth {
  const unit = g(x[x.length - 1] as number);
  const { amplitudes, residualSquares } = solveAt(
    problemOf(x, y, (_, l) => g(l) / unit),
    0,
  );
  const residual = Math.sqrt(residualSquares / x.length);
  return {
    form,
    coefficient: (amplitudes[0] as number) / unit,
    exponent,
    offset: amplitudes[1] as number,
    residual,
    criterion: criterion(residual, x.length, 2),
  };
}

function stretched(x: readonly number[], y: readonly number[]): FittedGrowth {
  const unit = x[x.length - 1] as number;
  const { theta, amplitudes, residualSquares, isAtEdge } = solve(
    problemOf(x, y, (power, l) => (l / unit) ** power),
    stretchGrid,
  );
  const residual = Math.sqrt(residualSquares / x.length);
  // At the edge of the grid it is another law in disguise: l^0.02 is a power law with a correction.
  const margin = isAtEdge ? Infinity : 6;
  return {
    form: 'stretchedExponential',
    coefficient: (amplitudes[0] as number) / unit ** theta,
    exponent: theta,
    offset: amplitudes[1] as number,
    residual,
    criterion: criterion(residual, x.length, 3) + margin,
  };
}

/** How much the local coefficient of a law changes from the first to the second half of the window, per decade. */
function driftOf(model: FittedGrowth, x: readonly number[], y: readonly number[]): number {
  const g = (l: number): number => {
    if (model.form === 'power') return Math.log(l);
    if (model.form === 'powerOfLog') return Math.log(Math.log(l));
    return model.form === 'exponentialOfSqrtLog' ? Math.sqrt(Math.log(l)) : l ** model.exponent;
  };
  const middle = Math.floor(x.length / 2);
  const slope = (from: number, to: number): number =>
    ((y[to] as number) - (y[from] as number)) / (g(x[to] as number) - g(x[from] as number));
  const decades = 0.5 * Math.log10((x[x.length - 1] as number) / (x[0] as number));
  return Math.abs(slope(middle, x.length - 1) / slope(0, middle) - 1) / decades;
}
