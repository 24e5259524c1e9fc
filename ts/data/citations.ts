// Citation networks as JSON: documents that cite each other, words they hold, one class each (the Planetoid sets).
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { expectedError } from '../core/errors.js';
import type { DataOptions } from './bytes.js';
import { formatError } from './files.js';
import { locateOther } from './locate.js';
import { dataOptions } from './options.js';

/** A graph of documents. */
export interface CitationNetwork {
  readonly name: string;
  readonly nodes: number;
  readonly classes: number;
  /** Undirected edges between different nodes, each once. */
  readonly edges: readonly (readonly [number, number])[];
  /** Class of every node, −1 where the source gives none. */
  readonly labels: Int32Array;
  /** Words of node i: `words` from `wordStarts[i]` to `wordStarts[i + 1]`, numbers below `features`; absent in Pubmed. */
  readonly features: number;
  readonly wordStarts?: Int32Array;
  readonly words?: Int32Array;
  readonly split: { readonly train: Int32Array; readonly validation: Int32Array; readonly test: Int32Array };
}

const names = ['cora', 'citeseer', 'pubmed'] as const;
/** A name of a citation network. */
export type CitationName = (typeof names)[number];

/** @throws MftError (rejects) ERR_MFT_DATA_NOT_FOUND, ERR_MFT_DATA_FORMAT, ERR_MFT_INVALID_ARGUMENT */
export async function readCitations(name: CitationName, options: DataOptions = {}): Promise<CitationNetwork> {
  if (!names.includes(name)) throw expectedError('ERR_MFT_INVALID_ARGUMENT', 'name', names.join(', '), name);
  const control = dataOptions(options);
  const path = await locateOther(name, ['planetoid', '.'], [`${name}.json`], control);
  const file = basename(path);
  let all: Record<string, unknown>;
  try {
    all = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  } catch (cause) {
    throw formatError(file, 'is no JSON.', cause);
  }
  const whole = (key: string): number => {
    const value = all[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) throw formatError(file, `has no ${key}.`);
    return value;
  };
  const [nodes, classes, features] = [whole('nodeCount'), whole('classCount'), whole('featureCount')];
  const list = (value: unknown, key: string, low: number, high: number): Int32Array => {
    if (!Array.isArray(value) || !value.every((x) => Number.isInteger(x) && x >= low && x < high))
      throw formatError(file, `${key} is not a list of whole numbers from ${low} to ${high - 1}.`);
    return Int32Array.from(value as number[]);
  };
  const pairs = Array.isArray(all.edges) ? (all.edges as unknown[]) : [];
  const edges = pairs.map((pair, i) => {
    const ends = list(pair, `edges[${i}]`, 0, nodes);
    if (ends.length !== 2 || ends[0] === ends[1]) throw formatError(file, `edges[${i}] is not a pair of nodes.`);
    return [ends[0] as number, ends[1] as number] as const;
  });
  const labels = list(all.labels, 'labels', -1, classes);
  if (labels.length !== nodes) throw formatError(file, `has ${labels.length} labels for ${nodes} nodes.`);
  const parts = (all.split ?? {}) as Record<string, unknown>;
  const part = (key: string): Int32Array => {
    const found = list(parts[key], `split.${key}`, 0, nodes);
    if (found.some((node) => labels[node] === -1))
      throw formatError(file, `split.${key} holds a node without a label.`);
    return found;
  };
  const network = { name, nodes, classes, edges, labels, features };
  const split = { train: part('train'), validation: part('validation'), test: part('test') };
  if (all.featureIndptr === undefined) return { ...network, split };
  const words = list(all.featureIndices, 'featureIndices', 0, features);
  const wordStarts = list(all.featureIndptr, 'featureIndptr', 0, words.length + 1);
  const isOrdered = wordStarts.every((at, i) => i === 0 || at >= (wordStarts[i - 1] as number));
  if (wordStarts.length !== nodes + 1 || !isOrdered || wordStarts[nodes] !== words.length)
    throw formatError(file, 'featureIndptr does not divide featureIndices into nodes.');
  return { ...network, wordStarts, words, split };
}
