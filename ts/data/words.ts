// Texts as numbers of words: the Penn Treebank, one sentence a line.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { throwIfAborted } from '../core/control.js';
import { expectedError } from '../core/errors.js';
import type { DataOptions } from './bytes.js';
import type { DataFile, Dataset } from './dataset.js';
import { formatError } from './files.js';
import { locateOther } from './locate.js';
import { dataOptions } from './options.js';

/** A text: an example is a word, its label the word that follows. */
export interface WordDataset extends Omit<Dataset, 'images' | 'labels' | 'split'> {
  readonly split: 'train' | 'valid' | 'test' | 'validation';
  /** Numbers of the words but the last. */
  readonly images: Int32Array;
  /** Numbers of the words but the first. */
  readonly labels: Int32Array;
  /** The words by number: of the training text, the commonest first, `<eos>` at the end of every line. */
  readonly vocabulary: readonly string[];
}

const published = {
  train: 'fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf',
  valid: 'c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2',
  test: 'dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0',
} as const;

const folders = ['ptb', 'simple-examples/data', '.'] as const;

/**
 * Reads the words of a text.
 *
 * @param name 'ptb': the Penn Treebank in the form of Mikolov, files ptb.train.txt, ptb.valid.txt, ptb.test.txt
 * @param split 'train', 'valid' or 'test'
 * @param options `data`: the folder with the data sets (default: environment variable MFT_DATA); signal
 * @returns numbers of words, each with the next one as its label, and the vocabulary of the training text
 * @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DATA_FORMAT (a word that the training text has not, where it has no
 * `<unk>`), ERR_MFT_INVALID_ARGUMENT
 *
 * **Numerics**: none; words are split at white space, every line ends with `<eos>`.
 * **Source**: Marcus et al. 1993; Mikolov et al. 2010.
 *
 * @example
 * import { readWords } from 'mft-native';
 * const text = await readWords('ptb', 'test').catch(() => undefined); // the text is not ours to ship
 * console.log(text?.vocabulary.length);
 */
export async function readWords(
  name: 'ptb',
  split: 'train' | 'valid' | 'test' = 'train',
  options: DataOptions = {},
): Promise<WordDataset> {
  if (name !== 'ptb') throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'dataset', 'ptb', name);
  if (typeof split !== 'string' || !Object.hasOwn(published, split))
    throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'split', 'train, valid or test', split);
  const control = dataOptions(options);
  const train = await sentences('train', control);
  const { words, file } = split === 'train' ? train : await sentences(split, control);
  const vocabulary = vocabularyOf(train.words);
  const numbers = new Map(vocabulary.map((word, i) => [word, i]));
  const unknown = numbers.get('<unk>');
  const text = new Int32Array(new SharedArrayBuffer(4 * words.length));
  words.forEach((word, i) => {
    const number = numbers.get(word) ?? unknown;
    if (number === undefined) throw formatError(file.name, `holds ${word}, which the training text does not have.`);
    text[i] = number;
  });
  if (text.length < 2) throw formatError(file.name, 'holds fewer than two words.');
  return {
    name,
    split,
    count: text.length - 1,
    shape: [1],
    dimension: 1,
    classes: vocabulary.length,
    images: text.subarray(0, text.length - 1),
    labels: text.subarray(1),
    vocabulary,
    verified: file.verified,
    files: [file],
    sha256: file.sha256,
  };
}

async function sentences(
  split: keyof typeof published,
  control: DataOptions,
): Promise<{ words: string[]; file: DataFile }> {
  const path = await locateOther('ptb', folders, [`ptb.${split}.txt`], control);
  const text = await readFile(path, 'utf8');
  throwIfAborted(control);
  const words: string[] = [];
  for (const line of text.split('\n')) {
    const own = line.split(/\s+/u).filter((word) => word !== '');
    if (own.length > 0) words.push(...own, '<eos>');
  }
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { words, file: { name: basename(path), sha256, verified: sha256 === published[split] } };
}

/** The commonest first; equally common ones by their characters. */
function vocabularyOf(words: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts.entries()].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([word]) => word);
}
