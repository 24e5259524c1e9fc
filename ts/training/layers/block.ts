// The residual block: x' = v φ(w x + b) + S x + a, S = skip or, where the width changes, a fixed random projection;
// without outer parameters x' = skip x + φ(w x + b). Dropout: (m/ρ) φ; stochastic depth: (β/τ) (v φ + a), one β a row.
import type { Shape } from '../../core/trainer.js';
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly block: BlockLayer;
  }
}

interface BlockLayer extends LayerBase<'block'> {
  readonly units: number;
  readonly hidden: number;
  /** φ, as the addon takes it; the identity when left out. */
  readonly activation?: object;
  readonly hasOuter: boolean;
  readonly skip: number;
  /** Variances of weights are times fan-in. */
  readonly innerWeightVariance: number;
  readonly innerBiasVariance: number;
  readonly outerWeightVariance: number;
  readonly outerBiasVariance: number;
  /** ρ of the hidden units and τ of the branch; 1 when left out. */
  readonly keepProbability?: number;
  readonly branchKeepProbability?: number;
}

/** A block on outputs of that shape. */
export function block(
  input: Shape,
  fields: Omit<BlockLayer, 'kind' | 'output' | 'multiplyAdds' | 'products'>,
): BlockLayer {
  const inputs = input.reduce((product, size) => product * size, 1);
  const { units, hidden, hasOuter } = fields;
  const multiplyAdds = inputs * hidden + (hasOuter ? hidden * units : 0) + (inputs === units ? 0 : inputs * units);
  return { kind: 'block', output: [units], multiplyAdds, products: ['inner', 'outer'], ...fields };
}
