// A convolution with its activation and pool, on maps that lie channel by channel (native/train/layers/convolution.h).
import type { Shape } from '../../core/trainer.js';
import type { LayerBase } from '../plan.js';

declare module '../plan.js' {
  interface LayerKinds {
    readonly convolution: ConvolutionLayer;
  }
}

interface ConvolutionLayer extends LayerBase<'convolution'> {
  /** Sizes of what enters. */
  readonly inputChannels: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernel: number;
  readonly stride: number;
  /** Side of the pools, without overlap. */
  readonly pool: number;
  readonly padding: 'valid' | 'zero' | 'circular';
  readonly pooling: 'average' | 'max';
  /** φ, as the addon takes it. */
  readonly activation?: object;
  /** Times fan-in, the numbers of a patch. */
  readonly weightVariance: number;
  readonly biasVariance: number;
  readonly law: 'gaussian' | 'orthogonal';
}

/** A convolution whose maps have that shape, [channels, height, width], before pooling. */
export function convolution(
  [channels, height, width]: readonly [number, number, number],
  fields: Omit<ConvolutionLayer, 'kind' | 'output' | 'multiplyAdds' | 'channels'>,
): ConvolutionLayer {
  const { kernel, inputChannels, pool } = fields;
  const output: Shape = [channels, height / pool, width / pool];
  const multiplyAdds = channels * height * width * kernel ** 2 * inputChannels;
  return { kind: 'convolution', output, multiplyAdds, channels, ...fields };
}
