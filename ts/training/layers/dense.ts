// The fully connected layer with dropout: u = (m/ρ) ∘ φ(W x + b).
import type { Shape } from '../../core/trainer.js';
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly dense: DenseLayer;
  }
}

interface DenseLayer extends LayerBase<'dense'> {
  readonly units: number;
  /** φ, as the addon takes it; the identity when left out. */
  readonly activation?: object;
  /** Times fan-in. */
  readonly weightVariance: number;
  readonly biasVariance: number;
  /** Mean of the initial biases. Default 0. */
  readonly biasMean?: number;
  readonly law: 'gaussian' | 'orthogonal';
  /** ρ of the outputs. */
  readonly keepProbability: number;
  /** Alpha dropout: a kept unit is alphaScale φ(z) + alphaOffset, a dropped one alphaDropped; left out: φ(z)/ρ and 0. */
  readonly alphaScale?: number;
  readonly alphaOffset?: number;
  readonly alphaDropped?: number;
  /** Positions of a row, all with these weights. Default 1. */
  readonly positions?: number;
}

/** A dense layer on outputs of that shape. */
export function dense(input: Shape, fields: Omit<DenseLayer, 'kind' | 'output' | 'multiplyAdds'>): DenseLayer {
  const { units, positions } = fields;
  const numbers = input.reduce((product, size) => product * size, 1);
  return {
    kind: 'dense',
    output: positions === undefined ? [units] : [positions, units],
    multiplyAdds: units * numbers,
    ...fields,
  };
}
