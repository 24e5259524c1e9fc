// Theory of `recurrent`: fixed points as quantities, moments of a pair of sequences over time as observables.
import { type ControlOptions, throwIfAborted } from '../../core/control.js';
import { MftError } from '../../core/errors.js';
import { type Axis, axis, type Predicted, type QuantityValue, type Warning } from '../../core/results.js';
import type { PredictionBody } from '../../core/system.js';
import { hasClosedMoments, isTyingHarmless } from './cell.js';
import type { RecurrentObservable } from './observables.js';
import { quantities } from './quantities.js';
import { type Sampled, sampleSites, type SiteOptions } from './sites.js';
import type { ResolvedRecurrentSpec } from './spec.js';
import { ask } from './theory.js';

/** Stated relative error of what is integrated, step after step. */
const statedError = 1e-9;
/** Samples of a unit behind a prediction that is sampled. */
const predictionSamples = 2 ** 18;

const predictedQuantities = [
  'stateVarianceFixedPoint',
  'stateVarianceFixedPoints',
  'isBistable',
  'stateMeanFixedPoint',
  'stateCovarianceFixedPoint',
  'chi1',
  'chi1MinusOne',
  'correlationSusceptibility',
  'memoryTimescale',
  'amplitudeTimescale',
  'varianceMapSlope',
  'jacobianVariance',
  'perturbationGrowthPerStep',
] as const;

/** Whether the observables of a spec come from integrals; else from the sampled one-site process. */
export const isIntegrated = (spec: ResolvedRecurrentSpec): boolean =>
  hasClosedMoments(spec.cell) && (spec.weightSharing === 'untied' || isTyingHarmless(spec));

export function siteOptions(spec: ResolvedRecurrentSpec): SiteOptions {
  return {
    isTied: spec.weightSharing === 'tied',
    inputCorrelation: spec.inputCorrelation,
    startVariance: spec.initialStateVariance,
    startCorrelation: spec.initialStateCorrelation,
    steps: spec.steps,
    samples: predictionSamples,
  };
}

export async function predict(
  spec: ResolvedRecurrentSpec,
  options: ControlOptions,
): Promise<PredictionBody<RecurrentObservable>> {
  throwIfAborted(options);
  const observables = isIntegrated(spec) ? await integrated(spec, options) : await sampled(spec, options);
  const found: Record<string, QuantityValue> = {};
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  for (const name of predictedQuantities) {
    throwIfAborted(options);
    found[name] = await quantityOf(name, spec, signal);
  }
  return { quantities: found, observables, warnings: warningsOf(spec, found) };
}

/** A quantity of the spec, or why it has none. */
async function quantityOf(
  name: (typeof predictedQuantities)[number],
  spec: ResolvedRecurrentSpec,
  options: ControlOptions,
): Promise<QuantityValue> {
  const quantity = quantities[name];
  const known = Object.entries(spec).filter(([field]) => Object.hasOwn(quantity.parameters.shape, field));
  try {
    return await quantity.evaluate(quantity.resolve(Object.fromEntries(known), 'spec') as never, options);
  } catch (error) {
    if (error instanceof MftError) return { reason: error.message };
    throw error;
  }
}

function warningsOf(spec: ResolvedRecurrentSpec, found: Readonly<Record<string, QuantityValue>>): Warning[] {
  const warnings: Warning[] = [];
  if (found.isBistable === true)
    warnings.push({
      id: 'severalFixedPoints',
      message:
        'The state has several stable second moments: which one is reached depends on the initial state. ' +
        'Quantities are of the one that is reached from zero.',
    });
  if (spec.inputCorrelation === 1 && typeof found.chi1MinusOne === 'number' && found.chi1MinusOne > 0)
    warnings.push({
      id: 'chaotic',
      message:
        'χ₁ exceeds 1: equal inputs do not bring two states together; the covariance is that of the stable pair.',
    });
  if (spec.weightSharing === 'tied' && !isTyingHarmless(spec))
    warnings.push({
      id: 'quantitiesAreUntied',
      message:
        'Quantities of fixed points are those of weights drawn anew at every step; with shared weights a gated cell remembers ' +
        'longer. The observables are of the tied network.',
    });
  return warnings;
}

const times = (spec: ResolvedRecurrentSpec): Axis => axis('time', spec.steps + 1);

/**
 * Of order 1/N what is left out is not known but for its size: 3 t/N, tied also t³/2N² and t⁴/24N². Inputs of M < N components have a
 * norm that scatters, from which all units suffer alike: then M stands for N in the first. `sizes`: what linear values are relative to,
 * left out themselves (a covariance near 0 moves by the scatter of the correlation of two inputs, in units of the variance).
 */
function withAllowance(
  spec: ResolvedRecurrentSpec,
  observable: Predicted,
  grows: boolean,
  sizes = observable.values,
): Predicted {
  const n = spec.width;
  const fewest = spec.inputVariance > 0 ? Math.min(n, spec.inputWidth) : n;
  const allowance = observable.values.map((value, i) => {
    const t = observable.axes[0]?.values[i] as number;
    const tied = spec.weightSharing === 'tied' ? t ** 3 / (2 * n * n) + t ** 4 / (24 * n * n) : 0;
    const relative = (3 / fewest) * (grows ? Math.max(1, t) : 1) + tied;
    return relative * (observable.scale === 'log' ? 1 : Math.max(Math.abs(value), Math.abs(sizes[i] as number), 1e-3));
  });
  return { ...observable, finiteSize: { order: 1, values: allowance.map(() => 0), allowance } };
}

async function integrated(
  spec: ResolvedRecurrentSpec,
  options: ControlOptions,
): Promise<Readonly<Record<RecurrentObservable, Predicted>>> {
  const covariance = spec.initialStateVariance * spec.initialStateCorrelation;
  const moments = await ask(
    spec,
    {
      what: 'trajectory',
      second: spec.initialStateVariance,
      mean: 0,
      covariance,
      steps: spec.steps,
      inputCorrelation: Float64Array.of(spec.inputCorrelation),
    },
    options,
  );
  const time = times(spec);
  const second = moments.second as Float64Array;
  const linear = (values: Float64Array): Predicted =>
    withAllowance(spec, { axes: [time], scale: 'linear', values, error: statedError }, false, second);
  const growth = new Float64Array(spec.steps + 1);
  (moments.chi1MinusOne as Float64Array).forEach((excess, i) => {
    const chi1 = moments.chi1?.[i] as number;
    // The excess is exact near χ₁ = 1, χ₁ itself where it is small.
    growth[i + 1] = (growth[i] as number) + (excess < -0.5 ? Math.log(Math.max(0, chi1)) : Math.log1p(excess));
  });
  const ofGrowth = withAllowance(
    spec,
    { axes: [time], scale: 'log', values: growth, error: statedError * spec.steps },
    true,
  );
  return {
    stateVariance: linear(second),
    stateCovariance: linear(moments.covariance as Float64Array),
    perturbationGrowth: { ...ofGrowth, spread: growthSpread(spec, moments.products as Float64Array) },
    jacobianSecondMoment: jacobianMoments(spec, moments.products as Float64Array),
  };
}

/**
 * Variance of |δ_t|² over networks, relative to its squared mean, δ_0 Gaussian; M_t = m₂/m₁² of the product of t steps.
 *
 * Where a unit keeps its own share (minGru, minimal) |δ_t|² = Σ_i z_i² δ_i² has (3 M_t − 1)/N; in the vanilla cell every step mixes the
 * units and adds 3 (M_t − M_{t−1})/N to that of the logarithm. Of other gated cells M is known for one step: as if they mixed.
 */
function growthSpread(spec: ResolvedRecurrentSpec, products: Float64Array): Float64Array {
  const ofStep = (products[0] ?? 1) - 1;
  const keeps = spec.cell === 'minGru' || spec.cell === 'minimal';
  return Float64Array.from({ length: spec.steps + 1 }, (_, t) => {
    if (t === 0) return 0;
    const excess = (products[t - 1] ?? 1 + t * ofStep) - 1;
    const found = keeps ? (3 * excess + 2) / spec.width : Math.expm1((3 * excess) / spec.width);
    return Number.isFinite(found) ? found : Infinity;
  });
}

function jacobianMoments(spec: ResolvedRecurrentSpec, known: Float64Array): Predicted {
  const values = new Float64Array(spec.steps);
  values.set(known);
  const unknown = Array.from({ length: spec.steps - known.length }, (_, i) => ({
    index: known.length + i,
    reason: 'the spectrum of products of this cell is not known',
  }));
  const observable: Predicted = {
    axes: [axis('time', spec.steps, 1)],
    scale: 'linear',
    values,
    error: statedError,
    ...(unknown.length === 0 ? {} : { undefinedAt: unknown }),
  };
  return withAllowance(spec, observable, true);
}

async function sampled(
  spec: ResolvedRecurrentSpec,
  options: ControlOptions,
): Promise<Readonly<Record<RecurrentObservable, Predicted>>> {
  const moments = await sampleSites(spec, siteOptions(spec), options);
  const time = times(spec);
  const sizes = moments.stateVariance.values;
  const linear = (from: Sampled): Predicted => withAllowance(spec, ofSamples(time, from, 'linear'), false, sizes);
  const log = ofSamples(time, moments.perturbation, 'log');
  const { values, standardError } = moments.perturbation;
  // The scatter of one unit, from that of the sampled mean.
  const spread = values.map((value, i) => {
    const found = (predictionSamples * ((standardError[i] as number) / value) ** 2) / spec.width;
    return Number.isFinite(found) ? found : Infinity;
  });
  return {
    stateVariance: linear(moments.stateVariance),
    stateCovariance: linear(moments.stateCovariance),
    perturbationGrowth: { ...withAllowance(spec, log, true), spread },
    jacobianSecondMoment: jacobianMoments(spec, new Float64Array(0)),
  };
}

/** A sampled value that is not told from 0 by this many standard errors says nothing. */
const tellableErrors = 10;

function ofSamples(time: Axis, { values, standardError }: Sampled, scale: 'linear' | 'log'): Predicted {
  const hidden = [...values.keys()].filter(
    (i) =>
      (standardError[i] as number) > 0 && Math.abs(values[i] as number) < tellableErrors * (standardError[i] as number),
  );
  const told = [...values.keys()].filter((i) => !hidden.includes(i) && values[i] !== 0);
  const error = Math.max(1e-12, ...told.map((i) => (standardError[i] as number) / Math.abs(values[i] as number)));
  return {
    axes: [time],
    scale,
    values: scale === 'log' ? values.map((value, i) => (hidden.includes(i) ? 0 : Math.log(value))) : values,
    error,
    ...(hidden.length === 0
      ? {}
      : {
          undefinedAt: hidden.map((index) => ({ index, reason: 'too small beside the error of the sampled theory' })),
        }),
  };
}
