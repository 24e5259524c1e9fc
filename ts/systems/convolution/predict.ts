// Theory of `convolution`: all bounds of the network, and the mean field of the same network at random weights.
import {
  type Axis,
  axis,
  innerAxis,
  type Predicted,
  type QuantityValue,
  type Undefined,
  type Warning,
} from '../../core/results.js';
import type { PredictionBody, SystemOptions } from '../../core/system.js';
import type { Network } from './architecture.js';
import { boundQuantities } from './bounds.js';
import { type LayerField, type MeanField, meanField, meanFieldSize } from './mean-field.js';
import type { ConvolutionObservable } from './observables.js';
import { scatterOf } from './scatter.js';
import { imageOf, networkFromSpec, type ResolvedConvolutionSpec } from './spec.js';
import { leastOf } from '../../numeric/extremes.js';

/** Rounding of sums over positions, layer by layer. */
const rounding = 1e-10;
/** Modes of the variance along a row, as native/systems/convolution/simulation.h. */
const modes = 3;
/** Numbers of covariances that are held at most. */
const mostHeld = 2 ** 26;

const biased: Undefined = { reason: 'the bounds are for networks without biases' };

/** Share of a sum below which a Fourier mode is what rounding left of it: 0, in theory as in simulation. */
const cancelled = 1e-13;
/** Rounding of a sum over positions, as a share of the sum of its absolute terms. */
const summed = 1e-15;

/** Σ_p q(p) cos(2π m column/width)/positions. */
function modeOf({ grid, variance }: LayerField, periods: number): number {
  const { width } = grid;
  let [sum, size] = [0, 0];
  for (const [at, q] of variance.entries()) {
    sum += q * Math.cos((2 * Math.PI * periods * (at % width)) / width);
    size += q;
  }
  return Math.abs(sum) <= cancelled * size ? 0 : sum / variance.length;
}

/** Largest relative error of the modes of a field: small ones are differences of large numbers. */
function modeError(field: MeanField | Undefined): number {
  if ('reason' in field) return 0;
  let largest = 0;
  for (const layer of field.layers)
    for (let periods = 1; periods <= modes; periods++) {
      const mode = Math.abs(modeOf(layer, periods));
      if (mode > 0) largest = Math.max(largest, (summed * mean(layer.variance, layer.variance.length)) / mode);
    }
  return largest;
}

const mean = (values: Float64Array, count: number): number => values.reduce((sum, value) => sum + value, 0) / count;

/** The mean field of a spec, or why it is not computed. */
export async function fieldOfSpec(
  spec: ResolvedConvolutionSpec,
  network: Network,
  options: SystemOptions,
): Promise<MeanField | Undefined> {
  const { held } = meanFieldSize(network);
  if (held > mostHeld)
    return { reason: `the covariances of positions that pools mix take ${held} numbers, above ${mostHeld}` };
  const [height, width, channels] = spec.input;
  return meanField(network, { height, width, channels, values: imageOf(spec) }, spec, options);
}

type Entry = (layer: LayerField, inner: number) => number | Undefined;

const smallestNormal = 2 ** -1022;
const subnormal = 'smaller than the smallest number that has all its digits';

function observable(
  field: MeanField | Undefined,
  depth: number,
  inner: Axis,
  entry: Entry,
  scale: 'linear' | 'log',
  cut: (layer: number, field: MeanField) => boolean,
): Predicted {
  const size = inner.values.length;
  const values = new Float64Array(depth * size);
  const undefinedAt: { index: number; reason: string }[] = [];
  const at = (l: number, j: number): number | Undefined => {
    if ('reason' in field) return field;
    // The functional acts on the last layer: its gradient there is 1 whatever stands before it.
    if (scale === 'log' && l === depth - 1) return 0;
    const layer = field.layers[l];
    if (layer === undefined || cut(l, field)) return { reason: 'behind a maximum over a pool' };
    const value = entry(layer, j);
    if (typeof value !== 'number') return value;
    const isKnown = Number.isFinite(value) || (scale === 'log' && value === -Infinity);
    return isKnown ? value : { reason: 'larger than the largest number' };
  };
  for (let l = 0; l < depth; l++)
    for (let j = 0; j < size; j++) {
      const value = at(l, j);
      if (typeof value === 'number') values[l * size + j] = value;
      else undefinedAt.push({ index: l * size + j, reason: value.reason });
    }
  const lost = 'reason' in field ? 0 : field.lost;
  return {
    axes: [axis('layer', depth, 1), inner],
    scale,
    values,
    error: rounding * depth + lost,
    ...(undefinedAt.length === 0 ? {} : { undefinedAt }),
  };
}

function warningsOf(field: MeanField | Undefined): Warning[] {
  if ('reason' in field) return [{ id: 'meanFieldTooLarge', message: `No mean field: ${field.reason}.` }];
  if (field.isCut)
    return [
      {
        id: 'maximumPooling',
        message: 'Theory has no closed form behind a maximum over a pool; simulations have the layers behind it.',
      },
    ];
  return [];
}

/** Variances and gradients do not depend on the width: linear units, or rectified ones whose pools do not mix positions. */
function isExact({ activation, layers }: Network): boolean {
  if (activation === 'linear') return true;
  return activation === 'relu' && layers.slice(0, -1).every(({ pool }) => pool === 1);
}

/** What a layer of random covariances adds, in 1/channels: not derived; tanh and sigmoid at 8 and 16 channels show up to 0.13. */
const perLayer = 0.5;

/**
 * The same with what is not known of finite width: terms of order 1/channels of every layer before (of every layer behind, for
 * a gradient). The first layer is Gaussian at every width.
 */
function withWidth(observed: Predicted, network: Network): Predicted {
  const depth = network.layers.length;
  const narrowest = leastOf(network.layers.map(({ channels }) => channels));
  const inner = observed.values.length / depth;
  const allowance = observed.values.map((value, at) => {
    const layer = Math.floor(at / inner);
    return observed.scale === 'log'
      ? (perLayer * (depth - 1 - layer)) / narrowest
      : (perLayer * layer * Math.abs(value)) / narrowest;
  });
  return { ...observed, finiteSize: { order: 1, values: new Float64Array(observed.values.length), allowance } };
}

/** Mean squares of few channels scatter so much that few networks make their mean. */
function withScatter(observed: Predicted, scatter: Float64Array): Predicted {
  const inner = observed.values.length / scatter.length;
  if (scatter.every((value) => value === 0)) return observed;
  return { ...observed, spread: observed.values.map((_, at) => scatter[Math.floor(at / inner)] as number) };
}

export async function predict(
  spec: ResolvedConvolutionSpec,
  options: SystemOptions,
): Promise<PredictionBody<ConvolutionObservable>> {
  const network = networkFromSpec(spec);
  const bounds = boundQuantities(network, spec);
  const quantities: Readonly<Record<string, QuantityValue>> =
    spec.biasVariance > 0 ? Object.fromEntries(Object.keys(bounds).map((name) => [name, biased])) : bounds;
  const field = await fieldOfSpec(spec, network, options);
  const [one, { depth }] = [innerAxis('value', 1), spec];
  const never = (): boolean => false;
  const linear = (entry: Entry, inner = one): Predicted => observable(field, depth, inner, entry, 'linear', never);
  const waves = linear((layer, j) => modeOf(layer, j + 1), innerAxis('mode', modes));
  const neighbours = linear(({ neighbour, neighbours: count }) =>
    count === 0 ? { reason: 'a map of one column has no neighbours' } : mean(neighbour, count),
  );
  const backward = observable(
    field,
    depth,
    one,
    ({ gradient }) => (gradient > 0 && gradient < smallestNormal ? { reason: subnormal } : Math.log(gradient)),
    'log',
    (l, { isCut }) => isCut && l < depth - 1,
  );
  const scatter = scatterOf(spec, network.layers, 'reason' in field ? [] : field.layers);
  const exact = (observed: Predicted): Predicted => (isExact(network) ? observed : withWidth(observed, network));
  const square = (observed: Predicted): Predicted => withScatter(exact(observed), scatter);
  return {
    quantities,
    observables: {
      variance: square(linear(({ variance }) => mean(variance, variance.length))),
      cornerVariance: square(linear(({ variance }) => variance[0] as number)),
      neighbourCovariance: withScatter(
        spec.activation === 'linear' ? neighbours : withWidth(neighbours, network),
        scatter,
      ),
      varianceMode: square({ ...waves, error: waves.error + modeError(field) }),
      gradient: exact(backward),
    },
    warnings: warningsOf(field),
  };
}
