// A sequence that begins with the inputs and goes on with noise, drawn anew in every step (native/train/layers/then_noise.cc).
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly thenNoise: ThenNoiseLayer;
  }
}

interface ThenNoiseLayer extends LayerBase<'thenNoise'> {
  readonly steps: number;
  /** Factor of the inputs at the first position. */
  readonly scale: number;
  /** Of a component at the others. */
  readonly variance: number;
}

/** `steps` positions of so many inputs. */
export function thenNoise(
  inputs: number,
  fields: Pick<ThenNoiseLayer, 'steps' | 'scale' | 'variance'>,
): ThenNoiseLayer {
  const { steps } = fields;
  // A normal number is some twenty operations.
  const multiplyAdds = 10 * steps * inputs;
  return { kind: 'thenNoise', output: [steps, inputs], multiplyAdds, products: [], hasBiases: false, ...fields };
}
