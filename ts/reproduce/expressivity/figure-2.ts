// Figure 2: the correlation map: nearby inputs converge or separate.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { correlationMap } from '../../systems/feedforward/figure-maps.js';
import { linearGrid } from '../../numeric/grids.js';
import { meanOf } from '../../statistics/measured.js';
import { quantity } from '../../systems/feedforward/experiments/network.js';
import { correlationResiduals } from '../../systems/feedforward/experiments/residuals.js';
import { numberRow, statementRow } from '../rows.js';
import { simulatedCorrelationMap } from '../../systems/feedforward/experiments/single-layer.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { highlighted, networkAt, paper, sources } from './paper.js';

interface MapScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly points: number;
}

const starts = [0.2, 0.5, 0.8];
const depth = 30;

export const figure2: Reproduction<MapScale> = {
  id: 'expressivity-figure-2',
  paper,
  system: 'feedforward',
  title: 'Correlation map of tanh and its dynamics: order and chaos',
  settings: {
    activation: 'tanh',
    highlighted: highlighted.map(({ deviation }) => `σ_w = ${deviation}, σ_b = 0.3`),
    starts,
    layers: depth,
    width: 1000,
  },
  scales: {
    quick: { width: 1000, trials: 40, points: 9, cost: '4 s' },
    paper: { width: 1000, trials: 200, points: 50, cost: '40 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const maps: CurvePoint[] = [];
    const dynamics: CurvePoint[] = [];
    const { width, trials } = scale;
    for (const [curve, { deviation }] of highlighted.entries()) {
      const network = networkAt(deviation);
      const series = `σ_w = ${deviation}`;
      const variance = await quantity('fixedPointVariance', network);
      const map = await simulatedCorrelationMap(
        {
          network,
          series,
          width,
          trials,
          theoryAt: linearGrid(0, 1, 81),
          simulatedAt: linearGrid(0, 1, scale.points),
          variance,
          curve,
        },
        options,
      );
      maps.push(...map.points);
      const largest = Math.max(...map.z.map(Math.abs));
      rows.push({
        ...statementRow({
          what: `simulated correlation map, ${series}`,
          published: `theory at ${map.z.length} points`,
          measured: `largest |z| ${largest.toFixed(2)}`,
          holds: largest < 5,
          source: sources.equation,
        }),
        z: largest,
      });
      const slope = (1 - correlationMap(network, variance, 1e-7)) / 1e-7;
      rows.push(
        numberRow({
          what: `slope of the map at c = 1 against χ₁, ${series}`,
          published: await quantity('gradientMultiplier', network),
          measured: slope,
          tolerance: 1e-4,
          source: sources.equation,
        }),
      );
      const fixed = await quantity('fixedPointCorrelation', network);
      const isOrdered = deviation === 1.3;
      rows.push(
        statementRow({
          what: `c*, ${series}`,
          published: isOrdered ? 'c* = 1: nearby inputs converge' : 'c* < 1: nearby inputs separate',
          measured: fixed,
          holds: isOrdered ? fixed === 1 : fixed < 0.9,
          source: sources.statement,
        }),
      );
      for (const start of starts) dynamics.push(...(await trajectory(network, start, scale, series, fixed, options)));
    }
    for (const c of [0, 1]) maps.push({ x: c, y: c, series: 'c = c′', mark: 'dashed' });
    return {
      figures: [
        {
          name: 'correlation-map',
          figure: figureCurves(maps, {
            title: `Correlation map at q*, tanh, σ_b = 0.3, width ${width} (bars: standard deviation)`,
            x: 'c',
            y: 'c′',
            width: 420,
            height: 320,
          }),
        },
        {
          name: 'dynamics',
          figure: figureCurves(dynamics, {
            title: `Correlation against layer, width ${width}, ${trials} networks (bars: ±2 standard errors)`,
            x: 'layer',
            y: 'c',
            columns: 3,
            width: 260,
            height: 220,
          }),
        },
      ],
      rows,
    };
  },
};

async function trajectory(
  network: Parameters<typeof correlationResiduals>[0],
  start: number,
  scale: MapScale,
  panel: string,
  fixed: number,
  options: Parameters<typeof correlationResiduals>[3],
): Promise<CurvePoint[]> {
  const run = await correlationResiduals(network, start, { width: scale.width, depth, trials: scale.trials }, options);
  const series = `c¹ = ${start}`;
  const variance = await quantity('fixedPointVariance', network);
  const points: CurvePoint[] = [];
  let delta = 1 - start;
  for (let layer = 1; layer <= depth; layer++) {
    const { mean, standardError } = meanOf(run.networks.map((values) => values[layer - 1] as number));
    const y = fixed - mean;
    points.push(
      { x: layer, y: 1 - delta, series, panel },
      { x: layer, y, low: y - 2 * standardError, high: y + 2 * standardError, mark: 'point', series, panel },
    );
    delta = 1 - correlationMap(network, variance, delta);
  }
  return points;
}
