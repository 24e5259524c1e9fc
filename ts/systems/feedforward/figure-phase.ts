// Phase diagram and depth scales: theory over the plane (σ_w², σ_b²) and along σ_w².
import { type ControlOptions, throwIfAborted, ticker } from '../../core/control.js';
import type { VegaLiteFigure } from '../../core/system.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figureHeatMap, type HeatCell } from '../../figures/heat-map.js';
import { criticalPoints } from '../../gaussian/critical.js';
import { gaussianFunctionOf } from '../../gaussian/expectation.js';
import { depthScale } from '../../gaussian/multipliers.js';
import { gain, type Layer } from '../../gaussian/variance-map.js';
import { reachedFixedPoint } from '../../gaussian/reached-fixed-point.js';
import { expectation } from '../../gaussian/moments.js';
import { layerOf, multipliersWhereDefined, whereDefined } from './figure-layer.js';
import { title } from './figure-maps.js';
import type { ResolvedFeedforwardRun, ResolvedFeedforwardSpec } from './spec.js';
import { linearGrid } from '../../numeric/grids.js';

/** χ₁ at the fixed point that the network reaches, or undefined. */
function chi1(layer: Layer): number | undefined {
  return whereDefined(
    () =>
      gain(layer) * expectation(gaussianFunctionOf(layer.activation), { first: 2 }, reachedFixedPoint(layer).variance),
  );
}

export async function drawPhaseDiagram(
  spec: ResolvedFeedforwardSpec,
  _run: ResolvedFeedforwardRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const layer = layerOf(spec);
  const weights = linearGrid(0.1, Math.max(4, 1.5 * layer.weightVariance), 40);
  const biases = linearGrid(0, Math.max(0.5, 1.5 * layer.biasVariance), 26);
  const cells: HeatCell[] = [];
  const tick = ticker(biases.length, options);
  for (const [row, biasVariance] of biases.entries()) {
    for (const weightVariance of weights)
      cells.push({
        x: weightVariance,
        y: biasVariance,
        value: Math.log(chi1({ ...layer, weightVariance, biasVariance }) ?? Number.NaN),
      });
    await tick(row + 1);
  }
  // Denser near σ_b² = 0, where the line is steepest.
  const critical = linearGrid(0, 1, 60)
    .map((x) => x * x * (biases.at(-1) as number))
    .flatMap((biasVariance) =>
      criticalPoints(layer.activation, { biasVariance, keepProbability: layer.keepProbability ?? 1 })
        .filter((point) => point.isStable)
        .map((point) => ({ x: point.weightVariance, y: biasVariance })),
    );
  return figureHeatMap(cells, {
    title: `Phase diagram: ${title(layer).split(',')[0]}, ρ = ${layer.keepProbability} (white: no fixed point)`,
    x: 'σ_w²',
    y: 'σ_b²',
    value: 'log χ₁',
    scheme: 'redblue',
    isReversed: true,
    domain: [-1, 1],
    lineColors: ['#000000'],
    lines: [{ series: 'critical line χ₁ = 1', points: critical }],
  });
}

/** Points of ξ_q, ξ_c, |ξ_∇| over `weights`; a scale that is infinite or undefined is left out. */
export function depthScalePoints(layer: Layer, weights: readonly number[]): CurvePoint[] {
  return weights.flatMap((weightVariance): CurvePoint[] => {
    const found = multipliersWhereDefined({ ...layer, weightVariance });
    if (found === undefined) return [];
    const point = (series: string, multiplier: number | undefined): CurvePoint[] =>
      multiplier === undefined ? [] : [{ x: weightVariance, y: Math.abs(depthScale(multiplier)), series }];
    return [
      ...point('ξ_q', found.varianceMultiplier),
      ...point('ξ_c', found.correlationMultiplier),
      ...point('|ξ_∇|', found.gradientMultiplier),
    ];
  });
}

export async function drawDepthScales(
  spec: ResolvedFeedforwardSpec,
  _run: ResolvedFeedforwardRun,
  options: ControlOptions,
): Promise<VegaLiteFigure> {
  const layer = layerOf(spec);
  throwIfAborted(options);
  const points = depthScalePoints(layer, linearGrid(0.1, Math.max(4, 1.5 * layer.weightVariance), 118));
  return figureCurves(points, {
    title: `Depth scales: ${title(layer).replace(/ σ_w² = [^,]*,/, '')}`,
    x: 'σ_w²',
    y: 'layers',
    yScale: 'log',
    width: 420,
    height: 280,
  });
}
