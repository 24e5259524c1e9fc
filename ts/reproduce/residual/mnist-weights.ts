// tanh residual networks on MNIST over σ_w² × depth: the best σ_w² falls like 1/L, because log χ grows like σ_w √L.
import { fitPower } from '../../fit/laws.js';
import type { Reproduction, ReproductionRow } from '../types.js';
import { statementRow } from '../rows.js';
import { type LevelScale, type MeasuredPath, trainedPaths } from './level-sets.js';
import { levelSetFigure } from './level-set-figure.js';
import { bestAt, concordanceRows, depthsOf, inPaperSetting } from './level-set-rows.js';
import { sources, variances } from './paper.js';
import { paperRuns, quickRuns } from './level-set-scales.js';

const paths = [
  {
    name: 'tanh',
    activation: 'tanh',
    hyperparameter: 'log₂ σ_w²',
    learningRate: 0.01,
    range: [-5, 2],
    fields: (log: number) => ({ innerWeightVariance: 2 ** log }),
  },
] as const;

export const mnistWeights: Reproduction<LevelScale> = {
  id: 'residual-mnist-weights',
  paper: 'Yang, Schoenholz: Mean field residual networks: on the edge of chaos (NIPS 2017)',
  system: 'residual',
  title: 'tanh residual networks on MNIST over σ_w² × depth: where the best σ_w² lies',
  settings: {
    ...variances,
    innerWeightVariance: '2^−5 … 2^2',
    data: 'MNIST',
    activation: 'tanh',
    width: 'not recorded',
    optimizer: 'not recorded',
  },
  scales: { quick: { ...quickRuns, points: 8, cost: '25 s' }, paper: { ...paperRuns, points: 15, cost: '300 min' } },
  run: async (scale, options) => {
    const { images, paths: measured } = await trainedPaths(paths, scale, options);
    const [path] = measured as [MeasuredPath];
    const depths = depthsOf(path);
    const best = depths.map((depth) => bestAt(path, depth).value);
    const edge = best.filter((log) => log <= -5 || log >= 2).length;
    const slope = fitPower(
      depths,
      best.map((log) => 2 ** log),
    ).parameters.exponent as number;
    const rows: ReproductionRow[] = [
      statementRow({
        what: 'exponent of the best σ_w² against L',
        published: '−1 (σ_w² L constant)',
        source: sources.statement,
        measured:
          `${slope.toFixed(2)}: best σ_w² = ${best.map((log) => 2 ** log).join(', ')} at ` +
          `L = ${depths.join(', ')}${edge > 0 ? `, ${edge} at the edge of the grid` : ''}`,
        holds: Math.abs(slope + 1) < 0.5,
        note: 'a grid of factors of 2 and a flat optimum: the exponent is known to a few tenths',
      }),
    ];
    rows.push(
      ...concordanceRows(
        path,
        [
          { predictor: 'gradientRatio', isSmallerBetter: true },
          { predictor: 'metricExpressivity', isSmallerBetter: false },
        ],
        'the gradient ratio',
      ),
    );
    const figure = await levelSetFigure(
      'heat-map',
      `Accuracy on ${images}, tanh, width ${scale.width}, ${scale.steps} steps`,
      [path],
      { gradientRatio: [2, 4], metricExpressivity: [0, 2] },
      options,
    );
    return { figures: [figure], rows: inPaperSetting(rows, scale.isPaper) };
  },
};
