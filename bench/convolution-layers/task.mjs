// How near the products of convolution layers come to the multiply-add peak; PyTorch's (oneDNN) beside them.
import { atPeak } from '../runner/training-frame.mjs';

/** Of 32-32-64-64 channels on 32 × 32 images those layers with at least 32 channels of input. */
const layers = [
  { channels: 32, units: 32, side: 32 },
  { channels: 32, units: 64, side: 16 },
  { channels: 64, units: 64, side: 16 },
];
const passes = { forward: 'forward', errors: 'errors of the input', weights: 'gradient of the kernels' };
const batch = 128;
const operations = ({ channels, units, side }) => 2 * batch * 9 * channels * units * side ** 2;

export const task = {
  name: 'convolution-layers',
  title: 'Products of a convolution layer of 3 × 3 kernels, 128 images, single precision; seconds per product',
  perNetwork: false,
  cases: (isQuick) =>
    (isQuick ? layers.slice(1, 2) : layers).flatMap((layer) =>
      Object.entries(passes).map(([pass, name]) => ({
        name: `${layer.channels} to ${layer.units} channels on ${layer.side} × ${layer.side}, ${name}`,
        options: { ...layer, batch, pass, repeats: Math.max(1, Math.round(4e10 / operations(layer))) },
      })),
    ),
  reference: 'native',
  threads: [1],
  competitors: [
    { name: 'native', program: 'native.cc', precision: 'float32', isOurs: true },
    { name: 'PyTorch', program: 'torch.py', precision: 'float32' },
  ],
  scale: ({ repeats }) => 1 / repeats,
  expected: async () => ({}),
  // One number of the product against a sum in double precision, in units of its standard deviation.
  isRight: (_, answer) => {
    const error = Math.abs(answer.observables.error?.[0] ?? Number.NaN);
    return { isRight: error < 1e-4, detail: `error of a number ${error.toExponential(1)} of its standard deviation` };
  },
  limit: (options, _, limits) => atPeak(operations(options), limits),
};
