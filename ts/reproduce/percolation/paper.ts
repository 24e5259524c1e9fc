// What the experiments of system percolation share. They are ours: the paper's figures could not be read.
import { expectedError } from '../../core/errors.js';
import type { Systems } from '../../systems/registry.js';
import { evaluate } from '../../verbs/evaluate.js';

export const paper =
  'Devlin, Sanders: Dropout neural network training viewed from a percolation perspective (arXiv 2512.13853); experiments of our own';

/** Where the numbers come from: none is the paper's. */
export const sources = {
  derived: 'derived',
  question: 'our question; no number is published',
} as const;

/** A named quantity of system percolation that is a number. */
export async function quantity(name: Systems['percolation']['quantity'], parameters: object): Promise<number> {
  const value = await evaluate('percolation', name, parameters);
  if (typeof value !== 'number') throw expectedError('ERR_MFT_DEGENERATE', name, 'a number', value);
  return value;
}
