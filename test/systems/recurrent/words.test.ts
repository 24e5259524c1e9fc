// Texts: numbers of words, and the perplexities of single words and of pairs, by hand and on the Penn Treebank where it is.
import t from 'tap';
import { expandPlan, readWords, type WordDataset } from 'mft-native';
import { wordBaselines } from '../../../dist/systems/recurrent/word-baselines.js';

const text = (words: readonly number[]): WordDataset => ({
  name: 'made-up',
  split: 'train',
  count: words.length - 1,
  shape: [1],
  dimension: 1,
  classes: 3,
  images: Int32Array.from(words.slice(0, -1)),
  labels: Int32Array.from(words.slice(1)),
  vocabulary: ['a', 'b', 'c'],
  verified: true,
  files: [],
  sha256: '',
});

t.test('baselines by hand', async (t) => {
  // n_a = 3, n_b = 2, n_c = 0 of 5; p = 4/8, 3/8, 1/8. Pairs: ab 2 of 2, ba 2 of 2.
  const { unigramPerplexity, bigramPerplexity } = wordBaselines(text([0, 1, 0, 1, 0]), text([0, 1, 2]));
  t.ok(Math.abs(unigramPerplexity - ((3 / 8) * (1 / 8)) ** -0.5) < 1e-12);
  t.ok(Math.abs(bigramPerplexity - ((0.7 + (0.3 * 3) / 8) * (0.3 / 8)) ** -0.5) < 1e-12);
});

t.test('what cannot be read is refused', async (t) => {
  await t.rejects(readWords('wikitext' as never), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'dataset' });
  await t.rejects(readWords('ptb', 'all' as never), { code: 'ERR_MFT_INVALID_ARGUMENT', parameter: 'split' });
  await t.rejects(readWords('ptb', 'train', { data: '/nowhere' }), {
    code: 'ERR_MFT_DATA_NOT_FOUND',
    message: /ptb\.train\.txt/,
  });
});

const ptb = await readWords('ptb', 'train').catch(() => undefined);
t.test('Penn Treebank', { skip: ptb === undefined ? 'the text is not at hand' : false }, async (t) => {
  const [train, test] = [ptb as WordDataset, await readWords('ptb', 'test')];
  t.same([train.count + 1, test.count + 1, train.classes], [929_589, 82_430, 10_000]);
  t.ok(train.verified && test.verified);
  const { unigramPerplexity, bigramPerplexity } = wordBaselines(train, test);
  t.ok(Math.abs(unigramPerplexity - 639.8) < 0.05, `${unigramPerplexity}`);
  t.ok(Math.abs(bigramPerplexity - 208) < 0.5, `${bigramPerplexity}`);
  const unknown = (set: WordDataset): number => {
    const number = set.vocabulary.indexOf('<unk>');
    return [...set.labels].filter((word) => word === number).length / (set.count + 1);
  };
  t.ok(Math.abs(unknown(train) - 0.0484) < 5e-5 && Math.abs(unknown(test) - 0.0582) < 5e-5, 'shares of <unk>');
  const plan = { verb: 'train', base: { system: 'feedforward', depth: 2 }, dataset: 'ptb' } as const;
  await t.rejects(expandPlan(plan), { code: 'ERR_MFT_UNSUPPORTED', parameter: 'dataset' });
  const base = { system: 'recurrent', width: 4, steps: 5, training: { task: 'words' } } as const;
  const { jobs } = await expandPlan({ ...plan, base, axes: { cell: ['vanilla', 'lstm'] }, run: { steps: 3 } });
  t.equal(jobs.length, 2, 'a sweep takes the text');
});
