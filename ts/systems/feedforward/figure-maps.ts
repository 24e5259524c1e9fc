// The maps of one layer: variance and correlation, with simulations of that single layer.
import type { ControlOptions } from '../../core/control.js';
import type { Estimated } from '../../core/results.js';
import type { VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { fixedPointDelta } from '../../gaussian/multipliers.js';
import { fixedPointsVariance } from '../../gaussian/fixed-points.js';
import { reachedFixedPoint } from '../../gaussian/reached-fixed-point.js';
import { gain, type Layer, varianceMap } from '../../gaussian/variance-map.js';
import { deficit, expectation } from '../../gaussian/moments.js';
import { layerOf } from './figure-layer.js';
import { simulateFeedforward } from './simulate.js';
import {
  resolveFeedforwardSpec,
  type FeedforwardSpec,
  type ResolvedFeedforwardRun,
  type ResolvedFeedforwardSpec,
} from './spec.js';
import { linearGrid } from '../../numeric/grids.js';

/** Simulated layers; each from trials of its own, so that their errors are independent. */
const simulatedPoints = 13;

/** Two weight layers: the first makes pre-activations of variance `variance` exactly in the mean, the second is the layer. */
export function singleLayerSpec(
  layer: Layer,
  width: number,
  variance: number,
  inputs: NonNullable<FeedforwardSpec['inputs']>,
): FeedforwardSpec {
  return {
    activation: layer.activation as NonNullable<FeedforwardSpec['activation']>,
    weightVariance: [variance, layer.weightVariance],
    biasVariance: [0, layer.biasVariance],
    keepProbability: layer.keepProbability ?? 1,
    maskSharing: layer.maskSharing ?? 'independent',
    width,
    depth: 2,
    inputs,
  };
}

/** c' = 1 − δ' of a pair with variances q and correlation 1 − δ, both of variance q in the next layer as well (q = q*). */
export function correlationMap(layer: Layer, variance: number, delta: number): number {
  const phi = gaussianFunctionOf(layer.activation);
  const keep = layer.keepProbability ?? 1;
  const isShared = layer.maskSharing === 'shared';
  const pairGain = isShared ? gain(layer) : layer.weightVariance;
  const noise = isShared ? 0 : layer.weightVariance * (1 / keep - 1) * expectation(phi, { value: 2 }, variance);
  return 1 - (noise + pairGain * deficit(phi, variance, delta)) / varianceMap(layer, variance);
}

/** The range of variances worth drawing: twice the largest fixed point, or up to 4. */
function varianceRange(layers: readonly Layer[]): number {
  const fixed = layers
    .flatMap((layer) => fixedPointsVariance(layer).points.map((point) => point.variance))
    .filter((q) => q < 1e3);
  return Math.max(1, ...fixed.map((q) => 2 * q)) * (fixed.length === 0 ? 4 : 1);
}

export async function drawVarianceMap(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const layer = layerOf(spec);
  const width = typeof spec.width === 'number' ? spec.width : (spec.width[0] as number);
  const layers = layer.keepProbability === 1 ? [layer] : [layer, { ...layer, keepProbability: 1 }];
  const highest = varianceRange(layers);
  const points: CurvePoint[] = [];
  for (const each of layers) {
    const series = `ρ = ${each.keepProbability}`;
    for (const q of linearGrid(0, highest, 121)) points.push({ x: q, y: varianceMap(each, q), series });
  }
  for (const q of [0, highest]) points.push({ x: q, y: q, series: 'q = q′', mark: 'dashed' });
  for (const { variance } of fixedPointsVariance(layer).points)
    if (variance <= highest) points.push({ x: variance, y: variance, series: 'fixed point', mark: 'point' });
  for (const [i, q] of linearGrid(highest / simulatedPoints, highest, simulatedPoints).entries()) {
    const each = resolveFeedforwardSpec(singleLayerSpec(layer, width, q, { count: 1 }));
    const { observables } = await simulateFeedforward(
      each,
      { ...run, firstTrial: run.firstTrial + i * run.trials, rawTrials: false },
      options,
    );
    points.push({ x: q, ...estimate(observables.variance, 1), series: `simulation, width ${width}`, mark: 'point' });
  }
  return figureCurves(points, { title: `Variance map: ${title(layer)}`, x: 'q', y: 'q′', width: 420, height: 320 });
}

export async function drawCorrelationMap(
  spec: ResolvedFeedforwardSpec,
  run: ResolvedFeedforwardRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const layer = layerOf(spec);
  const width = typeof spec.width === 'number' ? spec.width : (spec.width[0] as number);
  const { variance } = reachedFixedPoint(layer);
  const fixed = 1 - fixedPointDelta(layer, variance);
  const points: CurvePoint[] = linearGrid(0, 1, 101).map((c) => ({
    x: c,
    y: correlationMap(layer, variance, 1 - c),
    series: 'theory',
  }));
  for (const c of [0, 1]) points.push({ x: c, y: c, series: 'c = c′', mark: 'dashed' });
  points.push({ x: fixed, y: fixed, series: `c* = ${Number(fixed.toPrecision(6))}`, mark: 'point' });
  for (const [i, c] of linearGrid(0, 1, simulatedPoints).entries()) {
    const each = resolveFeedforwardSpec(singleLayerSpec(layer, width, variance, { correlation: c }));
    const { observables } = await simulateFeedforward(
      each,
      { ...run, firstTrial: run.firstTrial + i * run.trials, rawTrials: false },
      options,
    );
    points.push({ x: c, ...estimate(observables.correlation, 1), series: `simulation, width ${width}`, mark: 'point' });
  }
  return figureCurves(points, {
    title: `Correlation map at q* = ${Number(variance.toPrecision(6))}: ${title(layer)}`,
    x: 'c',
    y: 'c′',
    width: 420,
    height: 320,
  });
}

/** Value of the first input or pair at a layer (counted from 0), ±2 standard errors. */
function estimate(observable: Estimated | undefined, layer: number): { y: number; low: number; high: number } {
  const at = layer * (observable?.axes[1]?.values.length ?? 1);
  const y = observable?.values[at] ?? 0;
  const error = observable?.standardError[at] ?? 0;
  return { y, low: y - 2 * error, high: y + 2 * error };
}

/** "tanh, σ_w² = 1.4, …" for titles. */
export function title(layer: Layer): string {
  const { activation } = layer;
  const name =
    typeof activation === 'string'
      ? activation
      : typeof activation === 'object' && 'name' in activation
        ? String(activation.name)
        : 'expression';
  return `${name}, σ_w² = ${layer.weightVariance}, σ_b² = ${layer.biasVariance}, ρ = ${layer.keepProbability ?? 1}`;
}
