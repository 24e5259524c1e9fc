// Words of the Penn Treebank: cells of one count of parameters, one pass over the text, against single words and pairs of words.
import { MftError } from '../../core/errors.js';
import { readWords, type WordDataset } from '../../data/words.js';
import { type CurvePoint, figureCurves } from '../../figures/curves.js';
import { trainMany } from '../../verbs/train.js';
import { inSetting, printedRow, statementRow } from '../rows.js';
import { type TrainedRun, trainedRuns } from '../training.js';
import type { Reproduction, ReproductionOptions, ReproductionRow, Scale } from '../types.js';
import { madeUpText, parameterCount, type WordCell, wordCells, widthOf } from './word-cells.js';

interface WordScale extends Scale {
  readonly cells: readonly WordCell[];
  /** Units of the lstm; the other cells have as many parameters as it has. */
  readonly width: number;
  /** T, positions of a row, over which errors go back. */
  readonly positions: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seeds: number;
  /** Reports of the test text over the run. */
  readonly reports: number;
}

const descent = { optimizer: 'adam', learningRate: 0.002, clipNorm: 5, trainEvaluation: 0 } as const;
/** The bias of the gate that keeps; the vanilla cell has none. */
const keepBias = 1;

/** Sizes of the text that stands in for the treebank. */
const madeUp = { words: 60, train: 6000, test: 1200 } as const;

/** One trained cell. */
export interface WordRun {
  readonly cell: WordCell;
  readonly width: number;
  readonly parameters: number;
  readonly curve: readonly { readonly words: number; readonly perplexity: number }[];
  /** Of the test text; undefined where the run stopped or the number is not finite. */
  readonly perplexity: number | undefined;
  readonly withoutUnknown: number | undefined;
}

interface Baselines {
  readonly unigram: number;
  readonly bigram: number;
}

export const table1: Reproduction<WordScale> = {
  id: 'recurrent-table-1',
  paper:
    'Chen, Pennington, Schoenholz: Dynamical Isometry and a Mean Field Theory of RNNs (arXiv 1806.05394), table 1, at reduced scale',
  system: 'recurrent',
  title: 'Perplexity of cells of one count of parameters on the Penn Treebank',
  settings: { task: 'words', dataset: 'ptb', ...descent, keepBias, embeddingVariance: 1 },
  scales: {
    quick: {
      cells: wordCells,
      width: 128,
      positions: 20,
      batchSize: 20,
      epochs: 1,
      seeds: 1,
      reports: 2,
      cost: '30 min',
    },
    paper: {
      cells: wordCells,
      width: 226,
      positions: 35,
      batchSize: 20,
      epochs: 13,
      seeds: 1,
      reports: 13,
      cost: '900 min',
    },
  },
  run: async (scale, options) => {
    const text = await treebank();
    const words = text?.classes ?? madeUp.words;
    const budget = parameterCount('lstm', scale.width, words);
    const networks = scale.cells.map((cell) => ({ cell, width: widthOf(cell, budget, words) }));
    const results = await trained(networks, text, scale, options);
    const { unigramPerplexity, bigramPerplexity } = (results[0]?.quantities ?? {}) as Record<string, number>;
    const baselines = { unigram: Number(unigramPerplexity), bigram: Number(bigramPerplexity) };
    const runs = results.map((result) => wordRun(result, words, scale.positions * scale.batchSize));
    const why = 'the text is made up: set MFT_DATA to the folder of ptb.train.txt and ptb.test.txt';
    const rows = rowsOf(runs, baselines).map((row) => inSetting(row, text !== undefined, why));
    const name = text === undefined ? 'a made-up text' : 'Penn Treebank';
    return { figures: [{ name: 'perplexity', figure: draw(runs, baselines, name) }], rows };
  },
};

async function treebank(): Promise<WordDataset | undefined> {
  try {
    await readWords('ptb', 'test');
    return await readWords('ptb', 'train');
  } catch (error) {
    if (error instanceof MftError && error.code === 'ERR_MFT_DATA_NOT_FOUND') return undefined;
    throw error;
  }
}

interface Network {
  readonly cell: WordCell;
  readonly width: number;
}

type Trained = Network & TrainedRun['result'];

/** What the spec of a cell has beside its width. */
const startOf = (cell: WordCell) => ({
  ...(cell === 'vanilla' ? {} : { biasMean: keepBias }),
  ...(cell === 'gru' ? { resetAfter: true } : {}),
});

/** Every network from every seed: jobs of one sweep, or, of the text that stands in, one after the other. */
async function trained(
  networks: readonly Network[],
  text: WordDataset | undefined,
  { positions, batchSize, epochs, seeds, reports }: WordScale,
  { seed = 1, ...options }: ReproductionOptions,
): Promise<readonly Trained[]> {
  const count = text?.count ?? madeUp.train - 1;
  const steps = epochs * Math.floor(Math.floor(count / positions) / batchSize);
  const base = { system: 'recurrent', steps: positions, training: { task: 'words' } } as const;
  const run = { ...descent, batchSize, steps, reportEvery: Math.ceil(steps / reports) };
  const ownSeeds = Array.from({ length: seeds }, (_, i) => seed + i);
  if (text !== undefined) {
    const points = networks.map(({ cell, width }) => ({ cell, width, ...startOf(cell) }));
    const plan = { base, run, dataset: 'ptb', seeds: ownSeeds, axes: { points }, title: 'Words of the Penn Treebank' };
    const runs = await trainedRuns(plan, options);
    return networks.flatMap((network) =>
      runs.filter(({ spec }) => spec.cell === network.cell).map(({ result }) => ({ ...network, ...result })),
    );
  }
  const { threads = 0, signal } = options;
  const pair = {
    train: madeUpText('train', madeUp.train, madeUp.words, seed),
    test: madeUpText('test', madeUp.test, madeUp.words, seed),
  };
  const each = networks.flatMap((network) => ownSeeds.map((own) => ({ network, own })));
  const jobs = each.map(({ network: { cell, width }, own }) => ({
    spec: { ...base, cell, width, ...startOf(cell) },
    options: { ...run, seed: own },
  }));
  const results = await trainMany(jobs, pair, { threads, ...(signal === undefined ? {} : { signal }) });
  return results.map((result, i) => ({ ...(each[i]?.network as Network), ...result }));
}

const finite = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

function wordRun({ cell, width, reports, stopped, quantities = {} }: Trained, words: number, read: number): WordRun {
  return {
    cell,
    width,
    parameters: parameterCount(cell, width, words),
    curve: reports.flatMap(({ step, testLoss }) => {
      const loss = finite(testLoss);
      return loss === undefined ? [] : [{ words: step * read, perplexity: Math.exp(loss) }];
    }),
    perplexity: stopped === undefined ? finite(quantities.testPerplexity) : undefined,
    withoutUnknown: stopped === undefined ? finite(quantities.testPerplexityWithoutUnknown) : undefined,
  };
}

const shown = (value: number | undefined): string => value?.toFixed(1) ?? 'not finite';

const list = (runs: readonly WordRun[], value: (run: WordRun) => number | undefined): string =>
  runs.map((run) => `${run.cell} (N = ${run.width}) ${shown(value(run))}`).join('; ');

const isBelow = (value: number | undefined, bound: number): boolean => value !== undefined && value < bound;

/** The larger of the vanilla cell's perplexities is above all others. */
function isWorst(runs: readonly WordRun[], value: (run: WordRun) => number | undefined): boolean {
  const of = (isVanilla: boolean): number[] =>
    runs.filter(({ cell }) => (cell === 'vanilla') === isVanilla).map((run) => value(run) ?? Number.POSITIVE_INFINITY);
  return Math.min(...of(true)) > Math.max(...of(false));
}

const mean = (runs: readonly WordRun[], cell: WordCell): number => {
  const own = runs.filter((run) => run.cell === cell).map(({ perplexity }) => perplexity ?? Number.NaN);
  return own.reduce((sum, x) => sum + x, 0) / own.length;
};

/** Its gates read c, which nothing bounds; the other cells feed back states within the range of their candidates. */
const isUnbounded = ({ cell }: WordRun): boolean => cell === 'peepholeLstm';

/** What runs say; a cell that is not finite meets no rule. */
export function rowsOf(all: readonly WordRun[], { unigram, bigram }: Baselines): ReproductionRow[] {
  const ours = 'derived';
  const counts = all.map(({ parameters }) => parameters);
  const runs = all.filter((run) => !isUnbounded(run));
  const [minimal, gru, lstm] = (['minimal', 'gru', 'lstm'] as const).map((cell) => mean(runs, cell));
  return [
    printedRow({ what: 'single words, add-one', published: 639.8, source: ours, measured: unigram, decimals: 1 }),
    printedRow({ what: '0.7 pairs + 0.3 words', published: 208, source: ours, measured: bigram, decimals: 0 }),
    statementRow({
      what: 'parameters of the cells',
      published: 'equal within 0.5 %',
      source: ours,
      measured: `${Math.min(...counts)} to ${Math.max(...counts)}`,
      holds: Math.max(...counts) / Math.min(...counts) < 1.005,
    }),
    statementRow({
      what: 'test perplexity, every cell',
      published: 'finite; where the state is bounded better than single words',
      source: ours,
      measured: list(all, ({ perplexity }) => perplexity),
      holds:
        all.every(({ perplexity }) => perplexity !== undefined) &&
        runs.length > 0 &&
        runs.every(({ perplexity }) => isBelow(perplexity, unigram)),
    }),
    statementRow({
      what: 'the vanilla cell',
      published: 'the worst of all whose state is bounded',
      source: 'recalled; derived',
      measured: list(runs, ({ perplexity }) => perplexity),
      holds: isWorst(runs, ({ perplexity }) => perplexity),
    }),
    statementRow({
      what: 'the vanilla cell, over the words that are not <unk>',
      published: 'the worst of all whose state is bounded',
      source: 'recalled; derived',
      measured: list(runs, ({ withoutUnknown }) => withoutUnknown),
      holds: isWorst(runs, ({ withoutUnknown }) => withoutUnknown),
    }),
    statementRow({
      what: 'cells with gates against pairs of words',
      published: 'better: they use more than the word before',
      source: ours,
      measured: list(runs, ({ perplexity }) => perplexity),
      holds: runs.every(({ cell, perplexity }) => cell === 'vanilla' || isBelow(perplexity, bigram)),
    }),
    ...all.filter(isUnbounded).map(({ cell, width, perplexity }) =>
      statementRow({
        what: `${cell} (N = ${width}) at the rate of the others`,
        published: 'better than single words',
        source: ours,
        measured: shown(perplexity),
        holds: isBelow(perplexity, unigram),
        expected: {
          what: 'its gates read c, which nothing bounds: gradients explode within the first hundred steps at a rate that suits the others',
          holds: perplexity !== undefined,
        },
      }),
    ),
    inSetting(
      statementRow({
        what: 'order of minimal, gru and lstm',
        published: 'minimal ≈ gru, lstm ahead',
        source: 'recalled',
        measured: `minimal ${minimal?.toFixed(1)}, gru ${gru?.toFixed(1)}, lstm ${lstm?.toFixed(1)}`,
        holds: Number(lstm) < Number(gru) && Math.abs(Number(minimal) / Number(gru) - 1) < 0.05,
      }),
      false,
      'the paper trains for dozens of epochs with dropout, at 5 and 20 million parameters',
    ),
  ];
}

function draw(runs: readonly WordRun[], { unigram, bigram }: Baselines, text: string): ReturnType<typeof figureCurves> {
  const curves = runs.flatMap(({ cell, curve }): CurvePoint[] =>
    curve.flatMap(({ words, perplexity }) => [
      { x: words, y: perplexity, series: cell },
      { x: words, y: perplexity, series: cell, mark: 'point' as const },
    ]),
  );
  const ends = [Math.min(...curves.map(({ x }) => x)), Math.max(...curves.map(({ x }) => x))];
  const level = (y: number, series: string): CurvePoint[] => ends.map((x) => ({ x, y, series, mark: 'dashed' }));
  return figureCurves([...curves, ...level(unigram, 'single words'), ...level(bigram, 'pairs of words')], {
    title: `Test perplexity over the words read (${text})`,
    x: 'words read',
    y: 'perplexity',
    yScale: 'log',
  });
}
