// tanh residual networks on MNIST over decay × depth: accuracy peaks at moderate decay, where the best predictor changes.
import { linearGrid } from '../../numeric/grids.js';
import type { Reproduction, ReproductionRow } from '../types.js';
import { statementRow } from '../rows.js';
import { type LevelScale, type MeasuredPath, predictorsAlong, trainedPaths } from './level-sets.js';
import { levelSetFigure } from './level-set-figure.js';
import { bestAt, type Claim, concordanceRows, depthsOf, inPaperSetting } from './level-set-rows.js';
import { paper, sources, variances } from './paper.js';
import { paperRuns, quickRuns } from './level-set-scales.js';

const range = [0, 1] as const;
const common = { activation: 'tanh', hyperparameter: 'β', learningRate: 0.01, range } as const;
const paths = [
  {
    ...common,
    name: '(a) all β equal',
    fields: (beta: number) => ({
      innerWeightDecay: beta,
      innerBiasDecay: beta,
      outerWeightDecay: beta,
      outerBiasDecay: beta,
    }),
  },
  {
    ...common,
    name: '(b) β_v = β_w, β_a = β_b = 1',
    fields: (beta: number) => ({
      innerWeightDecay: beta,
      innerBiasDecay: 1,
      outerWeightDecay: beta,
      outerBiasDecay: 1,
    }),
  },
  {
    ...common,
    name: '(c) β_w = β_b, β_v = β_a = 1',
    fields: (beta: number) => ({
      innerWeightDecay: beta,
      innerBiasDecay: beta,
      outerWeightDecay: 1,
      outerBiasDecay: 1,
    }),
  },
] as const;

const gradient: Claim = { predictor: 'innerWeightRatio', isSmallerBetter: true };
const expressivity: Claim = { predictor: 'metricExpressivity', isSmallerBetter: false };

export const mnistTanh: Reproduction<LevelScale> = {
  id: 'residual-mnist-tanh',
  paper,
  system: 'residual',
  title: 'tanh residual networks on MNIST over decay × depth, with level curves of χ_w and s',
  settings: {
    ...variances,
    data: 'MNIST',
    epochs: 30,
    decays: 'three paths, β = 0 … 1',
    width: 'not recorded',
    optimizer: 'not recorded',
  },
  scales: { quick: { ...quickRuns, points: 6, cost: '50 s' }, paper: { ...paperRuns, points: 11, cost: '600 min' } },
  run: async (scale, options) => {
    const { images, paths: measured } = await trainedPaths(paths, scale, options);
    const [a, b, c] = measured as [MeasuredPath, MeasuredPath, MeasuredPath];
    const rows: ReproductionRow[] = [];
    const depths = depthsOf(a);
    const [shallow, deep] = [Math.min(...depths), Math.max(...depths)];
    for (const depth of depths) rows.push(await peakRow(a, depth, scale, options));
    const [low, high] = [bestAt(a, shallow).value, bestAt(a, deep).value];
    rows.push(
      statementRow({
        what: '(a): the decay that trains best',
        published: 'grows with depth',
        source: sources.statement,
        measured: `β = ${low} at L = ${shallow}, ${high} at L = ${deep}`,
        holds: high > low,
      }),
    );
    const largest = Math.max(
      ...a.cells.map((cell, i) => (cell.depth >= 8 ? Math.abs(cell.accuracy - (b.cells[i]?.accuracy ?? 0)) : 0)),
    );
    rows.push(
      statementRow({
        what: '(a) and (b) from 8 blocks on: largest difference of accuracy',
        published: 'almost identical',
        source: sources.statement,
        measured: largest.toFixed(3),
        holds: largest < 0.05,
        note: 'the grid cells where training is about to fail differ most',
      }),
    );
    const falls = depths.filter((depth) => bestAt(c, depth).value <= 0.2);
    rows.push(
      statementRow({
        what: '(c): accuracy falls with β, as s does',
        published: 'follows s alone',
        source: sources.statement,
        measured: `best at β ≤ 0.2 at ${falls.length} of ${depths.length} depths`,
        holds: falls.length === depths.length,
      }),
    );
    rows.push(
      ...concordanceRows(a, [gradient, expressivity], 'χ_w left of the peak, s right of it'),
      ...concordanceRows(c, [expressivity, gradient], 's alone'),
    );
    const figure = await levelSetFigure(
      'heat-maps',
      `Accuracy on ${images}, width ${scale.width}, ${scale.steps} steps`,
      measured,
      { innerWeightRatio: [1, 2], metricExpressivity: [0, 1] },
      options,
    );
    return { figures: [figure], rows: inPaperSetting(rows, scale.isPaper) };
  },
};

/** The decay with the flattest weight gradients, from theory alone, beside the one that trains best. */
export async function peakRow(
  path: MeasuredPath,
  depth: number,
  scale: LevelScale,
  options: Parameters<typeof predictorsAlong>[3],
): Promise<ReproductionRow> {
  const fine = linearGrid(0, 1, 101);
  const ratios: number[] = [];
  for (const beta of fine)
    ratios.push((await predictorsAlong(path, beta, depth, options))[depth - 1]?.innerWeightRatio ?? Infinity);
  const flattest = fine[ratios.indexOf(Math.min(...ratios))] as number;
  const best = bestAt(path, depth);
  const step = (range[1] - range[0]) / (scale.points - 1);
  return statementRow({
    what: `(a), L = ${depth}: decay with the smallest log χ_w ratio against the decay that trains best`,
    published: flattest.toFixed(2),
    source: sources.derived,
    measured: `${best.value.toFixed(2)} (grid step ${step.toFixed(2)}), accuracy ${best.accuracy.toFixed(3)}`,
    holds: Math.abs(best.value - flattest) <= step * 1.0001,
    note: 'an observation on one data set at one learning rate, no law: larger rates move the optimum to larger decays',
  });
}
