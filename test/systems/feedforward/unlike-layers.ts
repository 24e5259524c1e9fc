// 2x(2N) - x(N) of simulations against theory: the term in 1/width is gone, the largest |z| is free of it.
import { type FeedforwardSpec, predict, type Prediction, simulate, type Simulation } from 'mft-native';
import type { Test } from 'tap';

export type Network = { system: 'feedforward' } & FeedforwardSpec;

export const base: Network = {
  system: 'feedforward',
  weightVariance: 1.6,
  biasVariance: 0.1,
  keepProbability: 0.8,
  depth: 5,
  inputs: { secondMoment: 1.3, correlation: 0.4 },
};

const narrow = 300;
const theoryError = 1e-9;

interface Compared {
  readonly z: number;
  readonly planted: number;
}

/**
 * Largest |z| of 2x(2N) − x(N), from which a term in 1/N is gone, against theory; and the same with theory off by 15 %.
 */
async function largestZ(network: (width: number) => Network, trials: number): Promise<Record<string, Compared>> {
  const [narrower, theory]: Prediction<'feedforward'>[] = [
    await predict(network(narrow)),
    await predict(network(2 * narrow)),
  ];
  if (narrower === undefined || theory === undefined) throw new Error('no theory');
  const run = (width: number, seed: number): Promise<Simulation<'feedforward'>> =>
    simulate(network(width), { trials, seed });
  const [one, two] = [await run(narrow, 17), await run(2 * narrow, 18)];
  const result: Record<string, Compared> = {};
  for (const [name, expected] of Object.entries(theory.observables)) {
    const [a, b] = [one, two].map(
      (each) => (each.observables as Record<string, (typeof one.observables)['variance']>)[name],
    );
    if (a === undefined || b === undefined) throw new Error(`${name} is missing`);
    const scores = (planted: number): number =>
      Math.max(
        ...Array.from(expected.values, (value, i) => {
          const size = expected.scale === 'log' ? 1 : Math.abs(value);
          const atOne = (narrower.observables as Record<string, typeof expected>)[name]?.values[i] as number;
          // The norm of an error grows with the width: each width is held against its own theory.
          const estimate = 2 * (b.values[i] as number) - (a.values[i] as number) - (value - atOne);
          const noise = Math.hypot(2 * (b.standardError[i] as number), a.standardError[i] as number);
          const error = Math.max(expected.error, theoryError) * Math.max(size, 1e-3);
          return Math.abs(estimate - value - planted * size) / Math.hypot(noise, error);
        }),
      );
    result[name] = { z: scores(0), planted: scores(expected.scale === 'log' ? Math.log(1.15) : 0.15) };
  }
  return result;
}

/** Every observable within 5 standard errors, and what has little noise would show 15 %. */
export async function hold(t: Test, name: string, network: (width: number) => Network, trials = 3000): Promise<void> {
  for (const [observable, { z, planted }] of Object.entries(await largestZ(network, trials))) {
    t.ok(z < 5, `${name}, ${observable}: largest |z| ${z.toFixed(2)}`);
    if (observable === 'variance' || observable === 'typicalGradientSingle' || observable === 'errorNorm')
      t.ok(planted > 5, `${name}, ${observable}: a planted 15 % gives |z| ${planted.toFixed(1)}`);
  }
}

/** `base` with other fields, at any width. */
export const wide = (more: FeedforwardSpec) => (width: number) => ({ ...base, width, ...more });

/** A network of unlike layers that trains. */
export const trained = (width: number): Network => ({
  system: 'feedforward',
  activation: ['relu', 'selu', 'tanh'],
  depth: 4,
  width,
  weightVariance: 1.4,
  biasVariance: 0.05,
  biasMean: [0.4, -0.2, 0.1, 0],
  keepProbability: [0.8, 0.7, 1],
  dropout: 'alpha',
  weights: 'orthogonal',
});
