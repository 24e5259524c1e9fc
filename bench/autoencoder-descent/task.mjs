// Full-batch descent of linear autoencoders: moment form, whatever the number of examples, against descent on examples.
import { simulate } from '../../dist/index.js';
import { compareNetworks } from '../runner/answers.mjs';

/** Eigenvalues like those of images: one large, then a power law. */
export const spectrum = (dimension) =>
  Array.from({ length: dimension }, (_, i) => (i === 0 ? 39.6 : 6.05 / (1 + (i - 1) / 3) ** 1.2));
/** The spec of a case; competitors get the same numbers. */
export const specOf = ({ dimension, width, steps }) => ({
  system: 'autoencoder',
  inputVariance: spectrum(dimension),
  width,
  steps,
  recordEvery: steps,
  firstRecord: steps,
  learningRate: 0.01,
  noiseVariance: 0.5,
  // The leading mode is learnt within the steps: the loss tells a wrong step.
  initialVariance: 1e-4,
});

/** Networks behind the mean that the others are held against. */
const reference = 3;

export const task = {
  name: 'autoencoder-descent',
  title:
    'Linear denoising autoencoders: full-batch descent with expected noise from Gaussian weights; seconds per step',
  cases: (isQuick) =>
    isQuick
      ? [{ name: '64 × 16', options: { dimension: 64, width: 16, steps: 20, examples: 500 } }]
      : [
          { name: '784 × 256', options: { dimension: 784, width: 256, steps: 200, examples: 50_000 } },
          { name: '3072 × 512', options: { dimension: 3072, width: 512, steps: 40, examples: 30_000 } },
        ],
  check: ({ steps }) => ({ dimension: 64, width: 16, steps, examples: 500 }),
  reference: 'native moment form',
  /** Reported seconds are per step. */
  scale: ({ steps }) => 1 / steps,
  competitors: [
    {
      name: 'native moment form',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ form: 'moments' }),
    },
    { name: 'NumPy moment form', program: 'numpy.py', precision: 'float64', options: () => ({ form: 'moments' }) },
    { name: 'PyTorch moment form', program: 'torch.py', precision: 'float64', options: () => ({ form: 'moments' }) },
    { name: 'PyTorch full batch', program: 'torch.py', precision: 'float32', options: () => ({ form: 'examples' }) },
  ],
  expected: async ({ form: _form, ...options }) => {
    const { observables } = await simulate(specOf(options), { trials: reference, seed: 77, rawTrials: true });
    const { trials, values } = observables.loss;
    const losses = Array.from({ length: reference }, (_, k) => trials[k * values.length + values.length - 1]);
    const mean = losses.reduce((sum, x) => sum + x, 0) / reference;
    const variance = losses.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (reference - 1);
    return { networks: reference, observables: { loss: { mean: [mean], variance: [variance] } } };
  },
  // Sampled examples have a second moment of their own: a per cent is allowed for there.
  isRight: (ours, theirs, { form }) => {
    const [loss] = theirs.observables.loss;
    const [mean] = ours.observables.loss.mean;
    if (form === 'examples')
      return {
        isRight: Math.abs(loss / mean - 1) < 0.1,
        detail: `loss ${loss.toPrecision(4)} against ${mean.toPrecision(4)}`,
      };
    return compareNetworks(ours, { networks: 1, ...theirs });
  },
  /** 8 D H² operations a step, at the multiply-add peak; 6 D H² are done where both Gram matrices are taken as symmetric. */
  limit: ({ dimension, width, examples, form }, { precision }, limits) => {
    const peak = precision === 'float64' ? limits.multiplyAddFloat64 : limits.multiplyAddFloat32;
    const products = form === 'moments' ? 8 * dimension * width ** 2 : 10 * examples * dimension * width;
    return { limit: `multiply-add peak ${(peak / 1e9).toFixed(0)} Gflop/s`, seconds: products / peak };
  },
};
