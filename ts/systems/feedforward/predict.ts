// Theory of `feedforward`: the quantities of the fixed point and the observables layer by layer.
//
// Exact at infinite width (numerical error stated): variance, covariance, correlation, errorNorm, errorCorrelation,
// gradientSingle, gradientPair, typicalGradientSingle; gradientPairAbsolute too, integrated to 1e-2 where errors are coherent
// with the activities (near the output of a loss on the output itself). With more than 16 pairs these errors are taken as
// Gaussian instead, and the stated error grows with the coherent part.
import { ticker } from '../../core/control.js';
import { axis, innerAxis, type Predicted, type UndefinedPoint, type Warning } from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import { isBeyondTerms } from './allowances.js';
import { absoluteProductError, type BackwardPass, backwardPass, exactPairs, negligible } from './backward.js';
import { type Correction, corrections, type Corrections } from './corrections.js';
import {
  type ForwardPass,
  forwardPass,
  type InputGram,
  inputGram,
  type LayerParameters,
  layerParameters,
  type PairState,
  rootProduct,
} from './forward.js';
import { fixedPointQuantities } from './fixed-point-quantities.js';
import { hideLost } from './lost-layers.js';
import type { FeedforwardObservable } from './observables.js';
import { networkProfile } from './profile.js';
import type { ResolvedFeedforwardSpec } from './spec.js';
import { largestOf } from '../../numeric/extremes.js';

/** Relative error of the recursions at 1000 layers: the moments' own, carried along. */
const numericalError = 1e-10;
/** Largest error of the Gaussian approximation behind gradientPairAbsolute per unit of coherence, on a log scale. */
const coherentError = 1.5;

export async function predictFeedforward(
  spec: ResolvedFeedforwardSpec,
  options: SystemOptions,
): Promise<PredictionBody<FeedforwardObservable>> {
  const layers = layerParameters(spec);
  const gram = inputGram(spec, options.inputs);
  const forward = await forwardPass(layers, gram, ticker(spec.depth, options));
  const backward = await backwardPass(spec, layers, gram, forward, options);
  const finite = await corrections(spec, layers, gram, forward, backward, options);
  return {
    quantities: await fixedPointQuantities(spec, (forward.variance[0] as Float64Array)[0] as number, () =>
      networkProfile(spec, options),
    ),
    observables: hideLost(spec, layers, gram, forward, {
      ...forwardObservables(layers, gram, forward, finite),
      ...backwardObservables(layers, gram, backward, finite),
    }),
    warnings: warningsFor(spec, layers),
  };
}

type Values = (l: number, k: number) => number;

/** An observable over layer × input or layer × pair; a value that is NaN is undefined for `reason`. */
function observable(
  depth: number,
  kind: 'input' | 'pair',
  count: number,
  value: Values,
  more: {
    readonly scale?: 'log';
    readonly sign?: Values;
    readonly error?: number;
    readonly finite?: Correction;
    readonly reason?: string;
  } = {},
): Predicted {
  const fill = (f: Values): Float64Array =>
    Float64Array.from({ length: depth * count }, (_, i) => f(Math.floor(i / count), i % count));
  const undefinedAt: UndefinedPoint[] = [];
  const { finite } = more;
  const values = fill(value).map((x, i) => {
    if (!Number.isNaN(x)) return x;
    undefinedAt.push({ index: i, reason: more.reason ?? 'undefined' });
    return 0;
  });
  return {
    axes: [axis('layer', depth, 1), innerAxis(kind, count)],
    scale: more.scale ?? 'linear',
    values,
    error: more.error ?? numericalError,
    ...(more.sign === undefined ? {} : { sign: Int8Array.from(fill(more.sign)) }),
    ...(finite === undefined
      ? {}
      : { finiteSize: { order: 1, values: fill(finite.value), allowance: fill(finite.allowance) } }),
    ...(finite?.spread === undefined ? {} : { spread: fill(finite.spread) }),
    ...(undefinedAt.length > 0 ? { undefinedAt } : {}),
  };
}

function forwardObservables(
  layers: LayerParameters,
  gram: InputGram,
  forward: ForwardPass,
  finite: Corrections,
): Record<string, Predicted> {
  const depth = forward.variance.length;
  const meanSquare = (l: number): number => (layers.biasMean[l] as number) ** 2;
  const pair = (l: number, p: number): PairState => (forward.pair[l] as readonly PairState[])[p] as PairState;
  const variance = observable(
    depth,
    'input',
    gram.count,
    (l, a) => ((forward.variance[l] as Float64Array)[a] as number) + meanSquare(l),
    { finite: finite.variance },
  );
  if (gram.pairs.length === 0) return { variance };
  const count = gram.pairs.length;
  return {
    variance,
    covariance: observable(
      depth,
      'pair',
      count,
      (l, p) => rootProduct(pair(l, p).varianceA, pair(l, p).varianceB) * (1 - pair(l, p).delta) + meanSquare(l),
      { finite: finite.covariance },
    ),
    correlation: observable(depth, 'pair', count, (l, p) => correlationOf(pair(l, p), meanSquare(l)), {
      reason: 'a variance is exactly zero',
      finite: finite.correlation,
    }),
  };
}

/** Of pre-activations with the mean of their biases; NaN where a variance is zero. */
function correlationOf({ varianceA, varianceB, delta }: PairState, meanSquare: number): number {
  if (meanSquare === 0) return varianceA === 0 || varianceB === 0 ? Number.NaN : 1 - delta;
  const covariance = rootProduct(varianceA, varianceB) * (1 - delta) + meanSquare;
  return covariance / rootProduct(varianceA + meanSquare, varianceB + meanSquare);
}

function backwardObservables(
  layers: LayerParameters,
  gram: InputGram,
  backward: BackwardPass,
  finite: Corrections,
): Record<string, Predicted> {
  const { depth, width } = layers;
  const at =
    (rows: readonly Float64Array[]): Values =>
    (l, k) =>
      (rows[l] as Float64Array)[k] as number;
  const scale = (l: number): number => backward.logScale[l] as number;
  const error = at(backward.error);
  const activity = at(backward.activity);
  const gradient: Values = (l, a) => Math.log(error(l, a)) + Math.log(activity(l, a)) + scale(l);
  const log = { scale: 'log' } as const;
  const singles = {
    errorNorm: observable(
      depth,
      'input',
      gram.count,
      (l, a) => Math.log(error(l, a)) + Math.log(width[l] as number) + scale(l),
      { ...log, finite: finite.errorNorm },
    ),
    gradientSingle: observable(depth, 'input', gram.count, gradient, {
      ...log,
      finite: finite.gradientSingle,
    }),
    typicalGradientSingle: observable(depth, 'input', gram.count, gradient, {
      ...log,
      finite: finite.typicalGradientSingle,
    }),
  };
  const count = gram.pairs.length;
  if (count === 0) return singles;
  const pairError = at(backward.errorPair);
  const activityPair = at(backward.activityPair);
  const cosine: Values = (l, p) => {
    const { a, b } = gram.pairs[p] as { a: number; b: number };
    const size = Math.sqrt(error(l, a)) * Math.sqrt(error(l, b));
    return size === 0 ? Number.NaN : Math.min(1, Math.max(-1, pairError(l, p) / size));
  };
  const coherent = Math.max(0, largestOf(backward.coherence.map(largestOf)));
  return {
    ...singles,
    errorCorrelation: observable(depth, 'pair', count, cosine, {
      reason: 'an error is exactly zero',
      finite: finite.errorCorrelation,
    }),
    gradientPair: observable(
      depth,
      'pair',
      count,
      (l, p) => Math.log(Math.abs(pairError(l, p))) + Math.log(Math.abs(activityPair(l, p))) + scale(l),
      {
        ...log,
        sign: (l, p) => Math.sign(pairError(l, p)) * Math.sign(activityPair(l, p)),
        finite: finite.gradientPair,
      },
    ),
    gradientPairAbsolute: observable(
      depth,
      'pair',
      count,
      (l, p) => Math.log(at(backward.errorAbsolute)(l, p)) + Math.log(at(backward.activityAbsolute)(l, p)) + scale(l),
      {
        ...log,
        finite: finite.gradientPairAbsolute,
        error:
          coherent <= negligible
            ? numericalError + coherentError * coherent
            : count <= exactPairs
              ? absoluteProductError
              : coherentError * coherent,
      },
    ),
  };
}

function warningsFor(spec: ResolvedFeedforwardSpec, layers: LayerParameters): Warning[] {
  const warnings: Warning[] = [];
  if (isBeyondTerms(layers))
    warnings.push({
      id: 'noFiniteWidthTerms',
      message:
        'With `biasMean` or alpha dropout the values are those of infinite width; finite-width terms are known by size only.',
    });
  if (spec.weights === 'orthogonal') {
    warnings.push({
      id: 'orthogonalWeights',
      message:
        'With orthogonal weights the ' +
        'means are those ' +
        'of infinite width, with the ' +
        'exact norm of the ' +
        'backward pass; finite-width ' +
        'terms and the ' +
        'noise floor are known for ' +
        'Gaussian weights only.',
    });
  } else if (spec.weights !== 'gaussian') {
    warnings.push({
      id: 'weightLaw',
      message:
        'The means depend on the weights ' +
        'through their variance only, at ' +
        'infinite width; the finite-width ' +
        'terms are those of Gaussian weights.',
    });
  }
  return warnings;
}
