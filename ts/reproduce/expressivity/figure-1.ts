// Figure 1: the variance map, its fixed points, and how fast they are reached.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figureHeatMap, type HeatCell } from '../../figures/heat-map.js';
import { linearGrid } from '../../numeric/grids.js';
import { quantity } from '../../systems/feedforward/experiments/network.js';
import { printedRow, statementRow } from '../rows.js';
import { simulatedVarianceMap } from '../../systems/feedforward/experiments/single-layer.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { highlighted, networkAt, paper, sources } from './paper.js';

interface MapScale extends Scale {
  readonly width: number;
  readonly trials: number;
  readonly points: number;
  readonly grid: number;
}

export const figure1: Reproduction<MapScale> = {
  id: 'expressivity-figure-1',
  paper,
  system: 'feedforward',
  title: 'Variance map of tanh, its fixed point over (σ_w, σ_b)',
  settings: {
    activation: 'tanh',
    highlighted: highlighted.map(({ deviation }) => `σ_w = ${deviation}, σ_b = 0.3`),
    grid: 'σ_w = 1 … 5, σ_b = 0 … 4, step 0.1',
    width: 1000,
    inputs: 20,
  },
  scales: {
    quick: { width: 1000, trials: 60, points: 12, grid: 17, cost: '5 s' },
    paper: { width: 1000, trials: 200, points: 100, grid: 41, cost: '15 s' },
  },
  run: async (scale, options) => {
    const rows: ReproductionRow[] = [];
    const points: CurvePoint[] = [];
    for (const [curve, { deviation, variance, gradient }] of highlighted.entries()) {
      const network = networkAt(deviation);
      const series = `σ_w = ${deviation}`;
      rows.push(
        printedRow({
          what: `q*, ${series}`,
          published: variance,
          measured: await quantity('fixedPointVariance', network),
          decimals: 6,
          source: sources.equation,
        }),
      );
      rows.push(
        printedRow({
          what: `χ₁, ${series}`,
          published: gradient,
          measured: await quantity('gradientMultiplier', network),
          decimals: 6,
          source: sources.equation,
        }),
      );
      const { width, trials } = scale;
      const map = await simulatedVarianceMap(
        {
          network,
          series,
          width,
          trials,
          theoryAt: linearGrid(0, 15, 91),
          simulatedAt: linearGrid(15 / scale.points, 15, scale.points),
          curve,
        },
        options,
      );
      points.push(...map.points);
      const largest = Math.max(...map.z.map(Math.abs));
      rows.push({
        ...statementRow({
          what: `simulated variance map, ${series}`,
          published: `theory at ${map.z.length} points`,
          measured: `largest |z| ${largest.toFixed(2)}`,
          holds: largest < 5,
          source: sources.equation,
        }),
        z: largest,
      });
    }
    for (const q of [0, 15]) points.push({ x: q, y: q, series: 'q = q′', mark: 'dashed' });
    const cells: HeatCell[] = [];
    for (const biasDeviation of linearGrid(0, 4, scale.grid)) {
      for (const deviation of linearGrid(1, 5, scale.grid)) {
        cells.push({
          x: deviation,
          y: biasDeviation,
          value: await quantity('fixedPointVariance', {
            activation: 'tanh',
            weightVariance: deviation ** 2,
            biasVariance: biasDeviation ** 2,
          }),
        });
      }
    }
    return {
      figures: [
        {
          name: 'variance-map',
          figure: figureCurves(points, {
            title: `Variance map, tanh, σ_b = 0.3, width ${scale.width} (bars: standard deviation)`,
            x: 'q',
            y: 'q′',
            width: 420,
            height: 320,
          }),
        },
        {
          name: 'fixed-points',
          figure: figureHeatMap(cells, { title: 'Fixed point q* of tanh', x: 'σ_w', y: 'σ_b', value: 'q*' }),
        },
      ],
      rows,
    };
  },
};
