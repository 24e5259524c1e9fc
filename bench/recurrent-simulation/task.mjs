// One recurrent network that is kept over time: two sequences and a small perturbation of the first, T steps.
import { simulate } from '../../dist/index.js';

/** Networks of a run: of the small ones more. */
const networksOf = (width) => Math.max(2, Math.round(2e6 / width ** 2));

export const simulated = ({ cell, width, steps, threads = 1 }, trials, seed) =>
  simulate(
    { system: 'recurrent', cell, resetAfter: true, width, steps, inputCorrelation: 0.5 },
    { trials, seed, threads },
  );

const observed = ['stateVariance', 'stateCovariance'];

/** Moments of the last states, and the mean growth of the perturbation. */
export const answerOf = ({ observables }, networks) => ({
  networks,
  observables: {
    ...Object.fromEntries(observed.map((name) => [name, [observables[name].values.at(-1)]])),
    growth: [Math.exp(observables.perturbationGrowth.values.at(-1))],
  },
});

/** Networks of ours that an answer is held against. */
const trialsOf = (width) => (width <= 128 ? 200 : 40);
const largestZ = 5.5;
const checkedSteps = 10;

export const task = {
  name: 'recurrent-simulation',
  title:
    'Simulation of recurrent cells with weights kept over time, drawn anew for every network: two sequences and a small perturbation ' +
    'of the first; seconds per network',
  perNetwork: true,
  cases: (isQuick) =>
    (isQuick ? [64] : [128, 512, 1024]).flatMap((width) =>
      ['vanilla', 'minimal', 'gru', 'lstm'].map((cell) => ({
        name: `${cell}, width ${width}, 50 steps`,
        options: { cell, width, steps: 50, networks: networksOf(width) },
      })),
    ),
  check: ({ cell }) => ({ cell, width: 64, steps: checkedSteps, networks: 100 }),
  reference: 'native',
  needsLimits: false,
  competitors: [
    { name: 'native', program: 'native.mjs', precision: 'float64', isOurs: true },
    { name: 'PyTorch', program: 'torch.py', precision: 'float64', options: () => ({ precision: 'float64' }) },
    {
      name: 'PyTorch in single precision',
      program: 'torch.py',
      precision: 'float32',
      options: () => ({ precision: 'float32' }),
    },
  ],
  // Networks of another seed, with their scatter.
  expected: async (options) => {
    const trials = trialsOf(options.width);
    const { observables } = await simulated(options, trials, 77);
    const last = (name) => ({
      value: observables[name].values.at(-1),
      scatter: observables[name].standardError.at(-1) * Math.sqrt(trials),
    });
    return { ...Object.fromEntries(observed.map((name) => [name, last(name)])), growth: last('perturbationGrowth') };
  },
  isRight: (expected, { networks, observables }, { width, steps }) => {
    // Over many steps the mean growth is that of the few networks that grow most: it is held at few steps, by `check`.
    const held = Object.entries(expected).filter(([name]) => name !== 'growth' || steps <= checkedSteps);
    const found = held.map(([name, { value, scatter }]) => {
      const own = observables[name][0];
      return (
        (name === 'growth' ? Math.log(own) - value : own - value) /
        (scatter * Math.sqrt(1 / networks + 1 / trialsOf(width)))
      );
    });
    return {
      isRight: found.every((z) => Math.abs(z) < largestZ),
      detail: `moments and growth against ours: z ${found.map((z) => z.toFixed(2)).join(', ')}`,
    };
  },
};
