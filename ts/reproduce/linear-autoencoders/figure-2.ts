// Figure 2: noise against the decay that matches it, direction by direction, at one learning rate.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { linearGrid } from '../../numeric/grids.js';
import { balancedMapping } from '../../systems/autoencoder/balanced.js';
import { equivalentWeightDecay, fixedPoint } from '../../systems/autoencoder/mode.js';
import { numberRow, printedRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { direction, numberOf, paper, sources } from './paper.js';

interface CurveScale extends Scale {
  readonly points: number;
}

const learningRate = 0.001;
const initialMapping = 1e-6;
const lastStep = 20_000;
/** Epochs of half of the final mapping [eigenvalue, noise, with noise, with the matched decay]. */
const halves = [
  [2.5, 0.2, 2748, 2968],
  [2.5, 1, 2696, 3774],
  [2.5, 1.8, 2655, 4566],
  [1, 0.2, 6817, 8180],
  [1, 1, 6561, 13_122],
  [1, 1.8, 6393, 17_900],
  [0.5, 0.2, 13_479, 18_871],
  [0.5, 1, 12_717, 38_151],
  [0.5, 1.8, 12_289, 56_531],
] as const;

export const figure2: Reproduction<CurveScale> = {
  id: 'linear-autoencoders-figure-2',
  paper,
  system: 'autoencoder',
  title: 'Noise against matched weight decay',
  settings: {
    inputVariance: [2.5, 1, 0.5],
    noiseVariance: [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8],
    learningRate,
    initialMapping,
    lastStep,
  },
  scales: { quick: { points: 101, cost: '1 s' }, paper: { points: 401, cost: '1 s' } },
  run: async ({ points: count }) => {
    const rows: ReproductionRow[] = [];
    for (const [nu, noise, withNoise, withDecay] of halves) {
      const decay = equivalentWeightDecay(nu, noise);
      const time = async (parameters: { noiseVariance?: number; weightDecay?: number }): Promise<number> =>
        numberOf('timeToReach', {
          inputVariance: nu,
          ...parameters,
          learningRate,
          initialMapping,
          target: nu / (nu + noise) / 2,
        });
      const [first, second] = [await time({ noiseVariance: noise }), await time({ weightDecay: decay })];
      const where = `ν = ${nu}, s² = ${noise}`;
      rows.push(
        printedRow({
          what: `epoch of half the final mapping with noise, ${where}`,
          published: withNoise,
          source: sources.derived,
          measured: first,
          decimals: 0,
        }),
        printedRow({
          what: `the same with matched decay, ${where}`,
          published: withDecay,
          source: sources.derived,
          measured: second,
          decimals: 0,
        }),
        numberRow({
          what: `decay is slower by 1/w*, ${where}`,
          published: 1 + noise / nu,
          source: sources.derived,
          measured: second / first,
          tolerance: 1e-9,
          note: 'exactly the noise dynamics slowed down; at the learning rate of each, raised by 1/w*, the two tie',
        }),
      );
    }
    const points: CurvePoint[] = [];
    for (const nu of [2.5, 1, 0.5])
      for (const noise of [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8])
        for (const [kind, mode] of [
          ['noise', direction(nu, noise)],
          ['decay', direction(nu, 0, equivalentWeightDecay(nu, noise))],
        ] as const)
          for (const step of linearGrid(0, lastStep, count))
            points.push({
              x: step,
              y: balancedMapping(mode, initialMapping, learningRate * step) / Math.max(fixedPoint(mode), 1e-300),
              series: `${noise}`,
              panel: `ν = ${nu}, ${kind}`,
            });
    return {
      rows,
      figures: [
        {
          name: 'mappings',
          figure: figureCurves(points, { x: 'epoch', y: 'mapping over its final value', columns: 2, legend: 's²' }),
        },
      ],
    };
  },
};
