// ReLU residual networks on MNIST along the zig (weights decay) and the zag (biases decay).
import type { Reproduction, ReproductionRow } from '../types.js';
import { statementRow } from '../rows.js';
import { failedAccuracy, type LevelScale, type MeasuredPath, trainedPaths } from './level-sets.js';
import { levelSetFigure } from './level-set-figure.js';
import { bestAt, concordanceRows, depthsOf, inPaperSetting } from './level-set-rows.js';
import { paper, sources, variances } from './paper.js';
import { paperRuns, quickRuns } from './level-set-scales.js';

const common = { activation: 'relu', learningRate: 0.001, range: [0, 2] } as const;
const paths = [
  {
    ...common,
    name: 'zig: β_w = β_b, β_v = β_a = 0',
    hyperparameter: 'β',
    fields: (beta: number) => ({
      innerWeightDecay: beta,
      innerBiasDecay: beta,
      outerWeightDecay: 0,
      outerBiasDecay: 0,
    }),
  },
  {
    ...common,
    name: 'zag: β_a, β_v = 0, β_w = β_b = 2',
    hyperparameter: 'β',
    fields: (beta: number) => ({ innerWeightDecay: 2, innerBiasDecay: 2, outerWeightDecay: 0, outerBiasDecay: beta }),
  },
] as const;

export const mnistRelu: Reproduction<LevelScale> = {
  id: 'residual-mnist-relu',
  paper,
  system: 'residual',
  title: 'ReLU residual networks on MNIST along the zig and the zag, with level curves of p and χ_v',
  settings: {
    ...variances,
    data: 'MNIST',
    epochs: 30,
    paths: 'zig: β_w = β_b = 0 … 2; zag: β_a = 0 … 2',
    width: 'not recorded',
    optimizer: 'not recorded',
  },
  scales: { quick: { ...quickRuns, points: 7, cost: '40 s' }, paper: { ...paperRuns, points: 9, cost: '350 min' } },
  run: async (scale, options) => {
    const { images, paths: measured } = await trainedPaths(paths, scale, options);
    const [zig, zag] = measured as [MeasuredPath, MeasuredPath];
    const rows: ReproductionRow[] = [...failureRows(zig)];
    const depths = depthsOf(zag).filter((depth) => depth >= 8);
    const rises = depths.filter((depth) => isRising(zag, depth));
    rows.push(
      statementRow({
        what: 'zag: accuracy at fixed depth rises with β_a, and so with the χ_v ratio, while s and χ stay flat',
        published: 'rises (a paradox: larger gradient ratios train better)',
        source: sources.statement,
        measured:
          `more at the end of the path than at its beginning at ${rises.length} of ${depths.length} depths; L = ` +
          `${depths.at(-1)}: ${ends(zag, depths.at(-1) as number)}`,
        holds: rises.length === depths.length,
      }),
    );
    const [expressivity, gates] = [
      { predictor: 'metricExpressivity', isSmallerBetter: false },
      { predictor: 'gateDisagreement', isSmallerBetter: false },
    ] as const;
    const trainable = {
      ...zig,
      cells: zig.cells.filter(({ accuracy }) => accuracy >= failedAccuracy),
      name: `${zig.name}, networks that train`,
    };
    rows.push(
      ...concordanceRows(
        trainable,
        [expressivity, { predictor: 'secondMoment', isSmallerBetter: false }, gates],
        'accuracy falls as s falls',
      ),
      ...concordanceRows(
        zag,
        [{ predictor: 'outerWeightRatio', isSmallerBetter: false }, expressivity, gates],
        'rises with the χ_v ratio; s does not match',
      ),
    );
    const figure = await levelSetFigure(
      'heat-maps',
      `Accuracy on ${images}, width ${scale.width}, ${scale.steps} steps`,
      measured,
      { secondMoment: [4, 8], outerWeightRatio: [2, 5] },
      options,
    );
    return { figures: [figure], rows: inPaperSetting(rows, scale.isPaper) };
  },
};

/** Where training fails along the zig: up to which log p networks train, and from which on they fail. */
function failureRows(zig: MeasuredPath): ReproductionRow[] {
  const failing = zig.cells
    .filter(({ accuracy }) => accuracy < failedAccuracy)
    .map(({ predictors }) => predictors.secondMoment);
  const trained = zig.cells
    .filter(({ accuracy, predictors }) => accuracy >= failedAccuracy && predictors.secondMoment > 4)
    .map(({ predictors }) => predictors.secondMoment);
  if (failing.length === 0)
    return [
      statementRow({
        what: 'zig: where training fails',
        published: 'along a contour of p',
        source: sources.statement,
        measured: 'no network failed',
        holds: false,
        isResolved: false,
      }),
    ];
  const lowest = Math.min(...failing);
  const above = trained.filter((log) => log > lowest).length;
  return [
    statementRow({
      what: `zig: networks with accuracy below ${failedAccuracy}`,
      published: 'lie beyond a contour of p',
      source: sources.statement,
      measured: `${failing.length} of ${zig.cells.length} fail, all at log p ≥ ${lowest.toFixed(1)}; ${above} train beyond it`,
      holds: above <= failing.length / 4,
    }),
  ];
}

function ends(path: MeasuredPath, depth: number): string {
  const own = path.cells.filter((cell) => cell.depth === depth);
  return `${own[0]?.accuracy.toFixed(3)} → ${own.at(-1)?.accuracy.toFixed(3)}, best at β_a = ${bestAt(path, depth).value.toFixed(2)}`;
}

function isRising(path: MeasuredPath, depth: number): boolean {
  const own = path.cells.filter((cell) => cell.depth === depth);
  return (own.at(-1)?.accuracy ?? 0) > (own[0]?.accuracy ?? 1);
}
