// The quantities of system `feedforward` (docs/systems/feedforward.md): name → formula, parameters, source.
import * as z from 'zod';
import { MftError } from '../../core/errors.js';
import { choiceField, numberField, wholeField } from '../../core/fields.js';
import type { QuantityValue } from '../../core/results.js';
import { type Quantity, quantity, withMapped } from '../../core/system.js';
import { activationField } from '../../gaussian/activations.js';
import { criticalPoints, criticalWeightVariance } from '../../gaussian/critical.js';
import { criticalInitialization, type InitializationOptions } from '../../gaussian/initialization.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { depthScale, fixedPointDelta, type Multipliers, multipliers } from '../../gaussian/multipliers.js';
import { fixedPointsVariance, limitingWeightVariance } from '../../gaussian/fixed-points.js';
import { reachedFixedPoint } from '../../gaussian/reached-fixed-point.js';
import { type Layer, varianceMap } from '../../gaussian/variance-map.js';
import { varianceBasins } from '../../gaussian/variance-basins.js';
import { keepProbabilitiesForCorrelation, weightVariancesForDepthScale } from '../../gaussian/inverse.js';
import * as moments from '../../gaussian/moments.js';
import * as theory from './fixed-point-theory.js';
import { largestSquaredSingularValue } from './jacobian-edge.js';
import { jacobianSpread, orthogonalLogGradientVarianceRate } from './weight-ensembles.js';
import { phaseOf, trainableLengths } from './trainability.js';
import { statedLengths, trainableDepth } from './trainable-depth.js';
import { momentQuantities } from './quantities-moments.js';

const activation = activationField;
const weightVariance = numberField({ low: 0 }, 'Variance of a weight times its fan-in.', 'σ_w²');
const biasVariance = numberField({ low: 0 }, 'Variance of a bias.', 'σ_b²').default(0);
const keepProbability = numberField({ low: 0, high: 1, above: true }, 'Probability of keeping a unit.', 'ρ').default(1);
const maskSharing = choiceField(['independent', 'shared'], 'Whether both inputs get the same masks.').default(
  'independent',
);
const variance = numberField({ low: 0 }, 'Variance of the Gaussian.', 'q');
const distance = wholeField(0, 100_000, 'Layers below the output.', 'M');
const output = choiceField(['preactivation', 'postactivation'], 'Loss: sum of z² or of phi(z)² at the output.').default(
  'preactivation',
);

const dropout = choiceField(['plain', 'alpha'], 'What a dropped unit is: 0, or what alpha dropout says.').default(
  'plain',
);

const layer = z.strictObject({ activation, weightVariance, biasVariance, keepProbability, maskSharing });
/** Of the maps and their fixed points, which are known under alpha dropout too. */
const mapLayer = layer.extend({ dropout });

function ofLayer<V extends QuantityValue>(
  symbol: string,
  description: string,
  source: string,
  f: (network: Layer) => V,
  parameters: typeof layer | typeof mapLayer = mapLayer,
): Quantity<V> {
  return quantity({ symbol, description, source, parameters, evaluate: (network) => f(network as Layer) });
}

/** A value of a pair at its fixed point. @throws MftError ERR_MFT_DEGENERATE at q* = 0 */
function deltaAt(network: Layer): number {
  return theory.pairFixedPoint(network).delta;
}

function finite(value: number, symbol: string): number {
  if (value !== Infinity) return value;
  throw new MftError(
    'ERR_MFT_DEGENERATE',
    `${symbol} is infinite: the activation jumps, and its derivative is not square integrable.`,
    { parameter: 'activation' },
  );
}

function ofMultipliers(
  symbol: string,
  description: string,
  source: string,
  f: (found: Multipliers) => number,
): Quantity<number> {
  return ofLayer(symbol, description, source, (network) => finite(f(multipliers(network)), symbol));
}

const chiQ = ofMultipliers(
  'χ_q',
  'Slope of the length map at q*: (σ_w²/ρ) v2.',
  'Schoenholz 2017; docs 3.4',
  (found) => found.varianceMultiplier,
);
const chi1 = ofMultipliers(
  'χ₁',
  "Multiplier of squared gradients of one input: (σ_w²/ρ) E φ'².",
  'Schoenholz 2017; Huang 2020; docs 3.4',
  (found) => found.gradientMultiplier,
);
const chiC = ofLayer(
  'χ_c',
  "Slope of the correlation map at c*: σ_w² E φ'(u₁)φ'(u₂).",
  'Schoenholz 2017; Huang 2020 (χ₂); docs 3.4',
  (network) => theory.pairFixedPoint(network).chiC,
);

const table = {
  ...momentQuantities,
  varianceMap: quantity({
    symbol: 'V(q)',
    description: '(σ_w²/ρ) E φ² + σ_b².',
    source: 'Schoenholz 2017; Huang 2020; docs 3.3',
    parameters: mapLayer.extend({ variance }),
    evaluate: ({ variance: q, ...network }) => varianceMap(network as Layer, q),
  }),
  covarianceMap: quantity({
    symbol: "q_ab'",
    description: 'σ_w² E φ(u_a)φ(u_b) + σ_b² for any variances (no 1/ρ: independent masks).',
    source: 'Poole 2016; docs 3.3',
    parameters: layer.extend({
      varianceA: variance,
      varianceB: variance,
      covariance: numberField({}, 'E u_a u_b.', 'q_ab'),
    }),
    evaluate: covarianceMap,
  }),
  fixedPointVariance: ofLayer(
    'q*',
    'Fixed point of the length map reached from 1.',
    'Poole 2016; Schoenholz 2017; docs 3.4',
    (network) => reachedFixedPoint(network).variance,
  ),
  fixedPointsVariance: ofLayer(
    'q*',
    'All fixed points of the length map with slope and stability.',
    'derived; docs 3.4',
    (network) => fixedPointsVariance(network).points.map((point) => ({ ...point })),
  ),
  fixedPointCorrelation: ofLayer(
    'c*',
    'Attracting fixed point of the correlation map.',
    'Poole 2016; Schoenholz 2017; docs 3.4',
    (network) => 1 - deltaAt(network),
  ),
  oneMinusFixedPointCorrelation: ofLayer('1 − c*', 'The same as distance from 1.', 'derived; docs 3.4', deltaAt),
  varianceMultiplier: chiQ,
  gradientMultiplier: chi1,
  correlationMultiplier: chiC,
  curvatureMultiplier: ofLayer(
    'χ_curv',
    "(σ_w²/ρ) E φ''²; Infinity with a kink.",
    'Poole 2016; docs 3.12',
    (network) => theory.curvatureMultiplier(network, multipliers(network).fixedPointVariance),
    layer,
  ),
  depthScaleVariance: ofLayer('ξ_q', '−1/log|χ_q|.', 'Schoenholz 2017; docs 3.5', (network) =>
    depthScale(finite(multipliers(network).varianceMultiplier, 'χ_q')),
  ),
  depthScaleCorrelation: ofLayer('ξ_c', '−1/log χ_c; ξ₂ in Huang 2020.', 'Schoenholz 2017; docs 3.5', (network) =>
    depthScale(theory.pairFixedPoint(network).chiC),
  ),
  depthScaleGradient: ofLayer(
    'ξ_∇',
    '−1/log χ₁; ξ₁ in Huang 2020. Negative: gradients grow.',
    'Schoenholz 2017; docs 3.5',
    (network) => depthScale(finite(multipliers(network).gradientMultiplier, 'χ₁')),
  ),
  homogeneousOneMinusFixedPointCorrelation: quantity({
    symbol: '1 − c*',
    description: 'For relu-like φ at the marginal point σ_b = 0, σ_w² = ρ/v2.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({ activation, keepProbability, maskSharing }),
    evaluate: homogeneousDelta,
  }),
  phase: ofLayer(
    '',
    'ordered, critical or chaotic: χ₁ below, at or above 1.',
    'Poole 2016; Schoenholz 2017; docs 3.6',
    (network) => phaseOf(multipliers(network).gradientMultiplier),
  ),
  criticalWeightVariance: quantity({
    symbol: 'σ_w²',
    description: 'Weight variance at which χ₁ = 1.',
    source: 'Schoenholz 2017; docs 3.6',
    parameters: z.strictObject({ activation, biasVariance, keepProbability }),
    evaluate: ({ activation: phi, ...options }) => criticalWeightVariance(phi, options),
  }),
  criticalPoints: quantity({
    symbol: 'χ₁ = 1',
    description: 'All weight variances at which χ₁ = 1, with q* and its stability.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({ activation, biasVariance, keepProbability }),
    evaluate: ({ activation: phi, ...options }) => criticalPoints(phi, options).map((point) => ({ ...point })),
  }),
  criticalInitialization: quantity({
    symbol: 'χ₁ = 1',
    description:
      'The attracting critical initialization and the variance-preserving one, with code for PyTorch and TensorFlow.js.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({ activation, biasVariance, keepProbability, variance: variance.optional() }),
    evaluate: ({ activation: phi, ...options }) =>
      ({ ...criticalInitialization(phi, options as InitializationOptions) }) as unknown as QuantityValue,
  }),
  varianceBasins: ofLayer(
    'q*',
    'From which starting variances each fixed point of the length map is reached.',
    'derived; docs 3.4',
    (network) => varianceBasins(network).map((basin) => ({ ...basin })),
  ),
  weightVariancesForDepthScale: quantity({
    symbol: 'σ_w²',
    description: 'All weight variances at which gradients have the depth scale −1/log χ₁, with q* and its stability.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({
      activation,
      biasVariance,
      keepProbability,
      depthScale: numberField({}, 'Layers in which squared gradients shrink by e; negative: grow.', 'ξ_∇'),
    }),
    evaluate: ({ activation: phi, ...options }) =>
      weightVariancesForDepthScale(phi, options).map((point) => ({ ...point })),
  }),
  keepProbabilitiesForCorrelation: quantity({
    symbol: 'ρ',
    description: 'All keep probabilities at which c* (independent masks) is the given correlation, with q*.',
    source: 'derived; docs 3.6',
    parameters: z.strictObject({
      activation,
      weightVariance,
      biasVariance,
      correlation: numberField({ low: 0, high: 1 }, 'Correlation wanted.', 'c*'),
    }),
    evaluate: (network) => keepProbabilitiesForCorrelation(network).map((point) => ({ ...point })),
  }),
  limitingWeightVariance: quantity({
    symbol: 'σ_w²',
    description: 'Above it the length map has no fixed point (Infinity: never).',
    source: 'derived; docs 3.4',
    parameters: z.strictObject({ activation, biasVariance, keepProbability, dropout }),
    evaluate: (network) => limitingWeightVariance({ ...network, weightVariance: 1 } as Layer),
  }),
  trainableLength: ofLayer(
    'L',
    'Depth that trains, as `advise` states it: 6 ξ_c calibrated on measured boundaries.',
    'derived; 6 ξ_c: Schoenholz 2017; docs 3.7',
    (network) => trainableDepth(multipliers(network)).depth,
  ),
  trainableLengths: ofLayer(
    'L, 6ξ₂, 12 min, 12ξ₁, 12ξ₂',
    'That depth with its 80 % interval, and the four estimates of Schoenholz 2017 and Huang 2020, with their validity.',
    'Schoenholz 2017 (6 ξ_c); Huang 2020; docs 3.7',
    (network) => {
      const found = multipliers(network);
      return { ...statedLengths(trainableDepth(found)), ...trainableLengths(found) };
    },
  ),
  sharedWeightGradientSingle: quantity({
    symbol: 'g_aa',
    description: 'Mean squared weight gradient `distance` layers below the output, same weights forward and backward.',
    source: 'derived; docs 3.9',
    parameters: layer.extend({ distance, output }),
    evaluate: ({ distance: m, output: at, ...network }) => theory.sharedWeightGradientSingle(network, m, at),
  }),
  sharedWeightGradientPair: quantity({
    symbol: 'g_ab',
    description: 'Mean product of the weight gradients of a pair.',
    source: 'derived; docs 3.9',
    parameters: layer.extend({ distance, output }),
    evaluate: ({ distance: m, output: at, ...network }) => theory.sharedWeightGradientPair(network, m, at),
  }),
  linearGradientSingle: quantity({
    symbol: 'g_aa',
    description: 'The same of a linear network, closed.',
    source: 'Huang 2020; docs 3.8',
    parameters: layer.extend({ distance }),
    evaluate: ({ distance: m, ...network }) => theory.linearGradientSingle(linear(network), m),
  }),
  linearGradientPair: quantity({
    symbol: 'g_ab',
    description: 'The same of a linear network, closed.',
    source: 'Huang 2020; docs 3.8',
    parameters: layer.extend({ distance }),
    evaluate: ({ distance: m, ...network }) => theory.linearGradientPair(linear(network), m),
  }),
  absoluteToSingleGradientRatio: ofLayer(
    'g̃_ab/g_aa',
    'Ratio far from the output.',
    'derived; docs 3.10',
    theory.absoluteToSingleGradientRatio,
    layer,
  ),
  pairGradientNoiseFloor: quantity({
    symbol: 'rms cos(δ_a, δ_b)',
    description: 'Size below which the errors of a pair cannot be resolved in one network.',
    source: 'derived; docs 3.10',
    parameters: layer.extend({ width: wholeField(1, 1e9, 'Units per layer.', 'N') }),
    evaluate: ({ width, ...network }) => theory.pairGradientNoiseFloor(network, width),
  }),
  logGradientVarianceRate: ofLayer(
    'β',
    'N d Var(log g_aa)/dM.',
    'derived; docs 3.11',
    theory.logGradientVarianceRate,
    layer,
  ),
  orthogonalLogGradientVarianceRate: quantity({
    symbol: 'β',
    description: 'N d Var(log g_aa)/dM of orthogonal weights, without dropout, for errors independent of the weights.',
    source: 'derived; docs 3.18',
    parameters: z.strictObject({ activation, weightVariance, biasVariance }),
    evaluate: orthogonalLogGradientVarianceRate,
  }),
  jacobianSpread: quantity({
    symbol: 'Var/mean²',
    description: 'Relative variance of the squared singular values of the input-output Jacobian, per layer.',
    source: 'Pennington 2017; docs 3.17',
    parameters: layer.extend({
      weights: choiceField(['gaussian', 'orthogonal'], 'Law of the weights.').default('gaussian'),
    }),
    evaluate: ({ weights, ...network }) => jacobianSpread(network, weights),
  }),
  largestSquaredSingularValue: quantity({
    symbol: 's_max',
    description:
      'Largest squared singular value of the input-output Jacobian of `depth` layers of equal width, φ linear on either side of 0.',
    source: 'Burda 2010 (linear); Pennington 2017; docs 3.19',
    parameters: z.strictObject({
      activation,
      weightVariance,
      keepProbability,
      depth: wholeField(1, 1_000_000, 'Layers: a weight matrix and φ each.', 'L'),
      weights: choiceField(['gaussian', 'orthogonal'], 'Law of the weights.').default('gaussian'),
    }),
    evaluate: largestSquaredSingularValue,
  }),
  circleMetric: quantity({
    symbol: 'g^l',
    description: 'Mean squared tangent of a circle at a layer.',
    source: 'Poole 2016; docs 3.12',
    parameters: layer.extend({ layer: wholeField(1, 1_000_000, 'Layer, from 1.', 'l') }),
    evaluate: ({ layer: at, ...network }) => theory.circleMetric(network, at),
  }),
  circleCurvature: quantity({
    symbol: 'N κ²_l',
    description: 'Squared extrinsic curvature of a circle at a layer, times the width; Infinity with a kink.',
    source: 'Poole 2016; docs 3.12',
    parameters: layer.extend({ layer: wholeField(1, 1_000_000, 'Layer, from 1.', 'l') }),
    evaluate: ({ layer: at, ...network }) => theory.circleCurvature(network, at),
  }),
} as const satisfies Readonly<Record<string, Quantity>>;

/** The table, with those marked that `map` draws over the fields of a spec. */
export const quantities = withMapped(table, [
  'fixedPointVariance',
  'fixedPointCorrelation',
  'oneMinusFixedPointCorrelation',
  'varianceMultiplier',
  'correlationMultiplier',
  'gradientMultiplier',
  'depthScaleVariance',
  'depthScaleCorrelation',
  'depthScaleGradient',
  'trainableLength',
  'phase',
  'logGradientVarianceRate',
  'absoluteToSingleGradientRatio',
]);

export type FeedforwardQuantity = keyof typeof quantities;

function linear(network: Layer): Layer {
  if (gaussianFunctionOf(network.activation).key === 'linear') return network;
  throw new MftError(
    'ERR_MFT_INVALID_ARGUMENT',
    'Expected `activation` to be linear for the formulas of the linear network.',
    { parameter: 'activation', expected: 'linear', received: network.activation },
  );
}

function covarianceMap(
  parameters: Layer & { readonly varianceA: number; readonly varianceB: number; readonly covariance: number },
): number {
  const { varianceA, varianceB, covariance, ...network } = parameters;
  const root = Math.sqrt(varianceA) * Math.sqrt(varianceB);
  if (!(Math.abs(covariance) <= root * (1 + 1e-15))) {
    throw new MftError(
      'ERR_MFT_OUT_OF_RANGE',
      `Expected \`covariance\` to be a ` +
        `number in [-√(varianceA varianceB), ` +
        `√(varianceA varianceB)] = [${-root}, ` +
        `${root}], received ${covariance}.`,
      { parameter: 'covariance', received: covariance },
    );
  }
  const delta = root === 0 ? 1 : Math.min(2, Math.max(0, (root - covariance) / root));
  const pairGain = network.weightVariance / (network.maskSharing === 'shared' ? (network.keepProbability ?? 1) : 1);
  return (
    pairGain *
      moments.pairExpectation(gaussianFunctionOf(network.activation), { value: 1 }, varianceA, varianceB, delta) +
    network.biasVariance
  );
}

function homogeneousDelta(parameters: {
  readonly activation: Layer['activation'];
  readonly keepProbability: number;
  readonly maskSharing: 'independent' | 'shared';
}): number {
  const phi = gaussianFunctionOf(parameters.activation);
  if (phi.homogeneousDegree !== 1) {
    throw new MftError(
      'ERR_MFT_INVALID_ARGUMENT',
      'Expected `activation` to be positively homogeneous: linear, relu, leakyRelu, abRelu or abs.',
      { parameter: 'activation', received: parameters.activation },
    );
  }
  return fixedPointDelta(
    { ...parameters, weightVariance: parameters.keepProbability / moments.varianceSlope(phi, 1), biasVariance: 0 },
    1,
  );
}
