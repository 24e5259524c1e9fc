// The three curves that figure 7 draws over its heat maps of training accuracy. (The heat maps need training.)
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { linearGrid } from '../../numeric/grids.js';
import { quantity } from '../../systems/feedforward/experiments/network.js';
import { numberRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { paper, sources } from './paper.js';

interface CurveScale extends Scale {
  readonly points: number;
}

const base = { activation: 'tanh', biasVariance: 0.05 } as const;
/** [ρ, σ_w², 12ξ₁, 6ξ₂, 12ξ₂]. */
const published: readonly (readonly [number, number, number, number, number])[] = [
  [1, 1, 43.5, 21.8, 43.5],
  [1, 2, 257.7, 151.3, 302.6],
  [1, 3, 63.2, 54.3, 108.6],
  [1, 4, 40.8, 41.9, 83.8],
  [0.98, 1, 45.7, 20.9, 41.8],
  [0.98, 2, 223.1, 60.5, 121.1],
  [0.98, 4, 39.7, 35.9, 71.8],
  [0.95, 2, 185.1, 40.4, 80.7],
];

export const figure7Curves: Reproduction<CurveScale> = {
  id: 'deep-dropout-figure-7-curves',
  paper,
  system: 'feedforward',
  title: 'Curves 12 ξ₁, 6 ξ₂, 12 ξ₂ of the trainability heat maps',
  settings: { ...base, weightVariance: '1 … 4', keepProbability: [1, 0.99, 0.98, 0.95] },
  scales: { quick: { points: 121, cost: '3 s' }, paper: { points: 241, cost: '6 s' } },
  run: async (scale) => {
    const rows: ReproductionRow[] = [];
    for (const [keepProbability, weightVariance, ...values] of published) {
      const measured = await lengths(weightVariance, keepProbability);
      measured.forEach(({ name, value }, i) => {
        rows.push(
          numberRow({
            what: `${name} at σ_w² = ${weightVariance}, ρ = ${keepProbability}`,
            published: values[i] as number,
            source: sources.equation,
            measured: value,
            tolerance: 0.0500001,
          }),
        );
      });
    }
    const points: CurvePoint[] = [];
    for (const keepProbability of [1, 0.99, 0.98, 0.95]) {
      for (const x of linearGrid(1, 4, scale.points)) {
        for (const { name, value } of await lengths(x, keepProbability))
          points.push({ x, y: value, series: name, panel: `ρ = ${keepProbability}` });
      }
    }
    return {
      figures: [
        {
          name: 'curves',
          figure: figureCurves(points, {
            title: 'Trainable lengths, tanh, σ_b² = 0.05',
            x: 'σ_w²',
            y: 'layers',
            yDomain: [0, 250],
            columns: 2,
            width: 300,
            height: 200,
          }),
        },
      ],
      rows,
    };
  },
};

async function lengths(
  weightVariance: number,
  keepProbability: number,
): Promise<{ readonly name: string; readonly value: number }[]> {
  const network = { ...base, weightVariance, keepProbability };
  const first = Math.abs(await quantity('depthScaleGradient', network));
  const second = await quantity('depthScaleCorrelation', network);
  return [
    { name: '12 ξ₁', value: 12 * first },
    { name: '6 ξ₂', value: 6 * second },
    { name: '12 ξ₂', value: 12 * second },
  ];
}
