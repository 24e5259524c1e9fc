// Figures 3 and 4: a circle pushed through the network: its length grows and its curvature settles in the chaotic phase.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { meanOf, type Measured } from '../../statistics/measured.js';
import { quantity, simulated } from '../../systems/feedforward/experiments/network.js';
import { numberRow, statisticRow } from '../rows.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { highlighted, networkAt, paper, sources } from './paper.js';

interface CircleScale extends Scale {
  readonly width: number;
  readonly depth: number;
  readonly trials: number;
}

/** Half-distances of the angles: the wide one where the circle is still smooth, the narrow ones where it has crumpled. */
const steps = [3e-2, 3e-3, 3e-4];
const checkedLayers = [3, 6, 11];

export const figure3: Reproduction<CircleScale> = {
  id: 'expressivity-figures-3-4',
  paper,
  system: 'feedforward',
  title: 'A circle through the layers: metric and curvature',
  settings: {
    activation: 'tanh',
    highlighted: highlighted.map(({ deviation }) => `σ_w = ${deviation}, σ_b = 0.3`),
    depth: 40,
    width: 1000,
    angles: 500,
  },
  scales: {
    quick: { width: 500, depth: 12, trials: 40, cost: '10 s' },
    paper: { width: 1000, depth: 12, trials: 100, cost: '2 min' },
  },
  run: async (scale, options) => {
    const points: CurvePoint[] = [];
    const rows: ReproductionRow[] = [
      numberRow({
        what: 'g at layer 11, σ_w = 4',
        published: 69658.6,
        measured: await quantity('circleMetric', { ...networkAt(4), layer: 11 }),
        tolerance: 0.05,
        source: sources.equation,
      }),
      numberRow({
        what: 'N κ² at layer 11, σ_w = 4',
        published: 1.721083,
        measured: await quantity('circleCurvature', { ...networkAt(4), layer: 11 }),
        tolerance: 5e-7,
        source: sources.equation,
      }),
    ];
    for (const { deviation } of highlighted) {
      const network = networkAt(deviation);
      const series = `σ_w = ${deviation}`;
      const geometry = await circle(deviation, scale, options);
      for (const [l, { metric, curvature }] of geometry.entries()) {
        const layer = l + 1;
        const theory = {
          metric: await quantity('circleMetric', { ...network, layer }),
          curvature: await quantity('circleCurvature', { ...network, layer }),
        };
        points.push(
          { x: layer, y: theory.metric, series, panel: 'metric g' },
          { x: layer, y: theory.curvature, series, panel: 'curvature N κ²' },
        );
        points.push(barred(layer, metric, series, 'metric g'), barred(layer, curvature, series, 'curvature N κ²'));
        if (!checkedLayers.includes(layer)) continue;
        rows.push(
          circleRow(`g at layer ${layer}, simulated, ${series}`, theory.metric, metric, layer, scale.width),
          circleRow(`N κ² at layer ${layer}, simulated, ${series}`, theory.curvature, curvature, layer, scale.width),
        );
      }
    }
    const title = `Circle through tanh networks, σ_b = 0.3, width ${scale.width}, ${scale.trials} networks (lines: theory)`;
    return {
      figures: [
        {
          name: 'circle',
          figure: figureCurves(points, {
            title,
            x: 'layer',
            y: 'mean over networks',
            yScale: 'log',
            columns: 2,
            width: 340,
            height: 260,
          }),
        },
      ],
      rows,
    };
  },
};

function barred(x: number, { mean, standardError }: Measured, series: string, panel: string): CurvePoint {
  return {
    x,
    y: mean,
    low: Math.max(mean - 2 * standardError, mean / 10),
    high: mean + 2 * standardError,
    mark: 'point',
    series,
    panel,
  };
}

export function circleRow(
  what: string,
  published: number,
  { mean, standardError, count }: Measured,
  layer: number,
  width: number,
): ReproductionRow {
  // Means over finite networks differ from those of infinite width by O(layer/N).
  return statisticRow({
    what,
    published,
    source: sources.equation,
    measured: mean,
    standardError,
    count,
    allowance: (3 * published * layer) / width,
  });
}

interface Geometry {
  readonly metric: Measured;
  readonly curvature: Measured;
}

/**
 * g and N κ² per layer from the scalar products of z at angles 0 and ±h: tangent
 * (z₊ − z₋)/2h, acceleration (z₊ − 2z₀ + z₋)/h².
 * Real matrices: the third direction is of size h², below what conditioning keeps.
 */
async function circle(deviation: number, scale: CircleScale, options: ReproductionOptions): Promise<Geometry[]> {
  const network = networkAt(deviation);
  const variance = await quantity('fixedPointVariance', network);
  const { width, depth, trials } = scale;
  const perLayer = <T>(first: T, other: T): T[] => [first, ...Array<T>(depth - 1).fill(other)];
  const byStep = [];
  for (const h of steps) {
    const values = [0, h, -h].map((angle) => [Math.SQRT2 * Math.cos(angle), Math.SQRT2 * Math.sin(angle)]);
    const spec = {
      ...network,
      weightVariance: perLayer(variance, network.weightVariance),
      biasVariance: perLayer(0, network.biasVariance),
      width,
      depth,
      inputs: { values },
    };
    const { observables } = await simulated(
      spec,
      { trials, engine: 'dense', precision: 'float64', rawTrials: true },
      options,
    );
    byStep.push({
      h,
      lengths: observables.variance?.trials ?? new Float64Array(),
      products: observables.covariance?.trials ?? new Float64Array(),
    });
  }
  const geometry: Geometry[] = [];
  for (let l = 0; l < depth; l++) {
    const gradient = await quantity('circleMetric', { ...network, layer: l + 1 });
    const bend = await quantity('circleCurvature', { ...network, layer: l + 1 });
    // The widest step at which the curve is still a parabola: h² g κ²N « 1.
    const { h, lengths, products } =
      byStep.find((each) => each.h ** 2 * gradient * bend < 3e-3) ?? (byStep.at(-1) as (typeof byStep)[number]);
    const metric: number[] = [];
    const curvature: number[] = [];
    for (let t = 0; t < trials; t++) {
      const at = (t * depth + l) * 3;
      const [zero, plus, minus] = [lengths[at], lengths[at + 1], lengths[at + 2]] as [number, number, number];
      const [zeroPlus, zeroMinus, plusMinus] = [products[at], products[at + 1], products[at + 2]] as [
        number,
        number,
        number,
      ];
      const tangent = (plus + minus - 2 * plusMinus) / (4 * h * h);
      const acceleration = (plus + minus + 4 * zero + 2 * plusMinus - 4 * zeroPlus - 4 * zeroMinus) / h ** 4;
      const both = (plus - minus - 2 * zeroPlus + 2 * zeroMinus) / (2 * h ** 3);
      metric.push(tangent);
      curvature.push((tangent * acceleration - both * both) / tangent ** 3);
    }
    geometry.push({ metric: meanOf(metric), curvature: meanOf(curvature) });
  }
  return geometry;
}
