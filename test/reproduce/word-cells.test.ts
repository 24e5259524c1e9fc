// Table 1 of recurrent cells: counts of parameters are those of what is trained; rows that can fail.
import t from 'tap';
import { train } from 'mft-native';
import { rowsOf, type WordRun } from '../../dist/reproduce/recurrent/table-1.js';
import {
  madeUpText,
  parameterCount,
  type WordCell,
  wordCells,
  widthOf,
} from '../../dist/reproduce/recurrent/word-cells.js';

t.test('parameters of every cell, counted and trained', async (t) => {
  const pair = { train: madeUpText('train', 200, 9, 1), test: madeUpText('test', 60, 9, 1) };
  for (const cell of wordCells) {
    const { weights, quantities } = await train(
      { system: 'recurrent', cell, width: 5, steps: 5, resetAfter: cell === 'gru', training: { task: 'words' } },
      pair,
      { steps: 1, batchSize: 4, returnWeights: true, trainEvaluation: 0, threads: 1 },
    );
    const count = Object.values(weights ?? {}).reduce((sum, { values }) => sum + values.length, 0);
    t.equal(count, parameterCount(cell, 5, 9), cell);
    t.ok(Number(quantities?.testPerplexity) > 1);
  }
  const budget = parameterCount('lstm', 128, 10_000);
  t.equal(budget, 2_701_584);
  for (const cell of wordCells) {
    const width = widthOf(cell, budget, 10_000);
    const off = (n: number): number => Math.abs(parameterCount(cell, n, 10_000) - budget);
    t.ok(off(width) <= Math.min(off(width - 1), off(width + 1)), `${cell}: ${width} is the nearest`);
  }
});

t.test('the text is the same for a seed, and the halves differ', async (t) => {
  const words = (split: 'train' | 'test', seed: number) => [...madeUpText(split, 50, 9, seed).images];
  t.same(words('train', 1), words('train', 1));
  t.notSame(words('train', 1), words('test', 1));
  t.notSame(words('train', 1), words('train', 2));
});

const run = (cell: WordCell, perplexity: number | undefined): WordRun => ({
  cell,
  width: 128,
  parameters: 2_700_000,
  curve: [],
  perplexity,
  withoutUnknown: perplexity === undefined ? undefined : perplexity + 30,
});

t.test('rows: what agrees, and what planted numbers turn round', async (t) => {
  const baselines = { unigram: 639.77, bigram: 208.14 };
  const verdicts = (runs: readonly WordRun[], given = baselines) => rowsOf(runs, given).map(({ verdict }) => verdict);
  const [words, pairs, counts, finite, worst, worstKnown, gated, order] = [0, 1, 2, 3, 4, 5, 6, 7];
  const good = [run('vanilla', 203), run('minimal', 190), run('gru', 188), run('lstm', 185)];
  t.same(verdicts(good), [...Array.from({ length: 7 }, () => 'agrees'), 'notComparable']);
  const peephole = (perplexity: number | undefined) => verdicts([...good, run('peepholeLstm', perplexity)]).at(-2);
  t.same([peephole(880), peephole(200), peephole(undefined)], ['explained', 'agrees', 'differs'], 'an unbounded state');
  t.equal(verdicts([...good, run('peepholeLstm', 880)])[worst as number], 'agrees', 'of which vanilla is not worse');
  const [best, lost] = [run('vanilla', 150), run('gru', undefined)];
  const found = (runs: readonly WordRun[], given = baselines): number[] =>
    verdicts(runs, given).flatMap((verdict, i) => (verdict === 'differs' ? [i] : []));
  t.same(found([best, ...good.slice(1)]), [worst, worstKnown], 'vanilla is not the worst');
  t.same(found([...good.slice(0, 2), lost, ...good.slice(3)]), [finite, worst, worstKnown, gated], 'one is not finite');
  t.same(found([run('vanilla', 250), run('gru', 209), run('lstm', 185)]), [gated], 'worse than pairs');
  t.same(found(good, { unigram: 600, bigram: 274 }), [words, pairs], 'another text');
  t.same(found([...good.slice(0, 3), { ...run('lstm', 185), parameters: 2_600_000 }]), [counts], 'a smaller cell');
  t.equal(verdicts([run('vanilla', 203), run('gru', 180), run('lstm', 185)])[order as number], 'notComparable');
});
