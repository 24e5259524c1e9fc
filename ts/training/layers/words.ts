// Layers of texts: words as vectors, and the output that has the same matrix (native/train/layers/embedding.h).
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly embedding: EmbeddingLayer;
    readonly tiedOutput: TiedOutputLayer;
  }
}

interface EmbeddingLayer extends LayerBase<'embedding'> {
  /** Of the vocabulary. */
  readonly words: number;
  readonly units: number;
  /** Of an entry. */
  readonly weightVariance: number;
  readonly keepProbability: number;
}

interface TiedOutputLayer extends LayerBase<'tiedOutput'> {
  readonly positions: number;
  /** Words. */
  readonly units: number;
  /** Number of the embedding, counted from 1. */
  readonly sharesWith: number;
}

/** Vectors of `units` numbers for words at `positions` places. */
export function embedding(
  positions: number,
  fields: Omit<EmbeddingLayer, 'kind' | 'output' | 'multiplyAdds' | 'products' | 'hasBiases'>,
): EmbeddingLayer {
  const output = [positions, fields.units];
  return {
    kind: 'embedding',
    output,
    multiplyAdds: positions * fields.units,
    products: [],
    hasBiases: false,
    ...fields,
  };
}

/** One number for every word at every position, by the matrix of layer `sharesWith`. */
export function tiedOutput(
  inputs: number,
  fields: Omit<TiedOutputLayer, 'kind' | 'output' | 'multiplyAdds' | 'products'>,
): TiedOutputLayer {
  const { positions, units } = fields;
  const multiplyAdds = positions * units * inputs;
  return { kind: 'tiedOutput', output: [positions, units], multiplyAdds, products: [], ...fields };
}
