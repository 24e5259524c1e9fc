// Cells of one count of parameters between the vectors of words and the output, and what they reach on a text.
import { addon, seedHalves } from '../../core/addon.js';
import type { WordDataset } from '../../data/words.js';

export const wordCells = ['vanilla', 'minimal', 'minGru', 'minLstm', 'gru', 'peepholeLstm', 'lstm'] as const;
export type WordCell = (typeof wordCells)[number];

/** Matrices of N × N and vectors of N that a cell has when trained on words; a GRU with the bias b_hn. */
const arrays: Readonly<Record<WordCell, { readonly matrices: number; readonly vectors: number }>> = {
  vanilla: { matrices: 2, vectors: 1 },
  minimal: { matrices: 2, vectors: 1 },
  minGru: { matrices: 2, vectors: 2 },
  minLstm: { matrices: 3, vectors: 3 },
  gru: { matrices: 6, vectors: 4 },
  peepholeLstm: { matrices: 8, vectors: 4 },
  lstm: { matrices: 8, vectors: 4 },
};

/** Trained numbers: V vectors of N, the cell, an output V × N with V biases. */
export function parameterCount(cell: WordCell, width: number, words: number): number {
  const { matrices, vectors } = arrays[cell];
  return 2 * words * width + words + matrices * width ** 2 + vectors * width;
}

/** The width at which a cell has the count nearest to `parameters`. */
export function widthOf(cell: WordCell, parameters: number, words: number): number {
  let width = 2;
  while (parameterCount(cell, width + 1, words) <= parameters) width++;
  const [below, above] = [width, width + 1].map((n) => Math.abs(parameterCount(cell, n, words) - parameters));
  return (above as number) < (below as number) ? width + 1 : width;
}

/**
 * A made-up text in which the last two words, and the word eight before, say most about the next one: for machines without the
 * Penn Treebank. The first word of the vocabulary is `<unk>`.
 */
export function madeUpText(split: 'train' | 'test', length: number, words: number, seed: number): WordDataset {
  const uniforms = addon().uniforms({
    seed: seedHalves(seed),
    trial: split === 'train' ? 1 : 2,
    layer: 0,
    purpose: 'dataset',
    first: 0,
    count: length,
  });
  const text = new Int32Array(new SharedArrayBuffer(4 * length));
  for (let i = 0; i < length; i++) {
    const back = (steps: number): number => text[i - steps] ?? 0;
    text[i] = (back(1) + 3 * back(2) + back(8) + Math.floor(3 * (uniforms[i] as number))) % words;
  }
  return {
    name: 'made-up',
    split,
    count: length - 1,
    shape: [1],
    dimension: 1,
    classes: words,
    images: text.subarray(0, length - 1),
    labels: text.subarray(1),
    vocabulary: Array.from({ length: words }, (_, i) => (i === 0 ? '<unk>' : `word${i}`)),
    verified: true,
    files: [],
    sha256: '',
  };
}
