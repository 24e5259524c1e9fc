// What cannot fit is refused at once with the field to lower: every system, before anything large is allocated.
import t from 'tap';
import { map, predict, simulate, type SystemName } from 'mft-native';
import { systemNames } from '../../dist/systems/registry.js';

const grid = (count: number, from: number) => Float64Array.from({ length: count }, (_, i) => from + i / 1000);
const spectrum = Array.from({ length: 3000 }, (_, i) => 1 / (1 + i));
const spots = Array.from({ length: 60_000 }, (_, i) => [1 + (i % 11)]);

/** Valid specs beyond any machine, or beyond what V8 holds of JavaScript objects. */
const absurd: Partial<Record<SystemName, { readonly spec: object; readonly lower: string }>> = {
  feedforward: {
    spec: { activation: 'relu', depth: 1_000_000, inputs: { values: [[1], [2], [3], [4]] } },
    lower: 'depth',
  },
  residual: { spec: { depth: 10_000_000 }, lower: 'depth' },
  percolation: { spec: { depth: 1_000_000_000, width: 1_000_000_000 }, lower: 'depth' },
  kernel: { spec: { activation: 'relu', depth: 100, inputs: { values: spots } }, lower: 'inputs' },
  autoencoder: { spec: { inputVariance: spectrum, steps: 1_000_000, recordEvery: 2 }, lower: 'steps' },
  recurrent: { spec: { cell: 'lstm', steps: 100_000 }, lower: 'steps' },
};

/** Simulations beyond any machine: of the others all trials are kept of a network of a thousand layers, steps or records. */
const absurdRuns: Partial<Record<SystemName, { readonly spec: object; readonly lower: string }>> = {
  residual: { spec: { width: 10_000_000, depth: 1000 }, lower: 'width' },
  percolation: { spec: { width: 20_000, depth: 20_000, edgeKeepProbability: 0.5 }, lower: 'width' },
  recurrent: { spec: { width: 100_000, steps: 10 }, lower: 'width' },
  implicit: { spec: { width: 100_000 }, lower: 'width' },
};
const longest: Partial<Record<SystemName, object>> = {
  autoencoder: { inputVariance: [2, 1], steps: 1000, recordEvery: 1 },
  convolution: { depth: 30, input: [40, 40, 1], kernel: 3, pool: 1, padding: 'zero' },
};

for (const system of systemNames) {
  await t.test(`${system} refuses what cannot fit`, async (t) => {
    const theory = absurd[system];
    if (theory !== undefined)
      await t.rejects(predict({ system, ...theory.spec } as never), {
        code: 'ERR_MFT_MEMORY',
        parameter: theory.lower,
        message: /^This prediction needs about .* GiB, more than the limit of [^,;]*; lower [^,;]*\.$/,
      });
    const { spec, lower } = absurdRuns[system] ?? { spec: longest[system] ?? { depth: 1000 }, lower: 'trials' };
    const kept = system in absurdRuns ? {} : { trials: 10_000_000, rawTrials: true };
    const run = { ...kept, memoryLimit: 2 ** 33 };
    await t.rejects(simulate({ system, ...spec } as never, run as never), { code: 'ERR_MFT_MEMORY', parameter: lower });
  });
}

await t.test('a map of the most points fits: it begins, and ends when it is told to', async (t) => {
  const axes = [
    { field: 'biasVariance', values: grid(2048, 0) },
    { field: 'weightVariance', values: grid(2048, 1) },
  ];
  const options = { quantities: ['depthScaleCorrelation'], signal: AbortSignal.timeout(200) } as const;
  await t.rejects(map({ system: 'feedforward' }, axes as never, options), { name: 'TimeoutError' });
});
