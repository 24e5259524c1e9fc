// A recurrent cell over the positions of a row, one set of weights for all of them (native/train/layers/recurrent.h).
import type { Shape } from '../../core/trainer.js';
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly recurrent: RecurrentLayer;
  }
}

interface RecurrentLayer extends LayerBase<'recurrent'> {
  readonly cell: 'vanilla' | 'minimal' | 'gru' | 'peepholeLstm' | 'lstm' | 'minGru' | 'minLstm';
  /** Positions of a row. */
  readonly steps: number;
  readonly units: number;
  /** φ of the vanilla cell, as the addon takes it. */
  readonly activation?: object;
  /** gru: r acts on the product. */
  readonly resetAfter: boolean;
  /** Outputs of all positions, or of the last one. */
  readonly returnsSequence: boolean;
  /** Errors do not pass from a position t to t − 1 where t is a multiple; 0: they all do. */
  readonly truncation: number;
  /** Of W. */
  readonly law: 'gaussian' | 'orthogonal';
  /** By gate, times fan-in; biases as they are. */
  readonly recurrentWeightVariances: readonly number[];
  readonly inputWeightVariances: readonly number[];
  readonly biasVariances: readonly number[];
  readonly biasMeans: readonly number[];
  readonly candidateRecurrentBiasVariance: number;
  /** ρ of the outputs; what is fed back is not masked. */
  readonly keepProbability: number;
}

/** A recurrent layer on rows of `steps` positions. */
export function recurrentLayer(
  input: Shape,
  fields: Omit<RecurrentLayer, 'kind' | 'output' | 'multiplyAdds' | 'products'>,
): RecurrentLayer {
  const { steps, units, returnsSequence, biasMeans, cell } = fields;
  const inputs = input.reduce((product, size) => product * size, 1) / steps;
  const fed = cell === 'minGru' || cell === 'minLstm' ? 0 : units;
  return {
    kind: 'recurrent',
    output: returnsSequence ? [steps, units] : [units],
    multiplyAdds: steps * biasMeans.length * units * (inputs + fed),
    products: [],
    ...fields,
  };
}
