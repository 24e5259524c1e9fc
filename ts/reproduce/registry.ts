// The list of reproduced figures and tables; each is loaded when used.
import type { Reproduction } from './types.js';

const loaders: Readonly<Record<string, () => Promise<unknown>>> = {
  'deep-dropout-figure-1': async () => (await import('./deep-dropout/figure-1.js')).figure1,
  'deep-dropout-figure-2': async () => (await import('./deep-dropout/figure-2.js')).figure2,
  'deep-dropout-figure-3': async () => (await import('./deep-dropout/figure-3.js')).figure3,
  'deep-dropout-figure-4': async () => (await import('./deep-dropout/figure-4.js')).figure4,
  'deep-dropout-figure-5': async () => (await import('./deep-dropout/figure-5.js')).figure5,
  'deep-dropout-figure-6': async () => (await import('./deep-dropout/figure-6.js')).figure6,
  'deep-dropout-figure-7': async () => (await import('./deep-dropout/figure-7.js')).figure7,
  'deep-dropout-figure-7-curves': async () => (await import('./deep-dropout/figure-7-curves.js')).figure7Curves,
  'deep-information-figure-1': async () => (await import('./deep-information/figure-1.js')).figure1,
  'deep-information-figure-2': async () => (await import('./deep-information/figure-2.js')).figure2,
  'deep-information-figure-3': async () => (await import('./deep-information/figure-3.js')).figure3,
  'deep-information-figure-4': async () => (await import('./deep-information/figure-4.js')).figure4,
  'deep-information-figure-5': async () => (await import('./deep-information/figure-5.js')).figure5,
  'deep-information-figure-6': async () => (await import('./deep-information/figure-6.js')).figure6,
  'expressivity-figure-1': async () => (await import('./expressivity/figure-1.js')).figure1,
  'expressivity-figure-2': async () => (await import('./expressivity/figure-2.js')).figure2,
  'expressivity-figures-3-4': async () => (await import('./expressivity/figure-3.js')).figure3,
  'residual-width-variation': async () => (await import('./residual/width-variation.js')).widthVariation,
  'residual-growth-laws': async () => (await import('./residual/growth-laws.js')).growthLaws,
  'residual-mnist-tanh': async () => (await import('./residual/mnist-tanh.js')).mnistTanh,
  'residual-mnist-relu': async () => (await import('./residual/mnist-relu.js')).mnistRelu,
  'residual-mnist-weights': async () => (await import('./residual/mnist-weights.js')).mnistWeights,
  'linear-autoencoders-figure-1': async () => (await import('./linear-autoencoders/figure-1.js')).figure1,
  'linear-autoencoders-figure-2': async () => (await import('./linear-autoencoders/figure-2.js')).figure2,
  'linear-autoencoders-figure-3': async () => (await import('./linear-autoencoders/figure-3.js')).figure3,
  'linear-autoencoders-figure-4': async () => (await import('./linear-autoencoders/figure-4.js')).figure4,
  'linear-autoencoders-figure-5': async () => (await import('./linear-autoencoders/figure-5.js')).figure5,
  'linear-autoencoders-figure-6': async () => (await import('./linear-autoencoders/figure-6.js')).figure6,
  'percolation-path-curves': async () => (await import('./percolation/path-curves.js')).pathCurves,
  'percolation-critical-collapse': async () => (await import('./percolation/critical-collapse.js')).criticalCollapse,
  'percolation-zero-gradients': async () => (await import('./percolation/zero-gradients.js')).zeroGradients,
  'percolation-three-arms': async () => (await import('./percolation/three-arms.js')).threeArms,
  'weight-laws-normalized-kernels': async () => (await import('./weight-laws/normalized-kernels.js')).normalizedKernels,
  'weight-laws-real-data': async () => (await import('./weight-laws/real-data.js')).realData,
  'gaussian-processes-regression': async () => (await import('./gaussian-processes/regression.js')).regression,
  'deep-cnn-gap': async () => (await import('./deep-cnn/gap.js')).gap,
  'deep-cnn-gap-gratings': async () => (await import('./deep-cnn/gap-gratings.js')).gapGratings,
  'deep-cnn-bound-race': async () => (await import('./deep-cnn/bound-race.js')).boundRace,
  'deep-cnn-norms': async () => (await import('./deep-cnn/controls.js')).norms,
  'deep-cnn-ranks': async () => (await import('./deep-cnn/controls.js')).ranks,
  'deep-cnn-gradient-noise': async () => (await import('./deep-cnn/gradient-noise.js')).gradientNoise,
  'deep-cnn-stationary-points': async () => (await import('./deep-cnn/stationary-points.js')).stationaryPoints,
  'deep-cnn-ranking': async () => (await import('./deep-cnn/ranking.js')).ranking,
  'recurrent-trainability': async () => (await import('./recurrent/trainability.js')).trainability,
  'recurrent-forget-bias': async () => (await import('./recurrent/forget-bias.js')).forgetBias,
  'recurrent-table-1': async () => (await import('./recurrent/table-1.js')).table1,
  'recurrent-back-propagation-documents': async () =>
    (await import('./recurrent-back-propagation/documents.js')).documents,
  'recurrent-back-propagation-memory': async () => (await import('./recurrent-back-propagation/memory.js')).memory,
};

/** Ids of all reproductions, in the order they are listed. */
export const reproductionIds: readonly string[] = Object.keys(loaders);

export async function loadReproduction(id: string): Promise<Reproduction | undefined> {
  return typeof id === 'string' && Object.hasOwn(loaders, id) ? ((await loaders[id]?.()) as Reproduction) : undefined;
}
