// simulate: determinism, splitting, cancellation, memory, degenerate networks.
import { Worker } from 'node:worker_threads';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import {
  type Estimated,
  type FeedforwardRun,
  type FeedforwardSpec,
  fromJson,
  MftError,
  simulate,
  type Simulation,
  toJson,
} from 'mft-native';
import { otherBits, sameBits } from '../../bits.js';

const main = join(dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url))))), 'dist', 'cli', 'main.js');
const spec = {
  system: 'feedforward',
  activation: 'tanh',
  weightVariance: 1.4,
  biasVariance: 0.1,
  keepProbability: 0.8,
  width: 64,
  depth: 8,
} as const;

const run = (more: FeedforwardRun = {}, changed: FeedforwardSpec = {}): Promise<Simulation<'feedforward'>> =>
  simulate({ ...spec, ...changed }, { trials: 12, seed: 7, ...more });

t.test('same seed, same bits: threads, engines, repetition; another seed differs', async (t) => {
  for (const engine of ['conditioned', 'dense'] as const) {
    for (const precision of ['float64', 'float32'] as const) {
      const observables = async (more: FeedforwardRun): Promise<object> =>
        (await run({ engine, precision, ...more })).observables;
      const one = await observables({ threads: 1 });
      sameBits(t, await observables({ threads: 2 }), one, `${engine} ${precision}: 2 threads`);
      sameBits(t, await observables({ threads: 5 }), one, `${engine} ${precision}: 5 threads`);
      otherBits(t, await observables({ threads: 1, seed: 8 }), one, 'another seed');
    }
  }
});

t.test('which networks had a pair of gradients of opposite sign? raw trials keep it', async (t) => {
  const trials = 40;
  const spec = {
    system: 'feedforward',
    activation: 'tanh',
    depth: 3,
    width: 30,
    inputs: { correlation: 0.1 },
  } as const;
  const result = await simulate(spec, { trials, rawTrials: true });
  const pair = result.observables.gradientPair as Estimated;
  const [logs, signs] = [pair.trials as Float64Array, pair.trialSigns as Int8Array];
  t.equal(signs.length, logs.length);
  t.ok(signs.includes(-1) && signs.includes(1), 'both signs occur');
  for (let l = 0; l < spec.depth; l++) {
    let mean = 0;
    for (let i = l; i < logs.length; i += spec.depth)
      mean += ((signs[i] as number) * Math.exp(logs[i] as number)) / trials;
    const stated = (pair.sign?.[l] as number) * Math.exp(pair.values[l] as number);
    t.ok(Math.abs(mean - stated) < 1e-12 * Math.abs(stated), `layer ${l + 1}: ${mean} for ${stated}`);
  }
  t.equal(result.observables.gradientSingle?.trialSigns, undefined, 'squares have none');
  const back = (fromJson(toJson(result)) as typeof result).observables.gradientPair as Estimated;
  t.ok(back.trialSigns instanceof Int8Array);
  t.same([...(back.trialSigns as Int8Array)], [...signs], 'JSON keeps them');
});

t.test('any split of the trials gives the same trials', async (t) => {
  const whole = await run({ rawTrials: true });
  const parts = await Promise.all([
    run({ trials: 5, rawTrials: true }),
    run({ trials: 7, firstTrial: 5, rawTrials: true }),
  ]);
  for (const [name, observable] of Object.entries(whole.observables)) {
    const joined = parts.flatMap((part) => [
      ...((part.observables as Record<string, { trials?: Float64Array }>)[name]?.trials ?? []),
    ]);
    t.ok(joined.length > 0, `${name} has trials`);
    sameBits(t, Float64Array.from(joined), observable.trials, name);
  }
});

t.test('the same bits from the command line and inside a worker thread', async (t) => {
  const wanted = await run();
  const { NODE_OPTIONS: _, ...env } = process.env;
  const flags = [
    '--activation',
    'tanh',
    '--weight-variance',
    '1.4',
    '--bias-variance',
    '0.1',
    '--keep-probability',
    '0.8',
    '--width',
    '64',
    '--depth',
    '8',
    '--trials',
    '12',
    '--seed',
    '7',
    '--threads',
    '2',
    '--json',
  ];
  const command = spawnSync(process.execPath, [main, 'simulate', ...flags], { encoding: 'utf8', env });
  t.equal(command.status, 0, command.stderr);
  const fromCommand = Float64Array.from(JSON.parse(command.stdout).observables.gradientPair.values as number[]);
  sameBits(t, fromCommand, wanted.observables.gradientPair?.values, 'the command line');
  const code = `import { parentPort } from 'node:worker_threads';
    const { simulate } = await import(${JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href)});
    parentPort.postMessage((await simulate(${JSON.stringify(spec)}, { trials: 12, seed: 7 })).observables.gradientPair.values);`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { execArgv: [] });
  const values = await new Promise<Float64Array>((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  sameBits(t, values, wanted.observables.gradientPair?.values, 'a worker thread');
});

t.test('cancelled: rejects with the reason, before and during', async (t) => {
  const reason = new Error('enough');
  await t.rejects(simulate(spec, {}, { signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const progress: number[] = [];
  const long = simulate(
    { ...spec, width: 2000, depth: 200 },
    { trials: 20_000, threads: 1 },
    {
      signal: controller.signal,
      onProgress: ({ done }) => {
        progress.push(done);
        controller.abort(reason);
      },
    },
  );
  await t.rejects(long, reason);
  t.ok(progress.length > 0, 'progress was reported');
});

t.test('too much memory is refused before allocation', async (t) => {
  const error = await simulate({ ...spec, width: 100_000_000 }, { memoryLimit: 1e9 }).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  t.ok(error instanceof MftError);
  t.match(error, { code: 'ERR_MFT_MEMORY', parameter: 'width' });
});

t.test('degenerate networks give numbers or say why not, never NaN', async (t) => {
  const cases: [string, FeedforwardSpec][] = [
    [
      'parallel inputs',
      {
        inputs: {
          values: [
            [1, 2, 3],
            [2, 4, 6],
          ],
        },
      },
    ],
    [
      'a zero input',
      {
        inputs: {
          values: [
            [0, 0, 0],
            [1, 0, 2],
          ],
        },
      },
    ],
    [
      'zero inputs and no bias',
      {
        biasVariance: 0,
        inputs: {
          values: [
            [0, 0],
            [0, 0],
          ],
        },
      },
    ],
    ['dead relu layers', { activation: 'relu', width: 2, depth: 12, biasVariance: 0 }],
    [
      'more inputs than width',
      { width: 3, inputs: { values: Array.from({ length: 6 }, (_, i) => [Math.sin(i), Math.cos(3 * i), 1, i]) } },
    ],
    ['width 1', { width: 1 }],
    ['zero weights', { weightVariance: 0 }],
    ['one input', { inputs: { count: 1 } }],
    ['anti-parallel', { inputs: { correlation: -1 } }],
  ];
  for (const [name, changed] of cases) {
    for (const engine of ['conditioned', 'dense'] as const) {
      const simulation = await run({ engine, rawTrials: true }, changed);
      for (const [observable, { values, variance, standardError, trials }] of Object.entries(simulation.observables)) {
        const all = [...values, ...variance, ...standardError, ...(trials ?? [])];
        t.notOk(all.some(Number.isNaN), `${name}, ${engine}: ${observable}`);
      }
    }
  }
});

t.test('unsupported combinations', async (t) => {
  await t.rejects(run({ engine: 'conditioned' }, { weights: 'uniform' }), {
    code: 'ERR_MFT_UNSUPPORTED',
    parameter: 'engine',
  });
});
