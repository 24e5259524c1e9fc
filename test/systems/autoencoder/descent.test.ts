// Descent of networks: quantities of fixed networks against an independent computation, bad input, simulation of every kind.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { type AutoencoderRun, type AutoencoderSpec, compare, evaluate, predict, simulate } from 'mft-native';

interface Case {
  readonly quantity: 'networkLoss' | 'networkGradientNorms' | 'networkDescent' | 'reluNetworkDescent';
  readonly parameters: object;
  readonly value: unknown;
  readonly relativeTolerance: number;
}
const { cases } = JSON.parse(
  readFileSync(new URL('../../fixtures/autoencoder-descent.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Case[] };

function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return Object.values(value as object).flatMap(numbers);
}

t.test('networks on the data of the formulas, against NumPy', async (t) => {
  t.equal(cases.length, 9);
  for (const { quantity, parameters, value, relativeTolerance } of cases) {
    const found = numbers(await evaluate('autoencoder', quantity, parameters));
    const expected = numbers(value);
    const worst = Math.max(...expected.map((x, i) => Math.abs((found[i] ?? Infinity) - x) / Math.abs(x)));
    t.ok(
      found.length === expected.length && worst <= relativeTolerance,
      `${quantity} ${JSON.stringify(parameters)}: ${worst.toExponential(1)} off`,
    );
  }
});

t.test('what has no value has a reason', async (t) => {
  const diverged = await evaluate('autoencoder', 'networkDescent', { scale: 3, learningRate: 50, steps: 100 });
  t.match(diverged, { reason: /not finite after \d+ steps/ });
  const rectified = await evaluate('autoencoder', 'reluNetworkDescent', { scale: 3, learningRate: 50, steps: 100 });
  t.match(rectified, { reason: /not finite after \d+ steps/ });
  // Three samples of five components leave two directions without variance.
  const { modeMapping } = (await evaluate('autoencoder', 'networkDescent', { samples: 3, steps: 10 })) as never as {
    modeMapping: unknown[];
  };
  t.same(
    modeMapping.map((value) => typeof value),
    ['number', 'number', 'number', 'object', 'object'],
  );
  await t.rejects(evaluate('autoencoder', 'networkLoss', { maskKeepProbability: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
  await t.rejects(evaluate('autoencoder', 'networkLoss', { hidden: 0 }), { code: 'ERR_MFT_OUT_OF_RANGE' });
});

const spec: AutoencoderSpec = {
  inputVariance: [3, 1.5, 0.8, 0.4],
  width: 5,
  initialVariance: 0.01,
  learningRate: 0.02,
  weightDecay: 0.05,
  steps: 300,
  recordEvery: 100,
};
const simulated = async (change: AutoencoderSpec, run: AutoencoderRun) =>
  simulate({ system: 'autoencoder', ...spec, ...change }, { seed: 4, ...run });
const last = (values: ArrayLike<number> | undefined, count: number): number[] => Array.from(values ?? []).slice(-count);

t.test('with all its examples and no noise, a run on data is the run in moment form', async (t) => {
  for (const initial of ['gaussian', 'balanced', 'aligned'] as const)
    for (const tied of [false, true]) {
      const [moments, data] = await Promise.all([
        simulated({ initial, tied }, { trials: 2 }),
        simulated({ initial, tied }, { trials: 2, examples: 9 }),
      ]);
      for (const name of ['modeMapping', 'loss', 'squaredNorm', 'singularValue'] as const) {
        const [a, b] = [moments.observables[name]?.values ?? [], data.observables[name]?.values ?? []];
        const worst = Math.max(...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? Infinity))));
        t.ok(worst < 1e-11, `${initial}, tied ${tied}, ${name}: ${worst.toExponential(1)} apart`);
      }
    }
});

t.test('sampled noise of every law gives the mappings of expected noise', async (t) => {
  // A small rate: what scatter of the weights adds to the means is of its order.
  const slow = { learningRate: 0.004, steps: 1500, recordEvery: 500 } as const;
  const kinds = [
    { noise: 'gaussian', noiseVariance: 0.3 },
    { noise: 'uniform', noiseVariance: 0.3 },
    { noise: 'sign', noiseVariance: 0.3 },
    { inputKeepProbability: 0.8 },
  ] as const;
  for (const kind of kinds) {
    const run = { trials: 60 };
    const expected = await simulated({ ...slow, ...kind }, run);
    const sampled = await simulated({ ...slow, ...kind }, { ...run, examples: 40 });
    const { modeMapping } = expected.observables;
    const other = sampled.observables.modeMapping;
    // The starts are the same, so that the differences are those of the noise: far inside the errors over starts.
    const z = Array.from(
      modeMapping?.values ?? [],
      (x, i) => (x - (other?.values[i] ?? Infinity)) / (other?.standardError[i] ?? 0),
    );
    t.ok(
      Math.max(...z.map(Math.abs)) < 3,
      `${JSON.stringify(kind)}: |z| up to ${Math.max(...z.map(Math.abs)).toFixed(2)}`,
    );
    t.ok(
      modeMapping?.values.some((x, i) => x !== other?.values[i]),
      'and it is noise',
    );
    const shrunk = last(modeMapping?.values, 4)[0] as number;
    t.ok(shrunk < 0.95, `noise shrinks the leading mode to ${shrunk}`);
  }
});

t.test('singular values are the mappings of aligned modes, and no more than the hidden units', async (t) => {
  const aligned = await simulated({ initial: 'aligned' }, { trials: 1 });
  const sorted = last(aligned.observables.modeMapping?.values, 4)
    .map(Math.abs)
    .sort((a, b) => b - a);
  t.same(last(aligned.observables.singularValue?.values, 4), sorted);
  const narrow = await simulated({ width: 2, initial: 'gaussian' }, { trials: 1 });
  const [first, second, ...rest] = last(narrow.observables.singularValue?.values, 4) as [
    number,
    number,
    number,
    number,
  ];
  t.ok(first > second && second > 0 && rest.every((value) => value === 0));
});

t.test('trials are the same split or not and on any number of threads, sampled noise too', async (t) => {
  const noisy = { noiseVariance: 0.2, inputKeepProbability: 0.9 };
  const of = async (run: AutoencoderRun) =>
    Array.from((await simulated(noisy, { examples: 8, rawTrials: true, ...run })).observables.loss?.trials ?? []);
  const whole = await of({ trials: 4, threads: 1 });
  t.same(await of({ trials: 4, threads: 3 }), whole);
  t.same([...(await of({ trials: 3 })), ...(await of({ trials: 1, firstTrial: 3 }))], whole);
});

t.test('theory of small starts says what networks with sampled noise do', async (t) => {
  const given = {
    ...spec,
    system: 'autoencoder',
    initial: 'aligned',
    initialVariance: 0.04,
    noiseVariance: 0.3,
    learningRate: 0.005,
    steps: 1200,
    recordEvery: 400,
  } as const;
  const theory = await predict(given);
  const { verdict } = compare(theory, await simulate(given, { trials: 200, seed: 6 }));
  t.equal(verdict, 'agrees');
});

t.test('bad runs', async (t) => {
  await t.rejects(simulated({}, { examples: 3 }), { code: 'ERR_MFT_OUT_OF_RANGE', parameter: 'examples' });
  await t.rejects(simulated({ learningRate: 40, initialVariance: 1 }, { trials: 1 }), { code: 'ERR_MFT_NOT_FINITE' });
  await t.rejects(simulated({ learningRate: 40, initialVariance: 1 }, { trials: 1, examples: 5 }), {
    code: 'ERR_MFT_NOT_FINITE',
  });
});
