// Ordinary networks drawn at random, simulated and held against their own theory and one that is 2 % off.
import { compare, predict, simulate } from 'mft-native';
import type { Test } from 'tap';

type Spec = Omit<Parameters<typeof predict<'feedforward'>>[0], 'system'>;

/** A seeded stream of specs of ordinary networks: 2 to 10 layers of 200 to 400 units, default loss. */
function specs(count: number, seed: number): Spec[] {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const ranges = [
    ['tanh', 1, 2],
    ['erf', 0.8, 1.5],
    ['relu', 1, 2],
    ['gelu', 1.2, 1.9],
    ['hardTanh', 1, 1.8],
    ['sin', 0.8, 1.6],
    ['elu', 0.8, 1.4],
    ['softplus', 0.8, 1.5],
    ['linear', 0.5, 0.95],
    ['sigmoid', 1, 6],
    ['silu', 1.2, 2],
  ] as const;
  return Array.from({ length: count }, () => {
    const [activation, low, high] = pick(ranges);
    return {
      activation,
      depth: 2 + Math.floor(next() * 9),
      width: pick([200, 300, 400]),
      weightVariance: Number((low + next() * (high - low)).toFixed(2)),
      biasVariance: pick([0, 0, 0.02, 0.1, 0.3]),
      keepProbability: pick([1, 1, 0.9, 0.8, 0.6]),
      inputs: { secondMoment: pick([0.5, 1, 2]), correlation: pick([0.1, 0.2, 0.5, 0.8, -0.3]) },
    };
  });
}

/** No right simulation of `count` networks disagrees; how many of the planted errors of 2 % in the weight variance are found. */
export async function foundAmong(t: Test, count: number): Promise<number> {
  let found = 0;
  for (const [i, spec] of specs(count, 1).entries()) {
    const named = { system: 'feedforward', ...spec } as const;
    const simulation = await simulate(named, { trials: 1000, seed: 100 + i });
    const comparison = compare(await predict(named), simulation);
    t.not(comparison.verdict, 'disagrees', JSON.stringify(spec));
    const off = { ...named, weightVariance: 1.02 * (spec.weightVariance as number) };
    const planted = compare(await predict(off), simulation, { mayDiffer: ['weightVariance'] });
    if (planted.verdict === 'disagrees') found += 1;
  }
  return found;
}
