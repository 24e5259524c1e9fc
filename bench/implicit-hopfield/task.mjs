// The gradient of an associative memory of the size of the paper's code (784 clamped, 1,024 hidden, 784 output units, couplings
// of standard deviation 1e-3): through its rest by the Neumann series of 21 terms, and back through 50 updates.
const [inputs, hidden, outputs] = [784, 1024, 784];

/** The same input, and the target of the outputs, everywhere. */
export const pattern = Array.from({ length: inputs }, (_, i) => (i % 3 === 0 ? 1 : 0));

export const task = {
  name: 'implicit-hopfield',
  title: 'Gradient of a Hopfield network of 2,592 units; seconds',
  cases: (isQuick) => [
    isQuick
      ? { name: '60 units', options: { inputs: 20, hidden: 20, outputs: 20, updates: 50 } }
      : { name: '2,592 units', options: { inputs, hidden, outputs, updates: 50 } },
  ],
  reference: 'native, Neumann series',
  scale: () => 1,
  competitors: [
    {
      name: 'native, Neumann series',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ terms: 21 }),
    },
    {
      name: 'native, unrolled',
      program: 'native.mjs',
      precision: 'float64',
      isOurs: true,
      options: () => ({ back: 50 }),
    },
    { name: 'PyTorch, 50 updates back', program: 'torch.py', precision: 'float64', options: () => ({ back: 50 }) },
    { name: 'PyTorch, 20 updates back', program: 'torch.py', precision: 'float64', options: () => ({ back: 20 }) },
  ],
  expected: async (options) => (await import('./native.mjs')).answerOf({ ...options, terms: 21 }),
  // 50 updates, 20 back and the series agree far below this: the map contracts.
  isRight: ({ observables: ours }, { observables: theirs }) => {
    const worst = Math.max(...['loss', 'norm'].map((name) => Math.abs(theirs[name][0] / ours[name][0] - 1)));
    return { isRight: worst < 1e-9, detail: `loss and length of the gradient: ${worst.toExponential(1)} apart` };
  },
};
