// What the reproduced figures of Pretorius, Kroon, Kamper 2018 share: the paper, its starts, curves of one direction.
import { expectedError } from '../../core/errors.js';
import { flow, type Weights, squaresOf } from '../../systems/autoencoder/flow.js';
import type { Mode } from '../../systems/autoencoder/mode.js';
import { evaluate } from '../../verbs/evaluate.js';
import type { Systems } from '../../systems/registry.js';

export const paper =
  'Pretorius, Kroon, Kamper: Learning Dynamics of Linear Denoising Autoencoders (ICML 2018, arXiv 1806.05413)';

export const sources = {
  code: 'published notebook',
  output: 'stored output of the published notebook',
  derived: 'derived',
} as const;

/** Weights w1, w2 on (−2, 2) of the notebooks: seeds 0, 2, …, 20 of NumPy's legacy generator. */
export const starts: readonly Weights[] = (
  [
    [0.19525402, 0.86075747],
    [-0.25602039, -1.89629507],
    [1.86811936, 0.188929],
    [1.57144061, -0.67208078],
    [1.49371761, 1.87416265],
    [1.08528257, -1.9169922],
    [-1.38334863, 0.96019879],
    [0.05577338, 1.09266021],
    [-1.10683568, 0.09265337],
    [0.60149697, 0.02181349],
    [0.3525232, 1.59085491],
  ] as const
).map(([w1, w2]) => ({ w1, w2 }));

export const direction = (inputVariance: number, noiseVariance = 0, weightDecay = 0): Mode => ({
  inputVariance,
  noiseVariance,
  weightDecay,
});

/** Mapping of the flow. */
export const flowMapping = (mode: Mode, start: Weights, time: number): number => flow(mode, squaresOf(start), time).w;

/** A named quantity of system autoencoder that is a number. */
export async function numberOf(name: Systems['autoencoder']['quantity'], parameters: object): Promise<number> {
  const value = await evaluate('autoencoder', name, parameters);
  if (typeof value !== 'number') throw expectedError('ERR_MFT_DEGENERATE', name, 'a number', value);
  return value;
}

/** A named quantity that is a pair of numbers. */
export async function pairOf(
  name: Systems['autoencoder']['quantity'],
  parameters: object,
): Promise<readonly [number, number]> {
  const value = await evaluate('autoencoder', name, parameters);
  if (!Array.isArray(value) || value.length !== 2)
    throw expectedError('ERR_MFT_DEGENERATE', name, 'two numbers', value);
  return value as unknown as readonly [number, number];
}

/** Both weights of descent, every `every` steps. */
export async function descentPath(
  mode: Mode,
  start: Weights,
  learningRate: number,
  steps: number,
  every: number,
): Promise<readonly Weights[]> {
  const path = [start];
  for (let step = 0; step < steps; step += every) {
    const { w1, w2 } = path.at(-1) as Weights;
    const [a, b] = await pairOf('descentWeights', { ...mode, learningRate, w1, w2, steps: every });
    path.push({ w1: a, w2: b });
  }
  return path;
}
