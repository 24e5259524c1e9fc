// Theory of `implicit` at infinite width: the steady state, the terms of the Neumann series, the cost of the adjoint solve.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { axis, type Axis, type Predicted, type QuantityValue, type Warning } from '../../core/results.js';
import type { PredictionBody } from '../../core/system.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { expectation } from '../../gaussian/moments.js';
import { varianceMap } from '../../gaussian/variance-map.js';
import {
  defaultTolerances,
  layerOf,
  type MeanField,
  meanField,
  singularEdges,
  termsToTolerance,
  unstable,
} from './mean-field.js';
import type { ImplicitObservable } from './observables.js';
import type { ResolvedImplicitSpec } from './spec.js';

/** Stated relative error of a Gaussian integral at the fixed point, per iteration or term. */
const statedError = 1e-10;

/** The steady state, or why there is none. */
function attempted(spec: ResolvedImplicitSpec): MeanField | string {
  try {
    return meanField(spec);
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_NO_FIXED_POINT') return error.message;
    throw error;
  }
}

export async function predict(
  spec: ResolvedImplicitSpec,
  options: ControlOptions,
): Promise<PredictionBody<ImplicitObservable>> {
  throwIfAborted(options);
  const found = attempted(spec);
  const reason = typeof found === 'string' ? found : found.chi < 1 ? undefined : unstable;
  const state = typeof found === 'string' ? { variance: 0, chi: 0 } : found;
  return {
    quantities: quantitiesOf(state, typeof found === 'string' ? found : undefined, reason),
    observables: observablesOf(spec, state, reason),
    warnings: reason === undefined ? [] : [{ id: 'noStableSteadyState', message: reason } satisfies Warning],
  };
}

function quantitiesOf(
  { variance, chi }: MeanField,
  none: string | undefined,
  reason: string | undefined,
): Readonly<Record<string, QuantityValue>> {
  const [smallest, largest] = singularEdges(Math.min(1, Math.sqrt(chi)));
  const stable = <T extends QuantityValue>(value: T): QuantityValue => (reason === undefined ? value : { reason });
  const condition = smallest === 0 ? Infinity : largest / smallest;
  return {
    preActivationVariance: none === undefined ? variance : { reason: none },
    squaredJacobianRadius: none === undefined ? chi : { reason: none },
    predictedTermsToTolerance: defaultTolerances.map((tolerance) =>
      reason === undefined ? termsToTolerance(chi, tolerance) : { reason },
    ),
    predictedConditionNumber: stable(condition),
  };
}

/**
 * What the masks of n units add to the variance over networks of q_t, relative to q_t²: every iteration (1/ρ − 1) E φ⁴/(E φ²)²/n of the
 * part that comes through the weights, their deviations with one sign. At ρ n < 1 the mean is made by masks that few runs meet.
 */
function maskSpread(spec: ResolvedImplicitSpec, variances: Float64Array): Float64Array {
  const dropped = 1 / spec.keepProbability - 1;
  if (!(dropped > 0) || spec.weightVariance === 0) return variances.map(() => 0);
  const phi = gaussianFunctionOf(spec.activation);
  let deviation = 0;
  return variances.map((q, t) => {
    if (t === 0) return 0;
    const before = variances[t - 1] as number;
    const square = expectation(phi, { value: 2 }, before);
    const kurtosis = square > 0 ? expectation(phi, { value: 4 }, before) / square / square : 0;
    const share = q > 0 ? Math.max(0, 1 - spec.inputVariance / q) : 0;
    deviation = share * (deviation + Math.sqrt((dropped * kurtosis) / spec.width));
    return Number.isFinite(deviation) ? Math.min(deviation ** 2, Number.MAX_VALUE) : Infinity;
  });
}

/** φ' of x^α is x^(α−1): its fourth power is not integrable at 0 up to α = 3/4. */
const hasHeavySlopes = ({ activation }: ResolvedImplicitSpec): boolean =>
  typeof activation === 'object' && 'name' in activation && activation.name === 'alphaRelu' && activation.alpha <= 0.75;

function observablesOf(
  spec: ResolvedImplicitSpec,
  { chi }: MeanField,
  reason: string | undefined,
): Readonly<Record<ImplicitObservable, Predicted>> {
  const { termCount: terms, width: n } = spec;
  const layer = layerOf(spec);
  const variances = new Float64Array(terms + 1);
  let q = spec.inputVariance;
  let beyond = terms + 1;
  for (let t = 0; t <= terms; t++) {
    if (!Number.isFinite(q)) {
      beyond = t;
      break;
    }
    variances[t] = q;
    if (t < terms) q = varianceMap(layer, q);
  }
  const hidden = Array.from({ length: terms + 1 - beyond }, (_, i) => ({
    index: beyond + i,
    reason: 'larger than the largest number',
  }));
  const term = axis('term', terms, 1);
  const one = axis('value', 1);
  const logChi = Math.log(chi);
  const each = (f: (k: number) => number): Float64Array => term.values.map(f);
  // What is left out is of order 1/N (loops close in a finite layer, slopes are those of the very layer); its size beside
  // the values, as measured at N = 100 for slopes, terms and errors from χ = 0.25 to 0.8 (docs, Simulation), with room.
  // Where slopes have no fourth moment, few units of great slope make every mean, and no power of 1/N is its order.
  const gap = Math.max(1e-300, 1 - chi);
  const heavy = hasHeavySlopes(spec) ? Infinity : 0;
  const termRoom = (k: number): number => (2 * k + k ** 2 / 2) / (n * gap) + heavy;
  const errorRoom = (k: number): number => (3 * k) / (n * gap) + heavy;
  const predicted = (
    axes: readonly Axis[],
    scale: 'linear' | 'log',
    values: Float64Array,
    allowance: (i: number, value: number) => number,
    why: string | undefined,
  ): Predicted => ({
    axes,
    scale,
    values: why === undefined ? values : values.map(() => 0),
    error: statedError * (terms + 1),
    ...(why === undefined ? {} : { undefinedAt: [...values.keys()].map((index) => ({ index, reason: why })) }),
    finiteSize: {
      order: 1,
      values: values.map(() => 0),
      allowance: values.map((value, i) => (why === undefined ? allowance(i, value) : Infinity)),
    },
  });
  const variance = predicted(
    [axis('iteration', terms + 1)],
    'linear',
    variances,
    (t, value) => ((t + t ** 2 / 10) * value) / n,
    undefined,
  );
  return {
    preActivationVariance: {
      ...variance,
      spread: maskSpread(spec, variances),
      ...(hidden.length === 0 ? {} : { undefinedAt: hidden }),
    },
    squaredJacobianRadius: predicted(
      [one],
      'linear',
      Float64Array.of(chi),
      () => (2 * chi) / (n * gap) + heavy,
      reason,
    ),
    adjointNorm: predicted(
      [one],
      'linear',
      Float64Array.of(1 / gap),
      (_, value) => (4 * value) / (n * gap ** 2.5) + heavy,
      reason,
    ),
    termNorm: predicted(
      [term],
      'log',
      each((k) => k * logChi),
      (i) => termRoom(i + 1),
      reason,
    ),
    neumannError: predicted(
      [term],
      'log',
      each((k) => (k / 2) * logChi),
      (i) => errorRoom(i + 1),
      reason,
    ),
  };
}
