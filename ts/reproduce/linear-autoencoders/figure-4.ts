// Figure 4: norms of the weights. Noise keeps w1² − w2², decay sends it to zero: every run ends at one norm.
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import type { Weights } from '../../systems/autoencoder/flow.js';
import { equivalentWeightDecay, fixedPoint } from '../../systems/autoencoder/mode.js';
import { printedRow, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { descentPath, direction, paper, sources, starts } from './paper.js';

const learningRate = 0.01;
const noiseVariance = 0.1;
const steps = 1000;
const runs: readonly Weights[] = [{ w1: 0.01, w2: 0.01 }, ...starts.slice(1)];
/** Final norms, from (0.01, 0.01) and from ten random starts. */
const published = {
  noise: [1.348, 1.993, 1.975, 1.644, 1.49, 1.749, 1.436, 1.474, 1.478, 1.361, 1.737],
  decay: [1.348, 1.384, 1.383, 1.36, 1.353, 1.366, 1.351, 1.353, 1.353, 1.349, 1.365],
} as const;

export const figure4: Reproduction<Scale> = {
  id: 'linear-autoencoders-figure-4',
  paper,
  system: 'autoencoder',
  title: 'Norms of the weights under noise and matched weight decay',
  settings: {
    inputVariance: 1,
    noiseVariance,
    weightDecay: equivalentWeightDecay(1, noiseVariance),
    learningRate,
    steps,
  },
  scales: { quick: { cost: '1 s' }, paper: { cost: '1 s' } },
  run: async () => {
    const rows: ReproductionRow[] = [];
    const points: CurvePoint[] = [];
    for (const [kind, mode] of [
      ['noise', direction(1, noiseVariance)],
      ['decay', direction(1, 0, equivalentWeightDecay(1, noiseVariance))],
    ] as const) {
      let largest = 0;
      for (const [i, start] of runs.entries()) {
        const path = await descentPath(mode, start, learningRate, steps, 20);
        for (const [k, { w1, w2 }] of path.entries())
          points.push({ x: 20 * k, y: Math.hypot(w1, w2), series: `start ${i}`, panel: kind });
        const { w1, w2 } = path.at(-1) as Weights;
        const measured = Math.hypot(w1, w2);
        rows.push(
          printedRow({
            what: `final norm with ${kind}, start ${i === 0 ? '(0.01, 0.01)' : i}`,
            published: published[kind][i] as number,
            source: sources.derived,
            measured,
            decimals: 3,
          }),
        );
        // Noise keeps the imbalance c: the end is the point of its hyperbola with the mapping w*.
        const kept =
          kind === 'noise'
            ? start.w1 ** 2 - start.w2 ** 2
            : (start.w1 ** 2 - start.w2 ** 2) * Math.exp(-2 * mode.weightDecay * learningRate * steps);
        const end = Math.sqrt(2 * Math.hypot(fixedPoint(mode), kept / 2));
        largest = Math.max(largest, Math.abs(measured - end));
      }
      rows.push(
        statementRow({
          what: `norms end at √(2√(w*² + c²/4)), c the imbalance that ${kind === 'noise' ? 'noise keeps' : 'decay leaves'}`,
          published: 'within 0.02',
          source: sources.derived,
          measured: largest,
          holds: largest < 0.02,
        }),
      );
    }
    return {
      rows,
      figures: [{ name: 'norms', figure: figureCurves(points, { x: 'epoch', y: 'norm', legend: 'start' }) }],
    };
  },
};
