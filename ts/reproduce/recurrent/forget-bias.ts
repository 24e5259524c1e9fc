// Which bias of the gate that keeps: the one that theory gives for the length of the sequence, or one of those that people use.
import { MftError } from '../../core/errors.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { evaluate } from '../../verbs/evaluate.js';
import { trainMany } from '../../verbs/train.js';
import { inSetting, statementRow } from '../rows.js';
import type { Reproduction, ReproductionRow, Scale } from '../types.js';
import { digits } from './digits.js';

type Cell = 'gru' | 'lstm' | 'minGru';

interface BiasScale extends Scale {
  readonly cells: readonly Cell[];
  readonly lengths: readonly number[];
  readonly width: number;
  readonly steps: number;
  readonly seeds: number;
  readonly testCount: number;
}

/** Values for every length: one that most libraries offer, and two that are often advised. */
const folkBiases = [1, 2, 5] as const;
const batchSize = 32;
/** 7 × 7 pixels: every input of a sequence has as many components. */
const pixels = 4;
/** With fewer steps no cell learns the digits themselves. */
const leastSteps = 300;
const leastSeeds = 5;

const descent = { optimizer: 'adam', learningRate: 0.003, clipNorm: 1, trainEvaluation: 0, batchSize } as const;

/** The runs of one cell at one length with one bias. */
export interface BiasPoint {
  readonly cell: Cell;
  readonly length: number;
  readonly bias: number;
  readonly isAdvised: boolean;
  /** By seed; a run that diverged has 0. */
  readonly accuracies: readonly number[];
}

export const forgetBias: Reproduction<BiasScale> = {
  id: 'recurrent-forget-bias',
  paper:
    'Gilboa and others: Dynamical Isometry and a Mean Field Theory of LSTMs and GRUs (arXiv 1901.08987), the question; settings our own',
  system: 'recurrent',
  title: 'Accuracy on a digit that is followed by noise: the advised bias of the gate that keeps against those in use',
  settings: { task: 'digitThenNoise', pixels: '7 × 7', folkBiases, ...descent },
  scales: {
    quick: {
      cells: ['lstm', 'minGru'],
      lengths: [20, 80],
      width: 64,
      steps: 300,
      seeds: 5,
      testCount: 1000,
      cost: '6 min',
    },
    paper: {
      cells: ['gru', 'lstm', 'minGru'],
      lengths: [10, 20, 40, 80, 160, 320],
      width: 128,
      steps: 1000,
      seeds: 10,
      testCount: 10_000,
      cost: '2 days',
    },
  },
  run: async (scale, { seed = 1, threads = 0, journal: _journal, ...control }) => {
    const { train, test, name, isMnist } = await digits(pixels, scale.testCount);
    const wanted: Omit<BiasPoint, 'accuracies'>[] = [];
    for (const cell of scale.cells)
      for (const length of scale.lengths) {
        const advised = await advisedBias(cell, length);
        wanted.push({ cell, length, bias: advised, isAdvised: true });
        wanted.push(...folkBiases.map((bias) => ({ cell, length, bias, isAdvised: false })));
      }
    const jobs = wanted.flatMap(({ cell, length, bias }) =>
      Array.from({ length: scale.seeds }, (_, i) => ({
        spec: { ...specOf(cell), width: scale.width, steps: length, biasMean: bias },
        options: { ...descent, steps: scale.steps, reportEvery: scale.steps, seed: seed + i },
      })),
    );
    const runs = await trainMany(jobs, { train, test }, { threads, ...control });
    const points = wanted.map((point, i): BiasPoint => {
      const own = runs.slice(i * scale.seeds, (i + 1) * scale.seeds);
      return {
        ...point,
        accuracies: own.map(({ stopped, test: last }) => (stopped === undefined ? (last?.accuracy ?? 0) : 0)),
      };
    });
    const isSetting = isMnist && scale.steps >= leastSteps && scale.seeds >= leastSeeds;
    const why = `MNIST, ${leastSteps} steps and ${leastSeeds} seeds are the setting`;
    const rows = rowsOf(points).map((row) => inSetting(row, isSetting, why));
    return { figures: [{ name: 'accuracy', figure: draw(points, name) }], rows };
  },
};

const specOf = (cell: Cell) =>
  ({
    system: 'recurrent',
    cell,
    ...(cell === 'gru' ? { resetAfter: true } : {}),
    training: { task: 'digitThenNoise' },
  }) as const;

/** What `advise` says for this length. Of the lstm the memory has a theory for equal inputs. */
async function advisedBias(cell: Cell, timescale: number): Promise<number> {
  const bias = await evaluate('recurrent', 'biasMeanForTimescale', {
    cell,
    timescale,
    ...(cell === 'gru' ? { resetAfter: true } : {}),
    ...(cell === 'lstm' ? { inputCorrelation: 1 } : {}),
  });
  if (typeof bias === 'number') return bias;
  throw new MftError('ERR_MFT_INTERNAL', `There is no bias of ${cell} for ${timescale} steps.`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2;
}

/** Of a median of values that are about normal: 1.25 times that of their mean. */
function medianError(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1);
  return 1.25 * Math.sqrt(variance / values.length);
}

/** Standard errors by which the advised bias may stay behind: of three values the best is chosen afterwards. */
const allowed = 2;

/** One row for each cell and length: medians over the seeds, the advised bias against the best of the others. */
export function rowsOf(points: readonly BiasPoint[]): ReproductionRow[] {
  const groups = new Map<string, BiasPoint[]>();
  for (const point of points) {
    const key = `${point.cell}, T = ${point.length}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  return [...groups].flatMap(([key, own]) => {
    const advised = own.find(({ isAdvised }) => isAdvised);
    if (advised === undefined) return [];
    const folk = own.filter(({ isAdvised }) => !isAdvised);
    const best = folk.reduce((a, b) => (median(b.accuracies) > median(a.accuracies) ? b : a));
    const error = Math.hypot(medianError(advised.accuracies), medianError(best.accuracies));
    const difference = median(advised.accuracies) - median(best.accuracies);
    const shown = own.map(({ bias, accuracies }) => `${bias.toPrecision(3)}: ${median(accuracies).toFixed(3)}`);
    return [
      statementRow({
        what: `${key}: median accuracy of ${advised.accuracies.length} seeds by the bias, the advised one first`,
        published: `the bias whose memory lasts T steps is as good as the best of ${folkBiases.join(', ')}, or better`,
        source: 'derived',
        measured: `${shown.join('; ')}; advised − best ${difference.toFixed(3)} ± ${error.toFixed(3)}`,
        holds: difference >= -allowed * error,
      }),
    ];
  });
}

function draw(points: readonly BiasPoint[], images: string): ReturnType<typeof figureCurves> {
  const curves = [...points]
    .sort((a, b) => a.bias - b.bias)
    .flatMap(({ cell, length, bias, isAdvised, accuracies }): CurvePoint[] => {
      const [x, y, series] = [bias, median(accuracies), `T = ${length}`];
      const mark = { x, y, series: isAdvised ? `${series}, advised` : series, panel: cell, mark: 'point' as const };
      return [{ x, y, series, panel: cell }, mark];
    });
  return figureCurves(curves, {
    title: `A digit, then noise (${images}): median accuracy over the bias of the gate that keeps`,
    x: 'mean of the bias',
    y: 'test accuracy',
  });
}
