// Figure 1: scalar networks from random starts, descent beside the flow, and the surface they walk on.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { figureHeatMap, type HeatCell, type HeatLine } from '../../figures/heat-map.js';
import { linearGrid } from '../../numeric/grids.js';
import { modeLoss } from '../../systems/autoencoder/mode.js';
import { numberRow, printedRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { descentPath, direction, flowMapping, numberOf, paper, sources, starts } from './paper.js';

interface SurfaceScale extends Scale {
  /** Points of the surface along one weight. */
  readonly grid: number;
}

const learningRate = 0.01;
const steps = 200;
/** Noise, fixed point, and the largest distance of descent and flow that was found by an independent evaluation. */
const panels = [
  [0, 1, 0.0196],
  [1, 1 / 2, 0.0375],
  [5, 1 / 6, 0.056],
] as const;
const runs = starts.slice(0, 10);

export const figure1: Reproduction<SurfaceScale> = {
  id: 'linear-autoencoders-figure-1',
  paper,
  system: 'autoencoder',
  title: 'Scalar networks: descent, flow and the surface of the loss',
  settings: { inputVariance: 1, noiseVariance: panels.map(([noise]) => noise), learningRate, steps, starts: 10 },
  scales: { quick: { grid: 41, cost: '1 s' }, paper: { grid: 101, cost: '1 s' } },
  run: async ({ grid }) => {
    const rows: ReproductionRow[] = [];
    const points: CurvePoint[] = [];
    const cells: HeatCell[] = [];
    const lines: HeatLine[] = [];
    for (const [noise, end, published] of panels) {
      const mode = direction(1, noise);
      const panel = `s² = ${noise}`;
      const measured = await gap(noise, learningRate, points);
      const fixed = await numberOf('fixedPoint', mode);
      rows.push(
        numberRow({
          what: `fixed point, ${panel}`,
          published: end,
          source: sources.code,
          measured: fixed,
          tolerance: 1e-12,
        }),
        printedRow({
          what: `largest distance of descent and flow, ${panel}`,
          published,
          source: sources.derived,
          measured,
          decimals: 4,
        }),
        halvesRow(panel, measured, await gap(noise, learningRate / 2)),
      );
      for (const x of linearGrid(-2.2, 2.2, grid))
        for (const y of linearGrid(-2.2, 2.2, grid)) cells.push({ x, y, value: modeLoss(mode, x * y, 0), panel });
      for (const [i, start] of runs.entries()) {
        const path = await descentPath(mode, start, learningRate, steps, 5);
        lines.push({ series: `start ${i + 1}`, points: path.map(({ w1, w2 }) => ({ x: w1, y: w2 })), panel });
      }
    }
    return {
      rows,
      figures: [
        {
          name: 'dynamics',
          figure: figureCurves(points, {
            x: 'epoch',
            y: 'mapping',
            legend: 'start',
            title: 'Lines: flow; points: descent',
          }),
        },
        {
          name: 'surface',
          figure: figureHeatMap(cells, { x: 'w1', y: 'w2', value: 'loss', valueScale: 'log', lines, isPath: true }),
        },
      ],
    };
  },
};

/** Largest distance of descent and flow over all starts, looked at every 10 steps of the published rate. */
async function gap(noise: number, rate: number, points?: CurvePoint[]): Promise<number> {
  const mode = direction(1, noise);
  const every = Math.round((10 * learningRate) / rate);
  const count = Math.round((steps * learningRate) / rate);
  let largest = 0;
  for (const [i, start] of runs.entries()) {
    const path = await descentPath(mode, start, rate, count, every);
    for (const [k, { w1, w2 }] of path.entries()) {
      const theory = flowMapping(mode, start, rate * every * k);
      largest = Math.max(largest, Math.abs(theory - w1 * w2));
      const series = `start ${i + 1}`;
      points?.push({ x: 10 * k, y: theory, series, panel: `s² = ${noise}` });
      points?.push({ x: 10 * k, y: w1 * w2, series, mark: 'point', panel: `s² = ${noise}` });
    }
  }
  return largest;
}

/** The distance is of first order in the rate. */
function halvesRow(panel: string, whole: number, half: number): ReproductionRow {
  const ratio = whole / half;
  return statementRow({
    what: `descent and flow overlap to the eye; their distance halves with the rate, ${panel}`,
    published: 'ratio 1.8 to 2.2',
    source: sources.derived,
    measured: ratio,
    holds: ratio > 1.8 && ratio < 2.2,
  });
}
